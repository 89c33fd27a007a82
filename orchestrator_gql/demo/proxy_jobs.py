"""The proxy's jobs: they run on a few threads, are found by their id, and report their results to their callers."""

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Event, Lock
from typing import Any
from uuid import UUID

from orchestrator_gql.demo.reports import Reports

MAX_JOBS_AT_ONCE = 4
"""The number of jobs that run at the same time; further jobs wait."""

MAX_JOBS_REMEMBERED = 1000
"""The number of jobs whose state is kept; the oldest jobs are forgotten first."""

JobBody = dict[str, Any]


class Jobs:
    """Runs jobs and keeps the newest of them; after the end, a job's state is the body that its caller received."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports
        self._bodies: dict[UUID, JobBody] = {}
        self._lock = Lock()
        self._stopping = Event()
        self._pool = ThreadPoolExecutor(MAX_JOBS_AT_ONCE, thread_name_prefix="job")

    def start(self, job_id: UUID, work: Callable[[], JobBody], callback: str | None) -> Callable[[], JobBody]:
        """Run ``work`` on a thread and send its result to ``callback``; the returned function waits for both."""
        self._remember(job_id, {"job_id": str(job_id), "status": "running"})
        return self._pool.submit(self._run, job_id, work, callback).result

    def get(self, job_id: UUID) -> JobBody | None:
        """The state of a job: ``status`` is ``running`` until the job has ended."""
        with self._lock:
            return self._bodies.get(job_id)

    def is_stopping(self) -> bool:
        """True if the jobs should end soon."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Cancel all jobs, and return after all results are sent."""
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


class DeviceLocks:
    """One lock for each device: two playbooks that write one configuration file would lose the change of one."""

    def __init__(self) -> None:
        self._locks: dict[str, Lock] = {}
        self._guard = Lock()

    @contextmanager
    def held(self, devices: Collection[str]) -> Iterator[None]:
        """Hold the locks of the devices. They are taken in the order of the names, so no two jobs block each other."""
        with ExitStack() as held:
            for device in sorted(set(devices)):
                with self._guard:
                    lock = self._locks.setdefault(device, Lock())
                held.enter_context(lock)
            yield
