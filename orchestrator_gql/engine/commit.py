"""Writes transitions: step executions, status, events, callbacks, models and timers, in one transaction.

No other module writes a transition. Steps that need no author's code are decided in the same transaction. A wait reads
its callbacks in the transaction that would make the process wait, under the lock of the process row. A delivery takes
the same lock, so the delivery and the wait cannot miss each other. The commit that ends a step also opens the step
execution of the next action and stores the token digests of its URLs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.callbacks.rules import Arrival, WaitChanges
from orchestrator_gql.config.services import Service
from orchestrator_gql.engine import audit_log, engine_state, subscription_locks
from orchestrator_gql.engine.callbacks import external_ids, results, waits
from orchestrator_gql.engine.callbacks.waits import Polled
from orchestrator_gql.engine.input_requests import requests
from orchestrator_gql.engine.steps import conditions
from orchestrator_gql.engine.steps.execution import Tokens
from orchestrator_gql.engine.woken import NONE_KNOWN, KnownCallbacks, Woken, known_after
from orchestrator_gql.process import (
    Failed,
    Outcome,
    Process,
    Skipped,
    StepExecution,
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
from orchestrator_gql.process.model import copy_process
from orchestrator_gql.process.outcomes import copy_transition
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import callbacks, events, processes, steps, timers
from orchestrator_gql.storage.database.after_commit import commit_effects, wake
from orchestrator_gql.storage.processes import Standing
from orchestrator_gql.storage.product_subscription_saves import save_all
from orchestrator_gql.storage.timers import TimerKind
from orchestrator_gql.types import (
    ENDED,
    EngineState,
    Event,
    EventKind,
    Failure,
    ProcessStatus,
    StepStatus,
)
from orchestrator_gql.utils.copies import copier, maker
from orchestrator_gql.utils.errors import StaleVersion
from orchestrator_gql.workflow.model import ActionStep, AwaitStep, StepList, Workflow

_copy_event = copier(Event)


class Fenced(Exception):
    """Another worker moved the process on; the transaction is undone."""


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


@dataclass(frozen=True, slots=True)
class CommitResult:
    """The process after the commit, and the tokens of the URLs that its next action hands out, if any.

    ``taken_from`` is the worker that held the process until its lease ended, if the commit is a claim. ``known`` are
    the callbacks that the commit issued, or whose wait it decided.
    """

    process: Process
    tokens: Tokens = field(default_factory=dict)
    taken_from: str | None = None
    known: KnownCallbacks = field(default_factory=dict)


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


def apply(
    conn: Connection,
    before: Process,
    pending: PendingTransitions,
    context: CommitContext,
    *,
    if_paused: PendingTransitions | None = None,
    standing: Standing | None = None,
    known: KnownCallbacks = NONE_KNOWN,
) -> CommitResult:
    """Write the pending transitions and all transitions that follow without an author's code.

    ``if_paused`` is written instead if the engine is paused: it has the ended step, but not the start of the next.
    ``standing`` is known to a caller that locked the process and read it in this transaction; it may also have read the
    callbacks of its wait: ``known``. Raises `Fenced` if another worker moved the process on since ``before``.
    """
    lock_external_ids(conn, pending, context)
    current = standing or processes.hold_as(conn, before)
    if current is None:
        raise Fenced
    if current.engine is not EngineState.RUNNING:
        pending, context = if_paused or pending, replace(context, hands_over=True)
    pending = _claim_deliveries(conn, before, pending, context)
    pending, tokens = _settle(conn, pending, context, known)
    failures = before.engine_failures if _is_only_claimed(before, pending.process) else 0
    after = copy_process(pending.process, version=current.version + 1, note=current.note, engine_failures=failures)
    is_held = after.status is ProcessStatus.RUNNING and after.worker is not None
    processes.write(conn, before, after, context.lease_until if is_held else None, Fenced, current)
    _write(conn, before.execution, after, pending.transitions, context, known)
    if after.status in ENDED and not current.holds_none:
        events.append(conn, subscription_locks.release_all(conn, after, context.steps, context.now))
    if after.status is ProcessStatus.RUNNING:
        commit_effects(conn).is_passing = is_held or current.engine is EngineState.RUNNING
        if after.worker is None and current.engine is EngineState.RUNNING:  # else the resumption wakes it
            wake(conn, after.id)
            commit_effects(conn).known = Woken(after)
    if current.engine is EngineState.PAUSING and not is_held:
        engine_state.finish_pausing(conn, context.now)
    has_waits = any(transition.wait is not None for transition in pending.transitions)
    return CommitResult(after, tokens, known=known_after(pending.transitions) if has_waits else NONE_KNOWN)


def _is_only_claimed(before: Process, after: Process) -> bool:
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


def begin_process(conn: Connection, start: Transition, audit_key: bytes | None) -> Process:
    """Store a new process with its first event and its audit entry, and wake it; the engine runs."""
    processes.insert_process(conn, start.process)
    effects = commit_effects(conn)
    effects.is_passing, effects.known = True, Woken(start.process)
    events.append(conn, start.events)
    _write_audit_entry(conn, start, start.process.started_at, audit_key)
    return start.process


def lock_process(conn: Connection, process_id: UUID, expected_version: int | None) -> Process:
    """Lock the process for a command. Raises `NotFound`, and `StaleVersion` if its version is not the expected one."""
    process = processes.lock(conn, process_id)
    if process is None:
        raise audit_log.no_process(conn, process_id)
    if expected_version is not None and expected_version != process.version:
        raise StaleVersion(
            f"The process is at version {process.version}, not {expected_version}.",
            process_id=process.id,
            current_version=process.version,
        )
    return process


def _withdraw(conn: Connection, process: Process, now: datetime) -> list[Event]:
    """Withdraw all open callbacks and the open input request of the process; the events."""
    withdrawn = waits.withdraw(conn, callbacks.open_of_process(conn, process.id), now)
    withdrawn += requests.close(conn, process, now)
    timers.clear_process(conn, process.id)
    return withdrawn


def _settle(
    conn: Connection, pending: PendingTransitions, context: CommitContext, known: KnownCallbacks
) -> tuple[PendingTransitions, Tokens]:
    """Add the transitions that need no author's code; also return the tokens of the URLs of the next action.

    Nothing is stored yet: the fence follows. If the worker hands over, the next worker starts the next step.
    """
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
            decided = waits.decide(conn, process, step, context.now, pending.polled, claimed, known)
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


def _write(
    conn: Connection, stored: StepExecution | None, after: Process, written: Sequence[Transition],
    context: CommitContext, known: KnownCallbacks,
) -> None:  # fmt: skip
    """Write the step executions and the effects of each transition, and append all events in order."""
    latest: dict[int, StepExecution] = {
        execution.seq: execution for transition in written for execution in transition.executions
    }
    if latest:
        steps.save_all(conn, after.id, list(latest.values()), stored=stored)
    in_order: list[Event] = []
    for transition in written:
        if transition.wait is not None:
            if transition.wait.arrivals or transition.wait.ended:  # they have events of their own
                events.append(conn, in_order)
                in_order = []
            waits.write(conn, after, transition.wait, context.now, context.audit_key)
        # first the outcome of the step, then its effects, and only then the new status of the process
        statuses = [event for event in transition.events if event.kind is EventKind.PROCESS_STATUS_CHANGED]
        in_order += [event for event in transition.events if event.kind is not EventKind.PROCESS_STATUS_CHANGED]
        in_order += _write_effects(conn, transition, context, known)
        in_order += [_copy_event(event, payload={**event.payload, "version": after.version}) for event in statuses]
        _write_audit_entry(conn, transition, context.now, context.audit_key)
    events.append(conn, in_order)


def _write_audit_entry(conn: Connection, transition: Transition, now: datetime, key: bytes | None) -> None:
    if (note := transition.audit) is not None:
        process_id, details = transition.process.id, note.details
        audit_log.write_entry(conn, key, process_id, actor=note.actor, action=note.action, details=details, now=now)


def _write_effects(
    conn: Connection, transition: Transition, context: CommitContext, known: KnownCallbacks
) -> list[Event]:
    process, now, effects = transition.process, context.now, list[Event]()
    if transition.models:
        effects += save_all(conn, transition.models, process_id=process.id, target=process.target, now=now)
    if transition.suspend is not None:
        effects.append(requests.open_request(conn, process, transition.suspend, now))
    if transition.confirmation is not None:
        effects.append(requests.confirm(conn, process, transition.confirmation, now, context.audit_key))
    if transition.retry_at is not None:
        timers.set_timer(conn, TimerKind.RETRY, process.id, transition.retry_at)
    if transition.validation is not None:
        wait = transition.executions[0].step_index - 1
        effects += results.keep_judgement(conn, process, wait, transition.validation, now, known)
    if transition.closes_waits:
        effects += _withdraw(conn, process, now)
    elif transition.closes_request:
        effects += requests.close(conn, process, now)
    return effects
