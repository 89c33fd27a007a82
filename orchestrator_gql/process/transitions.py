"""What every move of a process has in common: the visit it opens, and the events that tell what differs."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from orchestrator_gql.process.model import Process, StepExecution
from orchestrator_gql.process.outcomes import Transition
from orchestrator_gql.types import Event, EventKind, Failure, ProcessStatus, StepStatus
from orchestrator_gql.workflow.model import Step, StepList, Workflow

DEFINITION_CHANGED = "definition-changed"
"""The code of the failure of a process whose workflow changed under it."""


def steps_of(process: Process, workflow: Workflow) -> StepList:
    """The steps that the process goes through, those that clean up after an abort among them once it was aborted."""
    return workflow.all_steps(is_aborted=process.aborted_by is not None)


def fingerprint(process: Process, workflow: Workflow) -> str:
    """The digest of the steps that the process would go through now, to be held against the one it began with."""
    return workflow.fingerprint if process.aborted_by is None else workflow.clean_up_fingerprint


def step_at(process: Process, steps: StepList) -> Step | None:
    """The step the process stands at; None behind the last."""
    return steps[process.position] if process.position < len(steps) else None


def new_execution(process: Process, step: Step, status: StepStatus, now: datetime) -> StepExecution:
    """A fresh visit of the step that the process stands at, entered as its `Entry` says."""
    fresh = StepExecution(process.seq + 1, process.position, step.name, step.kind, step.group, status, now)
    entry = process.entry
    return fresh if entry is None else replace(fresh, entered_by=entry.by, attempt=entry.attempt or 1)


def again(process: Process, step: Step, status: StepStatus, last: StepExecution, now: datetime) -> StepExecution:
    """A new visit of the step that failed: an operator's retry, or the verb that leads there."""
    by = process.entry.by if process.entry else "retry"
    return replace(new_execution(process, step, status, now), attempt=last.attempt + 1, entered_by=by)


def moved(
    before: Process,
    after: Process,
    status: ProcessStatus,
    now: datetime,
    *,
    execution: StepExecution | None = None,
    actor: str | None = None,
    reason: str | None = None,
) -> Transition:
    """The transition to ``after`` in ``status``, with the events that tell what differs."""
    events: list[Event] = []
    if execution is not None:
        events.append(_step_event(before, execution, now))
    rests = status is not ProcessStatus.RUNNING
    is_new_execution = execution is not None and (before.execution is None or execution.seq != before.execution.seq)
    moved = replace(
        after,
        status=status,
        entry=None if is_new_execution and after.entry is before.entry else after.entry,
        seq=before.seq + 1,
        updated_at=now,
        execution=execution or before.execution,
        worker=None if rests else after.worker,
        ended_at=now if status.is_ended else None,
    )
    if status is not before.status:
        by = moved.aborted_by if status is ProcessStatus.ABORTED else actor
        events.append(status_event(before, moved, now, by, reason))
    return Transition(moved, executions=(execution,) if execution else (), events=tuple(events))


def _step_event(before: Process, execution: StepExecution, now: datetime) -> Event:
    last = before.execution
    payload: dict[str, Any] = {
        "step_index": execution.step_index,
        "step_name": execution.name,
        "from": last.status if last and last.seq == execution.seq else None,
        "to": execution.status,
        "attempt": execution.attempt,
        "state_delta": execution.delta,
        "failure": execution.failure,
    }
    return Event(EventKind.STEP_CHANGED, now, before.id, execution.actor, payload)


def status_event(before: Process, after: Process, now: datetime, actor: str | None, reason: str | None) -> Event:
    """The event that tells where the process stands after a move."""
    event = status_changed(before.id, before.status, after.status, after.version + 1, after.failure, now, actor)
    return replace(event, payload={**event.payload, "reason": reason}) if reason else event


def status_changed(
    id: UUID,
    was: ProcessStatus,
    status: ProcessStatus,
    version: int,
    failure: Failure | None,
    now: datetime,
    actor: str | None = None,
) -> Event:
    """The event that tells of a new status; ``version`` is the process's with it."""
    payload: dict[str, Any] = {"from": was, "to": status, "version": version, "failure": failure}
    return Event(EventKind.PROCESS_STATUS_CHANGED, now, id, actor, payload)
