"""The common parts of all transitions of a process: the step execution that begins, and the events of the changes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from orchestrator_gql.process.model import (
    ITSELF,
    Process,
    StepExecution,
    copy_execution,
    copy_process,
    new_step_execution,
)
from orchestrator_gql.process.outcomes import Transition, new_transition
from orchestrator_gql.types import Event, EventKind, Failure, ProcessStatus, StepStatus
from orchestrator_gql.utils.copies import maker
from orchestrator_gql.workflow.model import Step, StepList, Workflow

DEFINITION_CHANGED = "definition-changed"
"""The failure code of a process whose workflow changed while the process ran."""

_new_event = maker(Event)

NO_CHANGES: Mapping[str, Any] = MappingProxyType({})


def steps_of(process: Process, workflow: Workflow) -> StepList:
    """The steps of the process; after an abort the clean-up steps are among them."""
    return workflow.steps if process.aborted_by is None else workflow.all_steps(is_aborted=True)


def fingerprint(process: Process, workflow: Workflow) -> str:
    """The fingerprint of the steps that the process has now, to compare with the fingerprint that it stored."""
    return workflow.fingerprint if process.aborted_by is None else workflow.clean_up_fingerprint


def step_at(process: Process, steps: StepList) -> Step | None:
    """The current step of the process; None after the last step."""
    return steps[process.position] if process.position < len(steps) else None


def new_execution(process: Process, step: Step, status: StepStatus, now: datetime) -> StepExecution:
    """A new execution of the current step; the `StepEntry` of the process says how it begins."""
    execution = new_step_execution(process.seq + 1, process.position, step.name, step.kind, step.group, status, now)
    entry = process.entry
    return execution if entry is None else copy_execution(execution, entered_by=entry.by, attempt=entry.attempt or 1)


def new_attempt(process: Process, step: Step, status: StepStatus, last: StepExecution, now: datetime) -> StepExecution:
    """A new execution of the failed step, with the next attempt number."""
    by = process.entry.by if process.entry else "retry"
    return copy_execution(new_execution(process, step, status, now), attempt=last.attempt + 1, entered_by=by)


def transition_to(
    before: Process,
    after: Process,
    status: ProcessStatus,
    now: datetime,
    *,
    execution: StepExecution | None = None,
    actor: str | None = None,
    reason: str | None = None,
    changes: Mapping[str, Any] = NO_CHANGES,
) -> Transition:
    """The transition from ``before`` to ``after`` in ``status``, with the events of the changes.

    ``changes`` are values of fields that ``after`` has not yet: a copy of a process costs more than the rest.
    """
    events: list[Event] = []
    if execution is not None:
        events.append(step_event(before, execution, now))
    is_not_running = status is not ProcessStatus.RUNNING
    is_new_execution = execution is not None and (before.execution is None or execution.seq != before.execution.seq)
    process = copy_process(
        after,
        **changes,
        status=status,
        entry=None if is_new_execution and after.entry is before.entry else after.entry,
        seq=before.seq + 1,
        updated_at=now,
        execution=execution or before.execution,
        worker=None if is_not_running else after.worker,
        ended_at=now if is_not_running and status.is_ended else None,
    )
    if status is not before.status:
        aborted_by = None if process.aborted_by == ITSELF else process.aborted_by
        status_actor = aborted_by if status is ProcessStatus.ABORTED else actor
        events.append(status_event(before, process, now, status_actor, reason))
    return new_transition(process, (execution,) if execution else (), tuple(events))


def resume(process: Process, now: datetime) -> Transition:
    """Make a waiting process runnable again: its result or its time has come."""
    return transition_to(process, process, ProcessStatus.RUNNING, now)


def step_event(before: Process, execution: StepExecution, now: datetime) -> Event:
    """The event of the new status of a step execution."""
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
    return _new_event(EventKind.STEP_CHANGED, now, before.id, execution.actor, payload)


def status_event(before: Process, after: Process, now: datetime, actor: str | None, reason: str | None) -> Event:
    """The event of the new status of a process after a transition."""
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
    """The event of a new status; ``version`` is the version of the process with this status."""
    payload: dict[str, Any] = {"from": was, "to": status, "version": version, "failure": failure}
    return _new_event(EventKind.PROCESS_STATUS_CHANGED, now, id, actor, payload)
