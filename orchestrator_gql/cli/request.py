"""One GraphQL operation over HTTP, from the client's side."""

from collections.abc import Mapping
from typing import Any

import httpx

from orchestrator_gql.cli.client import ConnectionFailed, OperationRefused, authorization, base_of, not_opened, refusal
from orchestrator_gql.utils.json import Json

ANSWER = "application/graphql-response+json"
SECONDS = 40.0
"""The server gives an operation 30; whoever waits longer waits for nothing."""


def request(url: str, query: str, variables: Mapping[str, Json]) -> dict[str, Any]:
    """The ``data`` of the operation's answer; ``url`` is the server's base, as http(s).

    Raises `ConnectionFailed` where there is no answer, `OperationRefused` where the server says no, and
    `SettingsError` where the URL is none.
    """
    body = {"query": query, "variables": variables}
    try:
        with httpx.Client(trust_env=False, timeout=SECONDS) as http:
            said = http.post(f"{base_of(url)}/graphql", json=body, headers={"accept": ANSWER, **authorization()})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ConnectionFailed(f"The server cannot be reached: {error or type(error).__name__}.") from error
    return _data(said)


def _data(said: httpx.Response) -> dict[str, Any]:
    try:
        answer = said.json()
    except ValueError:
        raise not_opened(said.status_code) from None
    if not isinstance(answer, dict):
        raise OperationRefused("What answers there is no orchestrator.")
    if answer.get("errors"):
        raise refusal(answer["errors"])
    data = answer.get("data")
    if not isinstance(data, dict):
        raise not_opened(said.status_code)
    return data
