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
    assert received[1]["inputRequest"] == {"title": "Confirm the result"}


ROOTS = {
    "processEvents": "subscription ($a: String) { processEvents(after: $a) { cursor } }",
    "log": "subscription ($a: String) { log: processEvents(after: $a) { cursor } }",
    "spread": "subscription ($a: String) { ...F } "
    "fragment F on Subscription { ... { spread: processEvents(after: $a) { cursor } } }",
}


@pytest.mark.parametrize("key", ROOTS)
async def test_a_failed_source_names_its_field_on_every_transport(tmp_path: Path, key: str) -> None:
    document: dict[str, Any] = {"query": ROOTS[key], "variables": {"a": "nonsense"}}
    async with telling(tmp_path) as story, serving(story.site.app) as address, socket_of(address) as socket:
        await follow(socket, document["query"], **document["variables"])
        by_socket = json.loads(await socket.recv())["payload"]
        by_sse = json.loads((await first_event(address, "POST", document, None))["data"])

    assert by_socket == by_sse
    (error,) = by_sse["errors"]
    assert (error["path"], error["extensions"]["code"], by_sse["data"]) == ([key], "CURSOR_INVALID", None)
    assert error["locations"][0]["line"] == 1


@pytest.mark.parametrize("after", ["nonsense", "", "MC4", "ÿ"])
async def test_a_malformed_cursor_is_refused_and_the_socket_lives_on(tmp_path: Path, after: str) -> None:
    async with telling(tmp_path) as story, serving(story.site.app) as address, socket_of(address) as socket:
        await follow(socket, after=after)
        refused = json.loads(await socket.recv())
        await socket.send('{"type": "ping"}')
        replies = [json.loads(await socket.recv())["type"] for _ in range(2)]

    assert [error["extensions"]["code"] for error in refused["payload"]["errors"]] == ["CURSOR_INVALID"]
    assert "pong" in replies


async def test_a_mutation_over_a_socket_is_in_the_audit_log_with_its_address(tmp_path: Path) -> None:
    start = 'mutation { startWorkflow(input: {workflowName: "note"}) { __typename } }'

    async with telling(tmp_path) as story, serving(story.site.app) as address, socket_of(address) as socket:
        await follow(socket, start)
        await heard(socket)
        audit = (await story.site.ask("{ audit { nodes { action address method } } }"))["audit"]

    assert audit["nodes"] == [{"action": "startWorkflow", "address": "127.0.0.1", "method": "graphql/none"}]


async def test_the_numbers_come_at_once_and_again_when_they_change(tmp_path: Path) -> None:
    async with telling(tmp_path) as story, serving(story.site.app) as address, socket_of(address) as socket:
        await follow(socket, "subscription { stats { pendingCallbacks processesByStatus { status count } } }")
        first = await heard(socket)
        await story.waits()
        second = await heard(socket)

    assert (first["pendingCallbacks"], second["pendingCallbacks"]) == (0, 1)
    assert {"status": "AWAITING_CALLBACK", "count": 1} in second["processesByStatus"]


BATCH = "{ cursor events { id } }"
DOCUMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "a variable $after": (f"subscription ($after: String) {{ processEvents(after: $after) {BATCH} }}", {}),
    "a variable with a value": (
        f"subscription ($after: String) {{ processEvents(after: $after) {BATCH} }}",
        {"variables": {"after": "FIRST"}},
    ),
    "a variable of another name": (
        f"subscription ($begin: String) {{ processEvents(after: $begin) {BATCH} }}",
        {"variables": {"begin": None}},
    ),
    "a variable with a default": (
        f'subscription ($c: String = "FIRST") {{ processEvents(after: $c) {BATCH} }}',
        {},
    ),
    "a literal": (f'subscription {{ processEvents(after: "FIRST") {BATCH} }}', {}),
    "a literal null": (f"subscription {{ processEvents(after: null) {BATCH} }}", {}),
    "no argument": (f"subscription {{ processEvents {BATCH} }}", {}),
    "an alias": (f"subscription {{ after: processEvents {BATCH} }}", {}),
    "a fragment": (
        f"subscription {{ ...F }} fragment F on Subscription {{ processEvents {BATCH} }}",
        {},
    ),
    "an inline fragment": (f"subscription {{ ... on Subscription {{ processEvents {BATCH} }} }}", {}),
    "several operations": (
        f"subscription A {{ stats {{ failed }} }} subscription B {{ processEvents {BATCH} }} query C {{ viewer {{ user "
        "{ id } } }",
        {"operationName": "B"},
    ),
    "no cursor in the selection": ("subscription { processEvents { events { id } } }", {}),
    "another name for the cursor": ("subscription { processEvents { c: cursor events { id } } }", {}),
    "another field named cursor": ("subscription { processEvents { cursor: __typename events { id } } }", {}),
}


async def first_event(address: str, method: str, document: dict[str, Any], last_event_id: str | None) -> dict[str, str]:
    """The fields of the first server-sent event."""
    headers = {"accept": "text/event-stream"} | ({"last-event-id": last_event_id} if last_event_id is not None else {})
    text = {name: value if isinstance(value, str) else json.dumps(value) for name, value in document.items()}
    sent: dict[str, Any] = {"json": document} if method == "POST" else {"params": text}
    received: dict[str, str] = {}
    async with (
        asyncio.timeout(SECONDS),
        httpx.AsyncClient() as http,
        http.stream(method, f"http://{address}/graphql", headers=headers, **sent) as stream,
    ):
        async for line in stream.aiter_lines():
            name, _, value = line.partition(":")
            received[name] = value.strip()
            if name == "data":
                break
    return received


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_server_sent_events_resume_behind_the_last_event_id(tmp_path: Path, method: str) -> None:
    async with telling(tmp_path, allows_get_queries=True) as story, serving(story.site.app) as address:
        await run_to_the_form(story)
        ids = await logged(story)
        batches, cursors = {}, {}
        for name, (query, parameters) in DOCUMENTS.items():
            document = json.loads(json.dumps({"query": query, **parameters}).replace("FIRST", ids[0]))
            received = await first_event(address, method, document, ids[2])
            (batch,) = json.loads(received["data"])["data"].values()
            batches[name] = [one["id"] for one in batch["events"]]
            cursors[name] = received.get("id")

    assert batches == dict.fromkeys(DOCUMENTS, ids[3:])
    assert cursors == dict.fromkeys(DOCUMENTS, ids[-1])


@pytest.mark.parametrize("last_event_id", ["nonsense", "MC4", "a b", "W10"])
async def test_a_malformed_last_event_id_is_refused_like_a_malformed_cursor(tmp_path: Path, last_event_id: str) -> None:
    async with telling(tmp_path) as story, serving(story.site.app) as address:
        document: dict[str, Any] = {"query": FOLLOW}
        by_header = await first_event(address, "POST", document, last_event_id)
        by_argument = await first_event(address, "POST", document | {"variables": {"after": last_event_id}}, None)

    assert by_header == by_argument
    assert [error["extensions"]["code"] for error in json.loads(by_header["data"])["errors"]] == ["CURSOR_INVALID"]


async def test_an_empty_last_event_id_and_one_for_the_numbers_change_nothing(tmp_path: Path) -> None:
    async with telling(tmp_path) as story, serving(story.site.app) as address:
        await story.notes(1)
        ids = await logged(story)
        document: dict[str, Any] = {"query": FOLLOW, "variables": {"after": ids[0]}}
        empty = await first_event(address, "POST", document, "")
        numbers = await first_event(address, "POST", {"query": "subscription { stats { failed } }"}, ids[0])

    assert [one["id"] for one in json.loads(empty["data"])["data"]["processEvents"]["events"]] == ids[1:]
    assert "errors" not in json.loads(numbers["data"])
    assert "id" not in numbers
