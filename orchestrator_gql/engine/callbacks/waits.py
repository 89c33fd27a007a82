"""The waits for remote services as rows: issued before a URL can leak, looked into under the process's lock, ended."""

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
"""More than the clocks of two servers on one database ever differ by."""

TAKEN = (CallbackStatus.RECEIVED, CallbackStatus.VALIDATED, CallbackStatus.REJECTED)
"""What a mailbox that holds a result can be."""

Polled: TypeAlias = Mapping[UUID, Delivery | None]
"""What the remote services said that were asked before their time was over; None: they had no answer."""


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
    """Keys and mailboxes of the URLs that the action at which the process stands will hand out.

    ``process`` is as it stood before the ``record`` of the action's visit was opened. An action that runs again, in
    the same visit, gets new keys to the mailboxes it has: any of its URLs opens the same box.
    """
    is_new_execution = execution.seq == process.seq + 1
    known = () if is_new_execution else callbacks.of_execution(conn, process.id, execution.seq)
    if known:
        tokens = {callback.name: new_token() for callback in known}
        for callback in known:
            callbacks.add_key(conn, callback.id, digest(tokens[callback.name]))
        return tokens, ()
    entry = process.entry or StepEntry("advance")
    tokens = {name: new_token() for name in entry.names or names}
    told = []
    for name, token in tokens.items():
        callback = _new_callback(
            process, execution, step, name=name, token=token, now=now, default_timeout=default_timeout
        )
        callbacks.issue(conn, callback, digest(token))
        _set_timers(conn, process, callback)
        told.append(issued(callback, now))
    return tokens, tuple(told)


def issued(callback: Callback, now: datetime, actor: str | None = None) -> Event:
    """The event that tells until when a URL is open."""
    until = callback.expires_at.isoformat() if callback.expires_at else None
    payload = {"callback_id": str(callback.id), "expires_at": until}
    return Event(EventKind.CALLBACK_ISSUED, now, callback.process_id, actor, payload)


def ended(callback: Callback, status: CallbackStatus, now: datetime, actor: str | None = None) -> Event:
    """The event that tells how a wait ended."""
    payload = {"callback_id": str(callback.id), "status": status}
    return Event(EventKind.CALLBACK_ENDED, now, callback.process_id, actor, payload)


def overdue(conn: Connection, process: Process, now: datetime) -> list[Callback]:
    """What the process waits for in vain: open, and its time is over."""
    waited = callbacks.of_wait(conn, process.id, process.position)
    return [callback for callback in waited if callback.is_open and callback.deadline(now) is not None]


def look(conn: Connection, process: Process, step: AwaitStep, now: datetime, polled: Polled) -> Outcome | None:
    """What the wait at which the process stands comes to now; None where a remote service must be asked first."""
    waited = callbacks.of_wait(conn, process.id, process.position)
    if not waited:
        return Failed(Failure("callback-missing", "No callback was issued for this wait.", now))
    over = [callback for callback in waited if callback.is_open and callback.deadline(now) is not None]
    if step.poll is not None and any(callback.id not in polled for callback in over):
        return None
    for callback in over:
        waited[waited.index(callback)] = _end_in_time(conn, process, callback, polled.get(callback.id), now)
    if is_over(step, waited):
        return _judged_enough(conn, process, step, waited, polled, now)
    for callback in waited:
        if callback.is_open:
            _keep_timers(conn, process, callback, now)
    return Await()


def is_over(step: AwaitStep, waited: Sequence[Callback]) -> bool:
    """True where enough answers came, or no more will."""
    taken = sum(callback.status in TAKEN for callback in waited)
    return not any(callback.is_open for callback in waited) or taken >= step.needed(len(waited))


def put(
    conn: Connection, process: Process, callback: Callback, delivery: Delivery, *, source: ResultSource, now: datetime
) -> str:
    """Put a letter that did not come by the URL into the mailbox; its receipt."""
    receipt = new_receipt()
    preview = secrecy.preview_of(callback, delivery, process.secrets)
    result = AcceptedResult(encode(delivery.payload), delivery.size, delivery.digest, receipt, source, preview)
    callbacks.accept(conn, callback, result, is_early=False, now=now)
    timers.clear_callback(conn, callback.id)
    return receipt


def received(
    callback: Callback, size: int, now: datetime, *, is_early: bool = False, actor: str | None = None
) -> Event:
    """The event that tells of a result, with its size in bytes."""
    payload = {"callback_id": str(callback.id), "is_early": is_early, "bytes": size}
    return Event(EventKind.CALLBACK_RECEIVED, now, callback.process_id, actor, payload)


def withdraw(
    conn: Connection, callbacks_of_wait: Iterable[Callback], now: datetime, actor: str | None = None
) -> list[Event]:
    """End those of the waits that are open: their URLs are dead."""
    told = []
    for callback in callbacks_of_wait:
        if callback.is_open:
            callbacks.close(conn, callback.id, CallbackStatus.WITHDRAWN)
            timers.clear_callback(conn, callback.id)
            told.append(ended(callback, CallbackStatus.WITHDRAWN, now, actor))
    return told


def reopen(conn: Connection, process: Process, callback: Callback, until: datetime, now: datetime) -> Callback:
    """Open the same mailbox, for the same URL, until a new deadline; a failure that was reported is forgotten."""
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
    """Tell the mailboxes of the wait what became of their letters."""
    validation: dict[str, Json] = {"outcome": "ACCEPTED", "validated_at": now.isoformat()}
    status = CallbackStatus.VALIDATED
    if isinstance(outcome, Failed):
        status = CallbackStatus.REJECTED
        validation |= {"outcome": "REJECTED", "message": outcome.failure.message, "details": outcome.failure.details}
    told = []
    for callback in callbacks.of_wait(conn, process.id, wait):
        if callback.status in TAKEN:
            callbacks.judged(conn, callback.id, status, validation)
            payload = {"callback_id": str(callback.id), "validation": validation}
            told.append(Event(EventKind.CALLBACK_VALIDATED, now, process.id, None, payload))
    return told


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
        round=entry.attempt or 1,
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
    """Set the timers of a wait that goes on anew where one may have fired already.

    A server whose clock is ahead of this one's fires a moment before this one agrees that the time is over. The timer
    is gone then, and the wait would never end.
    """
    due = min(at for at in (callback.expires_at, callback.heartbeat_due_at) if at is not None)
    is_second_look = process.record_at_position is not None
    if is_second_look or due - now < CLOCKS_APART:
        timers.clear_callback(conn, callback.id)
        _set_timers(conn, process, callback)


def _end_in_time(
    conn: Connection, process: Process, callback: Callback, answer: Delivery | None, now: datetime
) -> Callback:
    """The mailbox as it is when its time is over: with the answer that the remote had when it was asked, or closed."""
    if answer is None:
        over = callback.deadline(now)
        assert over is not None, "its time is over"
        callbacks.close(conn, callback.id, over)
        timers.clear_callback(conn, callback.id)
        events.append(conn, [ended(callback, over, now)])
        return replace(callback, status=over)
    receipt = put(conn, process, callback, answer, source=ResultSource.POLL, now=now)
    callback_attempts.keep(conn, callback.id, answer, AttemptOutcome.ACCEPTED, now=now, receipt=receipt)
    events.append(conn, [received(callback, answer.size, now)])
    found = callbacks.by_ids(conn, [callback.id])
    return found[callback.id]


def _judged_enough(
    conn: Connection, process: Process, step: AwaitStep, waited: Sequence[Callback], polled: Polled, now: datetime
) -> Outcome:
    """What a wait that is over comes to: the answers, or what the step wants done about those that are missing."""
    taken = [callback for callback in waited if callback.status in TAKEN]
    missing = {box.name: failure_of(box, now) for box in waited if not box.is_open and box.status not in TAKEN}
    if len(taken) >= step.needed(len(waited)):
        events.append(conn, withdraw(conn, waited, now))
        added = {step.result_key: _answers(conn, step, taken)}
        if step.expect is not None:
            added[step.failures_key] = {name: failure_json(failure) for name, failure in missing.items()}
        return _taken(conn, step, process, added, secrecy.of_answers(conn, step, taken, polled), now)
    failure = _failure_of_all(step, waited, missing, now)
    again = [callback for callback in waited if _is_worth_another(step, callback)]
    if step.on_timeout == "retry" and len(taken) + len(again) >= step.needed(len(waited)):
        return Reissue(failure, entry_again("on-timeout", again))
    if step.on_timeout == "operator":
        return Suspend(f"{step.group or step.name}: no answer", SYSTEM.key)
    return Failed(failure)


def _answers(conn: Connection, step: AwaitStep, taken: Sequence[Callback]) -> Json | Stored:
    """The one answer, or all by name; a large one stays where it is stored, but for a lens that works on it."""
    one = taken[0]
    is_large = sum(callback.result_bytes or 0 for callback in taken) > INLINE and not step.lenses
    if is_large and step.expect is None and one.payload_id is not None:
        return Stored(one.payload_id, one.result_bytes or 0)
    results = callbacks.results(conn, taken)
    if step.expect is None:
        return results[one.id]
    answers = {callback.name: results[callback.id] for callback in taken}
    if not is_large:
        return answers
    text = encode(answers)
    return Stored(callbacks.keep_payload(conn, text), len(text))


def entry_again(by: str, callbacks_of_wait: Sequence[Callback]) -> StepEntry:
    """How the action is entered that issues these callbacks again."""
    attempt = max(callback.round for callback in callbacks_of_wait) + 1
    return StepEntry(by, attempt, callbacks_of_wait[0].wait_seq, tuple(callback.name for callback in callbacks_of_wait))


def _is_worth_another(step: AwaitStep, callback: Callback) -> bool:
    if callback.status in TAKEN or callback.round >= step.max_attempts:
        return False
    return callback.status is not CallbackStatus.FAILED_BY_REMOTE or bool(
        callback.failure and callback.failure.is_retryable
    )


def _failure_of_all(
    step: AwaitStep, waited: Sequence[Callback], missing: Mapping[str | None, Failure], now: datetime
) -> Failure:
    if step.expect is None:
        return next(iter(missing.values()))
    answered = sorted(callback.name or "" for callback in waited if callback.status in TAKEN)
    needed = step.needed(len(waited))
    message = f"{len(answered)} of {len(waited)} callbacks were answered; {needed} are required."
    details = {
        "answered": answered,
        "failures": {name: failure_json(failure) for name, failure in missing.items()},
    }
    return Failure("callbacks-incomplete", message, now, details)


def failure_json(failure: Failure) -> dict[str, Json]:
    """A failure as the steps behind the wait find it."""
    return {"code": failure.code, "message": failure.message, "details": failure.details}


def failure_of(callback: Callback, now: datetime) -> Failure:
    """Why the wait for that answer ended without it."""
    if callback.failure is not None:
        return callback.failure
    waited = f"since {callback.issued_at:%Y-%m-%d %H:%M:%S} UTC"
    match callback.status:
        case CallbackStatus.EXPIRED:
            return Failure("callback-expired", f"The remote service did not answer in time (asked {waited}).", now)
        case CallbackStatus.HEARTBEAT_LOST:
            heartbeat_timeout = f"{callback.heartbeat:g} seconds"
            return Failure(
                "heartbeat-lost", f"The remote service was silent for more than {heartbeat_timeout} ({waited}).", now
            )
        case _:
            return Failure("callback-withdrawn", "The callback was withdrawn.", now)


def _taken(
    conn: Connection,
    step: AwaitStep,
    process: Process,
    added: Mapping[str, Json],
    secrets: Secrets,
    now: datetime,
) -> Outcome:
    """The letters put where the validation finds them. A lens is an author's: what it raises fails the step here, or
    the commit would be tried for ever."""
    whole = fetched_now(conn, process.state) if step.lenses else process.state
    made = attempt(lambda: put_back(step, whole, focus(step, whole), added))
    if isinstance(made, AuthorRaised):
        return Failed(Failure(RAISED, f"The lens of {step.name!r} raised {made}", now))
    delta = changed(process.state, whole, made.value)
    return Success(delta, secrets=secrets.standing_in(delta) if step.lenses else secrets)
