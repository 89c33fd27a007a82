"""The messages of a socket come to its only reader in order, and none is lost if the reader is cancelled."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest

from orchestrator_gql.cli.serving.message_queue import MessageQueue


async def test_messages_come_in_order_whether_they_waited_or_not() -> None:
    queue = MessageQueue[int]()
    queue.put_nowait(1)
    queue.put_nowait(2)
    assert not queue.empty()
    assert [await queue.get(), await queue.get()] == [1, 2]
    assert queue.empty()

    reading = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    queue.put_nowait(3)
    queue.put_nowait(4)
    assert [await reading, await queue.get()] == [3, 4]


@pytest.mark.parametrize("is_message_first", [True, False])
async def test_a_reader_that_is_cancelled_takes_no_message_with_it(is_message_first: bool) -> None:
    queue = MessageQueue[int]()
    reading = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    steps: list[Callable[[], object]] = [partial(queue.put_nowait, 1), reading.cancel]
    for step in steps if is_message_first else reversed(steps):
        step()
    with suppress(asyncio.CancelledError):
        await reading

    async with asyncio.timeout(5):
        assert await queue.get() == 1


async def test_two_readers_at_once_are_refused() -> None:
    queue = MessageQueue[int]()
    reading = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    with pytest.raises(AssertionError):
        await queue.get()
    queue.put_nowait(1)
    assert await reading == 1
