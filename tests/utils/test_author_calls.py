"""An author's function in a task of its own: what its caller meets if it is cancelled meanwhile."""

import asyncio
from typing import Any

import pytest

from orchestrator_gql.utils.author_calls import AuthorRaised, Returned, attempt_async


async def test_a_cancelled_caller_ends_the_task_and_leaves_no_error_in_the_loop() -> None:
    errors: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.set()

    caller = asyncio.create_task(attempt_async(work))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller

    assert ended.is_set()
    assert errors == []


async def test_a_function_that_cancels_its_own_task_does_not_cancel_its_caller() -> None:
    async def work() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    async def fine() -> int:
        return 7

    assert isinstance(await attempt_async(work), AuthorRaised)
    assert await attempt_async(fine) == Returned(7)
