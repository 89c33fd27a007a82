"""The client of one GraphQL operation over HTTP."""

from collections.abc import Mapping
from typing import Any

import httpx

from orchestrator_gql.cli.client import (
    OperationRefused,
    authorization,
    base_of,
    not_opened,
    refusal,
    unreachable,
)
from orchestrator_gql.utils.json import Json

MEDIA_TYPE = "application/graphql-response+json"
SECONDS = 40.0
"""The server ends an operation after 30 seconds, so a longer wait is useless."""


def request(url: str, query: str, variables: Mapping[str, Json]) -> dict[str, Any]:
    """The ``data`` of the response to the operation; ``url`` is the server's base URL (http or https).

    Raises `ConnectionFailed` if no response comes, `OperationRefused` if the server refuses, and `SettingsError` if
    ``url`` is not such a URL.
    """
    body = {"query": query, "variables": variables}
    base = base_of(url)
    is_encrypted = base.startswith("https:")  # reading the certificates takes longer than the request
    try:
        with httpx.Client(trust_env=False, verify=is_encrypted, timeout=SECONDS) as http:
            response = http.post(f"{base}/graphql", json=body, headers={"accept": MEDIA_TYPE, **authorization()})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise unreachable(url, error) from error
    return _data(response)


def _data(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        raise not_opened(response.status_code) from None
    if not isinstance(body, dict):
        raise OperationRefused("The server at this address is not an orchestrator.")
    if body.get("errors"):
        raise refusal(body["errors"])
    data = body.get("data")
    if not isinstance(data, dict):
        raise not_opened(response.status_code)
    return data
