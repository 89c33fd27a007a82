"""Sockets and streams that come at once begin a few at a time, in order, and the loop works for others between them."""

import asyncio
import json
from typing import Any

import pytest
from toy_face import toy_face

from orchestrator_gql.graphql.arrivals import AT_ONCE, Arrivals

MANY = 5 * AT_ONCE + 1


async def test_many_that_come_at_once_begin_a_few_in_each_turn_of_the_loop() -> None:
    arrivals, turn = Arrivals(), 0
    begun: list[tuple[int, int]] = []

    async def arrive(number: int) -> None:
        await arrivals.turn()
        begun.append((number, turn))

    tasks = [asyncio.create_task(arrive(number)) for number in range(MANY)]
    while len(begun) < MANY:
        turn += 1
        await asyncio.sleep(0)
        assert turn < 10 * MANY
    await asyncio.gather(*tasks)

    assert [number for number, _ in begun] == [*range(MANY)]
    turns = [turn for _, turn in begun]
    assert max(turns.count(turn) for turn in turns) == AT_ONCE


async def test_who_comes_alone_begins_at_once() -> None:
    arrivals = Arrivals()
    for _ in range(3):
        alone = arrivals.turn()
        try:
            alone.send(None)
        except StopIteration:
            pass
        else:
            raise AssertionError("it waits")
        await asyncio.sleep(0)
        await asyncio.sleep(0)


async def test_a_place_of_who_has_left_goes_to_the_next() -> None:
    arrivals = Arrivals()
    tasks = [asyncio.create_task(arrivals.turn()) for _ in range(3 * AT_ONCE)]
    await asyncio.sleep(0)
    for task in tasks[AT_ONCE : 2 * AT_ONCE]:
        task.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert [task.done() for task in tasks] == [True] * 3 * AT_ONCE


BODY = json.dumps({"query": "subscription { countUp(to: 1) { number } }"}).encode()
SOCKET = {"type": "websocket", "path": "/", "headers": [], "subprotocols": ["graphql-transport-ws"]}
STREAM = {
    "type": "http",
    "method": "POST",
    "path": "/",
    "query_string": b"",
    "headers": [(b"accept", b"text/event-stream"), (b"content-type", b"application/json")],
}
FIRST: dict[str, list[dict[str, Any]]] = {
    "websocket": [{"type": "websocket.connect"}],
    "http": [{"type": "http.request", "body": BODY}],
}
BEGINS = ("websocket.accept", "http.response.start")


@pytest.mark.parametrize("scope", [SOCKET, STREAM], ids=["sockets", "streams"])
async def test_sockets_and_streams_that_come_at_once_do_not_begin_in_the_same_turn(scope: dict[str, Any]) -> None:
    face, turn, turns = toy_face(), 0, list[int]()

    async def come() -> None:
        messages = list(FIRST[scope["type"]])

        async def receive() -> dict[str, Any]:
            if not messages:
                await asyncio.Event().wait()
            return messages.pop(0)

        async def send(message: Any) -> None:
            if message["type"] in BEGINS:
                turns.append(turn)

        await face({**scope}, receive, send)

    tasks = [asyncio.create_task(come()) for _ in range(MANY)]
    async with asyncio.timeout(30):
        while len(turns) < MANY:
            turn += 1
            await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert max(turns.count(turn) for turn in turns) == AT_ONCE
