"""The engine on many machines: the doorbell is a job in Procrastinate's queue, in the same PostgreSQL.

A job says "look at this process", nothing else, and is deferred in the transaction that made the process runnable: both
are there or neither. Whoever hears it claims the process, and a claim is what decides. So a job may be lost (the watch
of every worker rings again for what is runnable and has no job), heard twice (the second claim finds it taken), or be
a dead worker's (it is struck off; its lease runs out). Jobs have a ``queueing_lock``, the process, so that one bell
hangs at a time, but no ``lock``: leases and epochs keep two workers apart already, and a lock would make the next bell
wait behind the job of a dead worker.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
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
from orchestrator_gql.storage.database.postgres import PostgresDatabase
from orchestrator_gql.utils.errors import StorageUnavailable

logger = logging.getLogger(__name__)

QUEUE = "orchestrator"
TASK = "advance"
POLL = 1.0
"""Seconds after which a worker looks into the queue though nothing was notified."""

OVERDUE = 10
"""The priority of a bell that is rung again: its process has waited already."""

AWAY = 1.0
"""Seconds between two tries to reach a queue that is away."""


class DistributedDispatcher:
    """Rings by jobs; one that only rings (an API server) never runs them."""

    def __init__(self, database_url: str) -> None:
        plain = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=plain, min_size=1, max_size=4, timeout=5)
        )
        self._app.task(name=TASK, queue=QUEUE)(self._heard)
        self._runtime: Runtime | None = None
        self._work: WorkerTasks | None = None
        self._running: asyncio.Task[None] | None = None

    def attach(self, runtime: Runtime) -> None:
        """Say for which server this rings."""
        self._runtime = runtime
        self._work = WorkerTasks(runtime)

    @property
    def runtime(self) -> Runtime:
        """The server this rings for."""
        assert self._runtime is not None, "the dispatcher is not attached"
        return self._runtime

    @property
    def work(self) -> WorkerTasks:
        """What is under way here."""
        assert self._work is not None, "the dispatcher is not attached"
        return self._work

    async def prepare(self, conn: AsyncConnection, process_ids: Iterable[UUID]) -> None:
        """Hang the bells of the processes on the transaction that made them runnable, which holds them.

        One that hangs already is heard after this transaction: its claim waits for the process that is held here.
        """
        asked = sorted(process_ids)
        if len(asked) > 1:
            asked = sorted(await conn.run_sync(wake_ups.without_job, asked))
        if not asked or await self._defer(conn, asked):
            return
        for process_id in asked if len(asked) > 1 else ():
            await self._defer(conn, [process_id])

    def notify(self, process_ids: Iterable[UUID]) -> None:
        """Nothing: the queue's own notification rings at the COMMIT."""

    async def run(self) -> None:
        """Work off the queue until stopped, at most ``concurrency`` processes at once."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.work.watch(self._notify_again))
            self._running = group.create_task(self._work_off())

    async def stop(self, grace: float) -> None:
        """Take no more work; let running steps finish for so many seconds, then hand over what they belong to."""
        self.work.is_stopping = True
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running], timeout=POLL)
        await self.work.end(grace)

    async def _work_off(self) -> None:
        settings = self.runtime.settings
        while not self.work.is_stopping:
            try:
                async with self._app.open_async():
                    await self._app.run_worker_async(
                        queues=[QUEUE],
                        name=self.runtime.worker,
                        concurrency=settings.concurrency,
                        fetch_job_polling_interval=POLL,
                        shutdown_graceful_timeout=0,  # what runs is ours, and outlives the queue
                        delete_jobs="always",
                        install_signal_handlers=False,
                        update_heartbeat_interval=settings.heartbeat,
                        stalled_worker_timeout=settings.lease,
                    )
            except (ConnectorException, psycopg.Error, OSError):
                logger.warning("the queue is away; the worker goes on when it is back")
            except Exception:  # a worker that died silently would hear no bell ever again
                logger.exception("the queue could not be worked off; it is tried again")
            await asyncio.sleep(AWAY)

    async def _heard(self, process_id: str) -> None:
        """Shielded: when the database is away, Procrastinate gives its jobs up, but a step that ran must be stored."""
        await asyncio.shield(self.work.begin(UUID(process_id)))

    async def _notify_again(self, process_ids: Sequence[UUID]) -> None:
        """Rebuild the bells of processes that are runnable and have none: lost with the queue, or with a worker."""
        database = self.runtime.database
        assert isinstance(database, PostgresDatabase)
        await self._strike_off()
        silent = await database.read(lambda conn: wake_ups.without_job(conn, process_ids))
        try:
            async with database.engine.begin() as conn:
                for process_id in sorted(silent):
                    await self._defer(conn, [process_id], priority=OVERDUE)
        except DBAPIError as error:
            raise StorageUnavailable from error

    async def _strike_off(self) -> None:
        """Remove the jobs of workers that died: nobody would ever finish them."""
        queue = self._app.job_manager
        try:
            stalled = await queue.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=self.runtime.settings.lease)
        except (ConnectorException, AppNotOpen) as error:  # not open: the worker comes back to a queue that was away
            raise StorageUnavailable from error
        for job in stalled:
            with suppress(ConnectorException):  # another worker struck it off at the same time
                await queue.finish_job(job, Status.FAILED, delete_job=True)

    async def _defer(self, conn: AsyncConnection, process_ids: Sequence[UUID], priority: int = 0) -> bool:
        """False where a bell of one of them hangs already; none is hung then."""
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
