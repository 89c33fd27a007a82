"""Issues the callbacks of a wait, decides the wait under the lock of the process, and ends it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.callbacks import contract
from orchestrator_gql.callbacks.rules import Callback, Delivery
from orchestrator_gql.config.assignee import SYSTEM
from orchestrator_gql.engine import secrecy
from orchestrator_gql.engine.steps.execution import Tokens
from orchestrator_gql.engine.steps.state import changed, fetched_now, focus, put_back
from orchestrator_gql.process import (
    Await,
    Failed,
    Outcome,
    Process,
    Reissue,
    StepEntry,
    StepExecution,
    Success,
    Suspend,
)
from orchestrator_gql.storage import callback_attempts, callbacks, events, timers
from orchestrator_gql.storage.callbacks import AcceptedResult
from orchestrator_gql.storage.timers import TimerKind
from orchestrator_gql.types import (
    AttemptOutcome,
    CallbackStatus,
    Event,
    EventKind,
    Failure,
    Json,
    ResultSource,
)
from orchestrator_gql.utils.author_calls import AuthorRaised, attempt
from orchestrator_gql.utils.exception_text import RAISED
from orchestrator_gql.utils.json import encode
from orchestrator_gql.utils.json.stored import INLINE, Stored
from orchestrator_gql.utils.secrets import Secrets
from orchestrator_gql.utils.tokens import digest, hint, new_id, new_receipt, new_token
from orchestrator_gql.workflow.model import AwaitStep

CLOCKS_APART = timedelta(seconds=5)
"""An upper limit for the difference of the clocks of two servers on one database."""

TAKEN = (CallbackStatus.RECEIVED, CallbackStatus.VALIDATED, CallbackStatus.REJECTED)
"""The statuses of a callback that has a result."""

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
) -> tuple[Tokens, tuple[Event, ...]]:
    """Issue the callbacks of the action that runs next; the tokens of its URLs and the events.

    ``process`` is the process before ``execution``, the step execution of the action, was opened. If the action runs
    again in the same step execution, its callbacks get additional tokens: old and new URLs lead to the same callback.
    """
    is_new_execution = execution.seq == process.seq + 1
    known = () if is_new_execution else callbacks.of_execution(conn, process.id, execution.seq)
    if known:
        tokens = {callback.name: new_token() for callback in known}
        for callback in known:
            callbacks.add_token_digest(conn, callback.id, digest(tokens[callback.name]))
        return tokens, ()
    entry = process.entry or StepEntry("advance")
    tokens = {name: new_token() for name in entry.names or names}
    issued_events = []
    for name, token in tokens.items():
        callback = _new_callback(
            process, execution, step, name=name, token=token, now=now, default_timeout=default_timeout
        )
        callbacks.issue(conn, callback, digest(token))
        _set_timers(conn, process, callback)
        issued_events.append(issued(callback, now))
    return tokens, tuple(issued_events)


def issued(callback: Callback, now: datetime, actor: str | None = None) -> Event:
    """The event for an issued callback, with the time at which its URL closes."""
    until = callback.expires_at.isoformat() if callback.expires_at else None
    payload = {"callback_id": str(callback.id), "expires_at": until}
    return Event(EventKind.CALLBACK_ISSUED, now, callback.process_id, actor, payload)


def ended(callback: Callback, status: CallbackStatus, now: datetime, actor: str | None = None) -> Event:
    """The event for a callback that ended with ``status``."""
    payload = {"callback_id": str(callback.id), "status": status}
    return Event(EventKind.CALLBACK_ENDED, now, callback.process_id, actor, payload)


def overdue(conn: Connection, process: Process, now: datetime) -> list[Callback]:
    """The open callbacks of the wait whose deadline or heartbeat is over."""
    wait_callbacks = callbacks.of_wait(conn, process.id, process.position)
    return [callback for callback in wait_callbacks if callback.is_open and callback.deadline(now) is not None]


def current_outcome(
    conn: Connection, process: Process, step: AwaitStep, now: datetime, polled: Polled
) -> Outcome | None:
    """The outcome of the current wait now; None if a remote service must be polled first."""
    wait_callbacks = callbacks.of_wait(conn, process.id, process.position)
    if not wait_callbacks:
        return Failed(Failure("callback-missing", "No callback was issued for this wait.", now))
    expired = [callback for callback in wait_callbacks if callback.is_open and callback.deadline(now) is not None]
    if step.poll is not None and any(callback.id not in polled for callback in expired):
        return None
    for callback in expired:
        wait_callbacks[wait_callbacks.index(callback)] = _end_in_time(
            conn, process, callback, polled.get(callback.id), now
        )
    if is_over(step, wait_callbacks):
        return _outcome_of(conn, process, step, wait_callbacks, polled, now)
    for callback in wait_callbacks:
        if callback.is_open:
            _keep_timers(conn, process, callback, now)
    return Await()


def is_over(step: AwaitStep, wait_callbacks: Sequence[Callback]) -> bool:
    """True if enough results arrived, or if no further result can arrive."""
    results = sum(callback.status in TAKEN for callback in wait_callbacks)
    return not any(callback.is_open for callback in wait_callbacks) or results >= step.needed(len(wait_callbacks))


def put(
    conn: Connection, process: Process, callback: Callback, delivery: Delivery, *, source: ResultSource, now: datetime
) -> str:
    """Store a result that did not arrive by the URL; the receipt."""
    receipt = new_receipt()
    preview = secrecy.preview_of(callback, delivery, process.secrets)
    result = AcceptedResult(encode(delivery.payload), delivery.size, delivery.digest, receipt, source, preview)
    callbacks.accept(conn, callback, result, is_early=False, now=now)
    timers.clear_callback(conn, callback.id)
    return receipt


def received(
    callback: Callback, size: int, now: datetime, *, is_early: bool = False, actor: str | None = None
) -> Event:
    """The event for a received result; ``size`` is in bytes."""
    payload = {"callback_id": str(callback.id), "is_early": is_early, "bytes": size}
    return Event(EventKind.CALLBACK_RECEIVED, now, callback.process_id, actor, payload)


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
    """Open the callback again, at the same URL, with the deadline ``until``. A reported failure is removed."""
    heartbeat_timeout = callback.heartbeat
    opened = replace(
        callback,
        status=CallbackStatus.PENDING,
        expires_at=until,
        heartbeat_due_at=now + timedelta(seconds=heartbeat_timeout) if heartbeat_timeout is not None else None,
    )
    callbacks.reopen(conn, opened)
    timers.clear_callback(conn, callback.id)
    _set_timers(conn, process, opened)
    return opened


def keep_judgement(
    conn: Connection, process: Process, wait: int, outcome: Success | Failed, now: datetime
) -> list[Event]:
    """Store the outcome of the validation at the callbacks of the wait; the events."""
    validation: dict[str, Json] = {"outcome": "ACCEPTED", "validated_at": now.isoformat()}
    status = CallbackStatus.VALIDATED
    if isinstance(outcome, Failed):
        status = CallbackStatus.REJECTED
        validation |= {"outcome": "REJECTED", "message": outcome.failure.message, "details": outcome.failure.details}
    validated = []
    for callback in callbacks.of_wait(conn, process.id, wait):
        if callback.status in TAKEN:
            callbacks.judged(conn, callback.id, status, validation)
            payload = {"callback_id": str(callback.id), "validation": validation}
            validated.append(Event(EventKind.CALLBACK_VALIDATED, now, process.id, None, payload))
    return validated


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


def _keep_timers(conn: Connection, process: Process, callback: Callback, now: datetime) -> None:
    """Set the timers of a wait again if one of them may have fired already.

    A server whose clock is ahead fires a timer a moment before this server agrees that the time is over. The timer is
    gone then, and the wait would never end.
    """
    due = min(at for at in (callback.expires_at, callback.heartbeat_due_at) if at is not None)
    is_second_look = process.record_at_position is not None
    if is_second_look or due - now < CLOCKS_APART:
        timers.clear_callback(conn, callback.id)
        _set_timers(conn, process, callback)


def _end_in_time(
    conn: Connection, process: Process, callback: Callback, polled: Delivery | None, now: datetime
) -> Callback:
    """End a callback whose time is over: store the polled result, or close the callback if there is none."""
    if polled is None:
        status = callback.deadline(now)
        assert status is not None, "the deadline or the heartbeat is over"
        callbacks.close(conn, callback.id, status)
        timers.clear_callback(conn, callback.id)
        events.append(conn, [ended(callback, status, now)])
        return replace(callback, status=status)
    receipt = put(conn, process, callback, polled, source=ResultSource.POLL, now=now)
    callback_attempts.keep(conn, callback.id, polled, AttemptOutcome.ACCEPTED, now=now, receipt=receipt)
    events.append(conn, [received(callback, polled.size, now)])
    return callbacks.by_ids(conn, [callback.id])[callback.id]


def _outcome_of(
    conn: Connection,
    process: Process,
    step: AwaitStep,
    wait_callbacks: Sequence[Callback],
    polled: Polled,
    now: datetime,
) -> Outcome:
    """The outcome of a wait that is over: success with the results, or what ``on_timeout`` of the step says."""
    with_result = [callback for callback in wait_callbacks if callback.status in TAKEN]
    missing = {
        callback.name: failure_of(callback, now)
        for callback in wait_callbacks
        if not callback.is_open and callback.status not in TAKEN
    }
    if len(with_result) >= step.needed(len(wait_callbacks)):
        events.append(conn, withdraw(conn, wait_callbacks, now))
        additions = {step.result_key: _results(conn, step, with_result)}
        if step.expect is not None:
            additions[step.failures_key] = {name: failure_json(failure) for name, failure in missing.items()}
        return _success(conn, step, process, additions, secrecy.of_results(conn, step, with_result, polled), now)
    failure = _failure_of_all(step, wait_callbacks, missing, now)
    retried = [callback for callback in wait_callbacks if _may_be_reissued(step, callback)]
    if step.on_timeout == "retry" and len(with_result) + len(retried) >= step.needed(len(wait_callbacks)):
        return Reissue(failure, entry_again("on-timeout", retried))
    if step.on_timeout == "operator":
        return Suspend(f"{step.group or step.name}: no answer", SYSTEM.key)
    return Failed(failure)


def _results(conn: Connection, step: AwaitStep, with_result: Sequence[Callback]) -> Json | Stored:
    """The single result, or all results by name. A large result stays in its own row, unless a lens needs it."""
    first = with_result[0]
    is_large = sum(callback.result_bytes or 0 for callback in with_result) > INLINE and not step.lenses
    if is_large and step.expect is None and first.payload_id is not None:
        return Stored(first.payload_id, first.result_bytes or 0)
    results = callbacks.results(conn, with_result)
    if step.expect is None:
        return results[first.id]
    by_name = {callback.name: results[callback.id] for callback in with_result}
    if not is_large:
        return by_name
    text = encode(by_name)
    return Stored(callbacks.keep_payload(conn, text), len(text))


def entry_again(by: str, callbacks_of_wait: Sequence[Callback]) -> StepEntry:
    """The entry of the action that issues these callbacks again."""
    attempt = max(callback.issue_number for callback in callbacks_of_wait) + 1
    return StepEntry(by, attempt, callbacks_of_wait[0].wait_seq, tuple(callback.name for callback in callbacks_of_wait))


def _may_be_reissued(step: AwaitStep, callback: Callback) -> bool:
    if callback.status in TAKEN or callback.issue_number >= step.max_attempts:
        return False
    return callback.status is not CallbackStatus.FAILED_BY_REMOTE or bool(
        callback.failure and callback.failure.is_retryable
    )


def _failure_of_all(
    step: AwaitStep, wait_callbacks: Sequence[Callback], missing: Mapping[str | None, Failure], now: datetime
) -> Failure:
    if step.expect is None:
        return next(iter(missing.values()))
    answered = sorted(callback.name or "" for callback in wait_callbacks if callback.status in TAKEN)
    needed = step.needed(len(wait_callbacks))
    message = f"{len(answered)} of {len(wait_callbacks)} callbacks were answered; {needed} are required."
    details = {
        "answered": answered,
        "failures": {name: failure_json(failure) for name, failure in missing.items()},
    }
    return Failure("callbacks-incomplete", message, now, details)


def failure_json(failure: Failure) -> dict[str, Json]:
    """A failure in the form in which the steps after the wait read it."""
    return {"code": failure.code, "message": failure.message, "details": failure.details}


def failure_of(callback: Callback, now: datetime) -> Failure:
    """The reason why the callback ended without a result."""
    if callback.failure is not None:
        return callback.failure
    period = f"since {callback.issued_at:%Y-%m-%d %H:%M:%S} UTC"
    match callback.status:
        case CallbackStatus.EXPIRED:
            return Failure("callback-expired", f"The remote service did not answer in time (asked {period}).", now)
        case CallbackStatus.HEARTBEAT_LOST:
            heartbeat_timeout = f"{callback.heartbeat:g} seconds"
            return Failure(
                "heartbeat-lost", f"The remote service was silent for more than {heartbeat_timeout} ({period}).", now
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
    whole = fetched_now(conn, process.state) if step.lenses else process.state
    combined = attempt(lambda: put_back(step, whole, focus(step, whole), additions))
    if isinstance(combined, AuthorRaised):
        return Failed(Failure(RAISED, f"The lens of {step.name!r} raised {combined}", now))
    delta = changed(process.state, whole, combined.value)
    return Success(delta, secrets=secrets.standing_in(delta) if step.lenses else secrets)
