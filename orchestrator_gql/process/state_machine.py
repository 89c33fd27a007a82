"""The state machine of a process: pure functions from a process and an outcome to the transition of one commit.

::

    created ─▶ running ─┬▶ awaiting_callback ─▶ running      failed ─▶ running (retry, reissue, complete, adopt)
                        ├▶ suspended (form)  ─▶ running      failed ─▶ awaiting_callback (reawait)
                        ├▶ waiting (a time)  ─▶ running      any living state ─▶ (clean-up ─▶) aborted
                        └▶ completed                         created ─▶ waiting (its lock) ─▶ running

An abort ends a living process at its current step. If the workflow has clean-up steps, the process runs them first
(``running``, with ``aborted_by`` set) and is aborted after the last. A second abort ends the clean-up.

A process is a log of step executions. If the engine tries a step again (after a crash, or for a `@retrystep`), it
increases the ``attempt`` of the `StepExecution`. A retry of an operator begins a new step execution. ``seq`` numbers
the transitions of a process without a gap; a step execution has the number of the transition that began it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, assert_never
from uuid import UUID

from orchestrator_gql.process.conditions import ConditionKey, results_before
from orchestrator_gql.process.model import ITSELF, Process, StepExecution, copy_execution, copy_process
from orchestrator_gql.process.outcomes import (
    Abort,
    Await,
    Failed,
    Outcome,
    Reissue,
    RetryLater,
    Skipped,
    Success,
    Suspend,
    Transition,
    WaitUntil,
    copy_transition,
)
from orchestrator_gql.process.secrecy import outcome_shown
from orchestrator_gql.process.transitions import (
    DEFINITION_CHANGED,
    NO_CHANGES,
    new_attempt,
    new_execution,
    status_changed,
    status_event,
    transition_to,
)
from orchestrator_gql.types import Event, EventKind, Failure, Json, ProcessStatus, StepKind, StepStatus
from orchestrator_gql.utils.errors import InvalidState
from orchestrator_gql.utils.json.equality import is_same
from orchestrator_gql.utils.secrets import NOTHING, Secrets
from orchestrator_gql.workflow.model import ActionStep, Step, StepList, Workflow

INPUT_EXPIRED = "input-request-expired"

UNANSWERED = frozenset({"callback-expired", "heartbeat-lost", "callbacks-incomplete"})
"""The failure codes of a wait that got no result: the remote service does not know that the wait ended."""


def create(
    workflow: Workflow,
    *,
    id: UUID,
    state: Mapping[str, Json],
    pages: Iterable[Json],
    actor: str | None,
    now: datetime,
    secrets: Secrets = NOTHING,
    subject: str = "",
    lock_keys: tuple[str, ...] = (),
) -> Transition:
    """Begin a process of the workflow; ``secrets`` are the secrets in the state, and ``pages`` have masks instead."""
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
        secrets=secrets,
        subject=subject,
        lock_keys=lock_keys,
    )
    payload = {"workflow_name": workflow.name, "subject": subject}
    event = Event(EventKind.PROCESS_CREATED, now, id, actor, payload)
    return Transition(process, events=(event,))


def queue(start: Transition, now: datetime) -> Transition:
    """The start of a process whose lock another process holds: it waits, and `resume` lets it begin."""
    created = start.process
    process = copy_process(created, status=ProcessStatus.WAITING)
    event = status_changed(created.id, created.status, process.status, process.version, None, now, created.created_by)
    return copy_transition(start, process=process, events=(*start.events, event))


def claim(process: Process, *, worker: str, now: datetime) -> Transition:
    """Give a runnable process to a worker; the new epoch shuts out the worker that held it before."""
    claimed = copy_process(process, epoch=process.epoch + 1, worker=worker)
    return transition_to(process, claimed, ProcessStatus.RUNNING, now)


def enter(process: Process, steps: StepList, now: datetime) -> Transition:
    """Begin the execution of the current action, or the next attempt of an open execution."""
    step = steps[process.position]
    last = process.execution_at_position
    if last is None or last.status is StepStatus.ABORTED:
        execution = new_execution(process, step, StepStatus.RUNNING, now)
    elif last.status in (StepStatus.RUNNING, StepStatus.WAITING):
        is_wait_over = isinstance(step, ActionStep) and step.is_wait and last.status is StepStatus.WAITING
        try_count = last.try_count + (last.status is StepStatus.WAITING and not is_wait_over)
        attempt = last.attempt + (not is_wait_over)
        execution = copy_execution(last, status=StepStatus.RUNNING, attempt=attempt, try_count=try_count, retry_at=None)
    else:
        execution = new_attempt(process, step, StepStatus.RUNNING, last, now)
    return transition_to(process, process, ProcessStatus.RUNNING, now, execution=execution)


def decide(process: Process, steps: StepList, outcome: Outcome, now: datetime) -> Transition:
    """The transition that follows from the outcome of the current step."""
    step = steps[process.position]
    if process.secrets.values:
        outcome = outcome_shown(outcome, process.secrets)
    execution = process.execution_at_position
    if execution is None or execution.status is StepStatus.ABORTED:
        execution = new_execution(process, step, StepStatus.PENDING, now)
    elif execution.status is StepStatus.FAILED:
        execution = new_attempt(process, step, StepStatus.PENDING, execution, now)
    elif execution.retry_at is not None:  # the pause of a wait is over
        execution = copy_execution(execution, retry_at=None)
    match outcome:
        case Success():
            return _succeed(process, steps, step, execution, outcome, now)
        case Skipped():
            skipped = copy_execution(execution, status=StepStatus.SKIPPED, completed_at=now)
            return _forward(process, steps, skipped, now, ended=False)
        case Suspend():
            suspended = copy_execution(execution, status=StepStatus.SUSPENDED)
            status, changes = ProcessStatus.SUSPENDED, {"assignee": outcome.assignee}
            transition = transition_to(process, process, status, now, execution=suspended, changes=changes)
            return copy_transition(transition, suspend=outcome)
        case Await():
            waiting = copy_execution(execution, status=StepStatus.AWAITING_CALLBACK, failure=None)
            return transition_to(process, process, ProcessStatus.AWAITING_CALLBACK, now, execution=waiting)
        case Reissue():
            failed = copy_execution(execution, status=StepStatus.FAILED, failure=outcome.failure, completed_at=now)
            after = copy_process(process, position=process.position - 1, entry=outcome.entry)
            return transition_to(process, after, ProcessStatus.RUNNING, now, execution=failed)
        case RetryLater() | WaitUntil():
            failure = outcome.failure if isinstance(outcome, RetryLater) else None
            waiting = copy_execution(execution, status=StepStatus.WAITING, failure=failure, retry_at=outcome.until)
            transition = transition_to(process, process, ProcessStatus.WAITING, now, execution=waiting)
            return copy_transition(transition, retry_at=outcome.until)
        case Failed():
            return _fail(process, step, execution, outcome, now)
        case _:
            assert_never(outcome)


def expire(process: Process, steps: StepList, now: datetime) -> Transition:
    """Fail a process whose input request has expired; a retry opens the form again."""
    failure = Failure(
        INPUT_EXPIRED, "The form was closed before enough people had answered it; retrying asks again.", now
    )
    return decide(process, steps, Failed(failure), now)


def complete(process: Process, now: datetime) -> Transition:
    """End a process that is through with its last step."""
    return transition_to(process, process, _end_of(process), now)


def hand_over(process: Process) -> Process:
    """The process when its worker releases it: a runnable process has no worker, so another worker may continue."""
    return copy_process(process, worker=None) if process.status is ProcessStatus.RUNNING else process


def abort(process: Process, workflow: Workflow | None, outcome: Abort, now: datetime) -> Transition:
    """End a living process at its current step, or send it to its clean-up steps.

    The epoch is increased so that a running step cannot commit. ``workflow`` is None if it is no longer deployed.
    Raises `InvalidState` if the process has ended already.
    """
    if process.status.is_ended:
        raise InvalidState(
            f"The process is {process.status}: there is nothing to abort.",
            process_id=process.id,
            current_version=process.version,
        )
    execution = process.execution
    if execution and execution.completed_at is None:
        execution = copy_execution(execution, status=StepStatus.ABORTED, completed_at=now, actor=outcome.actor)
    else:
        execution = None
    aborted_by = outcome.actor or ITSELF
    after = copy_process(
        process, epoch=process.epoch + 1, worker=None, assignee=None, entry=None, aborted_by=aborted_by
    )
    status = ProcessStatus.ABORTED
    if workflow is not None and _has_to_clean_up(process, workflow):
        # Old condition results at these positions belong to the steps of another definition.
        condition_results = results_before(process.condition_results, len(workflow.steps))
        cancels = enumerate((index for index, _ in workflow.cancels), start=len(workflow.steps))
        condition_results |= {ConditionKey(place, depth=0): _may_still_work(process, wait) for place, wait in cancels}
        after = copy_process(
            after,
            position=len(workflow.steps),
            fingerprint=workflow.clean_up_fingerprint,
            failure=None,
            condition_results=condition_results,
        )
        status = ProcessStatus.RUNNING
    transition = transition_to(
        process, after, status, now, execution=execution, actor=outcome.actor, reason=outcome.reason
    )
    if status is process.status:  # the clean-up begins: watchers need the event although the status is the same
        event = status_event(process, transition.process, now, outcome.actor, outcome.reason)
        transition = copy_transition(transition, events=(*transition.events, event))
    return copy_transition(transition, closes_waits=True)


def _has_to_clean_up(process: Process, workflow: Workflow) -> bool:
    """True for the first abort of a process that has begun a step, if there are clean-up steps."""
    has_to_cancel = any(_may_still_work(process, index) for index, _ in workflow.cancels)
    return bool(workflow.on_abort or has_to_cancel) and process.execution is not None and process.aborted_by is None


def _may_still_work(process: Process, wait: int) -> bool:
    """True if the remote service of the wait may still work: it was called and has not reported an end."""
    if process.position != wait:
        return False
    failure, execution = process.failure, process.execution_at_position
    if execution is not None and execution.status is StepStatus.WAITING:  # the action runs again later
        failure = execution.failure
    return failure is None or failure.code in UNANSWERED


def change_definition(process: Process, workflow: Workflow, difference: str | None, now: datetime) -> Transition:
    """Continue with a changed definition, or fail if the process went through steps that the definition lost."""
    if difference is None:
        return transition_to(process, copy_process(process, fingerprint=workflow.fingerprint), process.status, now)
    message = f"Workflow {workflow.name!r} changed under this process: {difference}."
    failure = Failure(DEFINITION_CHANGED, message, now)
    execution = process.execution
    if execution is not None and execution.completed_at is None:
        execution = copy_execution(
            execution, status=StepStatus.FAILED, failure=failure, completed_at=now, retry_at=None
        )
    else:
        execution = None
    transition = transition_to(
        process, copy_process(process, failure=failure), ProcessStatus.FAILED, now, execution=execution
    )
    return copy_transition(transition, closes_waits=True)


def first_difference(executions: Iterable[StepExecution], steps: StepList) -> str | None:
    """The first step execution that does not fit the steps, as a text; None if all of them fit."""
    for execution in sorted(executions, key=lambda execution: execution.step_index):
        was = f"step {execution.step_index + 1} was {execution.name!r} ({execution.kind})"
        if execution.step_index >= len(steps):
            return f"{was} and is gone"
        step = steps[execution.step_index]
        if (step.name, step.kind) != (execution.name, execution.kind):
            return f"{was} and is now {step.name!r} ({step.kind})"
    return None


def _succeed(
    process: Process, steps: StepList, step: Step, execution: StepExecution, outcome: Success, now: datetime
) -> Transition:
    state = process.state
    changed = {key: value for key, value in outcome.delta.items() if key not in state or not is_same(state[key], value)}
    secrets = process.secrets.after(state, outcome.delta, outcome.secrets)
    shown_delta = secrets.shown(changed)
    execution = copy_execution(
        execution, status=StepStatus.SUCCESS, completed_at=now, delta=shown_delta, actor=outcome.actor, failure=None
    )
    changes = {"state": {**state, **changed}, "failure": None, "secrets": secrets}
    ended = isinstance(step, ActionStep) and step.ends
    transition = _forward(process, steps, execution, now, ended=ended, changes=changes)
    validation = outcome if step.kind is StepKind.VALIDATION else None
    if not (outcome.models or validation or outcome.refs or outcome.confirmation):
        return transition
    return copy_transition(
        transition,
        models=outcome.models,
        validation=validation,
        refs=outcome.refs,
        confirmation=outcome.confirmation,
    )


def _forward(
    process: Process,
    steps: StepList,
    execution: StepExecution,
    now: datetime,
    *,
    ended: bool,
    changes: Mapping[str, Any] = NO_CHANGES,
) -> Transition:
    """The transition to the next step; ``changes`` are the other fields of the process that change with it."""
    position = process.position + 1
    changes = {**changes, "position": position, "assignee": None}
    status = _end_of(process) if ended or position >= len(steps) else ProcessStatus.RUNNING
    return transition_to(process, process, status, now, execution=execution, actor=execution.actor, changes=changes)


def _end_of(process: Process) -> ProcessStatus:
    return ProcessStatus.COMPLETED if process.aborted_by is None else ProcessStatus.ABORTED


def _fail(process: Process, step: Step, execution: StepExecution, outcome: Failed, now: datetime) -> Transition:
    failed = copy_execution(
        execution,
        status=StepStatus.FAILED,
        failure=outcome.failure,
        completed_at=now,
        retry_at=None,
        actor=outcome.actor,
    )
    status, changes = ProcessStatus.FAILED, {"failure": outcome.failure, "assignee": None}
    transition = transition_to(process, process, status, now, execution=failed, actor=outcome.actor, changes=changes)
    hands_out = isinstance(step, ActionStep) and step.awaits is not None
    validation = outcome if step.kind is StepKind.VALIDATION else None
    return copy_transition(transition, closes_waits=hands_out, validation=validation)
