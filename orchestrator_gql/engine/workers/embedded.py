"""The engine in this process: tasks that advance what is rung for."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from orchestrator_gql.engine.workers.worker import WorkerTasks
from orchestrator_gql.runtime import Runtime

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


class EmbeddedDispatcher:
    """Rings are a queue in memory. Losing it loses nothing: the table says what is runnable."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[UUID] = asyncio.Queue()
        self._queued: set[UUID] = set()
        self._again: set[UUID] = set()
        self._busy: set[UUID] = set()
        self._runtime: Runtime | None = None
        self._work: WorkerTasks | None = None

    def attach(self, runtime: Runtime) -> None:
        """Say for which server this rings."""
        self._runtime = runtime
        self._work = WorkerTasks(runtime)

    @property
    def work(self) -> WorkerTasks:
        """What is under way here."""
        assert self._work is not None, "the dispatcher is not attached"
        return self._work

    async def prepare(self, conn: "AsyncConnection", process_ids: Iterable[UUID]) -> None:
        """Nothing: what is in the queue's memory need not be committed."""

    def notify(self, process_ids: Iterable[UUID]) -> None:
        """Advance these; one that is being advanced is looked at once more when it rests."""
        for process_id in process_ids:
            if process_id in self._busy:
                self._again.add(process_id)
            elif process_id not in self._queued:
                self._queued.add(process_id)
                self._queue.put_nowait(process_id)

    async def run(self) -> None:
        """Advance until stopped, at most ``concurrency`` processes at once."""
        assert self._runtime is not None, "the dispatcher is not attached"
        free = asyncio.Semaphore(self._runtime.settings.concurrency)
        async with asyncio.TaskGroup() as group:
            group.create_task(self.work.watch(self._notify_again))
            while True:
                await free.acquire()
                process_id = await self._queue.get()
                if self.work.is_stopping:
                    break  # rung for while the last steps finish: it is runnable, and waits for the next server
                self._queued.discard(process_id)
                self._busy.add(process_id)
                task = self.work.begin(process_id)
                task.add_done_callback(lambda done, id=process_id: self._rested(id, free))  # type: ignore[misc]

    async def stop(self, grace: float) -> None:
        """Take no more work; let running steps finish for so many seconds, then hand over what they belong to."""
        await self.work.end(grace)

    async def _notify_again(self, process_ids: Sequence[UUID]) -> None:
        self.notify(process_ids)

    def _rested(self, process_id: UUID, free: asyncio.Semaphore) -> None:
        self._busy.discard(process_id)
        free.release()
        if process_id in self._again:
            self._again.discard(process_id)
            self.notify([process_id])
