"""The header's numbers."""

from datetime import datetime, timedelta

import strawberry

from orchestrator_gql.graphql.types.engine import Engine
from orchestrator_gql.graphql.types.enums import StatsWindow
from orchestrator_gql.storage.lists import Counts
from orchestrator_gql.types import ProcessStatus

WINDOWS = {
    StatsWindow.LAST_HOUR: timedelta(hours=1),
    StatsWindow.LAST_24_HOURS: timedelta(hours=24),
    StatsWindow.LAST_7_DAYS: timedelta(days=7),
}


@strawberry.type(description="How many processes stand in a status.")
class ProcessStatusCount:
    status: ProcessStatus = strawberry.field(description="The status.")
    count: int = strawberry.field(description="How many.")


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
