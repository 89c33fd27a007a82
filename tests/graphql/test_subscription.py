"""The live stream: at once, in order, resumed without gap or repeat, over both transports."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from stories import SUSPENDED, Story, telling
from toy_face import SECONDS, serving
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from orchestrator_gql.types import Json

PROTOCOL = Subprotocol("graphql-transport-ws")
FOLLOW = """subscription ($after: String, $filter: EventFilter) { processEvents(after: $after, filter: $filter) {
  cursor caughtUp reset events { __typename id cursor processId process { status }
    ... on CallbackEvent { callbackId callback { status } }
    ... on CallbackReceivedEvent { result isEarly }
    ... on InputRequestEvent { inputRequest { title } } } } }"""
LOG = "{ events(first: 200) { nodes { id } } }"


@asynccontextmanager
async def socket_of(address: str) -> AsyncIterator[ClientConnection]:
    """An introduced socket."""
    async with connect(f"ws://{address}/graphql", subprotocols=[PROTOCOL]) as socket:
        await socket.send('{"type": "connection_init"}')
        await socket.recv()
        yield socket


async def follow(socket: ClientConnection, query: str = FOLLOW, **variables: Json) -> None:
    """Subscribe."""
    payload = {"query": query, "variables": variables}
    await socket.send(json.dumps({"id": "s", "type": "subscribe", "payload": payload}))


async def heard(socket: ClientConnection) -> Any:
    """The one root field of the next message."""
    async with asyncio.timeout(SECONDS):
        message = json.loads(await socket.recv())
    assert message["type"] == "next" and "errors" not in message["payload"], message
    return next(iter(message["payload"]["data"].values()))


async def heard_until(socket: ClientConnection, kind: str) -> list[Any]:
    """The events up to and with the first of that kind."""
    received: list[Any] = []
    while kind not in [one["__typename"] for one in received]:
        received += (await heard(socket))["events"]
    return received


async def run_to_the_form(story: Story) -> None:
    """One process from its start to the form that waits."""
    process_id, token = await story.waits()
    await story.say("reportCallbackProgress", token=token, percent=50)
    await story.say("receiveCallback", token=token, result={"rc": 0})
    await story.site.engine.reaches(process_id, SUSPENDED)


async def logged(story: Story) -> list[str]:
    """The ids of the whole log, as a query reads it."""
    return [one["id"] for one in (await story.site.ask(LOG))["events"]["nodes"]]


async def test_the_first_batch_comes_at_once_and_live_events_follow(tmp_path: Path) -> None:
    async with telling(tmp_path) as story, serving(story.site.app) as address, socket_of(address) as socket:
        await story.notes(1)
        await follow(socket)
        first = await heard(socket)
        await run_to_the_form(story)
        received = await heard_until(socket, "InputRequestedEvent")
        ids = await logged(story)

    assert (first["events"], first["caughtUp"], first["reset"]) == ([], True, False)
    kinds = [one["__typename"] for one in received]
    assert kinds[0] == "ProcessCreatedEvent"
    assert [one for one in kinds if one.startswith(("Callback", "Input"))] == [
        "CallbackIssuedEvent",
        "CallbackProgressedEvent",
        "CallbackReceivedEvent",
        "CallbackValidatedEvent",
        "InputRequestedEvent",
    ]
    assert [one["result"] for one in received if "result" in one] == [{"rc": 0}]
    begin = ids.index(received[0]["id"])
    assert [one["id"] for one in received] == ids[begin : begin + len(received)]


async def test_a_stream_resumed_at_any_cursor_tells_the_rest_of_the_log(tmp_path: Path) -> None:
    async with telling(tmp_path) as story, serving(story.site.app) as address:
        await run_to_the_form(story)
        ids = await logged(story)
        rests = []
        for cursor in ids[:-1]:
            async with socket_of(address) as socket:
                await follow(socket, after=cursor)
                batch = await heard(socket)
                rests.append([one["id"] for one in batch["events"]])

    assert rests == [ids[place:] for place in range(1, len(ids))]


async def test_a_filter_lets_only_its_events_through(tmp_path: Path) -> None:
    async with telling(tmp_path) as story, serving(story.site.app) as address, socket_of(address) as socket:
        await follow(
            socket, filter={"kinds": ["INPUT_REQUESTED", "CALLBACK_RECEIVED"], "workflowNames": ["change_port"]}
        )
        await heard(socket)
        await story.notes(1)
        await run_to_the_form(story)
        received = await heard_until(socket, "InputRequestedEvent")

    assert [one["__typename"] for one in received] == ["CallbackReceivedEvent", "InputRequestedEvent"]
    assert received[1]["inputRequest"] == {"title": "Result"}


@pytest.mark.parametrize("after", ["nonsense", "", "MC4", "ÿ"])
async def test_a_malformed_cursor_is_refused_and_the_socket_lives_on(tmp_path: Path, after: str) -> None:
    async with telling(tmp_path) as story, serving(story.site.app) as address, socket_of(address) as socket:
        await follow(socket, after=after)
        refused = json.loads(await socket.recv())
        await socket.send('{"type": "ping"}')
        replies = [json.loads(await socket.recv())["type"] for _ in range(2)]

    assert [error["extensions"]["code"] for error in refused["payload"]["errors"]] == ["CURSOR_INVALID"]
    assert "pong" in replies


async def test_the_numbers_come_at_once_and_again_when_they_change(tmp_path: Path) -> None:
    async with telling(tmp_path) as story, serving(story.site.app) as address, socket_of(address) as socket:
        await follow(socket, "subscription { stats { pendingCallbacks processesByStatus { status count } } }")
        first = await heard(socket)
        await story.waits()
        second = await heard(socket)

    assert (first["pendingCallbacks"], second["pendingCallbacks"]) == (0, 1)
    assert {"status": "AWAITING_CALLBACK", "count": 1} in second["processesByStatus"]


async def test_server_sent_events_resume_behind_the_last_event_id(tmp_path: Path) -> None:
    async with telling(tmp_path) as story, serving(story.site.app) as address:
        await run_to_the_form(story)
        ids = await logged(story)
        headers = {"accept": "text/event-stream", "last-event-id": ids[2]}
        async with (
            httpx.AsyncClient() as http,
            http.stream("POST", f"http://{address}/graphql", json={"query": FOLLOW}, headers=headers) as stream,
        ):
            received: dict[str, str] = {}
            async for line in stream.aiter_lines():
                name, _, value = line.partition(":")
                received[name] = value.strip()
                if name == "data":
                    break

    batch = json.loads(received["data"])["data"]["processEvents"]
    assert [one["id"] for one in batch["events"]] == ids[3:]
    assert received["id"] == batch["cursor"]
