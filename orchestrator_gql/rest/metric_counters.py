"""The metrics that a server counts itself: each COMMIT, and the lag of its event loop."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import cache, partial
from typing import assert_never

from prometheus_client import CollectorRegistry, Counter, Histogram

from orchestrator_gql.storage.database.observer import (
    Delivered,
    Fact,
    ProcessEnded,
    ProcessesPruned,
    ProcessFailed,
    StepEnded,
)
from orchestrator_gql.types import AttemptOutcome, ProcessStatus

LOOK = 0.5
"""Seconds between two measurements of the lag of the event loop."""

STEP_SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800, 3600, 21600, 86400)
"""From a function that adds two numbers to a person who decides after the weekend."""

FAST_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
GROUPS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class CommitCounters:
    """Counts what each COMMIT of the server made durable; the database calls it as its observer."""

    def __init__(self, registry: CollectorRegistry, workflow_names: Iterable[str]) -> None:
        counter, histogram = partial(Counter, registry=registry), partial(Histogram, registry=registry)
        deliveries = counter("orchestrator_deliveries", "Deliveries to callbacks, by outcome.", ["outcome"])
        description = "Processes whose end this server stored."
        ended = counter("orchestrator_processes_ended", description, ["workflow", "status"])
        description = "How often processes became FAILED at this server; a retried process may fail again."
        failed = counter("orchestrator_processes_failed", description, ["workflow"])
        description = "Processes that retention deleted at this server."
        self._pruned = counter("orchestrator_processes_pruned", description)
        description = "From entering a step to its end; of a wait or a form, how long it waited."
        steps = histogram("orchestrator_step_seconds", description, ["kind", "status"], buckets=STEP_SECONDS)
        description = "From the first statement of a commit until it was durable."
        self._commit_seconds = histogram("orchestrator_commit_seconds", description, buckets=FAST_SECONDS)
        description = "How many transactions one commit made durable."
        self._commit_units = histogram("orchestrator_commit_transactions", description, buckets=GROUPS)
        # The look-up of the library takes longer than the counting.
        self._deliveries, self._ended = cache(deliveries.labels), cache(ended.labels)
        self._failed, self._steps = cache(failed.labels), cache(steps.labels)
        for outcome in AttemptOutcome:
            deliveries.labels(outcome)  # a series that starts at 0 shows its first delivery as an increase
        for name in workflow_names:
            failed.labels(name)
            for status in (ProcessStatus.COMPLETED, ProcessStatus.ABORTED):
                ended.labels(name, status)

    def committed(self, units: int, seconds: float, facts: list[Fact]) -> None:
        """Count the facts of a commit that became durable."""
        self._commit_seconds.observe(seconds)
        self._commit_units.observe(units)
        for fact in facts:
            match fact:
                case Delivered(outcome):
                    self._deliveries(outcome).inc()
                case StepEnded(kind, status, took):
                    self._steps(kind, status).observe(took)
                case ProcessEnded(workflow_name, status):
                    self._ended(workflow_name, status).inc()
                case ProcessFailed(workflow_name, _):
                    self._failed(workflow_name).inc()
                case ProcessesPruned(number):
                    self._pruned.inc(number)
                case _:
                    assert_never(fact)


class LoopLag:
    """The lag of the server's event loop."""

    def __init__(self, registry: CollectorRegistry) -> None:
        description = "How late the event loop came to what was due."
        name = "orchestrator_event_loop_lag_seconds"
        self._seconds = Histogram(name, description, buckets=FAST_SECONDS, registry=registry)

    @asynccontextmanager
    async def measured(self) -> AsyncIterator[None]:
        """Measure the lag during the context."""
        task = asyncio.create_task(self._measure())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _measure(self) -> None:
        while True:
            due = time.monotonic() + LOOK
            await asyncio.sleep(LOOK)
            self._seconds.observe(max(time.monotonic() - due, 0.0))
