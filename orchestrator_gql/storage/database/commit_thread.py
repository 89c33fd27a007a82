"""The thread that waits for the disk in place of the loop: one job at a time, and each hand-over costs little.

To wake a loop that sleeps takes two writes to a pipe, a call of the kernel's poll and a fight for the GIL: half of the
CPU of a small commit beside the disk. A loop with nothing else to do waits for the thread itself, for a moment at most,
and then needs none of that.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass

IDLE = 0.0002
"""Seconds that a turn of the loop takes at most if it had nothing else to do."""

YIELD_AFTER = 0.002
"""Seconds that a job of the thread may take before the loop yields the GIL to it."""

YIELD_FOR = 0.0005
"""Seconds, at most, that the loop waits for the thread each time."""

Work = Callable[[], BaseException | None]
Then = Callable[[BaseException | None], None]


@dataclass(slots=True, eq=False)
class _Job:
    work: Work
    then: Then
    outcome: BaseException | None = None


class CommitThread:
    """Runs the jobs of the loop that makes it, one at a time, in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._context = Context()  # not that of the request whose unit began the group
        self._job: _Job | None = None
        self._is_done = threading.Event()
        self._is_looked_for = False
        """True if the loop itself finds out that the job is done; else the thread must wake it."""
        self._yield_timer: asyncio.TimerHandle | None = None
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run_jobs, name="sqlite-commit", daemon=True)
        self._thread.start()

    def run(self, work: Work, then: Then) -> None:
        """Run ``work`` in the thread, and ``then`` with its result on the loop. No other job may run."""
        self._job = _Job(work, then)
        self._is_done.clear()
        self._is_looked_for = True
        self._jobs.put(self._job)
        self._loop.call_soon(self._look, self._job, time.perf_counter(), context=self._context)

    async def close(self) -> None:
        """End the thread, which has no job."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _look(self, job: _Job, began: float) -> None:
        """Finish the job if it is done; wait for it a moment if the last turn of the loop had nothing else to do."""
        if time.perf_counter() - began < IDLE:
            self._is_done.wait(YIELD_FOR)
        self._is_looked_for = False  # before the last look: the thread sets the other flag before it reads this one
        if self._is_done.is_set():
            self._finish(job)
        else:
            self._yield_timer = self._loop.call_later(YIELD_AFTER, self._yield_gil)

    def _yield_gil(self) -> None:
        """Let the thread have the GIL for a moment if it needs it.

        A loop with many short tasks releases the GIL often, but takes it again before the thread has woken up; and the
        thread may demand the GIL only if nobody released it for a whole switch interval. So the thread would wait for
        seconds with a COMMIT that has long ended.
        """
        if not self._is_done.wait(YIELD_FOR):
            self._yield_timer = self._loop.call_later(YIELD_AFTER, self._yield_gil)

    def _finish(self, job: _Job) -> None:
        if job is not self._job:
            return  # the loop has found it, while the thread was about to wake the loop
        self._job = None
        if self._yield_timer is not None:
            self._yield_timer.cancel()
            self._yield_timer = None
        job.then(job.outcome)

    def _run_jobs(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.outcome = job.work()
            self._is_done.set()
            if not self._is_looked_for and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._finish, job)
