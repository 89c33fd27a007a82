"""Unknown documents: one at a time, long ones in a thread, and known ones without a wait."""

import asyncio
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.database import sqlite_url
from support.web import GRAPHQL, site_of

from orchestrator_gql.graphql import document_queue, documents
from orchestrator_gql.graphql.document_queue import SHORT, DocumentQueue
from orchestrator_gql.graphql.documents import MEMORY
from orchestrator_gql.utils.request_errors import ServerBusy

LONG = SHORT + 1
FIELDS = "{ processes(first: 1) { nodes { " + "steps { name } " * 200 + "} } }"
COMMENT = "{ __typename } #" + "x" * 200_000
TEXT = '{ process(id: "' + "x" * 200_000 + '") { id } }'


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """A memory without the documents of other tests."""
    MEMORY.clear()
    yield
    MEMORY.clear()


def nothing() -> None:
    """Nobody has read the document."""


async def test_one_thread_reads_at_a_time_and_the_others_wait_in_turns_of_their_clients() -> None:
    queue = DocumentQueue()
    at_once, most, order = 0, 0, list[str]()

    def read(client: str) -> str:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        order.append(client)
        assert threading.current_thread() is not threading.main_thread()
        at_once -= 1
        return client

    clients = ["greedy"] * 20 + ["modest"]
    await asyncio.gather(*(queue.read(client, LONG, nothing, partial(read, client)) for client in clients))

    assert (most, len(order), queue.waiting, queue.characters) == (1, 21, 0, 0)
    assert order.index("modest") <= 2


async def test_a_document_that_another_operation_has_read_meanwhile_is_not_read_again() -> None:
    queue, known, reads = DocumentQueue(), list[str](), list[int]()
    began, may_end = threading.Event(), threading.Event()

    def read() -> str:
        reads.append(1)
        began.set()
        may_end.wait(10)
        return "document"

    async def ask() -> str:
        return await queue.read("client", LONG, lambda: known[0] if known else None, read, known.append)

    asking = [asyncio.create_task(ask()) for _ in range(10)]
    await asyncio.to_thread(began.wait, 10)
    may_end.set()

    assert await asyncio.gather(*asking) == ["document"] * 10
    assert len(reads) == 1
    assert await queue.read("client", LONG, nothing, lambda: "next") == "next"


async def test_a_short_document_is_read_once_for_all_who_wait_for_it() -> None:
    queue, known, reads = DocumentQueue(), list[str](), list[int]()

    def read() -> str:
        reads.append(1)
        return "document"

    async def ask(client: str) -> str:
        return await queue.read(client, SHORT, lambda: known[0] if known else None, read, known.append)

    assert await asyncio.gather(*(ask(f"client {number % 3}") for number in range(10))) == ["document"] * 10
    assert len(reads) == 1


async def test_a_client_that_leaves_blocks_nobody() -> None:
    queue = DocumentQueue()
    may_end = threading.Event()
    reading = asyncio.create_task(queue.read("first", LONG, nothing, lambda: may_end.wait(10)))
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(queue.read(name, LONG, nothing, lambda: True)) for name in ("second", "third")]
    await asyncio.sleep(0)

    reading.cancel()
    waiting[0].cancel()
    await asyncio.sleep(0)
    may_end.set()

    assert await waiting[1] is True
    assert await queue.read("fourth", LONG, nothing, lambda: True) is True
    assert (queue.waiting, queue.characters) == (0, 0)


@pytest.mark.parametrize("bound", ["MOST_WAITING", "MOST_CHARACTERS", "PATIENCE"])
async def test_what_waits_is_bounded(bound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = DocumentQueue()
    may_end = threading.Event()
    reading = asyncio.create_task(queue.read("first", LONG, nothing, lambda: may_end.wait(10)))
    await asyncio.sleep(0)
    monkeypatch.setattr(document_queue, bound, 0)

    with pytest.raises(ServerBusy):
        await queue.read("second", LONG, nothing, lambda: True)

    monkeypatch.undo()
    may_end.set()
    assert await reading
    assert await queue.read("second", LONG, nothing, lambda: True)


async def test_the_thread_of_a_client_that_has_left_is_still_the_only_one() -> None:
    queue = DocumentQueue()
    began, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def read() -> bool:
        began.set()
        may_end.wait(10)
        ended.set()
        return True

    reading = asyncio.create_task(queue.read("first", LONG, nothing, read))
    await asyncio.to_thread(began.wait, 10)
    reading.cancel()
    await asyncio.wait([reading])
    following = asyncio.create_task(queue.read("second", LONG, nothing, ended.is_set))
    for _ in range(20):
        await asyncio.sleep(0)
    is_waiting = not following.done()
    asyncio.get_running_loop().call_later(0.05, may_end.set)

    assert is_waiting
    assert await following is True  # the first one had ended


async def test_a_short_document_waits_no_longer_than_a_long_one(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = DocumentQueue()
    monkeypatch.setattr(queue.lane, "ask", lambda *_, **__: None)  # the others need all of the time
    monkeypatch.setattr(document_queue, "PATIENCE", 0)

    async with asyncio.timeout(30):
        with pytest.raises(ServerBusy):
            await queue.read("client", SHORT, nothing, lambda: True)

    assert queue.waiting == 0


async def test_a_turn_that_comes_as_its_client_leaves_goes_to_the_next() -> None:
    queue = DocumentQueue()
    may_end = threading.Event()
    reading = asyncio.create_task(queue.read("first", LONG, nothing, lambda: may_end.wait(10)))
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(queue.read(name, LONG, nothing, lambda: True)) for name in ("second", "third")]
    await asyncio.sleep(0)

    queue._next()  # as at the end of the first document
    waiting[0].cancel()
    async with asyncio.timeout(30):
        assert await waiting[1] is True
    may_end.set()

    assert await reading
    assert waiting[0].cancelled()


@pytest.mark.parametrize("bound", ["MOST_WAITING", "MOST_CHARACTERS"])
async def test_a_client_that_fills_the_queue_causes_no_refusal_of_the_others(
    bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_queue, bound, 20 if bound == "MOST_WAITING" else 20 * LONG)
    queue = DocumentQueue()
    may_end = threading.Event()
    reading = asyncio.create_task(queue.read("first", LONG, nothing, lambda: may_end.wait(10)))
    await asyncio.sleep(0)

    def asking(client: str, count: int) -> list[asyncio.Task[bool]]:
        return [asyncio.create_task(queue.read(client, LONG, nothing, lambda: True)) for _ in range(count)]

    greedy = asking("greedy", 30)
    await asyncio.sleep(0)
    modest = [task for number in range(10) for task in asking(f"modest {number}", 3)]
    await asyncio.sleep(0)
    refused = [sum(task.done() for task in tasks) for tasks in (greedy, modest)]
    may_end.set()
    await reading
    results = await asyncio.gather(*greedy, *modest, return_exceptions=True)

    assert refused == [10, 10]  # the second set of places is full, too: the memory stays bounded
    assert [isinstance(result, ServerBusy) for result in results].count(True) == 20
    assert (queue.waiting, queue.characters, dict(queue._waiting_of)) == (0, 0, {})


@pytest.mark.parametrize("document", [FIELDS, COMMENT, TEXT], ids=["fields", "comment", "text"])
async def test_the_loop_works_for_others_while_a_long_document_is_read(document: str, tmp_path: Path) -> None:
    turns = 0

    async def work() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with site_of(sqlite_url(tmp_path)) as site:
        others = asyncio.create_task(work())
        await site.ask("{ __typename }")
        turns, before = 0, site.app.state.graphql.documents.in_thread
        await site.ask(document)
        others.cancel()

    assert site.app.state.graphql.documents.in_thread - before >= 1
    assert turns > 20


async def test_a_body_does_not_wait_for_the_documents_of_others(tmp_path: Path) -> None:
    may_end = threading.Event()
    async with asyncio.timeout(30), site_of(sqlite_url(tmp_path)) as site:
        known = "{ __typename }"
        await site.ask(known)
        queue: DocumentQueue = site.app.state.graphql.documents
        reading = asyncio.create_task(queue.read("others", LONG, nothing, lambda: may_end.wait(20)))
        await asyncio.sleep(0)

        answer = await site.http.post("/graphql", json={"query": known, "extensions": {"x": "x" * 100_000}})

        assert not reading.done()
        may_end.set()
        await reading
    assert answer.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(("accept", "status"), [(GRAPHQL, 503), ("application/json", 503), ("text/event-stream", 200)])
async def test_a_document_that_is_not_validated_in_time_is_refused_with_the_reason(
    accept: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site_of(sqlite_url(tmp_path)) as site:
        queue: DocumentQueue = site.app.state.graphql.documents

        # The queue becomes full after the document was parsed.
        monkeypatch.setattr(documents, "keep", lambda *_, **__: monkeypatch.setattr(document_queue, "MOST_WAITING", 0))
        refused = await site.http.post(
            "/graphql", json={"query": "{ unknown: __typename }"}, headers={"accept": accept}
        )

    assert (refused.status_code, refused.headers.get("retry-after")) == (status, "1" if status == 503 else None)
    assert "SERVER_BUSY" in refused.text
    assert queue.waiting == 0


async def test_too_many_unknown_documents_are_refused_and_known_ones_are_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site_of(sqlite_url(tmp_path)) as site:
        known: dict[str, Any] = {"json": {"query": "{ __typename }"}, "headers": {"accept": GRAPHQL}}
        assert (await site.http.post("/graphql", **known)).status_code == 200
        monkeypatch.setattr(document_queue, "MOST_WAITING", 0)

        refused: httpx.Response = await site.http.post(
            "/graphql", json={"query": "{ unknown: __typename }"}, headers={"accept": GRAPHQL}
        )

        assert (await site.http.post("/graphql", **known)).status_code == 200
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.json()["errors"][0]["extensions"]["code"] == "SERVER_BUSY"
