"""Runs the engine inside the server process: tasks advance the processes that are notified."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from orchestrator_gql.engine.workers.worker import WorkerTasks
from orchestrator_gql.runtime import Runtime

if TYPE_CHECKING:
    from sqlalchemy import Connection


class EmbeddedDispatcher:
    """Keeps wake-ups in a queue in memory. No wake-up is lost with it: the table says which processes are runnable."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[UUID] = asyncio.Queue()
        self._queued: set[UUID] = set()
        self._again: set[UUID] = set()
        self._busy: set[UUID] = set()
        self._runtime: Runtime | None = None
        self._work: WorkerTasks | None = None

    def attach(self, runtime: Runtime) -> None:
        """Set the server whose processes this dispatcher advances."""
        self._runtime = runtime
        self._work = WorkerTasks(runtime)

    @property
    def work(self) -> WorkerTasks:
        """The running tasks of this worker."""
        assert self._work is not None, "the dispatcher is not attached"
        return self._work

    def prepare(self, conn: "Connection", process_ids: Iterable[UUID]) -> None:
        """Do nothing: a queue in memory needs no commit."""

    def notify(self, process_ids: Iterable[UUID]) -> None:
        """Queue the processes; a process that is being advanced now is queued again when it rests."""
        for process_id in process_ids:
            if process_id in self._busy:
                self._again.add(process_id)
            elif process_id not in self._queued:
                self._queued.add(process_id)
                self._queue.put_nowait(process_id)

    async def run(self) -> None:
        """Advance processes until stopped, at most ``concurrency`` at once."""
        assert self._runtime is not None, "the dispatcher is not attached"
        free = asyncio.Semaphore(self._runtime.settings.concurrency)
        async with asyncio.TaskGroup() as group:
            group.create_task(self.work.watch(self._notify_again))
            while True:
                await free.acquire()
                process_id = await self._queue.get()
                if self.work.is_stopping:
                    break  # notified while the last steps finish: the process is runnable and waits for the next server
                self._queued.discard(process_id)
                self._busy.add(process_id)
                task = self.work.begin(process_id)
                task.add_done_callback(lambda _task, id=process_id: self._rested(id, free))  # type: ignore[misc]

    def begin_to_stop(self) -> None:
        """Take no more processes; the seconds of `stop` begin now."""
        self.work.begin_to_stop()

    async def stop(self, grace: float) -> None:
        """Take no more processes; let running steps finish for ``grace`` seconds, then hand over their processes."""
        await self.work.end(grace)

    async def _notify_again(self, process_ids: Sequence[UUID]) -> None:
        self.notify(process_ids)

    def _rested(self, process_id: UUID, free: asyncio.Semaphore) -> None:
        self._busy.discard(process_id)
        free.release()
        if process_id in self._again:
            self._again.discard(process_id)
            self.notify([process_id])
