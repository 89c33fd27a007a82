"""Limits of the same length share one timer of the event loop, and each ends as `asyncio.timeout` would."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator_gql.utils.shared_timers import Limit, TimeLimit

SHORT = 0.05
LONG = 60.0


class Noted(Limit):
    def __init__(self, due: list["Noted"]) -> None:
        self._due = due

    def due(self) -> None:
        self._due.append(self)


async def test_a_block_that_takes_longer_raises() -> None:
    with pytest.raises(TimeoutError), TimeLimit(SHORT):
        await asyncio.sleep(LONG)
    task = asyncio.current_task()
    assert task is not None and not task.cancelling()


async def test_a_block_that_ends_in_time_is_left_alone() -> None:
    for _ in range(3):
        with TimeLimit(SHORT):
            await asyncio.sleep(0)
    await asyncio.sleep(2 * SHORT)


async def test_many_limits_add_one_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The timer of the first limit looks for the next, so a limit that ended in time leaves nothing behind."""
    loop, timers = asyncio.get_running_loop(), list[float]()
    call_at = loop.call_at

    def noting(when: float, callback: Callable[..., object], *arguments: Any) -> asyncio.TimerHandle:
        timers.append(when)
        return call_at(when, callback, *arguments)

    monkeypatch.setattr(loop, "call_at", noting)
    for _ in range(100):
        with TimeLimit(LONG):
            await asyncio.sleep(0)
    assert len(timers) == 1


async def test_limits_end_in_their_order_and_none_too_early() -> None:
    due = list[Noted]()
    limits = [Noted(due) for _ in range(6)]
    for number, limit in enumerate(limits):
        limit.begin(SHORT)
        if number % 3 == 0:
            limit.stop()
        await asyncio.sleep(SHORT / 5)
    loop = asyncio.get_running_loop()
    while len(due) < 4:
        assert all(limit.ends_at <= loop.time() for limit in due)
        await asyncio.sleep(0.001)
    assert due == [limit for number, limit in enumerate(limits) if number % 3]


@pytest.mark.parametrize("is_over", [False, True])
async def test_a_task_that_somebody_cancels_stays_cancelled(is_over: bool) -> None:
    """Also if both happen at once."""

    async def work() -> None:
        with TimeLimit(LONG) as limit:
            begun.set_result(limit)
            await asyncio.sleep(LONG)

    begun: asyncio.Future[TimeLimit] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(work())
    limit = await begun
    if is_over:
        limit.due()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_inner_of_two_limits_ends_first() -> None:
    with TimeLimit(LONG), pytest.raises(TimeoutError), TimeLimit(SHORT):
        await asyncio.sleep(LONG)


def test_each_event_loop_has_its_own_timer() -> None:
    """A limit in a second loop must not wait for the timer of a loop that has ended."""

    async def slow() -> None:
        with TimeLimit(SHORT):
            await asyncio.sleep(LONG)

    async def quick() -> None:
        with TimeLimit(SHORT):
            await asyncio.sleep(0)

    asyncio.run(quick())
    with pytest.raises(TimeoutError):
        asyncio.run(slow())
