"""The engine in this process: tasks that advance what is rung for, and a watch that rings for what was missed."""

import asyncio
import logging
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from orchestrator_gql.engine.runner import advance
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import processes
from orchestrator_gql.utils.errors import StorageUnavailable

logger = logging.getLogger(__name__)

SWEEP = 1000
"""Processes that one look at the table rings for."""


class EmbeddedDispatcher:
    """Rings are a queue in memory. Losing it loses nothing: the table says what is runnable."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[UUID] = asyncio.Queue()
        self._queued: set[UUID] = set()
        self._again: set[UUID] = set()
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._runtime: Runtime | None = None
        self._stopping = False

    def attach(self, runtime: Runtime) -> None:
        """Say for which server this rings."""
        self._runtime = runtime

    @property
    def runtime(self) -> Runtime:
        """The server this rings for."""
        assert self._runtime is not None, "the dispatcher is not attached"
        return self._runtime

    @property
    def running(self) -> int:
        """How many processes are being advanced now."""
        return len(self._tasks)

    def ring(self, process_ids: Iterable[UUID]) -> None:
        """Advance these; one that is being advanced is looked at once more when it rests."""
        for process_id in process_ids:
            if process_id in self._tasks:
                self._again.add(process_id)
            elif process_id not in self._queued:
                self._queued.add(process_id)
                self._queue.put_nowait(process_id)

    async def run(self) -> None:
        """Advance until stopped, at most ``concurrency`` processes at once."""
        free = asyncio.Semaphore(self.runtime.settings.concurrency)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch())
            while True:
                await free.acquire()
                process_id = await self._queue.get()
                await self.runtime.calm.wait()
                if self._stopping:
                    break  # rung for while the last steps finish: it is runnable, and waits for the next server
                self._queued.discard(process_id)
                task = asyncio.create_task(self._advance(process_id))
                self._tasks[process_id] = task
                task.add_done_callback(lambda done, id=process_id: self._rested(id, free))  # type: ignore[misc]

    async def stop(self, grace: float) -> None:
        """Take no more work; let what runs finish for so many seconds, then hand it over."""
        self._stopping = True
        if self._tasks:
            _, late = await asyncio.wait(self._tasks.values(), timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        try:
            worker = self.runtime.worker
            await self.runtime.database.transaction(lambda conn: processes.drop_leases(conn, worker))
        except StorageUnavailable:
            logger.warning("leases could not be dropped: another worker takes over when they expire")

    def _rested(self, process_id: UUID, free: asyncio.Semaphore) -> None:
        del self._tasks[process_id]
        free.release()
        if process_id in self._again:
            self._again.discard(process_id)
            self.ring([process_id])

    async def _advance(self, process_id: UUID) -> None:
        try:
            await advance(self.runtime, process_id)
        except StorageUnavailable:
            logger.warning("the database is away; the watch rings again", extra={"process_id": str(process_id)})
        except Exception:
            logger.exception("a process could not be advanced", extra={"process_id": str(process_id)})
            await self._let_go(process_id)

    async def _let_go(self, process_id: UUID) -> None:
        """Without this the heartbeat would keep the lease of a process that nobody works on."""
        worker = self.runtime.worker
        try:
            await self.runtime.database.transaction(lambda conn: processes.release(conn, process_id, worker))
        except StorageUnavailable:
            logger.warning("a lease could not be given back", extra={"process_id": str(process_id)})

    async def _watch(self) -> None:
        """Keep the leases of what runs here, and ring for what is runnable and nobody's."""
        while not self._stopping:
            try:
                self.ring(await self._look())
            except StorageUnavailable:
                logger.warning("the database is away; leases were not renewed")
            except Exception:  # a watch that died silently would leave every missed ring unheard
                logger.exception("the watch could not look; it looks again")
            await asyncio.sleep(self.runtime.settings.heartbeat)

    async def _look(self) -> Iterable[UUID]:
        runtime = self.runtime
        now = runtime.clock.now()
        if self._tasks:
            until = now + timedelta(seconds=runtime.settings.lease)
            await runtime.database.transaction(lambda conn: processes.renew_leases(conn, runtime.worker, until))
        return await runtime.database.read(lambda conn: processes.runnable(conn, now, SWEEP))
