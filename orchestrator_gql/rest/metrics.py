"""``/metrics`` for Prometheus: the counters of this server, and gauges that are read from the database.

The counters grow with each COMMIT; their labels are a workflow, a kind, a status or an outcome, and never a process.
The gauges are read from the database in one snapshot. A reading is used again for twenty times its duration, so
frequent scrapes take at most a twentieth of one database connection.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Protocol, TypeVar, assert_never, cast

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from orchestrator_gql.rest.metric_collectors import AuthorsCollector, FixedCollector, SlowReaderCollector
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import metrics as stored_metrics
from orchestrator_gql.storage.database.observer import (
    Delivered,
    Fact,
    ProcessEnded,
    ProcessesPruned,
    ProcessFailed,
    StepEnded,
)
from orchestrator_gql.storage.metrics import LIVING, Gauges
from orchestrator_gql.types import AttemptOutcome, EngineState, ProcessStatus
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.utils.outages import READS
from orchestrator_gql.utils.slow_readers import SlowReaders
from orchestrator_gql.version import __version__

F = TypeVar("F", Counter, Histogram)

MEDIA_TYPE = "text/plain; version=1.0.0; charset=utf-8"

REUSE = 20
PATIENCE = 5.0
"""Seconds for the reading of the gauges; without a reading, only the counters of the server are shown."""

LOOK = 0.5
"""Seconds between two measurements of the lag of the event loop."""

STEP_SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800, 3600, 21600, 86400)
"""From a function that adds two numbers to a person who decides after the weekend."""

FAST_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
GROUPS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class ConnectionCounts(Protocol):
    """The numbers of connected clients."""

    @property
    def open_sockets(self) -> int:
        """The number of open WebSockets."""
        ...

    @property
    def open_subscriptions(self) -> int:
        """The number of running subscriptions, over WebSockets and server-sent events."""
        ...

    @property
    def shared_subscriptions(self) -> int:
        """The number of them that get their responses from a group."""
        ...

    @property
    def subscription_groups(self) -> int:
        """The number of these groups: each executes a batch of events once."""
        ...


class Metrics:
    """The metrics of one server; the database calls it as its observer."""

    def __init__(
        self, runtime: Runtime, connections: ConnectionCounts | None = None, slow_readers: SlowReaders | None = None
    ) -> None:
        self._runtime = runtime
        self._registry = CollectorRegistry()
        self._reading = asyncio.Lock()
        self._gauges_read: Gauges | None = None
        self._children: dict[tuple[object, ...], object] = {}
        self._reuse_until = 0.0
        self._make_counts()
        self._make_gauges(connections)
        self._registry.register(AuthorsCollector(runtime.authors))
        if slow_readers is not None:
            self._registry.register(SlowReaderCollector(slow_readers))

    def committed(self, units: int, seconds: float, facts: list[Fact]) -> None:
        """Count the facts of a commit that became durable."""
        self._commit_seconds.observe(seconds)
        self._commit_units.observe(units)
        for fact in facts:
            match fact:
                case Delivered(outcome):
                    self._child(self._deliveries, outcome).inc()
                case StepEnded(kind, status, took):
                    self._child(self._step_seconds, kind, status).observe(took)
                case ProcessEnded(workflow_name, status):
                    self._child(self._ended, workflow_name, status).inc()
                case ProcessFailed(workflow_name, _):
                    self._child(self._failed, workflow_name).inc()
                case ProcessesPruned(number):
                    self._pruned.inc(number)
                case _:
                    assert_never(fact)

    def _child(self, family: F, *labels: str) -> F:
        """The series of these labels, from our own cache: the look-up of the library takes longer than the counting."""
        key = (family, *labels)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = family.labels(*labels)
        return cast(F, child)

    @asynccontextmanager
    async def watching_loop(self) -> AsyncIterator[None]:
        """Measure the lag of the event loop during the context."""
        task = asyncio.create_task(self._watch_loop())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _watch_loop(self) -> None:
        while True:
            due = time.monotonic() + LOOK
            await asyncio.sleep(LOOK)
            self._loop_lag.observe(max(time.monotonic() - due, 0.0))

    async def text(self) -> bytes:
        """All metrics, in the text format of Prometheus."""
        gauges = await self._gauges()
        self._database_up.set(gauges is not None)
        own = generate_latest(self._registry)
        return own if gauges is None else own + generate_latest(_registry_of(self._gauge_families(gauges)))

    async def _gauges(self) -> Gauges | None:
        async with self._reading:  # two scrapes at the same time share one reading
            began = time.monotonic()
            if self._gauges_read is not None and began < self._reuse_until:
                return self._gauges_read
            self._gauges_read = await self._read()
            ended = time.monotonic()
            self._reuse_until = ended + REUSE * (ended - began)
            return self._gauges_read

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

    def _make_counts(self) -> None:
        own = self._registry
        self._deliveries = Counter(
            "orchestrator_deliveries", "Deliveries to callbacks, by outcome.", ["outcome"], registry=own
        )
        self._ended = Counter(
            "orchestrator_processes_ended",
            "Processes whose end this server stored.",
            ["workflow", "status"],
            registry=own,
        )
        description = "How often processes became FAILED at this server; a retried process may fail again."
        self._failed = Counter("orchestrator_processes_failed", description, ["workflow"], registry=own)
        self._pruned = Counter(
            "orchestrator_processes_pruned", "Processes that retention deleted at this server.", registry=own
        )
        self._step_seconds = Histogram(
            "orchestrator_step_seconds",
            "From entering a step to its end; of a wait or a form, how long it waited.",
            ["kind", "status"],
            buckets=STEP_SECONDS,
            registry=own,
        )
        self._commit_seconds = Histogram(
            "orchestrator_commit_seconds",
            "From the first statement of a commit until it was durable.",
            buckets=FAST_SECONDS,
            registry=own,
        )
        self._commit_units = Histogram(
            "orchestrator_commit_transactions",
            "How many transactions one commit made durable.",
            buckets=GROUPS,
            registry=own,
        )
        self._loop_lag = Histogram(
            "orchestrator_event_loop_lag_seconds",
            "How late the event loop came to what was due.",
            buckets=FAST_SECONDS,
            registry=own,
        )
        for outcome in AttemptOutcome:
            self._deliveries.labels(outcome)  # a series that starts at 0 shows its first delivery as an increase
        for workflow in self._runtime.registry:
            self._failed.labels(workflow.name)
            for status in (ProcessStatus.COMPLETED, ProcessStatus.ABORTED):
                self._ended.labels(workflow.name, status)

    def _make_gauges(self, connections: ConnectionCounts | None) -> None:
        own = self._registry
        self._database_up = Gauge("orchestrator_database_up", "Whether the database answers: 1 or 0.", registry=own)
        build = Gauge("orchestrator_build_info", "The release of this server.", ["version"], registry=own)
        build.labels(__version__).set(1)
        if connections is not None:
            sockets = Gauge("orchestrator_sockets", "WebSockets that are open at this server.", registry=own)
            sockets.set_function(lambda: connections.open_sockets)
            followed = Gauge("orchestrator_subscribers", "Subscriptions followed at this server.", registry=own)
            followed.set_function(lambda: connections.open_subscriptions)
            description = "Subscribers that share the executions of equal subscriptions."
            shared = Gauge("orchestrator_subscribers_shared", description, registry=own)
            shared.set_function(lambda: connections.shared_subscriptions)
            groups = Gauge("orchestrator_subscription_groups", "Executions that subscribers share.", registry=own)
            groups.set_function(lambda: connections.subscription_groups)

    def _gauge_families(self, gauges: Gauges) -> Iterator[Metric]:
        yield self._processes(gauges)
        state = GaugeMetricFamily(
            "orchestrator_engine_state", "The state of the engine: 1 for its state, 0 for the others.", labels=["state"]
        )
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
            (
                "oldest_ended_process_seconds",
                "How long ago the oldest ended process ended.",
                gauges.oldest_ended_process,
            ),
            ("event_log_lag_seconds", "Age of the oldest event that no reader may see yet.", gauges.log_lag),
        ):
            yield GaugeMetricFamily(f"orchestrator_{name}", description, value)

    def _processes(self, gauges: Gauges) -> Metric:
        """The counts, with zeros for deployed workflows: a series that disappears at 0 would look unknown."""
        family = GaugeMetricFamily(
            "orchestrator_processes", "Processes that have not ended.", labels=["workflow", "status"]
        )
        names = {workflow.name for workflow in self._runtime.registry} | {name for _, name in gauges.processes}
        for name in sorted(names):
            for status in LIVING:
                family.add_metric([name, status], gauges.processes.get((status, name), 0))
        return family


def _registry_of(families: Iterator[Metric]) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(FixedCollector(families))
    return registry


def metrics_routes(metrics: Metrics) -> list[Route]:
    """``/metrics``, without sign-in: the response holds only numbers and names of workflows."""

    async def show(_: Request) -> Response:
        return Response(await metrics.text(), media_type=MEDIA_TYPE)

    return [Route("/metrics", show)]
