"""The gauges of ``/metrics`` that are read from the database, in one snapshot.

A reading is used again for twenty times its duration, so frequent scrapes take at most a twentieth of one database
connection.
"""

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import metrics as stored_metrics
from orchestrator_gql.storage.metrics import LIVING, Gauges
from orchestrator_gql.types import EngineState
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.utils.outages import READS

REUSE = 20
PATIENCE = 5.0
"""Seconds for the reading of the gauges; without a reading, only the counters of the server are shown."""


class StoredGauges:
    """Reads the gauges and remembers the last reading for a while."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._reading = asyncio.Lock()
        self._last: list[Metric] | None = None
        self._reuse_until = 0.0

    async def families(self) -> list[Metric] | None:
        """The gauges; None if the database does not answer."""
        async with self._reading:  # two scrapes at the same time share one reading
            began = time.monotonic()
            if self._last is None or began >= self._reuse_until:
                gauges = await self._read()
                self._last = None if gauges is None else list(_families(gauges, self._workflow_names(gauges)))
                ended = time.monotonic()
                self._reuse_until = ended + REUSE * (ended - began)
            return self._last

    async def _read(self) -> Gauges | None:
        now = self._runtime.clock.now()
        since = now - timedelta(seconds=self._runtime.settings.lease)
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._runtime.database.read(
                    lambda conn: stored_metrics.load(conn, now=now, workers_since=since)
                )
        except StorageUnavailable:
            return None  # the database has logged it; the metrics show only the counters of this server
        except TimeoutError as error:
            self._runtime.database.outage.failed(READS, error)
            return None

    def _workflow_names(self, gauges: Gauges) -> list[str]:
        """The names, with deployed workflows without a process: a series that disappears at 0 would look unknown."""
        return sorted({workflow.name for workflow in self._runtime.registry} | {name for _, name in gauges.processes})


def _families(gauges: Gauges, workflow_names: list[str]) -> Iterator[Metric]:
    description = "Processes that have not ended."
    processes = GaugeMetricFamily("orchestrator_processes", description, labels=["workflow", "status"])
    for name in workflow_names:
        for status in LIVING:
            processes.add_metric([name, status], gauges.processes.get((status, name), 0))
    yield processes
    description = "The state of the engine: 1 for its state, 0 for the others."
    state = GaugeMetricFamily("orchestrator_engine_state", description, labels=["state"])
    for engine_state in EngineState:
        state.add_metric([engine_state], engine_state is gauges.state)
    yield state
    for name, description, value in (
        ("processes_held", "Processes that living workers hold, each at a step.", gauges.backlog.held),
        ("processes_queued", "Processes that could go on and wait for a worker.", gauges.backlog.queued),
        ("queue_lag_seconds", "How long the first of the queued processes has waited.", gauges.lag),
        ("workers", "Workers that reported within a lease.", gauges.workers),
        ("callbacks_pending", "Callbacks whose URLs are open.", gauges.pending_callbacks),
        ("callbacks_overdue", "Callbacks past their deadline that are still open.", gauges.overdue_callbacks),
        ("callbacks_oldest_pending_seconds", "Age of the oldest open callback.", gauges.oldest_pending_callback),
        ("input_requests_open", "Forms that wait for a person.", gauges.open_input_requests),
        ("notifications_pending", "Notifications that are to be sent.", gauges.pending_notifications),
        ("notifications_dead", "Notifications that were given up.", gauges.dead_notifications),
        ("oldest_ended_process_seconds", "How long ago the oldest ended process ended.", gauges.oldest_ended_process),
        ("event_log_lag_seconds", "Age of the oldest event that no reader may see yet.", gauges.log_lag),
    ):
        yield GaugeMetricFamily(f"orchestrator_{name}", description, value)
