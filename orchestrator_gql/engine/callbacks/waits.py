"""Issues the callbacks of a wait and decides the wait; `write` stores the decision, behind the fence of a commit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.callbacks import contract
from orchestrator_gql.callbacks.rules import (
    WITH_RESULT,
    Accepted,
    Arrival,
    Callback,
    Delivery,
    WaitChanges,
    WaitDecision,
    WaitVerdict,
    decide_wait,
)
from orchestrator_gql.config.assignee import SYSTEM
from orchestrator_gql.engine import secrecy
from orchestrator_gql.engine.callbacks import results
from orchestrator_gql.engine.callbacks.results import ended, failure_json
from orchestrator_gql.engine.steps.execution import Tokens
from orchestrator_gql.engine.steps.state import changed, through_lenses
from orchestrator_gql.engine.woken import KnownCallbacks
from orchestrator_gql.process import (
    Await,
    Failed,
    Outcome,
    Process,
    Reissue,
    RetryLater,
    StepEntry,
    StepExecution,
    Success,
    Suspend,
)
from orchestrator_gql.storage import callbacks, earlier_receipts, events, timers, unclaimed_deliveries
from orchestrator_gql.storage.timers import TimerKind
from orchestrator_gql.types import CallbackStatus, Event, EventKind, Failure, Json, ResultSource, StepStatus
from orchestrator_gql.utils.author_calls import AuthorRaised
from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.utils.exception_text import RAISED
from orchestrator_gql.utils.json import encode
from orchestrator_gql.utils.json.stored import INLINE, Stored
from orchestrator_gql.utils.secrets import Secrets
from orchestrator_gql.utils.tokens import digest, hint, new_id, new_token
from orchestrator_gql.workflow.model import AwaitStep

CLOCKS_APART = timedelta(seconds=5)
"""An upper limit for the difference of the clocks of two servers on one database."""

Polled: TypeAlias = Mapping[UUID, Delivery | None]
"""The results of polls at the deadline, by callback id; None if the remote service had no result."""


def issue(
    conn: Connection,
    process: Process,
    execution: StepExecution,
    step: AwaitStep,
    *,
    names: Sequence[str | None],
    default_timeout: timedelta,
    now: datetime,
) -> tuple[Tokens, WaitChanges, tuple[Event, ...]]:
    """The callbacks of the action that runs next: the tokens of its URLs, what to store, and the events.

    ``process`` is the process before ``execution``, the step execution of the action, was opened. If the action runs
    again in the same step execution, its callbacks get additional tokens: old and new URLs lead to the same callback.
    """
    is_new_execution = execution.seq == process.seq + 1
    known = () if is_new_execution else callbacks.of_execution(conn, process.id, execution.seq)
    if known:
        tokens = {callback.name: new_token() for callback in known}
        further = tuple((callback.id, digest(tokens[callback.name])) for callback in known)
        return tokens, WaitChanges(tokens=further), ()
    entry = process.entry or StepEntry("advance")
    tokens = {name: new_token() for name in entry.names or names}
    new = [
        _new_callback(process, execution, step, name=name, token=token, now=now, default_timeout=default_timeout)
        for name, token in tokens.items()
    ]
    changes = WaitChanges(issued=tuple((callback, digest(tokens[callback.name])) for callback in new))
    return tokens, changes, tuple(issued(callback, now) for callback in new)


def write(conn: Connection, process: Process, changes: WaitChanges, now: datetime, audit_key: bytes | None) -> None:
    """Store the changes; the process is locked, and the fence of the commit was passed."""
    for callback, token_digest in changes.issued:
        callbacks.issue(conn, callback, token_digest)
        _set_timers(conn, process, callback)
    for callback_id, token_digest in changes.tokens:
        callbacks.add_token_digest(conn, callback_id, token_digest)
    for callback_id, service, ref in changes.refs:
        callbacks.refer(conn, callback_id, ref)
        if service is not None:
            unclaimed_deliveries.forget(conn, service, ref)
    for arrived in changes.arrivals:
        results.take(conn, process, arrived, now=now, audit_key=audit_key)
    for payload_id, text in changes.payloads:
        callbacks.keep_payload(conn, payload_id, text)
    for callback in changes.ended:
        callbacks.close(conn, callback.id, callback.status)
        timers.clear_callback(conn, callback.id)
    events.append(conn, [ended(callback, callback.status, now) for callback in changes.ended])
    for callback in changes.watched:
        timers.clear_callback(conn, callback.id)
        _set_timers(conn, process, callback)


def issued(callback: Callback, now: datetime, actor: str | None = None) -> Event:
    """The event for an issued callback, with the time at which its URL closes."""
    until = callback.expires_at.isoformat() if callback.expires_at else None
    payload = {"callback_id": str(callback.id), "expires_at": until}
    return Event(EventKind.CALLBACK_ISSUED, now, callback.process_id, actor, payload)


def overdue(conn: Connection, process: Process, now: datetime) -> list[Callback]:
    """The open callbacks of the wait whose deadline or heartbeat is over."""
    wait_callbacks = callbacks.of_wait(conn, process.id, process.position)
    return [callback for callback in wait_callbacks if callback.is_open and callback.deadline(now) is not None]


@dataclass(frozen=True, slots=True)
class DecidedWait:
    """The outcome of a wait, and what the commit stores for it."""

    outcome: Outcome
    changes: WaitChanges


def decide(
    conn: Connection,
    process: Process,
    step: AwaitStep,
    now: datetime,
    polled: Polled,
    claimed: Sequence[Arrival],
    known: KnownCallbacks,
) -> DecidedWait | None:
    """Decide the current wait; None if a remote service must be polled first. Nothing is stored.

    ``claimed`` are the deliveries that the same commit stores before. The callbacks of the wait may be ``known``.
    """
    stored = known.get((process.id, process.position))
    if stored is None:
        stored = callbacks.of_wait(conn, process.id, process.position)
    before = _after(stored, claimed)
    if not before:
        missing = Failure("callback-missing", "No callback was issued for this wait.", now)
        return DecidedWait(Failed(missing), WaitChanges())
    arrivals = [
        results.arrival(process, callback, step, delivery, source=ResultSource.POLL, at=now)
        for callback in before
        if (delivery := polled.get(callback.id)) is not None
    ]
    decision = decide_wait(
        _after(before, arrivals),
        now,
        needed=step.needed(len(before)),
        on_timeout=step.on_timeout,
        max_attempts=step.max_attempts,
        polled=polled if step.poll is not None else None,
    )
    changes = WaitChanges(arrivals=tuple(arrivals), ended=decision.ended)
    match decision.verdict:
        case WaitVerdict.POLL:
            return None
        case WaitVerdict.WAIT:
            watched = tuple(callback for callback in decision.callbacks if _needs_timers(process, callback, now))
            return DecidedWait(Await(), replace(changes, watched=watched))
        case WaitVerdict.SUCCEED:
            changes = replace(changes, answered=decision.callbacks)
            return _succeeded(conn, process, step, decision, changes, [*claimed, *arrivals], polled, now)
        case WaitVerdict.REISSUE:
            return DecidedWait(_again(process, step, decision, now), changes)
        case WaitVerdict.ASK:
            return DecidedWait(Suspend(f"{step.group or step.name}: no result", SYSTEM.key), changes)
        case WaitVerdict.FAIL:
            return DecidedWait(Failed(failure_of_wait(step, decision.callbacks, now)), changes)


def _again(process: Process, step: AwaitStep, decision: WaitDecision, now: datetime) -> Reissue | RetryLater:
    """The action runs again, after its pause. The process rests at the wait meanwhile, so an operator may still act."""
    failure = failure_of_wait(step, decision.callbacks, now)
    entry = entry_again("on-timeout", decision.reissued)
    if step.retry is None:
        return Reissue(failure, entry)
    execution = process.execution_at_position
    until = execution.retry_at if execution is not None and execution.status is StepStatus.WAITING else None
    if until is None:
        until = now + step.retry.wait(max(callback.issue_number for callback in decision.reissued))
    return Reissue(failure, entry) if until <= now else RetryLater(failure, until)


def _after(before: Iterable[Callback], arrivals: Iterable[Arrival]) -> list[Callback]:
    """The callbacks after the deliveries to them."""
    known = {arrived.callback.id: arrived.after for arrived in arrivals}
    return [known.get(callback.id, callback) for callback in before]


def withdraw(
    conn: Connection, callbacks_of_wait: Iterable[Callback], now: datetime, actor: str | None = None
) -> list[Event]:
    """Withdraw the open callbacks, which closes their URLs; the events."""
    withdrawn = []
    for callback in callbacks_of_wait:
        if callback.is_open:
            callbacks.close(conn, callback.id, CallbackStatus.WITHDRAWN)
            timers.clear_callback(conn, callback.id)
            withdrawn.append(ended(callback, CallbackStatus.WITHDRAWN, now, actor))
    return withdrawn


def reopen(conn: Connection, process: Process, callback: Callback, until: datetime, now: datetime) -> Callback:
    """Open the callback again, at the same URL, with the deadline ``until``. A reported failure is removed; its sender
    may still ask for its receipt."""
    heartbeat_timeout = callback.heartbeat
    opened = replace(
        callback,
        status=CallbackStatus.PENDING,
        expires_at=until,
        heartbeat_due_at=now + timedelta(seconds=heartbeat_timeout) if heartbeat_timeout is not None else None,
    )
    callbacks.reopen(conn, opened)
    if callback.receipt is not None:
        earlier_receipts.keep(conn, callback.receipt, callback_id=callback.id, process_id=process.id, now=now)
    timers.clear_callback(conn, callback.id)
    _set_timers(conn, process, opened)
    return opened


def _new_callback(
    process: Process,
    execution: StepExecution,
    step: AwaitStep,
    *,
    name: str | None,
    token: str,
    now: datetime,
    default_timeout: timedelta,
) -> Callback:
    heartbeat_timeout, entry = step.heartbeat_timeout, process.entry or StepEntry("advance")
    return Callback(
        id=new_id(),
        process_id=process.id,
        step_index=process.position + 1,
        record_seq=execution.seq,
        wait_seq=entry.wait_seq or execution.seq,
        issue_number=entry.attempt or 1,
        name=name,
        status=CallbackStatus.PENDING,
        token_hint=hint(token),
        result_key=step.result_key,
        issued_at=now,
        expires_at=now + (step.timeout or default_timeout),
        contract=contract.schema(step.contract) if step.contract else None,
        heartbeat=heartbeat_timeout.total_seconds() if heartbeat_timeout else None,
        heartbeat_due_at=now + heartbeat_timeout if heartbeat_timeout else None,
        service=step.service,
    )


def _set_timers(conn: Connection, process: Process, callback: Callback) -> None:
    assert callback.expires_at is not None
    timers.set_timer(conn, TimerKind.CALLBACK_DEADLINE, process.id, callback.expires_at, callback_id=callback.id)
    if callback.heartbeat_due_at is not None:
        timers.set_timer(conn, TimerKind.HEARTBEAT, process.id, callback.heartbeat_due_at, callback_id=callback.id)


def _needs_timers(process: Process, callback: Callback, now: datetime) -> bool:
    """True if a timer of an open callback may have fired already, so that the timers must be set again.

    A server whose clock is ahead fires a timer a moment before this server agrees that the time is over. The timer is
    gone then, and the wait would never end.
    """
    if not callback.is_open:
        return False
    due = min(at for at in (callback.expires_at, callback.heartbeat_due_at) if at is not None)
    is_second_look = process.execution_at_position is not None
    return is_second_look or due - now < CLOCKS_APART


def _succeeded(
    conn: Connection,
    process: Process,
    step: AwaitStep,
    decision: WaitDecision,
    changes: WaitChanges,
    arrivals: Sequence[Arrival],
    polled: Polled,
    now: datetime,
) -> DecidedWait:
    """Success with the results in the state. A large result stays in its own row, unless a lens needs it.

    Results have names if their callbacks have: the callbacks may be older than the step.
    """
    with_result = [callback for callback in decision.callbacks if callback.status in WITH_RESULT]
    new = {
        arrived.callback.id: arrived.delivery.payload for arrived in arrivals if isinstance(arrived.outcome, Accepted)
    }
    first = with_result[0]
    is_named = first.name is not None
    is_large = sum(callback.result_bytes or 0 for callback in with_result) > INLINE and not step.lenses
    result: Json | Stored
    if is_large and not is_named and first.payload_id is not None:
        result = Stored(first.payload_id, first.result_bytes or 0)
    else:
        loaded = callbacks.results(conn, [callback for callback in with_result if callback.id not in new]) | new
        result = {c.name: loaded[c.id] for c in with_result} if is_named else loaded[first.id]
        if is_large:
            payload_id, text = new_id(), encode(result)
            result = Stored(payload_id, len(text))
            changes = replace(changes, payloads=((payload_id, text),))
    additions = {step.result_key: result}
    if is_named:
        failures = _failures_of(decision.callbacks, now)
        additions[step.failures_key] = {name: failure_json(failure) for name, failure in failures.items()}
    secrets = secrecy.of_results(conn, step, with_result, polled, new)
    return DecidedWait(_success(conn, step, process, additions, secrets, now), changes)


def _failures_of(wait_callbacks: Sequence[Callback], now: datetime) -> dict[str | None, Failure]:
    """Why callbacks ended without a result, by name."""
    return {
        callback.name: failure_of(callback, now)
        for callback in wait_callbacks
        if not callback.is_open and callback.status not in WITH_RESULT
    }


def entry_again(by: str, callbacks_of_wait: Sequence[Callback]) -> StepEntry:
    """The entry of the action that issues these callbacks again."""
    attempt = max(callback.issue_number for callback in callbacks_of_wait) + 1
    return StepEntry(by, attempt, callbacks_of_wait[0].wait_seq, tuple(callback.name for callback in callbacks_of_wait))


def failure_of_wait(step: AwaitStep, wait_callbacks: Sequence[Callback], now: datetime) -> Failure:
    """The reason why the wait is over without the results that it needs."""
    missing = _failures_of(wait_callbacks, now)
    if None in missing:
        return missing[None]
    answered = sorted(callback.name or "" for callback in wait_callbacks if callback.status in WITH_RESULT)
    needed = step.needed(len(wait_callbacks))
    message = f"{len(answered)} of {len(wait_callbacks)} callbacks were answered; {needed} are required."
    details = {
        "answered": answered,
        "failures": {name: failure_json(failure) for name, failure in missing.items()},
    }
    return Failure("callbacks-incomplete", message, now, details)


def failure_of(callback: Callback, now: datetime) -> Failure:
    """The reason why the callback ended without a result."""
    if callback.failure is not None:
        return callback.failure
    asked = f"it was asked at {callback.issued_at:%Y-%m-%d %H:%M:%S} UTC"
    match callback.status:
        case CallbackStatus.EXPIRED:
            return Failure("callback-expired", f"The remote service did not answer in time; {asked}.", now)
        case CallbackStatus.HEARTBEAT_LOST:
            heartbeat_timeout = f"{callback.heartbeat:g} seconds"
            return Failure(
                "heartbeat-lost", f"The remote service was silent for more than {heartbeat_timeout}; {asked}.", now
            )
        case _:
            return Failure("callback-withdrawn", "The callback was withdrawn.", now)


def _success(
    conn: Connection,
    step: AwaitStep,
    process: Process,
    additions: Mapping[str, Json],
    secrets: Secrets,
    now: datetime,
) -> Outcome:
    """Success with the results in the state. A lens is an author's code: its exception fails the step here. Otherwise
    the commit would be tried for ever."""
    if not step.lenses:
        return Success(changed(process.state, process.state, dict(additions)), secrets=secrets)
    try:
        delta = through_lenses(conn, process, step, additions)
    except AuthorRaised as raised:
        if isinstance(raised.error, StepError):  # it took too long
            return Failed(Failure(raised.error.failure_code, raised.error.message, now))
        return Failed(Failure(RAISED, f"The lens of {step.name!r} raised {raised}", now))
    return Success(delta, secrets=secrets.standing_in(delta))
