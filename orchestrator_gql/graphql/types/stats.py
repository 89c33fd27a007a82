"""The types of the numbers on the dashboard, of the engine and of its workers."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import strawberry

from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.common import DateTimeRange, User
from orchestrator_gql.graphql.types.enums import StatsWindow
from orchestrator_gql.graphql.types.filters import ProcessFilter
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.graphql.types.workflows import Workflow
from orchestrator_gql.reads import processes as process_reads
from orchestrator_gql.reads import statistics as statistic_reads
from orchestrator_gql.storage.engine_state import EngineStatus
from orchestrator_gql.storage.listing import Counts
from orchestrator_gql.storage.pagination import MOST_COUNTED
from orchestrator_gql.storage.statistics import Bucket, FailureGroup
from orchestrator_gql.storage.workers import Worker as WorkerRow
from orchestrator_gql.types import EngineState, ProcessStatus
from orchestrator_gql.version import __version__
from orchestrator_gql.workflows.registry import Registry

BEGINNING = datetime.min.replace(tzinfo=UTC)

WINDOWS = {
    StatsWindow.LAST_HOUR: timedelta(hours=1),
    StatsWindow.LAST_24_HOURS: timedelta(hours=24),
    StatsWindow.LAST_7_DAYS: timedelta(days=7),
}


@strawberry.type(description="The number of processes in one status.")
class ProcessStatusCount:
    status: ProcessStatus = strawberry.field(description="The status.")
    count: int = strawberry.field(
        description=f"The number of processes; {MOST_COUNTED:,} if there are more, and then `isExact` is false."
    )
    is_exact: bool = strawberry.field(
        description="True if `count` is the exact number; false if there are more processes."
    )

    @classmethod
    def all_of(cls, numbers: Mapping[ProcessStatus, int]) -> "list[ProcessStatusCount]":
        counted = ((status, numbers.get(status, 0)) for status in ProcessStatus)
        return [
            cls(status=status, count=min(number, MOST_COUNTED), is_exact=number <= MOST_COUNTED)
            for status, number in counted
        ]


@strawberry.type(description="A worker: a server process that runs steps. It reports regularly that it is alive.")
class Worker:
    name: str = strawberry.field(
        description="The host name, the id of the operating system process, and a random suffix."
    )
    last_seen_at: datetime = strawberry.field(description="The time of its last report.")
    running_steps: int = strawberry.field(description="The number of steps that it ran at its last report.")

    @classmethod
    def of(cls, row: WorkerRow) -> "Worker":
        return cls(name=row.name, last_seen_at=row.last_seen_at, running_steps=row.running_steps)


@strawberry.type(description="The engine, which starts and runs the steps of processes.")
class Engine:
    row: strawberry.Private[EngineStatus]
    state: EngineState = strawberry.field(description="Whether the engine starts new steps.")
    reason: str | None = strawberry.field(
        description="The reason that was given for the last pause or resumption; null if none was given."
    )
    changed_at: datetime | None = strawberry.field(
        description="The time of the last pause or resumption; null if there was none."
    )
    version: str = strawberry.field(description="The release of the server that answers.")

    @classmethod
    def of(cls, row: EngineStatus) -> "Engine":
        return cls(row=row, state=row.state, reason=row.reason, changed_at=row.changed_at, version=__version__)

    @resolved(description="The user who paused or resumed the engine last; null if nobody did.")
    def changed_by(self) -> User | None:
        return User.named(self.row.changed_by)

    @resolved(description="The number of processes that workers hold now; each of them runs a step.")
    async def running_steps(self, info: Info) -> int:
        return (await info.context.loaders.backlog.load(None)).held

    @resolved(
        description="The number of processes that are ready to go on and wait for a worker or for the end of a pause."
    )
    async def queued_processes(self, info: Info) -> int:
        return (await info.context.loaders.backlog.load(None)).queued

    @resolved(description="The seconds that the first of the queued processes has waited; 0 if none waits.")
    async def lag_seconds(self, info: Info) -> float:
        context = info.context
        return (await context.loaders.backlog.load(None)).lag(context.runtime.clock.now())

    @resolved(description="The living workers, ordered by name. A worker that is silent for a lease counts as dead.")
    async def workers(self, info: Info) -> list[Worker]:
        return [Worker.of(row) for row in await process_reads.workers(info.context.reading, info.context.principal)]


@strawberry.type(description="The number of failed processes with one failure code.")
class FailureCount:
    code: str = strawberry.field(description="The failure code.")
    count: int = strawberry.field(description="The number of processes.")


@strawberry.type(description="The processes of one workflow that failed.")
class WorkflowFailures:
    workflow_name: str = strawberry.field(description="The name of the workflow.")
    workflow: Workflow | None = strawberry.field(description="The workflow; null if it is no longer deployed.")
    count: int = strawberry.field(description="The number of processes that failed and are still FAILED.")
    last_failed_at: datetime = strawberry.field(description="The time of the last change of such a process.")
    codes: list[FailureCount] = strawberry.field(
        description="The number of processes by failure code, the most frequent first."
    )

    @classmethod
    def all_of(cls, groups: Sequence[FailureGroup], registry: Registry) -> "list[WorkflowFailures]":
        by_workflow: dict[str, list[FailureGroup]] = {}
        for group in groups:
            by_workflow.setdefault(group.workflow_name, []).append(group)
        found = [
            cls(
                workflow_name=name,
                workflow=Workflow.of(deployed) if (deployed := registry.find(name)) else None,
                count=sum(group.count for group in of_workflow),
                last_failed_at=max(group.last_at for group in of_workflow),
                codes=[FailureCount(code=group.code, count=group.count) for group in of_workflow],
            )
            for name, of_workflow in by_workflow.items()
        ]
        return sorted(found, key=lambda each: (-each.count, each.workflow_name))


@strawberry.type(description="The processes in one part of a period.")
class ThroughputBucket:
    start: datetime = strawberry.field(description="The start of the part, included.")
    end: datetime = strawberry.field(description="The end of the part, excluded.")
    started: int = strawberry.field(description="The number of processes that were started.")
    completed: int = strawberry.field(description="The number of processes that were completed.")
    aborted: int = strawberry.field(description="The number of processes that were aborted.")
    failed: int = strawberry.field(description="The number of processes that failed and are still FAILED.")
    duration_seconds_p50: float | None = strawberry.field(
        name="durationSecondsP50",
        description="The median duration in seconds of the last 200 processes that ended in the part and were "
        "completed; null if there are none.",
    )
    duration_seconds_p95: float | None = strawberry.field(
        name="durationSecondsP95", description="The 95th percentile of the same durations; null if there are none."
    )

    @classmethod
    def of(cls, bucket: Bucket) -> "ThroughputBucket":
        return cls(
            start=bucket.start,
            end=bucket.end,
            started=bucket.started,
            completed=bucket.completed,
            aborted=bucket.aborted,
            failed=bucket.failed,
            duration_seconds_p50=quantile(bucket.durations, 0.5),
            duration_seconds_p95=quantile(bucket.durations, 0.95),
        )


@strawberry.type(description="The numbers at the top of the dashboard.")
class Stats:
    window: strawberry.Private[timedelta]
    as_of: datetime = strawberry.field(description="The time when the numbers were counted.")
    by_status: strawberry.Private[dict[ProcessStatus, int]]
    open_input_requests: int = strawberry.field(
        description=f"The number of open input requests; {MOST_COUNTED:,} if there are more."
    )
    overdue_input_requests: int = strawberry.field(
        description=f"The number of open input requests after their due date; {MOST_COUNTED:,} if there are more."
    )
    pending_callbacks: int = strawberry.field(
        description=f"The number of open callbacks; {MOST_COUNTED:,} if there are more."
    )
    overdue_callbacks: int = strawberry.field(
        description=f"The number of open callbacks after their deadline; {MOST_COUNTED:,} if there are more."
    )
    oldest_pending_callback_at: datetime | None = strawberry.field(
        description="The time when the oldest open callback was issued; null if none is open."
    )
    completed: int = strawberry.field(description="The number of processes that were completed within the window.")
    failed: int = strawberry.field(
        description="The number of processes that failed within the window and are still FAILED."
    )
    duration_seconds_p50: float | None = strawberry.field(
        name="durationSecondsP50",
        description="The median duration in seconds of the processes that were completed within the window; null if "
        "there are none.",
    )
    duration_seconds_p95: float | None = strawberry.field(
        name="durationSecondsP95",
        description="The 95th percentile of the duration in seconds of the processes that were completed within the "
        "window; null if there are none.",
    )
    engine: Engine = strawberry.field(description="The state of the engine.")

    @classmethod
    def of(cls, found: Counts, now: datetime, window: timedelta) -> "Stats":
        return cls(
            window=window,
            as_of=now,
            by_status=found.by_status,
            open_input_requests=min(found.open_input_requests, MOST_COUNTED),
            overdue_input_requests=min(found.overdue_input_requests, MOST_COUNTED),
            pending_callbacks=min(found.pending_callbacks, MOST_COUNTED),
            overdue_callbacks=min(found.overdue_callbacks, MOST_COUNTED),
            oldest_pending_callback_at=found.oldest_pending_callback_at,
            completed=found.completed,
            failed=found.failed,
            duration_seconds_p50=quantile(found.durations, 0.5),
            duration_seconds_p95=quantile(found.durations, 0.95),
            engine=Engine.of(found.engine),
        )

    @resolved(description="The number of processes in each status, including statuses without processes.")
    async def processes_by_status(
        self,
        info: Info,
        filter: Annotated[
            ProcessFilter | None,
            strawberry.argument(description="The conditions that a process must meet; null counts every process."),
        ] = None,
    ) -> list[ProcessStatusCount]:
        counts = self.by_status
        if filter is not None:
            context = info.context
            counts = await process_reads.status_counts(
                context.reading, context.principal, filter.within(context.runtime.registry)
            )
        return ProcessStatusCount.all_of(counts)

    @resolved(
        description="The workflows whose processes failed within the window and are still FAILED, the most failures "
        "first."
    )
    async def failures_by_workflow(self, info: Info) -> list[WorkflowFailures]:
        context = info.context
        groups = await statistic_reads.failures(context.reading, context.principal, self.as_of - self.window)
        return WorkflowFailures.all_of(groups, context.runtime.registry)

    @resolved(
        description="The processes over time, in equal parts of the period, the oldest first. It costs as much as the "
        "processes in the period."
    )
    async def throughput(
        self,
        info: Info,
        period: Annotated[
            DateTimeRange | None,
            strawberry.argument(description="The period, at most 366 days. Default: the window, until now."),
        ] = None,
        buckets: Annotated[
            int | None, strawberry.argument(description="The number of parts, from 1 to 100. Default: 24.")
        ] = 24,
    ) -> list[ThroughputBucket]:
        context = info.context
        end = (period.to if period else None) or self.as_of
        start = (period.from_ if period else None) or max(end, BEGINNING + self.window) - self.window
        count = 24 if buckets is None else buckets
        found = await statistic_reads.throughput(context.reading, context.principal, start, end, count)
        return [ThroughputBucket.of(bucket) for bucket in found]


def quantile(ordered: tuple[float, ...], share: float) -> float | None:
    """The value below which that share of the sorted values lies; None without values."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else None
