"""Runs the processes of a worker, renews its leases, and watches for runnable processes without a worker."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import Context, copy_context
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine.claims import claim_at_once
from orchestrator_gql.engine.commit import CommitResult
from orchestrator_gql.engine.engine_state import finish_pausing
from orchestrator_gql.engine.runner import TimeSlice, advance
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import engine_state, leases, processes, workers
from orchestrator_gql.storage.workers import Worker
from orchestrator_gql.types import EngineState
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.utils.outages import tried_again
from orchestrator_gql.version import __version__

logger = logging.getLogger("orchestrator_gql.engine.workers.work")

SOON = 0.2
"""Seconds between two looks while a single look cannot notify all runnable processes."""

LOST = 0.5
"""Seconds between two looks for steps whose processes this worker has lost."""

SWEEP = 1000
"""The maximum of processes that a single look notifies."""

FORGOTTEN = timedelta(hours=1)
"""The row of a worker that was silent for this time is deleted; after a lease already it is not shown any more."""


class ClaimedPlaces:
    """The processes that a transaction claims for a worker."""

    def __init__(self, in_hand: Counter[UUID]) -> None:
        self._in_hand = in_hand
        self.held: list[UUID] = []

    def hold(self, process_id: UUID) -> None:
        """The transaction is about to claim the process."""
        self._in_hand[process_id] += 1
        self.held.append(process_id)


class WorkerTasks:
    """The tasks of a worker; both dispatchers use it. ``freed`` is called for each process whose task is free again."""

    def __init__(self, runtime: Runtime, freed: Callable[[UUID], None]) -> None:
        self._runtime = runtime
        self._freed = freed
        self._began = runtime.clock.now()
        self._tasks: dict[asyncio.Task[None], UUID] = {}
        self._in_hand: Counter[UUID] = Counter()
        self._claiming = 0
        self._has_claimed = asyncio.Event()
        self._doubtful: set[UUID] = set()
        self._stopping_since: float | None = None
        self._context: Context | None = None

    def start(self) -> None:
        """Begin to take processes; their tasks run in this context: that of a request has its trace and its secrets."""
        self._context = copy_context()

    @property
    def is_working(self) -> bool:
        """True if this worker was started and does not stop."""
        return self._context is not None and not self.is_stopping

    @property
    def is_stopping(self) -> bool:
        """True if this worker takes no more processes, and hands over the running processes after their steps."""
        return self._stopping_since is not None

    def begin_to_stop(self) -> None:
        """Take no more processes; from now on the running steps have the time that is given to `end`."""
        if self._stopping_since is None:
            self._stopping_since = time.monotonic()

    @property
    def running(self) -> int:
        """The number of processes that this worker advances now, or claims in a transaction that is not committed."""
        return len(self._tasks) + self._claiming

    def is_advancing(self, process_id: UUID) -> bool:
        """True if a task of this worker advances the process, or is about to claim it."""
        return process_id in self._tasks.values()

    def begin(self, process_id: UUID, claimed: CommitResult | None = None) -> "asyncio.Task[None]":
        """Advance the process in a new task, which only `end` cancels; it may be ``claimed`` already."""
        assert self._context is not None, "the worker was started"
        context = self._context.copy()
        task = asyncio.create_task(self._advance(process_id, claimed), context=context)
        self._tasks[task] = process_id
        self._in_hand[process_id] += 1
        task.add_done_callback(self._ended, context=context)  # else the context of a request would live as long
        return task

    def _ended(self, task: "asyncio.Task[None]") -> None:
        process_id = self._tasks.pop(task)
        self._leave_hand(process_id)
        self._freed(process_id)

    def claim(self, process_id: UUID, conn: Connection) -> "ClaimedProcess | None":
        """Claim the process for a free task, in the transaction that makes it runnable; None if it would not run."""
        assert self._context is not None, "the worker was started"
        self._claiming += 1
        self._in_hand[process_id] += 1
        claimed: CommitResult | None = None
        try:
            claimed = self._context.copy().run(claim_at_once, conn, self._runtime, process_id)
        finally:
            if claimed is None:
                self.end_claim(process_id)
                self._freed(process_id)
        return None if claimed is None else ClaimedProcess(self, claimed)

    def end_claim(self, process_id: UUID) -> None:
        """The transaction that claimed the process ended."""
        self._claiming -= 1
        self._has_claimed.set()
        self._leave_hand(process_id)

    def drop_claim(self, process_id: UUID) -> None:
        """Nobody runs the process, but its claim may be committed; the watch releases it then."""
        self.end_claim(process_id)
        self._doubtful.add(process_id)
        self._freed(process_id)

    @contextmanager
    def places(self, number: int) -> Iterator["ClaimedPlaces"]:
        """Keep the places of a transaction that claims at most that number of processes, until the block ends.

        If the block raises, nobody runs these processes, but they may be claimed.
        """
        self._claiming += number
        places = ClaimedPlaces(self._in_hand)
        is_doubtful = True
        try:
            yield places
            is_doubtful = False
        finally:
            self._claiming -= number
            self._has_claimed.set()
            for process_id in places.held:
                self._leave_hand(process_id)
            if is_doubtful:
                self._doubtful.update(places.held)

    async def end(self, grace: float) -> None:
        """Let running steps finish for ``grace`` seconds since `begin_to_stop`, then cancel the others and drop the
        leases."""
        self.begin_to_stop()
        assert self._stopping_since is not None, "it began to stop"
        until = self._stopping_since + grace
        await self._finish_claims(until)
        left = max(until - time.monotonic(), 0.0)
        if self._tasks:
            logger.info(
                "stopping: running steps may end first", extra={"steps": len(self._tasks), "seconds": round(left)}
            )
            others = [asyncio.create_task(self._renew_leases()), asyncio.create_task(self._cancel_lost())]
            await asyncio.wait(list(self._tasks), timeout=left)
            late = [*others, *self._tasks]
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._leave()

    async def _finish_claims(self, until: float) -> None:
        """Wait for the transactions that claim processes: these processes run here, or their leases would remain."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(until - time.monotonic(), 0.0)):
                while self._claiming:
                    self._has_claimed.clear()
                    await self._has_claimed.wait()

    async def _cancel_lost(self) -> None:
        """Cancel each step whose outcome cannot be stored any more, because its process was aborted meanwhile, for
        example: nobody waits for it. Repeated until cancelled."""
        while True:
            with suppress(StorageUnavailable):  # the database has logged it
                held = await self._runtime.database.read(lambda conn: leases.held_by(conn, self._runtime.worker))
                for task, process_id in list(self._tasks.items()):
                    if process_id not in held:
                        task.cancel()
            await asyncio.sleep(LOST)

    async def _renew_leases(self) -> None:
        """Renew the leases until cancelled: the grace may be longer than a lease, and no other worker may run the last
        steps at the same time."""
        while True:
            with suppress(StorageUnavailable):  # the database has logged it
                await self._runtime.database.transaction(self._beat)
            await asyncio.sleep(self._runtime.settings.heartbeat)

    async def _advance(self, process_id: UUID, claimed: CommitResult | None) -> None:
        """Advance the process. After any error, the process must not stay claimed by a worker that does not run it."""
        await self._runtime.may_advance.wait()
        if self.is_stopping and claimed is None:
            return  # the process is runnable and waits for another worker
        try:
            await advance(self._runtime, process_id, TimeSlice(lambda: self.is_stopping), claimed)
        except StorageUnavailable:
            self._doubtful.add(process_id)
            # the database has logged it; the watch tries again
        except (asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException:  # engine failures are counted in `advance`: this failure could not even be counted
            self._doubtful.add(process_id)
            logger.exception("a process could not be advanced", extra={"process_id": str(process_id)})

    def _leave_hand(self, process_id: UUID) -> None:
        self._in_hand[process_id] -= 1
        if not self._in_hand[process_id]:
            del self._in_hand[process_id]

    async def watch(self, notify: Callable[[Sequence[UUID]], Awaitable[None]], *, has_queue: bool = False) -> None:
        """Renew the leases and the heartbeat of this worker, and notify runnable processes that no worker holds.

        With ``has_queue``, processes whose jobs wait in the queue are left out.
        """
        while not self.is_stopping:
            pause = self._runtime.settings.heartbeat
            with tried_again(logger, "the watch could not look; it looks again"):
                freed = await self._free_doubtful()
                runnable = await self._look(has_queue)
                if process_ids := list(dict.fromkeys([*runnable, *freed])):
                    await notify(process_ids)
                if len(runnable) >= SWEEP:  # there are more: a backlog must not wait for the next heartbeat
                    pause = min(pause, SOON)
            await asyncio.sleep(pause)

    async def _leave(self) -> None:
        """Drop the leases of this worker, so that other workers need not wait until they expire."""
        worker = self._runtime.worker

        def sign_off(conn: Connection) -> None:
            leases.drop(conn, worker)
            workers.gone(conn, worker)

        try:
            await self._runtime.database.transaction(sign_off)
        except StorageUnavailable:
            logger.warning("leases could not be dropped: another worker takes over when they expire")

    async def _free_doubtful(self) -> Sequence[UUID]:
        """Release processes that this worker may have claimed but does not run: the response of the claim was lost, or
        the engine failed unexpectedly. Otherwise the heartbeat would keep the lease for ever."""
        freed: list[UUID] = []
        for process_id in list(self._doubtful):
            if await self._runtime.database.transaction(partial(self._free, process_id)):
                self._doubtful.discard(process_id)
                freed.append(process_id)
        return freed

    def _free(self, process_id: UUID, conn: Connection) -> bool:
        """Release the process unless it runs here; False if it does. A claim waits for the lock that is taken here."""
        processes.hold(conn, process_id)
        if process_id in self._in_hand:
            return False
        leases.release(conn, process_id, self._runtime.worker)
        return True

    async def _look(self, has_queue: bool) -> Sequence[UUID]:
        database, now = self._runtime.database, self._runtime.clock.now()
        engine = await database.transaction(self._beat)
        if engine is not EngineState.RUNNING:
            return ()
        deployed = [workflow.name for workflow in self._runtime.registry]
        return await database.read(lambda conn: leases.runnable(conn, now, deployed, SWEEP, has_queue=has_queue))

    def _beat(self, conn: Connection) -> EngineState:
        runtime, now = self._runtime, self._runtime.clock.now()
        state = engine_state.load(conn).state
        if self.running:  # first: the leases may have expired in an outage, and `finish_pausing` would miss these steps
            leases.renew(conn, runtime.worker, now + timedelta(seconds=runtime.settings.lease))
        if state is EngineState.PAUSING:  # two workers may end their last steps at once, each seeing the other's step
            finish_pausing(conn, now)
        workers.seen(conn, Worker(runtime.worker, __version__, self.running, self._began, now))
        workers.forget(conn, now - FORGOTTEN)
        return state


@dataclass(frozen=True, slots=True)
class ClaimedProcess:
    """A process that a worker claims before its transaction is committed."""

    work: WorkerTasks
    claimed: CommitResult

    def begin(self) -> None:
        """Run the process."""
        process_id = self.claimed.process.id
        self.work.begin(process_id, self.claimed)
        self.work.end_claim(process_id)

    def drop(self) -> None:
        """Free the task again."""
        self.work.drop_claim(self.claimed.process.id)
