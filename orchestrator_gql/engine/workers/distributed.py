"""Runs the engine on many machines: a wake-up is a job in Procrastinate's queue, in the same PostgreSQL.

A job only says "look at this process". It is deferred in the transaction that makes the process runnable, so both exist
or neither. The worker that gets the job claims the process, and only the claim decides. So a job may be lost (the watch
of every worker notifies again for runnable processes without a job), delivered twice (the second claim finds the
process taken), or belong to a dead worker (the job is removed; the lease ends). The ``queueing_lock`` of a job is its
process, so that only one job waits per process. A job has no ``lock``: leases and epochs already keep two workers
apart, and with a lock the next job would wait behind the job of a dead worker.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import procrastinate
import psycopg
from procrastinate.exceptions import AlreadyEnqueued, AppNotOpen, ConnectorException
from procrastinate.jobs import Job, Status
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from orchestrator_gql.engine.workers.worker import WorkerTasks
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import wake_ups
from orchestrator_gql.storage.database.postgres import PostgresDatabase, keep_own
from orchestrator_gql.utils import outages
from orchestrator_gql.utils.errors import StorageUnavailable

logger = logging.getLogger(__name__)

QUEUE = "orchestrator"
TASK = "advance"
POLL = 1.0
"""Seconds after which a worker polls the queue without a notification."""

OVERDUE = 10
"""The priority of a repeated wake-up: its process has waited already."""

AWAY = 1.0
"""Seconds between two tries to reach an unavailable queue."""


class DistributedDispatcher:
    """Notifies workers by jobs. An API server without a worker only defers jobs and never runs them."""

    def __init__(self, database_url: str) -> None:
        plain = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(
                conninfo=plain, min_size=1, max_size=4, timeout=5, configure=_configure
            )
        )
        self._app.task(name=TASK, queue=QUEUE)(self._run_job)
        self._runtime: Runtime | None = None
        self._work: WorkerTasks | None = None
        self._running: asyncio.Task[None] | None = None

    def attach(self, runtime: Runtime) -> None:
        """Set the server whose processes this dispatcher wakes."""
        self._runtime = runtime
        self._work = WorkerTasks(runtime)

    @property
    def runtime(self) -> Runtime:
        """The server whose processes this dispatcher wakes."""
        assert self._runtime is not None, "the dispatcher is not attached"
        return self._runtime

    @property
    def work(self) -> WorkerTasks:
        """The running tasks of this worker."""
        assert self._work is not None, "the dispatcher is not attached"
        return self._work

    async def prepare(self, conn: AsyncConnection, process_ids: Iterable[UUID]) -> None:
        """Defer the jobs of the processes in the transaction that makes them runnable; it holds their locks.

        If a process has a waiting job already, no job is added: its claim waits for the lock that is held here.
        """
        missing = sorted(process_ids)
        if len(missing) > 1:
            missing = sorted(await conn.run_sync(wake_ups.without_job, missing))
        if not missing or await self._defer(conn, missing):
            return
        for process_id in missing if len(missing) > 1 else ():
            await self._defer(conn, [process_id])

    def notify(self, process_ids: Iterable[UUID]) -> None:
        """Do nothing: the queue sends its own notification at the COMMIT."""

    async def run(self) -> None:
        """Run the jobs of the queue until stopped, at most ``concurrency`` processes at once."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.work.watch(self._notify_again))
            self._running = group.create_task(self._work_off())

    def begin_to_stop(self) -> None:
        """Take no more jobs; the seconds of `stop` begin now."""
        if not self.work.is_stopping and self._running is not None:
            self._running.cancel()  # a job that came now would be lost: its process is not advanced any more
        self.work.begin_to_stop()

    async def stop(self, grace: float) -> None:
        """Take no more jobs; let running steps finish for ``grace`` seconds, then hand over their processes."""
        self.begin_to_stop()
        if self._running is not None:
            await asyncio.wait([self._running], timeout=POLL)
        await self.work.end(grace)

    async def _work_off(self) -> None:
        settings = self.runtime.settings
        while not self.work.is_stopping:
            try:
                async with self._app.open_async():
                    self.runtime.database.outage.worked(outages.QUEUE, is_sure=True)
                    await self._app.run_worker_async(
                        queues=[QUEUE],
                        name=self.runtime.worker,
                        concurrency=settings.concurrency,
                        fetch_job_polling_interval=POLL,
                        shutdown_graceful_timeout=0,  # running steps belong to the engine and outlive the queue
                        delete_jobs="always",
                        install_signal_handlers=False,
                        update_heartbeat_interval=settings.heartbeat,
                        stalled_worker_timeout=settings.lease,
                    )
            except (ConnectorException, StorageUnavailable, psycopg.Error, OSError) as error:
                self.runtime.database.outage.failed(outages.QUEUE, error)
            except Exception:  # if the task ended silently, this worker would never get a job again
                logger.exception("the queue could not be worked off; it is tried again")
            await asyncio.sleep(AWAY)

    async def _run_job(self, process_id: str) -> None:
        """Run a job, shielded: without a database Procrastinate cancels its jobs, but the outcome must be stored."""
        await asyncio.shield(self.work.begin(UUID(process_id)))

    async def _notify_again(self, process_ids: Sequence[UUID]) -> None:
        """Defer new jobs for runnable processes without a job: the job was lost with the queue or with a worker."""
        database = self.runtime.database
        assert isinstance(database, PostgresDatabase)
        await self._remove_stalled_jobs()
        missing = await database.read(lambda conn: wake_ups.without_job(conn, process_ids))
        try:
            async with database.engine.begin() as conn:
                for process_id in sorted(missing):
                    await self._defer(conn, [process_id], priority=OVERDUE)
        except DBAPIError as error:
            raise StorageUnavailable from error

    async def _remove_stalled_jobs(self) -> None:
        """Remove the jobs of dead workers: nobody would ever finish them."""
        queue = self._app.job_manager
        try:
            stalled = await queue.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=self.runtime.settings.lease)
        except (ConnectorException, AppNotOpen) as error:  # not open: the worker is still reconnecting to the queue
            raise StorageUnavailable from error
        for job in stalled:
            with suppress(ConnectorException):  # another worker removed it at the same time
                await queue.finish_job(job, Status.FAILED, delete_job=True)

    async def _defer(self, conn: AsyncConnection, process_ids: Sequence[UUID], priority: int = 0) -> bool:
        """Defer the jobs of the processes. False, and no job is deferred, if one of them has a waiting job already."""
        raw = (await conn.get_raw_connection()).driver_connection
        try:
            async with conn.begin_nested():  # a conflict would undo the whole transaction
                await self._app.job_manager.batch_defer_jobs_async(
                    [_job(process_id, priority) for process_id in process_ids], connection=raw
                )
        except AlreadyEnqueued:
            return False
        except ConnectorException as error:
            raise StorageUnavailable from error
        return True


async def _configure(connection: psycopg.AsyncConnection[Any]) -> None:
    keep_own(connection)


def _job(process_id: UUID, priority: int) -> Job:
    key = str(process_id)
    return Job(
        queue=QUEUE,
        task_name=TASK,
        priority=priority,
        lock=None,
        queueing_lock=key,
        task_kwargs={"process_id": key},
    )
