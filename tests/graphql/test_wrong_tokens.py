"""Wrong tokens are limited and logged with their address over every transport; a right token is always accepted."""

import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from stories import Story, deliver, telling
from support.sign_in import api_token, token_of
from toy_face import serving
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

LIMIT = 2
RIGHT = token_of("ada")
VIEWER = "{ viewer { user { id } } }"
PROTOCOL = Subprotocol("graphql-transport-ws")
Attempt = Callable[[str, str], Awaitable[int]]
"""Signs in at the address with the token; returns the HTTP status or close code, and 200 for an accepted socket."""


async def over_http(address: str, token: str, *, method: str = "POST", path: str = "/graphql", **headers: str) -> int:
    sent: dict[str, Any] = {"json": {"query": VIEWER}} if method == "POST" else {"params": {"query": VIEWER}}
    if path != "/graphql":
        sent = {}
    async with httpx.AsyncClient() as http:
        headers = {"authorization": f"Bearer {token}", **headers}
        response = await http.request(method, f"http://{address}{path}", headers=headers, **sent)
    assert response.headers.get("retry-after") == ("60" if response.status_code == 429 else None)
    if response.status_code == 429 and path == "/graphql":
        [error] = response.json()["errors"]
        assert error["extensions"]["code"] == "RATE_LIMITED"
        assert "data" not in response.json()
    return response.status_code


async def over_socket(address: str, token: str, *, in_header: bool = False) -> int:
    credential = {"authorization": f"Bearer {token}"}
    headers, payload = (credential, {}) if in_header else ({}, credential)
    async with connect(f"ws://{address}/graphql", subprotocols=[PROTOCOL], additional_headers=headers) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        try:
            await socket.recv()
        except ConnectionClosed as closed:
            assert closed.rcvd is not None
            return closed.rcvd.code
        return 200


ATTEMPTS: dict[str, tuple[Attempt, int, int]] = {
    "json": (lambda address, token: over_http(address, token, accept="application/json"), 401, 429),
    "graphql": (over_http, 401, 429),
    "events": (lambda address, token: over_http(address, token, accept="text/event-stream"), 401, 429),
    "get": (lambda address, token: over_http(address, token, method="GET"), 401, 429),
    "connection_init": (over_socket, 4403, 4429),
    "handshake": (lambda address, token: over_socket(address, token, in_header=True), 4403, 4429),
    "export": (lambda address, token: over_http(address, token, method="GET", path="/api/audit/export"), 401, 429),
}
SETTINGS: dict[str, Any] = {
    "api_tokens": [api_token("ada", role="admin")],
    "misses_per_minute": LIMIT,
    "allows_get_queries": True,
}


@pytest.mark.parametrize("way", ATTEMPTS)
async def test_wrong_tokens_are_limited_and_logged_and_a_right_token_is_accepted(
    tmp_path: Path, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    attempt, wrong, limited = ATTEMPTS[way]

    with caplog.at_level(logging.WARNING):
        async with telling(tmp_path, **SETTINGS) as story, serving(story.site.app) as address:
            before = await attempt(address, RIGHT)
            refused = [await attempt(address, f"swordfish-{number}") for number in range(LIMIT + 3)]
            after = await attempt(address, RIGHT)

    assert (before, after) == (200, 200)
    assert refused == [wrong] * LIMIT + [limited] * 3
    records = [record for record in caplog.records if "credential" in record.getMessage()]
    assert [record.__dict__["address"] for record in records] == ["127.0.0.1"] * (LIMIT + 1)
    assert "swordfish" not in caplog.text + "".join(str(record.__dict__) for record in caplog.records)


async def test_one_count_holds_for_every_transport(tmp_path: Path) -> None:
    async with telling(tmp_path, **SETTINGS) as story, serving(story.site.app) as address:
        for _ in range(LIMIT):
            await over_socket(address, "wrong")
        codes = {way: await attempt(address, "wrong") for way, (attempt, _, _) in ATTEMPTS.items()}

    assert codes == {way: limited for way, (_, _, limited) in ATTEMPTS.items()}


async def test_a_missing_token_is_no_guess(tmp_path: Path) -> None:
    async with telling(tmp_path, **SETTINGS) as story:
        answers = [await story.site.answer(VIEWER) for _ in range(LIMIT + 3)]

    assert {answer["errors"][0]["extensions"]["code"] for answer in answers} == {"UNAUTHENTICATED"}


INPUTS: dict[str, dict[str, Any]] = {
    "receiveCallback": {"result": 1},
    "reportCallbackProgress": {"percent": 1.0},
    "failCallback": {"code": "x", "message": "y"},
}


async def sent(story: Story, name: str, token: str) -> Any:
    """The result of a mutation of a remote service."""
    return (await story.site.ask(deliver(name), input={"token": token, **INPUTS[name]}))[name]


@pytest.mark.parametrize("name", INPUTS)
async def test_wrong_callback_tokens_are_limited_over_graphql_and_rest_together(tmp_path: Path, name: str) -> None:
    async with telling(tmp_path, misses_per_minute=LIMIT) as story:
        process_id, token = await story.waits()
        received = [await sent(story, name, f"wrong-{number}") for number in range(LIMIT + 2)]
        by_rest = await story.site.http.post(f"/api/processes/{process_id}/callback/wrong", json={})
        right = await sent(story, name, token)

    assert [one["__typename"] for one in received] == ["CallbackUnknownError"] * LIMIT + ["RateLimitedError"] * 2
    assert received[-1]["code"] == "RATE_LIMITED"
    assert by_rest.status_code == 429
    assert right["__typename"] == "ReceiveCallbackSuccess"


async def test_each_mutation_of_a_document_is_a_guess(tmp_path: Path) -> None:
    fields = " ".join(
        f'g{number}: receiveCallback(input: {{token: "wrong-{number}", result: 1}}) {{ __typename '
        "... on RateLimitedError { retryAfterSeconds } }"
        for number in range(LIMIT + 1)
    )

    async with telling(tmp_path, misses_per_minute=LIMIT) as story:
        data = await story.site.ask(f"mutation {{ {fields} }}")

    assert [one["__typename"] for one in data.values()] == ["CallbackUnknownError"] * LIMIT + ["RateLimitedError"]
    assert data[f"g{LIMIT}"]["retryAfterSeconds"] == 60
