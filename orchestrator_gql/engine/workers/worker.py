"""What one worker is at: the processes in its hands, the leases it keeps, and its watch over what is nobody's."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine import engine_state as pausing
from orchestrator_gql.engine.runner import TimeSlice, advance
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import engine_state, processes, workers
from orchestrator_gql.storage.workers import Worker
from orchestrator_gql.types import EngineState
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.version import __version__

logger = logging.getLogger("orchestrator_gql.engine.workers.work")

SOON = 0.2
"""Seconds between two looks while there is more than one look rings for."""

SWEEP = 1000
"""Processes that one look at the table rings for."""

FORGOTTEN = timedelta(hours=1)
"""After so long a silence a worker is struck off the list; until then operators see when it was last heard of."""


class WorkerTasks:
    """The work of one worker, however its bell is hung."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._began = runtime.clock.now()
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_hand: Counter[UUID] = Counter()
        self._doubtful: set[UUID] = set()
        self.is_stopping = False

    @property
    def running(self) -> int:
        """How many processes are in its hands."""
        return len(self._tasks)

    def begin(self, process_id: UUID) -> "asyncio.Task[None]":
        """Advance the process in a task of its own, which only `end` cancels."""
        task = asyncio.create_task(self._advance(process_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def end(self, grace: float) -> None:
        """Let running steps finish for so many seconds, and hand over what they belong to."""
        self.is_stopping = True
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._leave()

    async def _advance(self, process_id: UUID) -> None:
        """Whatever happens, nobody waits for a worker that does not work on it."""
        await self._runtime.may_advance.wait()
        if self.is_stopping:
            return  # it is runnable, and waits for whoever comes
        self._in_hand[process_id] += 1
        try:
            await advance(self._runtime, process_id, TimeSlice(lambda: self.is_stopping))
        except StorageUnavailable:
            self._doubtful.add(process_id)
            logger.warning("the database is away; the watch rings again", extra={"process_id": str(process_id)})
        except (asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException:  # the engine's own failures are counted where they happen: this one could not even be
            self._doubtful.add(process_id)
            logger.exception("a process could not be advanced", extra={"process_id": str(process_id)})
        finally:
            self._in_hand[process_id] -= 1
            if not self._in_hand[process_id]:
                del self._in_hand[process_id]

    async def watch(self, notify: Callable[[Sequence[UUID]], Awaitable[None]]) -> None:
        """Keep the leases of what runs here, say that this worker lives, and ring for what is runnable and nobody's."""
        while not self.is_stopping:
            pause = self._runtime.settings.heartbeat
            try:
                freed = await self._free_doubtful()
                found = await self._look()
                if lost := list(dict.fromkeys([*found, *freed])):
                    await notify(lost)
                if len(found) >= SWEEP:  # there are more: a backlog must not be worked off by the heartbeat
                    pause = min(pause, SOON)
            except StorageUnavailable:
                logger.warning("the database is away; leases were not renewed")
            except Exception:  # a watch that died silently would leave every missed ring unheard
                logger.exception("the watch could not look; it looks again")
            await asyncio.sleep(pause)

    async def _leave(self) -> None:
        """Give back what is still held, so that others need not wait for the leases to run out."""
        worker = self._runtime.worker

        def sign_off(conn: Connection) -> None:
            processes.drop_leases(conn, worker)
            workers.gone(conn, worker)

        try:
            await self._runtime.database.transaction(sign_off)
        except StorageUnavailable:
            logger.warning("leases could not be dropped: another worker takes over when they expire")

    async def _free_doubtful(self) -> Sequence[UUID]:
        """Give back what may be ours though nobody works on it: a claim of which the answer was lost, or a step that
        raised where none may. The heartbeat would keep its lease for ever."""
        freed: list[UUID] = []
        for process_id in list(self._doubtful):
            if await self._runtime.database.transaction(partial(self._free, process_id)):
                self._doubtful.discard(process_id)
                freed.append(process_id)
        return freed

    def _free(self, process_id: UUID, conn: Connection) -> bool:
        """Asked under the process's lock, behind which a claim waits: what is in hand is at work, and stays."""
        processes.hold(conn, process_id)
        if process_id in self._in_hand:
            return False
        processes.release(conn, process_id, self._runtime.worker)
        return True

    async def _look(self) -> Sequence[UUID]:
        database, now = self._runtime.database, self._runtime.clock.now()
        engine = await database.transaction(self._beat)
        if engine is not EngineState.RUNNING:
            return ()
        deployed = [workflow.name for workflow in self._runtime.registry]
        return await database.read(lambda conn: processes.runnable(conn, now, deployed, SWEEP))

    def _beat(self, conn: Connection) -> EngineState:
        runtime, now = self._runtime, self._runtime.clock.now()
        state = engine_state.load(conn).state
        if self.running:  # first: after an outage our own leases may have run out, and what runs would not be seen
            processes.renew_leases(conn, runtime.worker, now + timedelta(seconds=runtime.settings.lease))
        if state is EngineState.PAUSING:  # two workers that ended their last steps at once each saw the other's
            pausing.look(conn, now)
        workers.seen(conn, Worker(runtime.worker, __version__, self.running, self._began, now))
        workers.forget(conn, now - FORGOTTEN)
        return state
