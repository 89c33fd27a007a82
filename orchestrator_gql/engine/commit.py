"""Writes transitions: step executions, status, events, callbacks, models and timers, in one transaction.

No other module writes a transition. The commit that ends a step also writes what follows without an author's code: see
`pending_transitions`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine import audit_log, engine_state, process_locks, subscription_locks
from orchestrator_gql.engine.callbacks import results, waits
from orchestrator_gql.engine.input_requests import requests
from orchestrator_gql.engine.pending_transitions import (
    CommitContext,
    PendingTransitions,
    is_only_claimed,
    lock_external_ids,
    settle,
)
from orchestrator_gql.engine.steps.execution import Tokens
from orchestrator_gql.engine.woken import NONE_KNOWN, KnownCallbacks, Woken, known_after
from orchestrator_gql.process import Process, StepExecution, Transition
from orchestrator_gql.process.model import copy_process
from orchestrator_gql.storage import audit, callbacks, events, processes, steps, timers
from orchestrator_gql.storage.database.after_commit import commit_effects, wake
from orchestrator_gql.storage.processes import Standing
from orchestrator_gql.storage.product_subscription_saves import save_all
from orchestrator_gql.storage.timers import TimerKind
from orchestrator_gql.types import ENDED, EngineState, Event, EventKind, ProcessStatus
from orchestrator_gql.utils.copies import copier
from orchestrator_gql.utils.errors import StaleVersion

_copy_event = copier(Event)


class Fenced(Exception):
    """Another worker moved the process on; the transaction is undone."""


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
    current = standing
    if current is None:
        lock_external_ids(conn, pending, context)
        current = processes.hold_as(conn, before)
    if current is None:
        raise Fenced
    if current.engine is not EngineState.RUNNING:
        pending, context = if_paused or pending, replace(context, hands_over=True)
    pending, tokens = settle(conn, before, pending, context, known)
    failures = before.engine_failures if is_only_claimed(before, pending.process) else 0
    after = copy_process(pending.process, version=current.version + 1, note=current.note, engine_failures=failures)
    is_held = after.status is ProcessStatus.RUNNING and after.worker is not None
    if after.lock_keys and after.status in ENDED:  # before the rows of product subscriptions, as in a start
        process_locks.release(conn, after, context.now)
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


def begin_process(conn: Connection, start: Transition, audit_key: bytes | None) -> Process:
    """Store a new process with its first events and its audit entry, and wake it; the engine runs.

    A process that waits for its lock is not woken.
    """
    processes.insert_process(conn, start.process)
    if not start.process.is_queued:
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
        audit.record(conn, key, process_id, actor=note.actor, action=note.action, details=details, now=now)


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
