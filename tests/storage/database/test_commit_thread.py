"""The thread of the SQLite writer: each job is finished once, on the loop, however long it takes."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from orchestrator_gql.storage.database.commit_thread import YIELD_FOR, CommitThread

PATIENCE = 20.0


@pytest.fixture
async def thread() -> AsyncIterator[CommitThread]:
    """A thread without a job."""
    thread = CommitThread()
    yield thread
    await thread.close()


async def outcome_of(thread: CommitThread, work: Callable[[], BaseException | None]) -> BaseException | None:
    """Run the work as a job; what it returned."""
    finished: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()
    thread.run(work, finished.set_result)
    async with asyncio.timeout(PATIENCE):
        return await finished


def sleeping(seconds: float, outcome: BaseException | None = None) -> Callable[[], BaseException | None]:
    """Work that takes so long, as a disk does."""

    def work() -> BaseException | None:
        time.sleep(seconds)
        return outcome

    return work


@pytest.mark.parametrize("seconds", [0.0, YIELD_FOR / 5, YIELD_FOR, 5 * YIELD_FOR, 100 * YIELD_FOR])
@pytest.mark.parametrize("is_busy", [False, True])
async def test_each_job_is_finished_once_with_its_outcome(thread: CommitThread, seconds: float, is_busy: bool) -> None:
    async def spin() -> None:
        while True:
            sum(range(2_000))
            await asyncio.sleep(0)

    spinning = asyncio.create_task(spin() if is_busy else asyncio.sleep(PATIENCE))
    errors = [ValueError(str(n)) for n in range(5)]

    found = [await outcome_of(thread, sleeping(seconds, error)) for error in errors]

    spinning.cancel()
    assert found == errors


async def test_an_idle_loop_waits_only_a_moment_for_the_thread(thread: CommitThread) -> None:
    seconds = 0.3
    job = asyncio.create_task(outcome_of(thread, sleeping(seconds)))
    longest, before = 0.0, time.monotonic()
    while not job.done():
        await asyncio.sleep(0.005)
        longest, before = max(longest, time.monotonic() - before), time.monotonic()

    await job

    assert longest < seconds / 2


async def test_a_quick_job_on_an_idle_loop_does_not_wake_the_loop_by_its_pipe(
    thread: CommitThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, calls = asyncio.get_running_loop(), list[object]()
    wake = loop.call_soon_threadsafe

    def counted(*job: Any) -> asyncio.Handle:
        calls.append(job)
        return wake(*job)

    monkeypatch.setattr(loop, "call_soon_threadsafe", counted)

    for _ in range(20):  # on a busy machine the thread may be late
        await outcome_of(thread, sleeping(0.0))

    assert len(calls) < 20


async def test_a_job_that_the_loop_finds_while_the_thread_is_about_to_wake_it_is_finished_once(
    thread: CommitThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    class LateThread(threading.Event):
        """The thread loses the GIL behind the flag."""

        def set(self) -> None:
            super().set()
            time.sleep(0.02)

    monkeypatch.setattr(thread, "_is_done", LateThread())
    finished = list[BaseException | None]()

    thread.run(sleeping(0.0), finished.append)
    await asyncio.sleep(0.1)

    assert finished == [None]


async def test_a_job_that_ends_during_the_last_look_of_the_loop_is_finished(
    thread: CommitThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    class LateLoop(threading.Event):
        """The loop loses the GIL behind its look, and the thread ends its job meanwhile."""

        def is_set(self) -> bool:
            was_set = super().is_set()
            if threading.current_thread() is threading.main_thread():
                time.sleep(0.05)
            return was_set

    monkeypatch.setattr(thread, "_is_done", LateLoop())

    assert await outcome_of(thread, sleeping(0.02)) is None
