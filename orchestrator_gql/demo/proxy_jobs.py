"""The proxy's jobs: started on a few threads, looked up by their id, told to their callers when they end."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock
from typing import Any
from uuid import UUID

from orchestrator_gql.demo.reports import Reports

MAX_JOBS_AT_ONCE = 4
"""Further jobs wait for one of these to end."""

MAX_JOBS_REMEMBERED = 1000
"""Older jobs can no longer be asked for."""

JobBody = dict[str, Any]


class Jobs:
    """Runs jobs and remembers the newest of them, with their results, as the bodies their callers were sent."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports
        self._bodies: dict[UUID, JobBody] = {}
        self._lock = Lock()
        self._stopping = Event()
        self._pool = ThreadPoolExecutor(MAX_JOBS_AT_ONCE, thread_name_prefix="job")

    def start(self, job_id: UUID, work: Callable[[], JobBody], callback: str | None) -> Callable[[], JobBody]:
        """Run ``work`` on a thread, send what it gives to ``callback``; the answer waits for both, when called."""
        self._remember(job_id, {"job_id": str(job_id), "status": "running"})
        return self._pool.submit(self._run, job_id, work, callback).result

    def get(self, job_id: UUID) -> JobBody | None:
        """What is known of a job: ``status`` is ``running`` until it has ended."""
        with self._lock:
            return self._bodies.get(job_id)

    def is_stopping(self) -> bool:
        """True once jobs should end as they can."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Cancel what runs and what waits to run, and return once all callers were told."""
        self._stopping.set()
        self._reports.stop_retrying()
        self._pool.shutdown()

    def _run(self, job_id: UUID, work: Callable[[], JobBody], callback: str | None) -> JobBody:
        body = work()
        self._remember(job_id, body)
        if callback:
            self._reports.result(callback, body)
        return body

    def _remember(self, job_id: UUID, body: JobBody) -> None:
        with self._lock:
            self._bodies[job_id] = body
            while len(self._bodies) > MAX_JOBS_REMEMBERED:
                del self._bodies[next(iter(self._bodies))]
