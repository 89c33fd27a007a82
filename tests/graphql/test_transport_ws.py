"""GraphQL over WebSocket: what a client finds, and what one that misbehaves gets."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from toy_face import SECONDS, ToyContext, World, serving, toy_face
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from orchestrator_gql.graphql.http import GraphQLApp, Limits

PROTOCOL = Subprotocol("graphql-transport-ws")
INIT = '{"type": "connection_init"}'
ENDLESS = "subscription { endless }"
COUNT = "subscription { countUp(to: 2) { number } }"


@asynccontextmanager
async def opened(face: GraphQLApp | None = None, *, is_ready: bool = True) -> AsyncIterator[ClientConnection]:
    """A socket to a server of its own, introduced unless it shall not be."""
    async with serving(face or toy_face()) as address, connect(f"ws://{address}/", subprotocols=[PROTOCOL]) as socket:
        if is_ready:
            await socket.send(INIT)
            assert await heard(socket) == {"type": "connection_ack"}
        yield socket


async def heard(socket: ClientConnection) -> Any:
    """The next message; text, as browsers' clients cannot read binary ones."""
    async with asyncio.timeout(SECONDS):
        message = await socket.recv()
    assert isinstance(message, str)
    return json.loads(message)


async def begin(socket: ClientConnection, id: str, query: str, **payload: Any) -> None:
    """Send a subscribe message."""
    await socket.send(json.dumps({"id": id, "type": "subscribe", "payload": {"query": query, **payload}}))


async def closed(socket: ClientConnection) -> tuple[int | None, str | None]:
    """The code and the reason with which the server closes."""
    with pytest.raises(ConnectionClosed):
        async with asyncio.timeout(SECONDS):
            while True:
                await socket.recv()
    return socket.close_code, socket.close_reason


async def test_operations_of_every_kind_run_on_one_socket() -> None:
    async with opened() as socket:
        await begin(socket, "q", "{ hello }")
        query = [await heard(socket) for _ in range(2)]
        await begin(socket, "m", "mutation ($n: String!) { rename(name: $n) }", variables={"n": "é"})
        mutation = [await heard(socket) for _ in range(2)]
        await begin(socket, "s", COUNT)
        subscription = [await heard(socket) for _ in range(3)]

    assert query == [
        {"id": "q", "type": "next", "payload": {"data": {"hello": "world"}}},
        {"id": "q", "type": "complete"},
    ]
    assert mutation[0]["payload"] == {"data": {"rename": "é"}}
    assert [one.get("payload") for one in subscription] == [
        {"data": {"countUp": {"number": 1}}},
        {"data": {"countUp": {"number": 2}}},
        None,
    ]


@pytest.mark.parametrize("offered", [["graphql-ws"], [], ["graphql-ws", "soap"]])
async def test_other_subprotocols_are_refused_at_the_handshake(offered: list[str]) -> None:
    async with serving(toy_face()) as address:
        with pytest.raises(InvalidStatus) as refusal:
            await connect(f"ws://{address}/", subprotocols=[Subprotocol(one) for one in offered] or None)

    assert refusal.value.response.status_code == 403


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "https://dashboard.example.evil.example",
        "https://dashboard.example:8443",
        "http://dashboard.example",
        "https://dashboard.example@evil.example",
        "file://",
        "",
    ],
)
async def test_pages_of_foreign_sites_are_refused(origin: str) -> None:
    async with serving(toy_face()) as address:
        with pytest.raises(InvalidStatus) as refusal:
            await connect(f"ws://{address}/", subprotocols=[PROTOCOL], origin=Origin(origin))

    assert refusal.value.response.status_code == 403


@pytest.mark.parametrize("origin", ["https://dashboard.example", "HTTPS://Dashboard.Example:443", "own", None])
async def test_own_and_allowed_pages_and_clients_that_are_no_browsers_are_welcome(origin: str | None) -> None:
    async with serving(toy_face()) as address:
        sent = Origin(f"http://{address}" if origin == "own" else origin) if origin else None
        async with connect(f"ws://{address}/", subprotocols=[PROTOCOL], origin=sent) as socket:
            assert socket.subprotocol == PROTOCOL


@pytest.mark.parametrize(
    "frame",
    [
        "not JSON",
        "",
        '{"type": "connection_init", "type": "ping"}',
        '{"type": "ping", "payload": {"n": NaN}}',
        "[" * 100_000,
        b'{"type": "ping"}',
        "[]",
        "null",
        "42",
        "{}",
        '{"type": "start"}',
        '{"type": 1}',
        '{"type": []}',
        '{"type": "connection_init", "payload": []}',
        '{"type": "ping", "payload": "x"}',
        '{"type": "pong", "payload": 1}',
        '{"type": "complete"}',
        '{"type": "complete", "id": 1}',
        '{"type": "subscribe", "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": {}, "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "1", "payload": null}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "variables": []}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "operationName": 1}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "extensions": 1}}',
    ],
)
async def test_a_frame_that_breaks_the_protocol_closes_with_4400(
    frame: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened() as socket:
        await socket.send(frame)
        code, reason = await closed(socket)

    assert code == 4400
    assert reason
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    "query", ["{", "{ nonsense }", "query A { hello } query B { hello }", "query ($x: Int!) { hello }"]
)
async def test_a_refused_operation_is_an_error_and_the_other_streams_live_on(
    query: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened() as socket:
        await begin(socket, "alive", ENDLESS)
        await heard(socket)
        await begin(socket, "bad", query)
        error = await heard(socket)
        await begin(socket, "bad", "{ hello }")
        answer = await heard(socket)

    assert (error["id"], error["type"]) == ("bad", "error")
    assert error["payload"][0]["extensions"]["code"]
    assert answer["payload"] == {"data": {"hello": "world"}}
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


async def test_an_unknown_operation_name_is_an_error_too() -> None:
    async with opened() as socket:
        await begin(socket, "1", "query A { hello }", operationName="B")
        error = await heard(socket)

    assert error["payload"][0]["extensions"] == {"code": "OPERATION_RESOLUTION_FAILURE"}


async def test_an_error_of_a_resolver_is_masked_and_the_stream_completes(caplog: pytest.LogCaptureFixture) -> None:
    async with opened() as socket:
        await begin(socket, "1", "subscription { breaking }")
        received = [await heard(socket) for _ in range(3)]

    assert [one["type"] for one in received] == ["next", "next", "complete"]
    assert received[1]["payload"]["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert received[1]["payload"]["errors"][0]["extensions"]["errorId"] in caplog.text


async def test_an_introduction_without_a_payload_is_fine() -> None:
    async with opened(is_ready=False) as socket:
        await socket.send('{"type": "connection_init", "payload": null}')

        assert await heard(socket) == {"type": "connection_ack"}


async def test_a_ping_is_answered_even_before_the_introduction() -> None:
    async with opened(is_ready=False) as socket:
        await socket.send('{"type": "ping", "payload": {"any": "thing"}}')
        await socket.send('{"type": "pong"}')

        assert await heard(socket) == {"type": "pong"}


async def test_a_client_that_does_not_introduce_itself_in_time_is_closed_with_4408() -> None:
    async with opened(toy_face(limits=Limits(init_seconds=0.05)), is_ready=False) as socket:
        assert await closed(socket) == (4408, "Connection initialisation timeout")


async def test_a_client_that_did_is_not() -> None:
    face = toy_face(limits=Limits(init_seconds=0.5))
    async with serving(face) as address, connect(f"ws://{address}/", subprotocols=[PROTOCOL]) as socket:
        await socket.send(INIT)
        introduced = await heard(socket)
        async with connect(f"ws://{address}/", subprotocols=[PROTOCOL]) as silent:
            assert (await closed(silent))[0] == 4408  # by now the first one's time is over too
        await begin(socket, "1", "{ hello }")
        answer = await heard(socket)

    assert introduced == {"type": "connection_ack"}
    assert answer["type"] == "next"


async def test_a_second_introduction_is_closed_with_4429() -> None:
    async with opened() as socket:
        await socket.send(INIT)

        assert await closed(socket) == (4429, "Too many initialisation requests")


async def test_an_operation_before_the_introduction_is_closed_with_4401() -> None:
    async with opened(is_ready=False) as socket:
        await begin(socket, "1", "{ hello }")

        assert await closed(socket) == (4401, "Unauthorized")


async def test_an_id_that_is_under_way_is_closed_with_4409() -> None:
    async with opened() as socket:
        await begin(socket, "1", ENDLESS)
        await begin(socket, "1", ENDLESS)

        assert (await closed(socket))[0] == 4409


async def test_an_id_may_be_used_again_once_its_operation_is_over() -> None:
    async with opened() as socket:
        for _ in range(3):
            await begin(socket, "1", "{ hello }")
            assert [(await heard(socket))["type"] for _ in range(2)] == ["next", "complete"]


async def test_a_wrong_credential_in_the_introduction_is_closed_with_4403() -> None:
    async with opened(is_ready=False) as socket:
        await socket.send('{"type": "connection_init", "payload": {"token": "wrong"}}')

        assert await closed(socket) == (4403, "Forbidden")


async def test_a_credential_that_is_refused_later_is_closed_with_4403_and_ends_all_operations() -> None:
    world = World()
    face = toy_face(world)
    async with opened(face) as socket:
        await begin(socket, "1", ENDLESS)
        await heard(socket)
        world.is_locked = True
        await begin(socket, "2", "{ hello }")

        assert await closed(socket) == (4403, "Forbidden")
        await world.until_closed(1)


async def test_an_introduction_that_the_server_cannot_judge_is_masked(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(World):
        async def make_context(self, *_: Any) -> ToyContext:
            raise RuntimeError("the password is swordfish")

    async with opened(toy_face(Broken()), is_ready=False) as socket:
        await socket.send(INIT)

        assert await closed(socket) == (1011, "Internal error")
    assert "masked" in caplog.text
    assert "Exception in ASGI application" not in caplog.text


async def test_a_message_over_256_kib_is_closed_with_1009() -> None:
    async with opened() as socket:
        await begin(socket, "1", "query ($v: JSON!) { echo(value: $v) }", variables={"v": "x" * 250_000})
        assert (await heard(socket))["type"] == "next"
        await begin(socket, "1", "{ hello }" + "#" * 256 * 1024)

        assert (await closed(socket))[0] == 1009


async def test_the_101st_operation_on_a_socket_is_an_error_for_its_id() -> None:
    face = toy_face()
    async with opened(face) as socket:
        for number in range(100):
            await begin(socket, str(number), ENDLESS)
        firsts = [await heard(socket) for _ in range(100)]
        await begin(socket, "one too many", ENDLESS)
        error = await heard(socket)
        await socket.send('{"id": "0", "type": "complete"}')
        await socket.send('{"type": "ping"}')
        await heard(socket)
        await begin(socket, "now", "{ hello }")
        answer = await heard(socket)

    assert {one["type"] for one in firsts} == {"next"}
    assert (error["id"], error["type"]) == ("one too many", "error")
    assert error["payload"][0]["extensions"]["code"] == "TOO_MANY_OPERATIONS"
    assert answer["payload"] == {"data": {"hello": "world"}}


async def test_each_operation_has_a_context_of_its_own() -> None:
    async with opened() as socket:
        await begin(socket, "1", ENDLESS)
        await begin(socket, "2", ENDLESS)
        counts = [(await heard(socket))["payload"]["data"]["endless"] for _ in range(2)]

    assert counts == [2, 3]


async def test_an_operation_that_the_client_completes_is_closed() -> None:
    world = World()
    face = toy_face(world)
    async with opened(face) as socket:
        await begin(socket, "1", ENDLESS)
        await heard(socket)
        assert (face.open_sockets, face.open_operations) == (1, 1)

        await socket.send('{"id": "1", "type": "complete"}')
        await socket.send('{"id": "never begun", "type": "complete"}')
        await world.until_closed(1)

        await begin(socket, "1", "{ hello }")
        assert (await heard(socket))["type"] == "next"
        await heard(socket)
        assert face.open_operations == 0


@pytest.mark.parametrize("is_polite", [True, False])
async def test_a_client_that_vanishes_leaves_nothing_behind(is_polite: bool, caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    face = toy_face(world)
    async with serving(face) as address:
        socket = await connect(f"ws://{address}/", subprotocols=[PROTOCOL])
        await socket.send(INIT)
        await heard(socket)
        for id in ("1", "2"):
            await begin(socket, id, ENDLESS)
            await heard(socket)

        await (socket.close() if is_polite else abort(socket))
        await world.until_closed(2)

    assert (face.open_sockets, face.open_operations) == (0, 0)
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


async def abort(socket: ClientConnection) -> None:
    """Vanish without a word."""
    socket.transport.abort()


async def test_a_message_before_the_introduction_has_a_quarter_of_the_size() -> None:
    within, over = ({"type": "connection_init", "payload": {"p": "x" * size * 1024}} for size in (60, 70))
    async with opened(is_ready=False) as socket:
        await socket.send(json.dumps(within))
        assert await heard(socket) == {"type": "connection_ack"}

    async with opened(is_ready=False) as socket:
        await socket.send(json.dumps(over))
        assert (await closed(socket))[0] == 1009
