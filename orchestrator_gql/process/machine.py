"""The state machine of a process: pure functions from where it stands, and what happened, to what one commit writes.

::

    created ─▶ running ─┬▶ awaiting_callback ─▶ running      failed ─▶ running (retry)
                        ├▶ suspended (form)  ─▶ running      any living state ─▶ (clean-up ─▶) aborted
                        ├▶ waiting (retry)   ─▶ running
                        └▶ completed

An abort ends a living process where it stands; where its workflow declares steps that clean up, it goes through them
first (``running``, with ``aborted_by`` set) and is aborted behind the last. A second abort gives them up.

A process is a log of step visits. A visit is one `StepRecord`: the engine's own second tries of it (after a crash, by a
`@retrystep`) count up its ``attempt``; an operator's retry begins a new one. ``seq`` numbers the transitions of a
process without a gap, and a record carries the number of the transition that opened it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any, assert_never
from uuid import UUID

from orchestrator_gql.process.outcomes import Abort, Await, Failed, Outcome, Skipped, Success, Suspend, Transition, Wait
from orchestrator_gql.process.records import Process, StepRecord
from orchestrator_gql.types import Event, EventKind, Failure, Json, ProcessStatus, StepKind, StepStatus
from orchestrator_gql.utils.errors import InvalidState
from orchestrator_gql.workflow.model import ActionStep, Step, StepList, Workflow

DEFINITION_CHANGED = "definition-changed"
"""The code of the failure of a process whose workflow changed under it."""


class ProcessAction(StrEnum):
    """What somebody may do with a process as it stands."""

    SUBMIT_FORM = "SUBMIT_FORM"
    RETRY = "RETRY"
    ABORT = "ABORT"
    EDIT_NOTE = "EDIT_NOTE"


def course(process: Process, workflow: Workflow) -> StepList:
    """The steps that the process goes through, those that clean up after an abort among them once it was aborted."""
    return workflow.course(is_aborted=process.aborted_by is not None)


def fingerprint(process: Process, workflow: Workflow) -> str:
    """The digest of the steps that the process would go through now, to be held against the one it began with."""
    return workflow.fingerprint if process.aborted_by is None else workflow.clean_up_fingerprint


def step_at(process: Process, steps: StepList) -> Step | None:
    """The step the process stands at; None behind the last."""
    return steps[process.position] if process.position < len(steps) else None


def create(
    workflow: Workflow, *, id: UUID, state: Mapping[str, Json], pages: Iterable[Json], actor: str | None, now: datetime
) -> Transition:
    """Begin a process of the workflow."""
    process = Process(
        id=id,
        workflow_name=workflow.name,
        target=workflow.target,
        fingerprint=workflow.fingerprint,
        status=ProcessStatus.CREATED,
        started_at=now,
        updated_at=now,
        state=state,
        start_pages=tuple(pages),
        created_by=actor,
    )
    event = Event(EventKind.PROCESS_CREATED, now, id, actor, {"workflow_name": workflow.name})
    return Transition(process, events=(event,))


def claim(process: Process, *, worker: str, now: datetime) -> Transition:
    """Take a runnable process to work on it; the new epoch shuts out whoever held it before."""
    claimed = replace(process, epoch=process.epoch + 1, worker=worker)
    return _moved(process, claimed, ProcessStatus.RUNNING, now)


def enter(process: Process, steps: StepList, now: datetime) -> Transition:
    """Open the visit of the action that the process stands at, or the next attempt of an open one."""
    step = steps[process.position]
    last = process.record if process.record and process.record.step_index == process.position else None
    if last is None or last.status is StepStatus.ABORTED:
        record = _visit(process, step, StepStatus.RUNNING, now)
    elif last.status in (StepStatus.RUNNING, StepStatus.WAITING):
        tries = last.tries + (last.status is StepStatus.WAITING)
        record = replace(last, status=StepStatus.RUNNING, attempt=last.attempt + 1, tries=tries, retry_at=None)
    else:
        record = _visit(process, step, StepStatus.RUNNING, now)
        record = replace(record, attempt=last.attempt + 1, entered_by="retry")
    return _moved(process, process, ProcessStatus.RUNNING, now, record=record)


def decide(process: Process, steps: StepList, outcome: Outcome, now: datetime) -> Transition:
    """What follows from what the step that the process stands at came to."""
    step = steps[process.position]
    record = process.record or _visit(process, step, StepStatus.PENDING, now)
    if record.step_index != process.position or record.status in (StepStatus.FAILED, StepStatus.ABORTED):
        is_retry = record.step_index == process.position and record.status is StepStatus.FAILED
        record = _visit(process, step, StepStatus.PENDING, now)
        if process.record is not None and is_retry:
            record = replace(record, attempt=process.record.attempt + 1, entered_by="retry")
    match outcome:
        case Success():
            return _succeed(process, steps, record, outcome, now)
        case Skipped():
            skipped = replace(record, status=StepStatus.SKIPPED, completed_at=now)
            return _forward(process, steps, skipped, now, ended=False)
        case Suspend():
            asked = replace(record, status=StepStatus.SUSPENDED)
            after = replace(process, assignee=outcome.assignee)
            transition = _moved(process, after, ProcessStatus.SUSPENDED, now, record=asked)
            return replace(transition, asks=outcome)
        case Await():
            waiting = replace(record, status=StepStatus.AWAITING_CALLBACK)
            return _moved(process, process, ProcessStatus.AWAITING_CALLBACK, now, record=waiting)
        case Wait():
            waiting = replace(record, status=StepStatus.WAITING, failure=outcome.failure, retry_at=outcome.until)
            transition = _moved(process, process, ProcessStatus.WAITING, now, record=waiting)
            return replace(transition, retry_at=outcome.until)
        case Failed():
            return _fail(process, step, record, outcome, now)
        case _:
            assert_never(outcome)


def complete(process: Process, now: datetime) -> Transition:
    """End a process that stands behind its last step."""
    return _moved(process, process, _end_of(process), now)


def hand_over(process: Process) -> Process:
    """The process as its worker lets go of it where another may go on: runnable, and nobody's."""
    return replace(process, worker=None) if process.status is ProcessStatus.RUNNING else process


def resume(process: Process, now: datetime, actor: str | None = None) -> Transition:
    """Make a process that rests runnable again: its letter came, or its time."""
    return _moved(process, process, ProcessStatus.RUNNING, now, actor=actor)


def retry(process: Process, steps: StepList, now: datetime, actor: str | None) -> Transition:
    """Enter again at the step that failed. A failed wait has nothing to retry."""
    if ProcessAction.RETRY not in available_actions(process, steps):
        raise InvalidState(
            f"A process that is {process.status} cannot be retried here: only a failed action, validation or form can.",
            process_id=process.id,
            current_version=process.version,
        )
    return _moved(process, replace(process, failure=None), ProcessStatus.RUNNING, now, actor=actor)


def abort(process: Process, workflow: Workflow | None, outcome: Abort, now: datetime) -> Transition:
    """End a living process where it stands, or send it to the steps that clean up after it.

    The epoch is bumped so that a step in flight cannot commit. ``workflow`` is None where it is no longer deployed.
    """
    if process.status.is_ended:
        raise InvalidState(
            f"The process is {process.status}: there is nothing to abort.",
            process_id=process.id,
            current_version=process.version,
        )
    record = process.record
    if record and record.completed_at is None:
        record = replace(record, status=StepStatus.ABORTED, completed_at=now, actor=outcome.actor)
    else:
        record = None
    after = replace(process, epoch=process.epoch + 1, worker=None, assignee=None, aborted_by=outcome.actor)
    status = ProcessStatus.ABORTED
    if workflow is not None and _has_to_clean_up(process, workflow):
        # What was answered or visited at these places was of steps that another definition had there.
        answers = {key: yes for key, yes in process.answers.items() if int(key.split(".")[0]) < len(workflow.steps)}
        after = replace(after, position=len(workflow.steps), fingerprint=workflow.clean_up_fingerprint, failure=None)
        after = replace(after, answers=answers)
        status = ProcessStatus.RUNNING
    transition = _moved(process, after, status, now, record=record, actor=outcome.actor, reason=outcome.reason)
    if status is process.status:  # it ran, and runs on to clean up: whoever watches it is told all the same
        told = _status_event(process, transition.process, now, outcome.actor, outcome.reason)
        transition = replace(transition, events=(*transition.events, told))
    return replace(transition, closes_waits=True)


def _has_to_clean_up(process: Process, workflow: Workflow) -> bool:
    """Whoever was never in a step leaves nothing behind; a second abort gives the clean-up up."""
    return bool(workflow.on_abort) and process.record is not None and process.aborted_by is None


def available_actions(process: Process, steps: StepList | None) -> frozenset[ProcessAction]:
    """What may be done with the process as it stands; ``steps`` is None where its workflow is no longer deployed."""
    actions = {ProcessAction.EDIT_NOTE}
    if not process.status.is_ended:
        actions.add(ProcessAction.ABORT)
    if process.status is ProcessStatus.SUSPENDED and steps is not None:
        actions.add(ProcessAction.SUBMIT_FORM)
    step = step_at(process, steps) if steps is not None else None
    if process.status is ProcessStatus.FAILED and step is not None and _may_enter_again(process, step):
        actions.add(ProcessAction.RETRY)
    return frozenset(actions)


def _may_enter_again(process: Process, step: Step) -> bool:
    """A wait that failed has nothing to retry, unless what failed was the deployment: its letter may be there."""
    is_of_definition = process.failure is not None and process.failure.code == DEFINITION_CHANGED
    return step.kind is not StepKind.AWAIT_CALLBACK or is_of_definition


def change_definition(process: Process, workflow: Workflow, difference: str | None, now: datetime) -> Transition:
    """Go on under a new definition, or fail where the process has been through steps that are not in it any more."""
    if difference is None:
        return _moved(process, replace(process, fingerprint=workflow.fingerprint), process.status, now)
    message = f"Workflow {workflow.name!r} changed under this process: {difference}."
    failure = Failure(DEFINITION_CHANGED, message, now)
    record = process.record
    if record is not None and record.completed_at is None:
        record = replace(record, status=StepStatus.FAILED, failure=failure, completed_at=now, retry_at=None)
    else:
        record = None
    transition = _moved(process, replace(process, failure=failure), ProcessStatus.FAILED, now, record=record)
    return replace(transition, closes_waits=True)


def first_difference(records: Iterable[StepRecord], steps: StepList) -> str | None:
    """Where the recorded visits are not a prefix of the steps any more, in words; None where they still are."""
    for record in sorted(records, key=lambda record: record.step_index):
        was = f"step {record.step_index + 1} was {record.name!r} ({record.kind})"
        if record.step_index >= len(steps):
            return f"{was} and is gone"
        step = steps[record.step_index]
        if (step.name, step.kind) != (record.name, record.kind):
            return f"{was} and is now {step.name!r} ({step.kind})"
    return None


def _visit(process: Process, step: Step, status: StepStatus, now: datetime) -> StepRecord:
    return StepRecord(process.seq + 1, process.position, step.name, step.kind, step.group, status, now)


def _succeed(process: Process, steps: StepList, record: StepRecord, outcome: Success, now: datetime) -> Transition:
    step = steps[process.position]
    changed = {k: v for k, v in outcome.delta.items() if k not in process.state or process.state[k] != v}
    record = replace(
        record, status=StepStatus.SUCCESS, completed_at=now, delta=changed, actor=outcome.actor, failure=None
    )
    after = replace(process, state={**process.state, **changed}, failure=None)
    transition = _forward(after, steps, record, now, ended=isinstance(step, ActionStep) and step.ends, before=process)
    judged = outcome if step.kind is StepKind.VALIDATION else None
    return replace(transition, models=outcome.models, judged=judged)


def _forward(
    process: Process,
    steps: StepList,
    record: StepRecord,
    now: datetime,
    *,
    ended: bool,
    before: Process | None = None,
) -> Transition:
    position = process.position + 1
    after = replace(process, position=position, assignee=None)
    status = _end_of(process) if ended or position >= len(steps) else ProcessStatus.RUNNING
    return _moved(before or process, after, status, now, record=record, actor=record.actor)


def _end_of(process: Process) -> ProcessStatus:
    return ProcessStatus.COMPLETED if process.aborted_by is None else ProcessStatus.ABORTED


def _fail(process: Process, step: Step, record: StepRecord, outcome: Failed, now: datetime) -> Transition:
    failed = replace(record, status=StepStatus.FAILED, failure=outcome.failure, completed_at=now, retry_at=None)
    after = replace(process, failure=outcome.failure)
    transition = _moved(process, after, ProcessStatus.FAILED, now, record=failed)
    hands_out = isinstance(step, ActionStep) and step.awaits is not None
    judged = outcome if step.kind is StepKind.VALIDATION else None
    return replace(transition, closes_waits=hands_out, judged=judged)


def _moved(
    before: Process,
    after: Process,
    status: ProcessStatus,
    now: datetime,
    *,
    record: StepRecord | None = None,
    actor: str | None = None,
    reason: str | None = None,
) -> Transition:
    """The transition to ``after`` in ``status``, with the events that tell what differs."""
    events: list[Event] = []
    if record is not None:
        events.append(_step_event(before, record, now))
    rests = status is not ProcessStatus.RUNNING
    moved = replace(
        after,
        status=status,
        seq=before.seq + 1,
        updated_at=now,
        record=record or before.record,
        worker=None if rests else after.worker,
        ended_at=now if status.is_ended else None,
    )
    if status is not before.status:
        by = moved.aborted_by if status is ProcessStatus.ABORTED else actor
        events.append(_status_event(before, moved, now, by, reason))
    return Transition(moved, records=(record,) if record else (), events=tuple(events))


def _step_event(before: Process, record: StepRecord, now: datetime) -> Event:
    last = before.record
    payload: dict[str, Any] = {
        "step_index": record.step_index,
        "step_name": record.name,
        "from": last.status if last and last.seq == record.seq else None,
        "to": record.status,
        "attempt": record.attempt,
        "state_delta": record.delta,
        "failure": record.failure,
    }
    return Event(EventKind.STEP_CHANGED, now, before.id, record.actor, payload)


def _status_event(before: Process, after: Process, now: datetime, actor: str | None, reason: str | None) -> Event:
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
