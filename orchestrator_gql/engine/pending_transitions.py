"""The transitions that a commit is to write, and those that follow them without an author's code.

Nothing is stored here, but the transaction and the lock of the process are those of the commit: a wait reads its
callbacks under this lock, which a delivery also takes. So the delivery and the wait cannot miss each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from orchestrator_gql.callbacks.rules import Arrival
from orchestrator_gql.callbacks.waits import WaitChanges
from orchestrator_gql.config.services import Service
from orchestrator_gql.engine.callbacks import external_ids, wait_decisions, waits
from orchestrator_gql.engine.callbacks.wait_decisions import Polled
from orchestrator_gql.engine.steps import conditions
from orchestrator_gql.engine.steps.execution import Tokens
from orchestrator_gql.engine.woken import KnownCallbacks
from orchestrator_gql.process import (
    Failed,
    Outcome,
    Process,
    Skipped,
    Success,
    Transition,
    change_definition,
    complete,
    decide,
    enter,
    fingerprint,
    first_difference,
    hand_over,
)
from orchestrator_gql.process.outcomes import copy_transition
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import steps
from orchestrator_gql.types import Failure, ProcessStatus, StepStatus
from orchestrator_gql.utils.copies import maker
from orchestrator_gql.workflow.model import ActionStep, AwaitStep, StepList, Workflow


@dataclass(frozen=True, slots=True)
class CommitContext:
    """The time, steps and settings that a commit needs.

    ``callback_timeout`` is the default timeout of a callback, ``lease_until`` the end of the worker's lease, and
    ``audit_key`` the key of the audit log, ``services`` the settings of remote services. With ``hands_over`` the worker
    starts no further step and releases the process to the next worker.
    """

    now: datetime
    steps: StepList
    callback_timeout: timedelta
    lease_until: datetime | None = None
    hands_over: bool = False
    audit_key: bytes | None = field(default=None, repr=False)
    services: Mapping[str, Service] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PendingTransitions:
    """The transitions that are decided but not written yet, and the process after them.

    ``evaluated`` is the position whose conditions were just evaluated. ``names`` are the callbacks that the action at
    this position expects. ``polled`` holds the results of the polls of callbacks whose time is over. If a poll could
    not be called, ``poll_failure`` says why: a wait that then ends without a result fails with it. ``stored`` are the
    deliveries to the wait at this position that the transaction has stored already.
    """

    process: Process
    transitions: tuple[Transition, ...] = ()
    evaluated: int | None = None
    names: tuple[str, ...] | None = None
    polled: Polled = field(default_factory=dict)
    poll_failure: Failure | None = None
    stored: tuple[Arrival, ...] = ()

    def then(self, transition: Transition) -> "PendingTransitions":
        """The pending transitions with one more."""
        return _new_pending(transition.process, (*self.transitions, transition))


_new_pending = maker(PendingTransitions)


def commit_context(
    runtime: Runtime, steps: StepList, *, hands_over: bool = False, now: datetime | None = None
) -> CommitContext:
    """The context of a commit that is made ``now``; without it, the clock is read."""
    now = now or runtime.clock.now()
    settings = runtime.settings
    lease = now + timedelta(seconds=settings.lease)
    callback_timeout = timedelta(seconds=settings.callback_timeout)
    return CommitContext(now, steps, callback_timeout, lease, hands_over, settings.audit_secret, settings.services)


def with_current_definition(conn: Connection, pending: PendingTransitions, workflow: Workflow) -> PendingTransitions:
    """Move the process to the deployed definition; fail it unless its past steps are a prefix of the new steps."""
    process = pending.process
    if process.fingerprint == fingerprint(process, workflow):
        return pending
    if process.aborted_by is not None:  # the clean-up steps come after the normal steps, and those have changed
        difference: str | None = "it is cleaning up after an abort, which only goes on with the steps it began with"
    else:
        difference = first_difference(steps.of_process(conn, process.id), workflow.steps)
    return pending.then(change_definition(process, workflow, difference, process.updated_at))


def failed_at(
    pending: PendingTransitions, context: CommitContext, reason: Failure | None = None
) -> PendingTransitions | None:
    """The pending transitions with the current step failed; None if the process does not run any more."""
    process = pending.process
    if process.status is not ProcessStatus.RUNNING or process.position >= len(context.steps):
        return None
    message = "What this step came to, or what it needs to begin, cannot be stored: the server's log says why."
    failure = reason or Failure("cannot-be-stored", message, context.now)
    return pending.then(decide(process, context.steps, Failed(failure), context.now))


def settle(
    conn: Connection, before: Process, pending: PendingTransitions, context: CommitContext, known: KnownCallbacks
) -> tuple[PendingTransitions, Tokens]:
    """Add the transitions that need no author's code; also return the tokens of the URLs of the next action.

    Nothing is stored yet: the fence follows. If the worker hands over, the next worker starts the next step.
    """
    pending = _claim_deliveries(conn, before, pending, context)
    while (process := pending.process).status is ProcessStatus.RUNNING and process.worker is not None:
        if process.position >= len(context.steps):
            return pending.then(complete(process, context.now)), {}
        step = context.steps[process.position]
        if pending.evaluated != process.position and conditions.must_evaluate(process, step):
            break
        changes: WaitChanges | None = None
        if not conditions.is_taken(process, context.steps):
            outcome: Outcome = Skipped()
        elif isinstance(step, AwaitStep):
            claimed = [arrived for transition in pending.transitions for arrived in _arrivals(transition)]
            claimed += pending.stored
            decided = wait_decisions.decide(conn, process, step, context.now, pending.polled, claimed, known)
            if decided is None:
                break
            outcome, changes = decided.outcome, decided.changes
            if isinstance(outcome, Failed) and pending.poll_failure is not None:
                outcome = Failed(pending.poll_failure)
        elif isinstance(step, ActionStep) and not context.hands_over and step.is_empty:
            outcome = Success({})
        elif isinstance(step, ActionStep) and not context.hands_over and not needs_names(pending, step):
            return _enter(conn, pending, step, context)
        else:
            break
        pending = pending.then(copy_transition(decide(process, context.steps, outcome, context.now), wait=changes))
    if context.hands_over:
        pending = replace(pending, process=hand_over(pending.process))
    return pending, {}


def _arrivals(transition: Transition) -> tuple[Arrival, ...]:
    return () if transition.wait is None else transition.wait.arrivals


def is_only_claimed(before: Process, after: Process) -> bool:
    """True if a worker only claimed the process: the position did not change, so this is no progress yet."""
    is_claimed = after.epoch > before.epoch and after.status is ProcessStatus.RUNNING
    return is_claimed and (after.position, after.aborted_by) == (before.position, before.aborted_by)


def lock_external_ids(conn: Connection, pending: PendingTransitions, context: CommitContext) -> None:
    """Lock the external ids that the pending transitions name; a caller that locks the process itself calls this first.

    See `external_ids`: a deadlock needs two orders of locks.
    """
    for transition in pending.transitions:
        if transition.refs and (wait := _wait_of(transition, context)) is not None:
            external_ids.lock(conn, wait, transition.refs)


def _claim_deliveries(
    conn: Connection, before: Process, pending: PendingTransitions, context: CommitContext
) -> PendingTransitions:
    """Add the external ids of the jobs that an action started, and their deliveries, before the wait is decided."""
    if not any(transition.refs for transition in pending.transitions):
        return pending

    def with_claims(transition: Transition) -> Transition:
        wait = _wait_of(transition, context) if transition.refs else None
        if wait is None:
            return transition
        position = transition.executions[0].step_index + 1
        claimed = external_ids.claim(
            conn, before, wait, position, transition.refs, services=context.services, now=context.now
        )
        return replace(transition, wait=claimed)

    return replace(pending, transitions=tuple(map(with_claims, pending.transitions)))


def _wait_of(transition: Transition, context: CommitContext) -> AwaitStep | None:
    """The wait for the jobs that the action of the transition started."""
    step = context.steps[transition.executions[0].step_index]
    return step.awaits if isinstance(step, ActionStep) else None


def needs_names(pending: PendingTransitions, step: ActionStep) -> bool:
    """True if an author's function must first name the callbacks that the action expects."""
    if step.awaits is None or not callable(step.awaits.expect) or pending.names is not None:
        return False
    is_reissue = pending.process.entry is not None and pending.process.entry.names is not None
    return not is_reissue and not _continues(pending.process)


def _enter(
    conn: Connection, pending: PendingTransitions, step: ActionStep, context: CommitContext
) -> tuple[PendingTransitions, Tokens]:
    """Open the step execution of the action. After a crash it runs again, or fails with ``on_crash="hold"``."""
    process, now = pending.process, context.now
    if step.on_crash == "hold" and process.is_step_running:
        message = f"The machine died while {step.name!r} ran, and the step is not run again by itself."
        return pending.then(decide(process, context.steps, Failed(Failure("interrupted", message, now)), now)), {}
    entered = enter(process, context.steps, now)
    if step.awaits is None:
        return pending.then(entered), {}
    assert entered.process.execution is not None
    expect = step.awaits.expect
    names = expect if isinstance(expect, tuple) else pending.names or (None,)
    tokens, changes, issued = waits.issue(
        conn,
        process,
        entered.process.execution,
        step.awaits,
        names=names,
        default_timeout=context.callback_timeout,
        now=now,
    )
    return pending.then(replace(entered, events=(*entered.events, *issued), wait=changes)), tokens


def _continues(process: Process) -> bool:
    """True if the step execution continues: after a crash, or after the delay between two tries."""
    execution = process.execution_at_position
    return execution is not None and execution.status in (StepStatus.RUNNING, StepStatus.WAITING)
