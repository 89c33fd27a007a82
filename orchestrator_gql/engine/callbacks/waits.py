"""Issues the callbacks of a wait, opens them again and withdraws them; `write` stores what a commit changes of them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from orchestrator_gql.callbacks import contract
from orchestrator_gql.callbacks.rules import Callback
from orchestrator_gql.callbacks.waits import WaitChanges
from orchestrator_gql.engine.callbacks import results
from orchestrator_gql.engine.callbacks.results import ended
from orchestrator_gql.engine.steps.execution import Tokens
from orchestrator_gql.process import Process, StepEntry, StepExecution
from orchestrator_gql.storage import callbacks, earlier_receipts, events, timers, unclaimed_deliveries
from orchestrator_gql.storage.timers import TimerKind
from orchestrator_gql.types import CallbackStatus, Event, EventKind
from orchestrator_gql.utils.tokens import digest, hint, new_id, new_token
from orchestrator_gql.workflow.model import AwaitStep


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


def entry_again(by: str, callbacks_of_wait: Sequence[Callback]) -> StepEntry:
    """The entry of the action that issues these callbacks again."""
    attempt = max(callback.issue_number for callback in callbacks_of_wait) + 1
    return StepEntry(by, attempt, callbacks_of_wait[0].wait_seq, tuple(callback.name for callback in callbacks_of_wait))
