"""What blocks an event loop for over a second is logged once, with its name and its place."""

import asyncio
import logging
import time
from collections.abc import Callable

import pytest
from support.holds import Hold

from orchestrator_gql.utils.author_places import Authors


def blocks(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The lines about a blocked loop, each with the stack below it."""
    records = [record for record in caplog.records if "blocks the event loop" in record.getMessage()]
    return [f"{record.getMessage()}\n{record.exc_text}" for record in records]


async def becomes(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - other threads change it
            await asyncio.sleep(0.02)


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
