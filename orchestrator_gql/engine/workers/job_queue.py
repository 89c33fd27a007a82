"""Procrastinate's queue for many short jobs: it fetches several at once, and removes them with the next fetch.

A job is only a wake-up. So these connections do not wait for the disk: after a crash of the database server a job may
be there again, and its claim then finds nothing to do.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import procrastinate
import psycopg
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager, NotificationCallback
from psycopg_pool import AsyncConnectionPool

from orchestrator_gql.storage.database.own_connections import OwnConnection
from orchestrator_gql.storage.database.postgres import connection_arguments

FEW, MOST = 10, 100
"""Jobs that one fetch takes at first and at most: other workers get some of a few, and thousands are fetched faster."""

SESSION = "-c synchronous_commit=off"

_FETCH = """
WITH finished AS (
    DELETE FROM procrastinate_jobs WHERE id = ANY(%(finished)s::bigint[]) AND status IN ('todo', 'doing')
), waiting AS (
    SELECT id FROM procrastinate_jobs
    WHERE status = 'todo' AND queue_name = ANY(%(queues)s::varchar[]) AND lock IS NULL
        AND (scheduled_at IS NULL OR scheduled_at <= now())
    ORDER BY priority DESC, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE procrastinate_jobs AS job SET status = 'doing', worker_id = %(worker_id)s FROM waiting
WHERE job.id = waiting.id RETURNING job.*
"""
"""As `procrastinate_fetch_job_v2`, for several jobs: each call of it would read over all jobs that the calls before it
took. Our jobs have no lock."""


class WakeUpJob(Job):
    """A job that logs little: Procrastinate makes a context for its log of every job, also if it logs nothing."""

    def log_context(self) -> dict[str, Any]:
        """The id of the job and its process."""
        return {"id": self.id, "queueing_lock": self.queueing_lock}


class JobQueue(JobManager):
    """Fetches the jobs of one worker, and finishes them in batches."""

    def __init__(self, database_url: str, free: Callable[[], int], has_place: Callable[[], Awaitable[bool]]) -> None:
        """``free`` tells how many jobs the worker could run now. ``has_place`` waits until it could run one."""
        arguments = connection_arguments(database_url)
        options = f"{arguments.get('options', '')} {SESSION}".strip()
        super().__init__(
            procrastinate.PsycopgConnector(
                kwargs={**arguments, "options": options},
                min_size=1,
                max_size=4,
                timeout=5,
                configure=_configure,
                pool_factory=_pool,
            )
        )
        self._free = free
        self._has_place = has_place
        self.fetched: deque[Job] = deque()
        self.has_more = False
        """True if more jobs may wait than the worker could run."""
        self._finished: set[int] = set()
        self._limit = FEW
        self._is_searched = False

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """The next job, None if there is none. See `JobManager.fetch_job`."""
        while not self.fetched and not self._is_searched:
            if not await self._has_place():
                return None
            await self._fetch(queues, worker_id)
        self._is_searched = self._is_searched and bool(self.fetched)
        return self.fetched.popleft() if self.fetched else None

    async def _fetch(self, queues: Iterable[str] | None, worker_id: int) -> None:
        """Fetch as many jobs as the worker could run; if there are fewer, none is left until a notification comes."""
        finished, self._finished = list(self._finished), set()
        limit = max(1, min(self._limit, self._free()))
        self._is_searched = True  # a notification that comes during the fetch changes it
        try:
            rows = await self.connector.execute_query_all_async(
                _FETCH, queues=queues, worker_id=worker_id, finished=finished, limit=limit
            )
        except BaseException:
            self._finished.update(finished)
            self._is_searched = False
            raise
        self.has_more = len(rows) == limit
        self._limit = min(2 * self._limit, MOST) if self.has_more else FEW
        if self.has_more:
            self._is_searched = False
        rows.sort(key=lambda row: (-row["priority"], row["id"]))
        self.fetched += map(WakeUpJob.from_row, rows)

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """Remove the job with the next fetch. See `JobManager.finish_job`."""
        assert job.id is not None, "it was fetched"
        self._finished.add(job.id)  # a full server fetches nothing, and may find the same stalled job again and again

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        """See `JobManager.listen_for_jobs`."""

        async def notified(**notification: Any) -> None:
            self._is_searched = False
            await on_notification(**notification)

        await super().listen_for_jobs(on_notification=notified, queues=queues)

    async def forget(self) -> None:
        """Remove the jobs that ended; the worker stops, and there is no next fetch."""
        finished, self._finished = list(self._finished), set()
        self.fetched.clear()
        self._is_searched = False
        if finished:
            await self.connector.execute_query_async(
                "DELETE FROM procrastinate_jobs WHERE id = ANY(%(finished)s::bigint[])", finished=finished
            )


def _pool(**options: Any) -> "AsyncConnectionPool[Any]":
    """A pool that does not ask before each use whether a connection lives: a failed fetch is repeated anyway."""
    return AsyncConnectionPool(**{**options, "check": None, "connection_class": OwnConnection})


async def _configure(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)


def app_of(queue: JobQueue) -> procrastinate.App:
    """An app of Procrastinate whose workers use the queue."""
    app = procrastinate.App(connector=queue.connector)
    app.job_manager = queue
    return app
