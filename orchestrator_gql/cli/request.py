"""The client of one GraphQL operation over HTTP."""

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from types import MappingProxyType
from typing import Any

import httpx

from orchestrator_gql.cli.certificates import trusted
from orchestrator_gql.cli.client import (
    NO_ORCHESTRATOR,
    OF_VALIDATION,
    OperationRefused,
    authorization,
    not_opened,
    refusal,
    too_old,
    unreachable,
)
from orchestrator_gql.cli.credentials import base_of
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.utils.errors import OrchestratorError
from orchestrator_gql.utils.json import Json

MEDIA_TYPE = "application/graphql-response+json"
VERSION = "{ engine { version } }"
SECONDS = 40.0
"""The server ends an operation after 30 seconds, so a longer wait is useless."""


def request(url: str, query: str, variables: Mapping[str, Json], *, seconds: float = SECONDS) -> dict[str, Any]:
    """The ``data`` of the response to the operation; ``url`` is the server's base URL (http or https).

    Raises `ConnectionFailed` if no response comes, `OperationRefused` if the server refuses, and `SettingsError` if
    ``url`` is not such a URL.
    """
    return _data(url, _post(url, {"query": query, "variables": variables}, seconds))


def all_nodes(
    url: str, query: str, field: str, variables: Mapping[str, Json] = MappingProxyType({})
) -> Iterator[dict[str, Any]]:
    """The nodes of all pages of a list; the query takes the cursor ``after``, and ``field`` is the name of the list."""
    after = None
    while True:
        page = request(url, query, {**variables, "after": after})[field]
        yield from page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def _data(url: str, response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        raise not_opened(url, response.status_code, response.headers.get("location")) from None
    if not isinstance(body, dict) or not isinstance(body.get("errors") or [], list):
        raise OperationRefused(NO_ORCHESTRATOR)
    if errors := [error for error in body.get("errors") or [] if isinstance(error, dict)]:
        if any(_code(error) == OF_VALIDATION for error in errors):
            raise too_old(_version(url), "; ".join(str(error.get("message")) for error in errors))
        raise refusal(errors)
    data = body.get("data")
    if not isinstance(data, dict):
        raise not_opened(url, response.status_code)
    return data


def opened(url: str, connections: int = 1) -> httpx.AsyncClient:
    """A client on an event loop that keeps so many connections to the server."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx.AsyncClient(trust_env=False, verify=trusted(base_of(url)), timeout=SECONDS, limits=limits)


async def request_async(
    url: str, query: str, variables: Mapping[str, Json], *, http: httpx.AsyncClient | None = None
) -> dict[str, Any]:
    """As `request`, on an event loop: Ctrl-C ends it at once. ``http`` is a client that stays open."""
    base = base_of(url)
    body, headers = {"query": query, "variables": variables}, {"accept": MEDIA_TYPE, **authorization()}
    try:
        async with nullcontext(http) if http else opened(url) as client:
            response = await client.post(f"{base}/graphql", json=body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise unreachable(url, error, may_have_acted=_may_have_acted(query, error)) from error
    return _data(url, response)


def _post(url: str, body: Mapping[str, Any], seconds: float) -> httpx.Response:
    base = base_of(url)
    try:
        with httpx.Client(trust_env=False, verify=trusted(base), timeout=seconds) as http:
            return http.post(f"{base}/graphql", json=body, headers={"accept": MEDIA_TYPE, **authorization()})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise unreachable(url, error, may_have_acted=_may_have_acted(str(body["query"]), error)) from error


def _may_have_acted(query: str, error: Exception) -> bool:
    """Whether the server may have received a mutation although its response did not come."""
    return query.lstrip().startswith("mutation") and isinstance(error, _AFTER_SENDING)


_AFTER_SENDING = (httpx.ReadError, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.DecodingError)


def _code(error: dict[str, Any]) -> object:
    extensions = error.get("extensions")
    return extensions.get("code") if isinstance(extensions, dict) else None


def _version(url: str) -> str | None:
    """The version of the server, as it says; None if it does not say it."""
    try:
        version = _post(url, {"query": VERSION}, SECONDS).json()["data"]["engine"]["version"]
    except (OrchestratorError, ValueError, LookupError, TypeError):
        return None
    return printable(str(version))
