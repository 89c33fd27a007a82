"""The reason why a process waits, as fields and as a sentence."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import strawberry

from orchestrator_gql import process as rules
from orchestrator_gql.callbacks.rules import Callback
from orchestrator_gql.engine.process_locks import described
from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.common import Assignee
from orchestrator_gql.graphql.types.enums import WaitKind
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.input_requests.decision import InputRequest
from orchestrator_gql.storage.process_locks import LockHolder
from orchestrator_gql.types import ProcessStatus, StepStatus

if TYPE_CHECKING:
    from orchestrator_gql.graphql.types.processes import Process


@strawberry.type(description="What a process waits for: who must act, since when, and until when.")
class WhyWaiting:
    kind: WaitKind = strawberry.field(description="The kind of event that ends the wait.")
    message: str = strawberry.field(description="An explanation for people.")
    since: datetime = strawberry.field(description="The time when the wait began.")
    until: datetime | None = strawberry.field(
        description="The deadline of the callback, the time at which it goes on by itself, or the due date of the "
        "form; null if there is none."
    )
    service: str | None = strawberry.field(
        default=None,
        description="The remote service that must answer; null if it has no name or no service must answer.",
    )
    missing: list[str] = strawberry.field(
        default_factory=list,
        description="The names of the callbacks without a result; empty if the callback has no name.",
    )
    last_report_at: datetime | None = strawberry.field(
        default=None, description="The time of the last progress report of the remote service; null if there is none."
    )
    assignee: Assignee | None = strawberry.field(
        default=None,
        description="The team that should answer the form; null if the process does not wait for a person.",
    )
    holder: strawberry.Private[LockHolder | None] = None

    @resolved(description="The process that holds its lock; null if the process does not wait for a lock.")
    async def locked_by(
        self, info: Info
    ) -> Annotated["Process", strawberry.lazy("orchestrator_gql.graphql.types.processes")] | None:
        from orchestrator_gql.graphql.types.processes import Process

        return await Process.by_id(info, self.holder.process_id if self.holder else None)


def why_waiting(
    process: rules.Process,
    callbacks_of_wait: Sequence[Callback],
    requests: Sequence[InputRequest],
    called: Callable[[str], str],
    now: datetime,
    holder: LockHolder | None = None,
) -> WhyWaiting | None:
    """The reason for the wait; None if the process does not wait. ``called`` returns the display name of a team.

    ``holder`` is the process that holds its lock, if the process waits for that.
    """
    missing = [one for one in callbacks_of_wait if one.is_open and one.step_index == process.position]
    match process.status:
        case ProcessStatus.AWAITING_CALLBACK:
            return _for_callbacks(missing)
        case ProcessStatus.SUSPENDED:
            return _for_a_person([request for request in requests if request.closed_at is None], called)
        case ProcessStatus.WAITING if process.is_queued:
            message = "Its lock is free, and it begins by itself."
            if holder is not None:
                message = f"It waits for its lock: {described(holder)}."
            return WhyWaiting(kind=WaitKind.LOCK, message=message, since=process.started_at, until=None, holder=holder)
        case ProcessStatus.WAITING if process.execution is not None:
            execution = process.execution
            message = f"{execution.name!r} failed and is tried again by itself."
            if execution.failure is None:
                message = f"{execution.name!r} waits for its time."
            return WhyWaiting(kind=WaitKind.TIME, message=message, since=process.updated_at, until=execution.retry_at)
        case ProcessStatus.CREATED | ProcessStatus.RUNNING if not process.is_held(now):
            return _for_a_worker(process, missing, now)
        case _:
            return None


SOON = timedelta(seconds=1)
"""A worker mostly takes a process within milliseconds: a shorter wait is not worth a word."""


def _for_a_worker(process: rules.Process, missing: Sequence[Callback], now: datetime) -> WhyWaiting | None:
    """The reason of a process that any worker may take; None if it can be taken only since a moment ago."""
    since, message = process.updated_at, "It waits for a worker."
    if (execution := process.execution) is not None and execution.completed_at is None:
        ends = [end for end in _ends(missing) if end <= now]
        if execution.status is StepStatus.AWAITING_CALLBACK and not ends:
            message = f"The results of {execution.name!r} are there, and it waits for a worker."
        elif execution.status in (StepStatus.AWAITING_CALLBACK, StepStatus.WAITING):
            since = min(ends, default=execution.retry_at or since)
            message = f"The time of {execution.name!r} is over, and it waits for a worker."
        elif execution.status is StepStatus.RUNNING:
            # The worker told nobody how far it came. Its lease ended soon after its last heartbeat.
            since = process.lease_until or since
            message = f"The worker that ran {execution.name!r} is gone, and it waits for another worker."
    if now - since < SOON:
        return None
    return WhyWaiting(kind=WaitKind.WORKER, message=message, since=since, until=None)


def _ends(waited: Sequence[Callback]) -> list[datetime]:
    """The times at which the waits for these callbacks end without a result."""
    return [at for callback in waited for at in (callback.expires_at, callback.heartbeat_due_at) if at is not None]


def _for_callbacks(waited: Sequence[Callback]) -> WhyWaiting | None:
    if not waited:
        return None
    service = next((callback.service for callback in waited if callback.service), None)
    names = [callback.name for callback in waited if callback.name is not None]
    who = f"the remote service {service!r}" if service else "a remote service"
    count = "1 callback is missing" if len(names) == 1 else f"{len(names)} callbacks are missing"
    which = f": {count}" if names else ""
    reports = [datetime.fromisoformat(callback.progress["reported_at"]) for callback in waited if callback.progress]
    return WhyWaiting(
        kind=WaitKind.CALLBACK,
        message=f"It waits for {who} to answer{which}.",
        since=min(callback.issued_at for callback in waited),
        until=min(_ends(waited), default=None),
        service=service,
        missing=names,
        last_report_at=max(reports, default=None),
    )


def _for_a_person(open_requests: Sequence[InputRequest], called: Callable[[str], str]) -> WhyWaiting | None:
    if not open_requests:
        return None
    request = open_requests[-1]
    return WhyWaiting(
        kind=WaitKind.PERSON,
        message=f"It waits for {called(request.assignee)} to answer {request.title!r}.",
        since=request.created_at,
        until=request.due_at,
        assignee=Assignee.of(request.assignee),
    )
