"""Procrastinate's queue for many short jobs: it fetches several at once, and removes them with the next fetch.

A notification makes an idle worker take the job out of the queue and claim its process in one transaction, past the
loop of Procrastinate's worker. That loop polls the queue, and waits for a place if all are taken.

A job is only a wake-up. So the connections of the queue do not wait for the disk: after a crash of the database server
a job may be there again, and its claim then finds nothing to do.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any

import procrastinate
import psycopg
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager, NotificationCallback, get_channel_for_queues
from psycopg_pool import AsyncConnectionPool

from orchestrator_gql.engine.workers.queue_connection import QueueConnection, listen
from orchestrator_gql.storage.database.connection_arguments import connection_arguments
from orchestrator_gql.storage.database.own_connections import OwnConnection
from orchestrator_gql.storage.wake_ups import QUEUE

FEW, MOST = 10, 100
"""Jobs that one fetch takes at first and at most: other workers get some of a few, and thousands are fetched faster."""

TOGETHER = 50
"""Jobs whose processes are claimed in one transaction: the event loop and the locks must not be held for long."""

SESSION = "-c synchronous_commit=off"

_COLUMNS = (
    "id", "status", "task_name", "priority", "lock", "queueing_lock", "args", "scheduled_at", "queue_name", "attempts",
    "worker_id",
)  # fmt: skip
"""The columns that a `Job` needs."""

_FETCH = f"""
WITH finished AS (
    DELETE FROM procrastinate_jobs WHERE id = ANY($1::bigint[]) AND status IN ('todo', 'doing')
), waiting AS (
    SELECT id FROM procrastinate_jobs
    WHERE status = 'todo' AND queue_name = $2::varchar AND lock IS NULL
        AND (scheduled_at IS NULL OR scheduled_at <= now())
    ORDER BY priority DESC, id LIMIT $4::integer FOR UPDATE SKIP LOCKED
)
UPDATE procrastinate_jobs AS job SET status = 'doing', worker_id = $3::bigint FROM waiting
WHERE job.id = waiting.id RETURNING {", ".join(f"job.{name}" for name in _COLUMNS)}
"""  # noqa: S608 - names of columns
"""As `procrastinate_fetch_job_v2`, for several jobs: each call of it would read over all jobs that the calls before it
took. Our jobs have no lock."""


class WakeUpJob(Job):
    """A job that logs little: Procrastinate makes a context for its log of every job, also if it logs nothing."""

    def log_context(self) -> dict[str, Any]:
        """The id of the job and its process."""
        return {"id": self.id, "queueing_lock": self.queueing_lock}


class JobQueue(JobManager):
    """Fetches the jobs of one worker, and finishes them in batches."""

    def __init__(
        self,
        database_url: str,
        free: Callable[[], int],
        has_place: Callable[[], Awaitable[bool]],
        begin: Callable[[Job], bool],
        take: Callable[[int], Awaitable[int | None]],
        name: str,
    ) -> None:
        """``free`` tells how many jobs the worker could run now. ``has_place`` waits until it could run one. ``begin``
        runs a job at once, and needs no worker of Procrastinate for that; False if that is impossible. ``take`` runs at
        most that number of waiting jobs without a fetch, and returns how many; None if they must be fetched."""
        arguments = connection_arguments(database_url, f"{name} queue")
        options = f"{arguments.get('options', '')} {SESSION}".strip()
        arguments = {**arguments, "options": options}
        super().__init__(
            procrastinate.PsycopgConnector(
                kwargs=arguments,
                min_size=1,
                max_size=2,  # fetching and listening have connections of their own
                timeout=5,
                configure=_configure,
                pool_factory=_pool,
            )
        )
        self._connection = QueueConnection(arguments)
        self._free = free
        self._has_place = has_place
        self._begin = begin
        self._take = take
        self._worker_id: int | None = None
        self._fetching = asyncio.Lock()
        self.fetched: deque[Job] = deque()
        self.has_more = False
        """True if more jobs may wait than the worker could run."""
        self._finished: set[int] = set()
        self._limit = FEW
        self._is_searched = False

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """The next job, None if there is none. See `JobManager.fetch_job`."""
        self._worker_id = worker_id
        while not self.fetched and not self._is_searched:
            if not await self._has_place():
                return None
            await self._fetch()
        self._is_searched = self._is_searched and bool(self.fetched)
        return self.fetched.popleft() if self.fetched else None

    async def _fetch(self) -> None:
        """Fetch as many jobs as the worker could run; if there are fewer, none is left until a notification comes."""
        async with self._fetching:
            finished, self._finished = self._finished, set()
            limit = max(1, min(self._limit, self._free()))
            self._is_searched = True  # a notification that comes during the fetch changes it
            try:
                ids = "{" + ",".join(map(str, finished)) + "}"
                rows = await self._connection.run(_FETCH, [ids, QUEUE, str(self._worker_id), str(limit)])
            except BaseException:
                self._finished |= finished
                self._is_searched = False
                raise
            self._note(len(rows), limit)
            found = (WakeUpJob.from_row(dict(zip(_COLUMNS, row, strict=True))) for row in rows)
            self.fetched += sorted(found, key=lambda job: (-job.priority, job.id or 0))

    def _note(self, number: int, limit: int) -> None:
        """Note how many of at most ``limit`` jobs were found."""
        self.has_more = number == limit
        self._limit = min(2 * self._limit, MOST) if self.has_more else FEW
        if self.has_more:
            self._is_searched = False

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """Remove the job with the next fetch. See `JobManager.finish_job`."""
        assert job.id is not None, "it was fetched"
        self._finished.add(job.id)  # a full server fetches nothing, and may find the same stalled job again and again

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        """See `JobManager.listen_for_jobs`. An idle worker fetches and begins the job at once."""
        waked = asyncio.Event()
        listener = asyncio.create_task(listen(self._connection.arguments, get_channel_for_queues(queues), waked.set))
        listener.add_done_callback(lambda _: waked.set())
        try:
            while not listener.done():
                await waked.wait()
                waked.clear()
                self._is_searched = False
                if not await self._begin_next():
                    await on_notification(channel="", notification={"type": "job_inserted", "job_id": 0})
            await listener
        finally:
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)

    async def _begin_next(self) -> bool:
        """Fetch the next jobs and begin them; False if the worker of Procrastinate must look for jobs."""
        if self._worker_id is None or self._fetching.locked() or self.fetched or self._free() <= 0:
            return False
        if await self._take_next():
            return self._is_searched
        with suppress(ConnectorException):  # the worker meets it, too, and ends
            await self._fetch()
        while self.fetched and self._begin(self.fetched[0]):
            job = self.fetched.popleft()
            assert job.id is not None, "it was fetched"
            self._finished.add(job.id)  # from now on the claim and the watch see to its process
        return self._is_searched and not self.fetched

    async def _take_next(self) -> bool:
        """Run the next jobs without a fetch; False if they must be fetched."""
        async with self._fetching:
            while (free := self._free()) > 0:
                limit = min(self._limit, free, TOGETHER)
                self._is_searched = True  # a notification that comes meanwhile changes it
                number = await self._take(limit)
                if number is None:
                    self._is_searched = False
                    return False
                self._note(number, limit)
                if not self.has_more:
                    break
        return True

    async def forget(self) -> None:
        """Remove the jobs that ended; the worker stops, and there is no next fetch."""
        finished, self._finished = list(self._finished), set()
        self.fetched.clear()
        self._is_searched = False
        await self._connection.close()
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
