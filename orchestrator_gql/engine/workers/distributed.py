"""Runs the engine on many machines: a wake-up is a job in Procrastinate's queue, in the same PostgreSQL.

A job only says "look at this process". It is deferred in the transaction that makes the process runnable, so both exist
or neither. The worker that gets the job claims the process, and only the claim decides. So a job may be lost (the watch
of every worker notifies again for runnable processes without a job), delivered twice (the second claim finds the
process taken), or belong to a dead worker (the job is removed; the lease ends). The ``queueing_lock`` of a job is its
process, so that only one job waits per process. A job has no ``lock``: leases and epochs already keep two workers
apart, and with a lock the next job would wait behind the job of a dead worker.

If a task is free at the server that wakes a process, the same transaction also claims the process, and no job is
needed: if the server dies, the lease ends. If that is impossible, the server claims the process right after the COMMIT.
The job then finds nothing to do. It is there for the other workers, if this server is full or dies.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from uuid import UUID

import psycopg
from procrastinate.exceptions import AppNotOpen, ConnectorException
from procrastinate.jobs import Job, Status
from sqlalchemy import Connection

from orchestrator_gql.engine.claims import claim_jobs
from orchestrator_gql.engine.workers.job_queue import JobQueue, app_of
from orchestrator_gql.engine.workers.worker import WorkerTasks
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import processes, wake_ups
from orchestrator_gql.storage.database.after_commit import MakeClaim
from orchestrator_gql.storage.database.connection_arguments import NAME
from orchestrator_gql.storage.wake_ups import QUEUE, TASK
from orchestrator_gql.utils import outages
from orchestrator_gql.utils.errors import StorageUnavailable

logger = logging.getLogger(__name__)

POLL = 1.0
"""Seconds after which a worker polls the queue without a notification."""

OVERDUE = 10
"""The priority of a repeated wake-up: its process has waited already."""

REMEMBERED = 1000
"""Processes that this server claimed without their jobs; it remembers the last ones until it gets their jobs."""

FULL = 5.0
"""Seconds that the queue waits for a free task before it looks whether it must end."""

AWAY = 1.0
"""Seconds between two tries to reach an unavailable queue."""


class DistributedDispatcher:
    """Notifies workers by jobs. An API server without a worker only defers jobs and never runs them."""

    def __init__(self, runtime: Runtime) -> None:
        self.work = WorkerTasks(runtime, lambda _process_id: self._has_place.set())
        self._runtime = runtime
        url, name = runtime.settings.database_url, f"{NAME} {runtime.settings.role}"
        self._queue = JobQueue(url, self._free, self._wait_for_place, self._begin_job, self._claim_jobs, name)
        self._app = app_of(self._queue)
        self._app.task(name=TASK, queue=QUEUE)(self._run_job)
        self._running: asyncio.Task[None] | None = None
        self._has_place = asyncio.Event()
        self._begun: dict[UUID, None] = {}

    def prepare(self, conn: Connection, process_ids: Iterable[UUID]) -> None:
        """Defer the jobs of the processes in the transaction that makes them runnable; it holds their locks.

        If a process has a waiting job already, no job is added: its claim waits for the lock that is held here.
        """
        wake_ups.defer(conn, list(process_ids))

    def claimer(self, process_id: UUID) -> MakeClaim | None:
        """The function that claims the process if a task is free, and if no job waits for one."""
        is_free = self._free() > len(self._queue.fetched) and not self._queue.has_more
        may_claim = is_free and self._runtime.may_advance.is_set() and self.work.is_working
        return partial(self.work.claim, process_id) if may_claim and not self.work.is_advancing(process_id) else None

    def notify(self, process_ids: Iterable[UUID]) -> None:
        """Advance the processes here, as long as tasks are free and no job waits longer; the queue has the others.

        A process that is advanced here now waits for its job: by then it has been released.
        """
        if not self.work.is_working:
            return
        for process_id in process_ids:
            if self._free() <= len(self._queue.fetched):
                self._queue.has_more = True
            if self._queue.has_more:
                return
            if not self.work.is_advancing(process_id):
                self._remember(process_id)
                self.work.begin(process_id)

    def _remember(self, process_id: UUID) -> None:
        self._begun[process_id] = None
        if len(self._begun) > REMEMBERED:  # other workers got the jobs
            del self._begun[next(iter(self._begun))]

    async def run(self) -> None:
        """Run the jobs of the queue until stopped, at most ``concurrency`` processes at once."""
        self.work.start()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.work.watch(self._notify_again, has_queue=True))
            self._running = group.create_task(self._work_off())

    def begin_to_stop(self) -> None:
        """Take no more jobs; the seconds of `stop` begin now."""
        if not self.work.is_stopping and self._running is not None:
            self._running.cancel()  # a job that came now would be lost: its process is not advanced any more
        self.work.begin_to_stop()
        self._has_place.set()

    async def stop(self, grace: float) -> None:
        """Take no more jobs; let running steps finish for ``grace`` seconds, then hand over their processes."""
        self.begin_to_stop()
        if self._running is not None:
            await asyncio.wait([self._running], timeout=POLL)
        await self.work.end(grace)

    async def _work_off(self) -> None:
        settings = self._runtime.settings
        while not self.work.is_stopping:
            try:
                async with self._open_app(), self._removing_jobs():
                    self._runtime.database.outage.worked(outages.QUEUE, is_sure=True)
                    await self._app.run_worker_async(
                        queues=[QUEUE],
                        name=self._runtime.worker,
                        concurrency=settings.concurrency,
                        fetch_job_polling_interval=POLL,
                        shutdown_graceful_timeout=0,  # running steps belong to the engine and outlive the queue
                        delete_jobs="always",
                        install_signal_handlers=False,
                        update_heartbeat_interval=settings.heartbeat,
                        stalled_worker_timeout=settings.lease,
                    )
            except (ConnectorException, StorageUnavailable, psycopg.Error, OSError) as error:
                self._runtime.database.outage.failed(outages.QUEUE, error)
            except Exception:  # if the task ended silently, this worker would never get a job again
                logger.exception("the queue could not be worked off; it is tried again")
            await asyncio.sleep(AWAY)

    @asynccontextmanager
    async def _open_app(self) -> AsyncIterator[None]:
        """Open the app of Procrastinate for the block, and close it in any case.

        If the opening fails or is cancelled, such as by a stop just after the start, Procrastinate leaves its pool with
        the tasks of it. One that connects may lose its cancellation, and would hold up the end of the loop for ever.
        """
        try:
            async with self._app.open_async():
                yield
        finally:
            await self._app.close_async()

    @asynccontextmanager
    async def _removing_jobs(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            with suppress(ConnectorException, AppNotOpen):  # the next worker removes them with those of dead workers
                await self._queue.forget()

    def _free(self) -> int:
        return self._runtime.settings.concurrency - self.work.running

    async def _wait_for_place(self) -> bool:
        """True when a task is free; False if none becomes free for a while: a queue whose connection is lost ends then.

        Without the wait, the queue would only be polled after the end of a step."""
        while self._free() <= 0:
            if self.work.is_stopping:
                return False
            self._has_place.clear()
            try:
                async with asyncio.timeout(FULL):
                    await self._has_place.wait()
            except TimeoutError:
                return False
        return True

    def _begin_job(self, job: Job) -> bool:
        """Advance the process of the job at once; False if no task is free, or if it was claimed without its job."""
        process_id = UUID(str(job.task_kwargs["process_id"]))
        if not self.work.is_working or self._free() <= 0 or process_id in self._begun:
            return False
        self.work.begin(process_id)
        return True

    async def _claim_jobs(self, limit: int) -> int | None:
        """Take at most ``limit`` jobs out of the queue, claim their processes in the same transaction and run them; the
        number of the jobs. None if they must be fetched."""
        if not (self.work.is_working and self._runtime.may_advance.is_set()):
            return None
        try:
            with self.work.places(limit) as places:
                taken = await claim_jobs(self._runtime, limit, places.hold)
                if taken is None:
                    return None
                for process_id in taken.process_ids:
                    claimed = taken.claims.get(process_id)
                    self._begun.pop(process_id, None)
                    if claimed is not None or process_id not in taken.claims:
                        self.work.begin(process_id, claimed)
        except StorageUnavailable:  # the database has logged it; if the jobs are gone, the watch frees the processes
            return None
        except Exception:
            logger.warning("jobs that shared a transaction are run alone, because it failed", exc_info=True)
            return None
        finally:
            self._has_place.set()
        return len(taken.process_ids)

    async def _run_job(self, process_id: str) -> None:
        """Run a job, shielded: without a database Procrastinate cancels its jobs, but the outcome must be stored."""
        id = UUID(process_id)
        if id in self._begun:
            del self._begun[id]
            if not self._queue.has_more and not await self._is_free(id):  # many claims share one transaction
                return
        while not await self._wait_for_place():  # a process that was woken here was faster than this job
            if self.work.is_stopping:
                return
        await asyncio.shield(self.work.begin(id))

    async def _is_free(self, process_id: UUID) -> bool:
        """True if the process must be claimed. The read waits for the locks of the process: a transaction that holds
        them may have found this job, and added none."""
        now = self._runtime.clock.now()
        try:
            found = await self._runtime.database.read_current(lambda conn: processes.lock_free(conn, process_id, now))
        except StorageUnavailable:
            return True
        return found is not None

    async def _notify_again(self, process_ids: Sequence[UUID]) -> None:
        """Defer new jobs for runnable processes without a job: the job was lost with the queue or with a worker.

        They are also advanced here: if other workers lack the workflow, such as in a rolling upgrade, they take the job
        and cannot use it, again and again.
        """
        await self._remove_stalled_jobs()
        await self._runtime.database.transaction(lambda conn: wake_ups.defer(conn, process_ids, OVERDUE))
        self.notify(process_ids)

    async def _remove_stalled_jobs(self) -> None:
        """Remove the jobs of dead workers: nobody would ever finish them."""
        queue = self._app.job_manager
        try:
            stalled = await queue.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=self._runtime.settings.lease)
        except (ConnectorException, AppNotOpen) as error:  # not open: the worker is still reconnecting to the queue
            raise StorageUnavailable from error
        for job in stalled:
            with suppress(ConnectorException):  # another worker removed it at the same time
                await queue.finish_job(job, Status.FAILED, delete_job=True)
