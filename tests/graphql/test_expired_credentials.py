"""A token that expires: it is refused, and what is open with it ends, over WebSocket and over server-sent events."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from support.clock import TurnableClock
from support.database import sqlite_url
from support.sign_in import api_token, token_of
from support.web import site_of
from toy_face import SECONDS, serving
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from orchestrator_gql.config.principals import ApiToken
from orchestrator_gql.graphql import transport_ws

FOLLOW = "subscription { processEvents { cursor } }"
INIT = {"type": "connection_init", "payload": {"Authorization": f"Bearer {token_of('ada')}"}}
HEADERS = {"accept": "text/event-stream", "authorization": f"Bearer {token_of('ada')}"}
LOOKS = 0.05
"""Seconds between two looks at the credential."""


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the credentials often."""
    monkeypatch.setattr(transport_ws, "CREDENTIAL_SECONDS", LOOKS)


def token(*, expires: bool = True) -> ApiToken:
    """The token of ada, which is valid for an hour if it expires."""
    until = TurnableClock().now() + timedelta(hours=1) if expires else None
    return api_token("ada").model_copy(update={"expires_at": until})


async def pings(socket: ClientConnection, count: int) -> None:
    """Ask so many times whether the socket lives, one look at its credential after the other."""
    for _ in range(count):
        await socket.send(json.dumps({"type": "ping"}))
        assert json.loads(await socket.recv())["type"] == "pong"
        await asyncio.sleep(LOOKS)


def test_an_expired_credential_ends_a_connection_within_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()

    assert transport_ws.CREDENTIAL_SECONDS <= 60


@pytest.mark.parametrize("expires", [True, False])
async def test_a_socket_ends_when_its_token_expires(expires: bool, tmp_path: Path) -> None:
    async with (
        asyncio.timeout(SECONDS),
        site_of(sqlite_url(tmp_path), api_tokens=(token(expires=expires),)) as site,
        serving(site.app) as address,
        connect(f"ws://{address}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as socket,
    ):
        await socket.send(json.dumps(INIT))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": FOLLOW}}))
        assert json.loads(await socket.recv())["type"] == "next"
        await pings(socket, 3)

        site.engine.turn(3_601)

        if not expires:
            await pings(socket, 3)
            return
        with pytest.raises(ConnectionClosed) as ended:
            await socket.recv()
    assert ended.value.rcvd is not None
    assert (ended.value.rcvd.code, ended.value.rcvd.reason) == (4403, "Forbidden")


async def test_a_stream_ends_when_its_token_expires_and_the_next_one_is_refused(tmp_path: Path) -> None:
    async with (
        asyncio.timeout(SECONDS),
        site_of(sqlite_url(tmp_path), api_tokens=(token(),)) as site,
        serving(site.app) as address,
        httpx.AsyncClient(base_url=f"http://{address}", timeout=SECONDS) as http,
    ):
        async with http.stream("POST", "/graphql", json={"query": FOLLOW}, headers=HEADERS) as stream:
            lines = stream.aiter_lines()
            assert await anext(lines) == "event: next"
            site.engine.turn(3_601)
            rest = [line async for line in lines]
        again = await http.post("/graphql", json={"query": "{ __typename }"}, headers=HEADERS | {"accept": "*/*"})

    assert "event: complete" not in rest
    error = again.json()["errors"][0]
    assert (again.status_code, error["extensions"]["code"]) == (401, "UNAUTHENTICATED")
    assert error["message"] == "The token of 'ada' has expired: ask for a new one."
