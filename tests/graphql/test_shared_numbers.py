"""The numbers of the dashboard: counted once for all who are subscribed to them with equal rights."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from stories import Story, telling
from support.until import becomes
from test_subscription import follow, heard, socket_of
from toy_face import SECONDS, serving
from websockets.asyncio.client import ClientConnection

from orchestrator_gql.graphql import subscriptions
from orchestrator_gql.graphql.execution import SharedResponse
from orchestrator_gql.graphql.shared_numbers import SharedNumbers, _Watcher
from orchestrator_gql.reads import processes as process_reads

NUMBERS = "subscription { stats { pendingCallbacks asOf processesByStatus { status count } } }"
FILTERED = "subscription ($f: ProcessFilter) { stats { processesByStatus(filter: $f) { status count } } }"


@pytest.fixture(autouse=True)
def counts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time that the numbers are counted; there is no pause between two messages."""
    counted: list[int] = []
    count = process_reads.counts

    async def noted(*arguments: Any) -> Any:
        counted.append(1)
        return await count(*arguments)

    monkeypatch.setattr(process_reads, "counts", noted)
    monkeypatch.setattr(subscriptions, "STATS_PAUSE", 0.0)
    return counted


def shared(story: Story) -> SharedNumbers:
    """The groups of the server."""
    numbers: SharedNumbers = story.site.app.state.graphql.shared.numbers
    return numbers


async def ended(story: Story) -> None:
    """Wait until all groups have ended."""
    await becomes(lambda: not shared(story).groups)


@asynccontextmanager
async def watching(
    address: str, count: int, query: str = NUMBERS, **variables: Any
) -> AsyncIterator[list[ClientConnection]]:
    """So many subscribers, each with its first message behind it."""
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(socket_of(address)) for _ in range(count)]
        for socket in sockets:
            await follow(socket, query, **variables)
            await heard(socket)
        yield sockets


async def test_twenty_subscribers_cost_as_many_counts_as_one(tmp_path: Path, counts: list[int]) -> None:
    async with telling(tmp_path) as story, serving(story.site.app) as address, watching(address, 20) as sockets:
        before = len(counts)
        await story.waits()
        found = []
        for socket in sockets:
            while (last := await heard(socket))["pendingCallbacks"] != 1:
                pass
            found.append(last)

        assert (shared(story).groups, shared(story).members) == (1, 20)
    assert len(counts) - before < 20
    assert {json.dumps(each["processesByStatus"]) for each in found} == {json.dumps(found[0]["processesByStatus"])}


async def test_other_selections_and_variables_have_groups_of_their_own_and_end_with_their_last_member(
    tmp_path: Path,
) -> None:
    async with telling(tmp_path) as story, serving(story.site.app) as address:
        async with (
            watching(address, 2),
            watching(address, 2, FILTERED, f={"statuses": ["RUNNING"]}),
            watching(address, 1, FILTERED, f={"statuses": ["FAILED"]}),
        ):
            assert (shared(story).groups, shared(story).members) == (3, 5)
        await ended(story)

        assert shared(story).members == 0


async def test_a_late_subscriber_gets_the_newest_numbers_at_once(tmp_path: Path, counts: list[int]) -> None:
    async with telling(tmp_path) as story, serving(story.site.app) as address, watching(address, 1):
        before = len(counts)
        async with asyncio.timeout(SECONDS), watching(address, 1):
            assert len(counts) == before


async def test_an_invalid_selection_and_a_failed_count_answer_each_subscriber(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with telling(tmp_path) as story, serving(story.site.app) as address:
        async with socket_of(address) as socket:
            await follow(socket, "subscription { stats { nothing } }")
            refused = json.loads(await socket.recv())
            assert (refused["type"], "nothing" in refused["payload"][0]["message"]) == ("error", True)

        async def fail(*_: Any) -> Any:
            raise RuntimeError

        monkeypatch.setattr(process_reads, "counts", fail)
        async with socket_of(address) as socket:
            await follow(socket, NUMBERS)
            failed = json.loads(await socket.recv())
        await ended(story)

    assert "INTERNAL" in json.dumps(failed)


async def test_a_slow_subscriber_gets_the_newest_numbers_and_none_between() -> None:
    watcher = _Watcher(lambda _: False)
    for number in range(3):
        watcher.offer(SharedResponse(str(number).encode(), None, "", ""))

    newest = await watcher.next()

    assert newest is not None and newest.data == b"2"
    waiting = asyncio.create_task(watcher.next())
    await asyncio.sleep(0)
    watcher.offer(SharedResponse(b"3", None, "", ""))
    response = await waiting
    assert response is not None and response.data == b"3"
