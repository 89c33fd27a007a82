"""The only writer of a Transition: records, status, events, mailboxes, models and timers, in one transaction.

Whatever needs no author's code is settled in the same transaction. A wait looks into its mailbox in the very
transaction that would pause, under the lock of the process row which a delivery takes too, so letter and pause cannot
miss each other; and the next action's visit is opened, with its URL's key, by the commit that ends the one before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine import engine_state
from orchestrator_gql.engine.audit_log import key_of
from orchestrator_gql.engine.callbacks import external_ids, waits
from orchestrator_gql.engine.callbacks.waits import Polled
from orchestrator_gql.engine.input_requests import requests
from orchestrator_gql.engine.steps import conditions
from orchestrator_gql.engine.steps.execution import Tokens
from orchestrator_gql.process import (
    Failed,
    Outcome,
    Process,
    Skipped,
    StepExecution,
    Transition,
    change_definition,
    complete,
    decide,
    enter,
    fingerprint,
    first_difference,
    hand_over,
)
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import callbacks, events, processes, product_subscriptions, steps, timers
from orchestrator_gql.storage.columns import Words
from orchestrator_gql.storage.database.after_commit import wake
from orchestrator_gql.storage.timers import TimerKind
from orchestrator_gql.types import (
    EngineState,
    Event,
    EventKind,
    Failure,
    ProcessStatus,
    StepStatus,
)
from orchestrator_gql.utils.errors import NotFound, StaleVersion
from orchestrator_gql.workflow.model import ActionStep, AwaitStep, StepList, Workflow


class Fenced(Exception):
    """The process moved on without this worker; the transaction is undone."""


@dataclass(frozen=True, slots=True)
class CommitContext:
    """Under which terms a commit is made: when, the steps, whose lease until when, how long callbacks wait, and with
    which key what is decided is written down.

    ``hands_over``: the worker begins no further step and leaves the process to whoever comes.
    """

    now: datetime
    steps: StepList
    callback_timeout: timedelta
    lease_until: datetime | None = None
    hands_over: bool = False
    audit_key: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class PendingTransitions:
    """What happened so far and is not written yet.

    ``asked`` is the position whose conditions were just answered, ``names`` are the callbacks that its step expects,
    and ``polled`` what the remote services said of those whose time is over.
    """

    process: Process
    transitions: tuple[Transition, ...] = ()
    asked: int | None = None
    names: tuple[str, ...] | None = None
    polled: Polled = field(default_factory=dict)

    def then(self, transition: Transition) -> "PendingTransitions":
        """The draft with one more transition."""
        return PendingTransitions(transition.process, (*self.transitions, transition))


@dataclass(frozen=True, slots=True)
class CommitResult:
    """The process as it stands now and the tokens of the URLs that its next action hands out, if any."""

    process: Process
    tokens: Tokens = field(default_factory=dict)


def commit_context(runtime: Runtime, steps: StepList, *, hands_over: bool = False) -> CommitContext:
    """The context of a commit that is made now."""
    now = runtime.clock.now()
    settings = runtime.settings
    lease = now + timedelta(seconds=settings.lease)
    waits_for = timedelta(seconds=settings.callback_timeout)
    return CommitContext(now, steps, waits_for, lease, hands_over, key_of(runtime))


def with_current_definition(conn: Connection, pending: PendingTransitions, workflow: Workflow) -> PendingTransitions:
    """A process goes on with new steps only where those it has been through are a prefix of them."""
    process = pending.process
    if process.fingerprint == fingerprint(process, workflow):
        return pending
    if process.aborted_by is not None:  # its clean-up steps stand behind the others, which are others now
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
) -> CommitResult:
    """Write what happened, and whatever follows from it without an author's code; `Fenced` where it is too late.

    ``if_paused`` is what is written instead where the engine is paused: what happened, without what would begin.
    """
    stands = processes.hold_as(conn, before)
    if stands is None:
        raise Fenced
    if stands.engine is not EngineState.RUNNING:
        pending, context = if_paused or pending, replace(context, hands_over=True)
    _keep_refs(conn, before, pending, context)
    pending, tokens = _settle(conn, pending, context)
    failures = before.engine_failures if _is_only_claimed(before, pending.process) else 0
    after = replace(pending.process, version=stands.version + 1, note=stands.note, engine_failures=failures)
    is_held = after.status is ProcessStatus.RUNNING and after.worker is not None
    if not processes.write(conn, before, after, context.lease_until if is_held else None):
        raise Fenced
    _write(conn, after, pending.transitions, context)
    if after.status is ProcessStatus.RUNNING and after.worker is None:
        wake(conn, after.id)
    if stands.engine is EngineState.PAUSING and not is_held:
        engine_state.look(conn, context.now)
    return CommitResult(after, tokens)


def _is_only_claimed(before: Process, after: Process) -> bool:
    """True where somebody took the process up and it stands where it stood: that is no progress yet."""
    is_claimed = after.epoch > before.epoch and after.status is ProcessStatus.RUNNING
    return is_claimed and (after.position, after.aborted_by) == (before.position, before.aborted_by)


def _keep_refs(conn: Connection, before: Process, pending: PendingTransitions, context: CommitContext) -> None:
    """Keep what the remote service calls the jobs that an action began, before its wait is looked into."""
    for transition in pending.transitions:
        step = context.steps[before.position] if transition.refs else None
        if isinstance(step, ActionStep) and step.awaits is not None:
            external_ids.keep(conn, before, step.awaits, before.position + 1, transition.refs, context.now)


def begin_process(conn: Connection, begun: Transition) -> Process:
    """Store a process that was just created, with its first event, and wake it."""
    processes.insert_process(conn, begun.process)
    events.append(conn, begun.events)
    return begun.process


def clean_note(note: str | None) -> str | None:
    """The note as both dialects keep it: PostgreSQL's text holds no NUL."""
    return None if note is None else Words.written(note)


def lock_process(conn: Connection, process_id: UUID, expected_version: int | None) -> Process:
    """Lock the process for a command. Raises `NotFound`, and `StaleVersion` if it changed since the caller looked."""
    process = processes.lock(conn, process_id)
    if process is None:
        raise NotFound("process", process_id)
    if expected_version is not None and expected_version != process.version:
        raise StaleVersion(
            f"The process is at version {process.version}, not {expected_version}.",
            process_id=process.id,
            current_version=process.version,
        )
    return process


def _withdraw(conn: Connection, process: Process, now: datetime) -> list[Event]:
    """End every open wait of the process: its URLs are dead, its form is closed."""
    told = waits.withdraw(conn, callbacks.open_of_process(conn, process.id), now)
    told += requests.close(conn, process, now)
    timers.clear_process(conn, process.id)
    return told


def _settle(conn: Connection, pending: PendingTransitions, context: CommitContext) -> tuple[PendingTransitions, Tokens]:
    """Add the transitions that follow by themselves, and the tokens of the URLs that the next action hands out.

    Where the worker hands over, what would begin a step is left to the next one.
    """
    while (process := pending.process).status is ProcessStatus.RUNNING and process.worker is not None:
        if process.position >= len(context.steps):
            return pending.then(complete(process, context.now)), {}
        step = context.steps[process.position]
        if pending.asked != process.position and conditions.must_be_asked(process, step):
            break
        if not conditions.recorded(process, context.steps):
            outcome: Outcome | None = Skipped()
        elif isinstance(step, AwaitStep):
            outcome = waits.look(conn, process, step, context.now, pending.polled)
        elif isinstance(step, ActionStep) and not context.hands_over and not must_be_named(pending, step):
            return _enter(conn, pending, step, context)
        else:
            break
        if outcome is None:
            break
        pending = pending.then(decide(process, context.steps, outcome, context.now))
    if context.hands_over:
        pending = replace(pending, process=hand_over(pending.process))
    return pending, {}


def must_be_named(pending: PendingTransitions, step: ActionStep) -> bool:
    """True where an author's function must say first which callbacks the action's step expects."""
    if step.awaits is None or not callable(step.awaits.expect) or pending.names is not None:
        return False
    is_again = pending.process.entry is not None and pending.process.entry.names is not None
    return not is_again and not _goes_on(pending.process)


def _enter(
    conn: Connection, pending: PendingTransitions, step: ActionStep, context: CommitContext
) -> tuple[PendingTransitions, Tokens]:
    """Open the visit of the action; one that a dead machine left open is entered again, or held."""
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
    tokens, told = waits.issue(
        conn,
        process,
        entered.process.execution,
        step.awaits,
        names=names,
        default_timeout=context.callback_timeout,
        now=now,
    )
    return pending.then(replace(entered, events=(*entered.events, *told))), tokens


def _goes_on(process: Process) -> bool:
    """True where the visit of the step goes on: after a crash, or after a pause between two tries."""
    execution = process.record_at_position
    return execution is not None and execution.status in (StepStatus.RUNNING, StepStatus.WAITING)


def _write(conn: Connection, after: Process, written: Sequence[Transition], context: CommitContext) -> None:
    """The log lines, and what follows from each transition, with all events in the order of what happened."""
    latest: dict[int, StepExecution] = {execution.seq: execution for move in written for execution in move.executions}
    steps.save_all(conn, after.id, list(latest.values()))
    told: list[Event] = []
    for transition in written:
        # what the step came to, what follows from that, and only then where the process stands because of it
        statuses = [event for event in transition.events if event.kind is EventKind.PROCESS_STATUS_CHANGED]
        told += [event for event in transition.events if event not in statuses]
        told += _follow(conn, transition, context)
        told += [replace(event, payload={**event.payload, "version": after.version}) for event in statuses]
    events.append(conn, told)


def _follow(conn: Connection, transition: Transition, context: CommitContext) -> list[Event]:
    process, now, told = transition.process, context.now, list[Event]()
    for model in transition.models:
        told += product_subscriptions.save(conn, model, process_id=process.id, target=process.target, now=now)
    if transition.asks is not None:
        told.append(requests.open_request(conn, process, transition.asks, now))
    if transition.confirmed is not None:
        told.append(requests.confirm(conn, process, transition.confirmed, now, context.audit_key))
    if transition.retry_at is not None:
        timers.set_timer(conn, TimerKind.RETRY, process.id, transition.retry_at)
    if transition.judged is not None:
        told += waits.keep_judgement(conn, process, transition.executions[0].step_index - 1, transition.judged, now)
    if transition.closes_waits:
        told += _withdraw(conn, process, now)
    elif transition.closes_request:
        told += requests.close(conn, process, now)
    return told
