"""Runs the engine inside the server process: tasks advance the processes that are notified."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine.workers.worker import ClaimedProcess, WorkerTasks
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage.database.after_commit import MakeClaim
from orchestrator_gql.utils.errors import StorageUnavailable


class EmbeddedDispatcher:
    """Keeps wake-ups in a queue in memory. No wake-up is lost with it: the table says which processes are runnable.

    If a task is free, the transaction that makes a process runnable also claims it (`claimer`). So a start, a delivery
    and a decision need one commit and not two.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.work = WorkerTasks(runtime, self._rested)
        self._runtime = runtime
        self._queue: asyncio.Queue[UUID] = asyncio.Queue()
        self._queued: set[UUID] = set()
        self._again: set[UUID] = set()
        self._busy: set[UUID] = set()
        self._free = 0
        self._has_free = asyncio.Event()

    def prepare(self, conn: Connection, process_ids: Iterable[UUID]) -> None:
        """Do nothing: a queue in memory needs no commit."""

    def claimer(self, process_id: UUID) -> MakeClaim | None:
        """The function that claims the process if a task is free, and if no process waits for one."""
        is_free = self._free > 0 and not self._queued and process_id not in self._busy
        may_claim = is_free and self._runtime.may_advance.is_set() and self.work.is_working
        return partial(self._claim, process_id) if may_claim else None

    def _claim(self, process_id: UUID, conn: Connection) -> ClaimedProcess | None:
        self._take(process_id)  # at once: on PostgreSQL other transactions run meanwhile
        return self.work.claim(process_id, conn)

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
        self._free = self._runtime.settings.concurrency
        self.work.start()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.work.watch(self._notify_again))
            while True:
                process_id = await self._queue.get()
                while self._free <= 0:
                    self._has_free.clear()
                    await self._has_free.wait()
                if self.work.is_stopping:
                    break  # notified while the last steps finish: the process is runnable and waits for the next server
                self._queued.discard(process_id)
                self._take(process_id)
                self.work.begin(process_id)

    def _rested(self, process_id: UUID) -> None:
        self._busy.discard(process_id)
        self._free += 1
        self._has_free.set()
        if process_id in self._again:
            self._again.discard(process_id)
            self.notify([process_id])

    def begin_to_stop(self) -> None:
        """Take no more processes; the seconds of `stop` begin now."""
        self.work.begin_to_stop()

    async def stop(self, grace: float) -> None:
        """Take no more processes; let running steps finish for ``grace`` seconds, then hand over their processes."""
        self.work.begin_to_stop()
        with suppress(StorageUnavailable):  # the transactions that claimed a process are committed before this one
            await self._runtime.database.transaction(lambda _: None)
        await self.work.end(grace)

    def _take(self, process_id: UUID) -> None:
        self._busy.add(process_id)
        self._free -= 1

    async def _notify_again(self, process_ids: Sequence[UUID]) -> None:
        self.notify(process_ids)
