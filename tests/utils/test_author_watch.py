"""What blocks an event loop for over a second is logged once, with its name and its place."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from support.database import sqlite_url
from support.engine import engine_of
from support.holds import Hold
from support.until import becomes

from orchestrator_gql.storage.database import Database
from orchestrator_gql.storage.database.schema import prepare
from orchestrator_gql.utils import author_loops, author_watch
from orchestrator_gql.utils.author_places import Authors


def blocks(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The lines about a blocked loop, each with the stack below it."""
    records = [record for record in caplog.records if "blocks the event loop" in record.getMessage()]
    return [f"{record.getMessage()}\n{record.exc_text}" for record in records]


async def test_a_function_that_blocks_the_loop_of_authors_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    authors, hold = Authors.of(step_threads=1, loop="own"), Hold()
    authors.watch()

    async def reload_router() -> None:
        hold.block()

    call = asyncio.create_task(authors.steps.call_async(reload_router, name="step 'Reload' of process 7"))
    await becomes(lambda: blocks(caplog))
    await asyncio.sleep(0.6)  # it is not logged again
    hold.let_go()
    await call
    authors.close()

    (message,) = blocks(caplog)
    assert message.startswith("step 'Reload' of process 7 blocks the event loop of steps for over 1 s")
    assert "in reload_router" in message
    assert authors.blocks == {"server": 0, "steps": 1, "forms": 0}


async def test_a_loop_that_a_function_without_a_limit_blocks_is_replaced_up_to_the_bound(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(author_loops, "REPLACED", 0.5)
    monkeypatch.setattr(author_loops, "LOOPS", 2)
    authors, holds = Authors.of(step_threads=1, loop="own"), [Hold() for _ in range(3)]
    authors.watch()
    loops = authors.steps.loops
    assert loops is not None

    def blocking(hold: Hold) -> Callable[[], Awaitable[None]]:
        async def block() -> None:
            hold.block()

        return block

    async def work() -> str:
        return "done"

    async def waits() -> str:
        await asyncio.sleep(0.05)
        return "waited"

    waiting = asyncio.create_task(authors.steps.call_async(waits))
    await asyncio.sleep(0.01)
    calls = []
    for number, hold in enumerate(holds[:2]):
        calls.append(asyncio.create_task(authors.steps.call_async(blocking(hold))))
        await becomes(hold.entered.is_set)
        async with asyncio.timeout(60):
            assert await authors.steps.call_async(work) == "done"  # it moves to the new loop
        assert (authors.steps.stuck, len(loops.threads)) == (number + 1, number + 2)
    calls.append(asyncio.create_task(authors.steps.call_async(blocking(holds[2]))))
    await becomes(lambda: "every event loop is blocked" in caplog.text)
    await asyncio.sleep(0.6)
    assert caplog.text.count("every event loop is blocked") == 1  # it is not logged again
    assert len(loops.threads) == 3

    for hold in holds:
        hold.let_go()
    await asyncio.gather(*calls)
    assert await waiting == "waited"
    await becomes(lambda: authors.steps.stuck == 0 and len(loops.threads) == 1)
    authors.close()


async def test_a_function_that_blocks_the_loop_of_the_server_is_named(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    authors = Authors.of(step_threads=1, loop="server")
    authors.watch()
    await asyncio.sleep(0.5)

    async def reload_router() -> None:
        time.sleep(2.5)  # noqa: ASYNC251

    await authors.steps.call_async(reload_router, name="step 'Reload'")
    authors.close()

    (message,) = blocks(caplog)
    assert message.startswith("step 'Reload' blocks the event loop of server")
    assert "in reload_router" in message


async def test_a_function_that_waits_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    authors = Authors.of(step_threads=1, loop="own")
    authors.watch()

    await authors.steps.call_async(lambda: asyncio.sleep(1.5), name="step 'Wait'")
    authors.close()

    assert blocks(caplog) == []


async def test_a_long_migration_at_the_start_is_not_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = author_loops.BLOCKED + 3 * author_watch.LOOK

    async def long_migration(database: Database) -> None:
        await asyncio.sleep(2 * author_watch.LOOK)  # long enough for a ping, if somebody watches already
        time.sleep(blocked)  # noqa: ASYNC251 - Alembic blocks the loop in the same way
        await prepare(database)

    monkeypatch.setattr("orchestrator_gql.app.prepare", long_migration)
    async with engine_of(sqlite_url(tmp_path)):
        pass

    assert [record.getMessage() for record in caplog.records if "blocks the event loop" in record.getMessage()] == []
