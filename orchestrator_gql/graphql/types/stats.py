"""The header's numbers, and the engine's."""

from datetime import datetime, timedelta

import strawberry

from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.common import User
from orchestrator_gql.graphql.types.enums import StatsWindow
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.reads import processes as process_reads
from orchestrator_gql.storage.engine_state import EngineStatus
from orchestrator_gql.storage.listing import Counts
from orchestrator_gql.storage.workers import Worker as WorkerRow
from orchestrator_gql.types import EngineState, ProcessStatus
from orchestrator_gql.version import __version__

WINDOWS = {
    StatsWindow.LAST_HOUR: timedelta(hours=1),
    StatsWindow.LAST_24_HOURS: timedelta(hours=24),
    StatsWindow.LAST_7_DAYS: timedelta(days=7),
}


@strawberry.type(description="How many processes stand in a status.")
class ProcessStatusCount:
    status: ProcessStatus = strawberry.field(description="The status.")
    count: int = strawberry.field(description="How many.")


@strawberry.type(description="One of those that run steps; it says again and again that it lives.")
class Worker:
    name: str = strawberry.field(description="Its machine, its process there, and a few letters of its own.")
    last_seen_at: datetime = strawberry.field(description="When it was last heard of.")
    running_steps: int = strawberry.field(description="How many steps it ran then.")

    @classmethod
    def of(cls, row: WorkerRow) -> "Worker":
        return cls(name=row.name, last_seen_at=row.last_seen_at, running_steps=row.running_steps)


@strawberry.type(description="The engine: what starts steps.")
class Engine:
    row: strawberry.Private[EngineStatus]
    state: EngineState = strawberry.field(description="Whether it starts new steps.")
    reason: str | None = strawberry.field(description="Why somebody paused or resumed it.")
    changed_at: datetime | None = strawberry.field(description="When it was; null where nobody ever did.")
    version: str = strawberry.field(description="The release that answers.")

    @classmethod
    def of(cls, row: EngineStatus) -> "Engine":
        return cls(row=row, state=row.state, reason=row.reason, changed_at=row.changed_at, version=__version__)

    @resolved(description="Who paused or resumed it.")
    def changed_by(self) -> User | None:
        return User.named(self.row.changed_by)

    @resolved(description="How many processes workers hold now, each at a step.")
    async def running_steps(self, info: Info) -> int:
        return (await info.context.loaders.backlog.load(None)).held

    @resolved(description="How many processes could go on and wait for a worker, or for the end of a pause.")
    async def queued_processes(self, info: Info) -> int:
        return (await info.context.loaders.backlog.load(None)).queued

    @resolved(description="Seconds that the longest-waiting of them has waited; 0 where none waits.")
    async def lag_seconds(self, info: Info) -> float:
        context = info.context
        return (await context.loaders.backlog.load(None)).lag(context.runtime.clock.now())

    @resolved(description="Those that run its steps, by name.")
    async def workers(self, info: Info) -> list[Worker]:
        return [Worker.of(row) for row in await process_reads.workers(info.context.reading, info.context.principal)]


@strawberry.type(description="The header's numbers.")
class Stats:
    as_of: datetime = strawberry.field(description="When they were counted.")
    processes_by_status: list[ProcessStatusCount] = strawberry.field(description="Every status, none left out.")
    open_input_requests: int = strawberry.field(description="Forms that wait for a person.")
    overdue_input_requests: int = strawberry.field(description="Those past their due date.")
    pending_callbacks: int = strawberry.field(description="Open waits for a remote service.")
    overdue_callbacks: int = strawberry.field(description="Those past their deadline.")
    oldest_pending_callback_at: datetime | None = strawberry.field(description="Since when the longest one waits.")
    completed: int = strawberry.field(description="Processes completed within the window.")
    failed: int = strawberry.field(description="Processes that failed within the window and still are.")
    duration_seconds_p50: float | None = strawberry.field(
        name="durationSecondsP50", description="Half of the completed processes took less."
    )
    duration_seconds_p95: float | None = strawberry.field(
        name="durationSecondsP95", description="95 of 100 completed processes took less."
    )
    engine: Engine = strawberry.field(description="The engine.")

    @classmethod
    def of(cls, found: Counts, now: datetime) -> "Stats":
        return cls(
            as_of=now,
            processes_by_status=[
                ProcessStatusCount(status=status, count=found.by_status.get(status, 0)) for status in ProcessStatus
            ],
            open_input_requests=found.open_input_requests,
            overdue_input_requests=found.overdue_input_requests,
            pending_callbacks=found.pending_callbacks,
            overdue_callbacks=found.overdue_callbacks,
            oldest_pending_callback_at=found.oldest_pending_callback_at,
            completed=found.completed,
            failed=found.failed,
            duration_seconds_p50=_quantile(found.durations, 0.5),
            duration_seconds_p95=_quantile(found.durations, 0.95),
            engine=Engine.of(found.engine),
        )


def _quantile(ordered: tuple[float, ...], share: float) -> float | None:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else None
