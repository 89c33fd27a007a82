"""``/metrics`` for Prometheus: the counters of this server, and gauges that are read from the database.

The counters grow with each COMMIT; their labels are a workflow, a kind, a status or an outcome, and never a process.
"""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.metrics_core import Metric
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from orchestrator_gql.rest.metric_collectors import (
    AuthorsCollector,
    ConnectionCollector,
    ConnectionCounts,
    FixedCollector,
    SlowReaderCollector,
)
from orchestrator_gql.rest.metric_counters import CommitCounters, LoopLag
from orchestrator_gql.rest.metric_gauges import StoredGauges
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.utils.slow_readers import SlowReaders
from orchestrator_gql.version import __version__

MEDIA_TYPE = "text/plain; version=1.0.0; charset=utf-8"


class Metrics:
    """The metrics of one server."""

    def __init__(self, runtime: Runtime, connections: ConnectionCounts | None, slow_readers: SlowReaders) -> None:
        self._registry = CollectorRegistry()
        self.commits = CommitCounters(self._registry, [workflow.name for workflow in runtime.registry])
        self.loop_lag = LoopLag(self._registry)
        self._stored = StoredGauges(runtime)
        description = "Whether the database answers: 1 or 0."
        self._database_up = Gauge("orchestrator_database_up", description, registry=self._registry)
        description = "The release of this server."
        build = Gauge("orchestrator_build_info", description, ["version"], registry=self._registry)
        build.labels(__version__).set(1)
        if connections is not None:
            self._registry.register(ConnectionCollector(connections))
        self._registry.register(AuthorsCollector(runtime.authors))
        self._registry.register(SlowReaderCollector(slow_readers))

    async def text(self) -> bytes:
        """All metrics, in the text format of Prometheus."""
        stored = await self._stored.families()
        self._database_up.set(stored is not None)
        own = generate_latest(self._registry)
        return own if stored is None else own + generate_latest(_registry_of(stored))


def _registry_of(families: Iterable[Metric]) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(FixedCollector(families))
    return registry


def metrics_routes(metrics: Metrics) -> list[Route]:
    """``/metrics``, without sign-in: the response holds only numbers and names of workflows."""

    async def show(_: Request) -> Response:
        return Response(await metrics.text(), media_type=MEDIA_TYPE)

    return [Route("/metrics", show)]
