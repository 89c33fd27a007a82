"""What a remote service brings: judged under the lock of its process, and kept whatever the verdict."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar, assert_never
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.callbacks import contract
from orchestrator_gql.callbacks.mailbox import (
    Accepted,
    Delivery,
    Duplicate,
    Mailbox,
    Receipt,
    RefusedLetter,
    Verdict,
    judge,
    judge_progress,
)
from orchestrator_gql.callbacks.progress import Report
from orchestrator_gql.engine import commit
from orchestrator_gql.engine.commit import Draft
from orchestrator_gql.engine.runner import terms
from orchestrator_gql.process import Process, course, resume
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import attempts, callbacks, events, processes, timers
from orchestrator_gql.storage.callbacks import Letter
from orchestrator_gql.storage.timers import TimerKind
from orchestrator_gql.storage.work import engine_state
from orchestrator_gql.types import AttemptOutcome, Event, EventKind, Failure, Json, ProcessStatus
from orchestrator_gql.utils.errors import (
    CallbackClosed,
    CallbackConflict,
    CallbackUnknown,
    FieldError,
    OrchestratorError,
    PayloadInvalid,
    PayloadTooLarge,
    UnsupportedMediaType,
)
from orchestrator_gql.utils.json import encode
from orchestrator_gql.utils.tokens import conceal, digest, new_id
from orchestrator_gql.workflow.model import AwaitStep, begin

T = TypeVar("T")
W = TypeVar("W")

LARGE = 64 * 1024
"""Bytes of a body above which a thread works on it, so that it holds up nobody else."""

DRY_RUN = "dry-run"
"""The receipt of what was only judged."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where something was delivered: the token, and the process that the URL named, if it was a URL.

    ``is_dry_run``: the remote service only wants to know what would be said; nothing is changed or kept.
    """

    token: str
    process_id: UUID | None = None
    is_dry_run: bool = False


async def aside(size: int, work: Callable[[], W]) -> W:
    """What the work comes to; on a thread for a body of such a size, as canonical JSON of 10 MiB takes seconds."""
    return await asyncio.to_thread(work) if size > LARGE else work()


async def carry_out(runtime: Runtime, address: Address, unit: Callable[[Connection], T]) -> T:
    """Run what was asked for at the address; where it is a dry run, on a snapshot of which nothing is kept."""
    database = runtime.database
    return await (database.read(unit) if address.is_dry_run else database.transaction(unit))


def deliver(
    conn: Connection, runtime: Runtime, address: Address, delivery: Delivery, failure: Failure | None = None
) -> Receipt | RefusedLetter:
    """Judge what was delivered and keep it; an accepted letter makes a process that waits for it runnable.

    ``failure`` comes with a failure report. `CallbackUnknown` where nothing listens at the address.
    """
    process, mailbox = _find(conn, address)
    now = runtime.clock.now()
    is_early = not _waits_for(process, mailbox) or engine_state.load(conn).is_paused
    errors = () if delivery.refusal else contract.violations(_contract(runtime, process, mailbox), delivery.letter)
    verdict = judge(mailbox, delivery, now, is_early=is_early, errors=errors)
    if isinstance(verdict, RefusedLetter):
        verdict = verdict.without(address.token)
    if address.is_dry_run:
        return _only_said(verdict, mailbox, now)
    match verdict:
        case Duplicate(receipt):
            attempts.keep(conn, mailbox.id, delivery, verdict.outcome, now=now, receipt=receipt)
            return Receipt(receipt, mailbox.received_at or now, is_duplicate=True)
        case RefusedLetter(outcome, message):
            # operators are shown what was refused, and the URL may still be open
            shown = replace(delivery, body=_concealed(delivery.body, address.token))
            attempts.keep(conn, mailbox.id, shown, outcome, now=now, error=message)
            return verdict
        case Accepted():
            return _accept(conn, runtime, process, mailbox, delivery, failure, is_early=is_early)


def _only_said(verdict: Verdict, mailbox: Mailbox, now: datetime) -> Receipt | RefusedLetter:
    match verdict:
        case Duplicate(receipt):
            return Receipt(receipt, mailbox.received_at or now, is_duplicate=True)
        case RefusedLetter():
            return verdict
        case Accepted():
            return Receipt(DRY_RUN, now)
        case _:
            assert_never(verdict)


def _waits_for(process: Process, mailbox: Mailbox) -> bool:
    return process.status is ProcessStatus.AWAITING_CALLBACK and process.position == mailbox.step_index


def report(conn: Connection, runtime: Runtime, address: Address, told: Report) -> Receipt | RefusedLetter:
    """Log how far the remote job is, and start the silence that the wait endures anew."""
    process, mailbox = _find(conn, address)
    now = runtime.clock.now()
    refused = judge_progress(mailbox, now)
    if refused is not None:
        return refused
    if address.is_dry_run:
        return Receipt(DRY_RUN, now)
    # PostgreSQL keeps no NUL in a text
    message = conceal(told.message.replace("\0", "\ufffd"), (address.token,)) if told.message else None
    data = conceal(told.data, (address.token,))
    attempts.log_progress(conn, mailbox.id, percent=told.percent, message=message, data=data, now=now)
    due = now + timedelta(seconds=mailbox.heartbeat) if mailbox.heartbeat else None
    latest: dict[str, Json] = {
        "percent": told.percent,
        "message": message,
        "data": data,
        "reported_at": now.isoformat(),
    }
    callbacks.reported(conn, mailbox.id, latest, due)
    if due is not None:
        timers.postpone(conn, TimerKind.HEARTBEAT, mailbox.id, due)
    payload = {"callback_id": str(mailbox.id), "progress": latest}
    events.append(conn, [Event(EventKind.CALLBACK_PROGRESSED, now, process.id, None, payload)])
    return Receipt(str(mailbox.id), now)


def refusal(verdict: RefusedLetter, limit_bytes: int) -> OrchestratorError:
    """The verdict as the error that a door translates."""
    match verdict.outcome:
        case AttemptOutcome.CONFLICT:
            return CallbackConflict(verdict.message)
        case AttemptOutcome.LATE:
            return CallbackClosed(verdict.message, is_expired=True)
        case AttemptOutcome.WITHDRAWN:
            return CallbackClosed(verdict.message)
        case AttemptOutcome.TOO_LARGE:
            return PayloadTooLarge(limit_bytes)
        case AttemptOutcome.UNSUPPORTED_TYPE:
            return UnsupportedMediaType(verdict.message)
        case AttemptOutcome.MALFORMED:
            return PayloadInvalid(verdict.message, verdict.errors)
        case _:
            errors = verdict.errors or (FieldError((), verdict.message, "invalid"),)
            return PayloadInvalid(verdict.message, errors, is_contract=True)


def _concealed(body: bytes, token: str) -> bytes:
    told: str = conceal(body.decode("utf-8", "surrogateescape"), (token,))
    return told.encode("utf-8", "surrogateescape")


def _find(conn: Connection, address: Address) -> tuple[Process, Mailbox]:
    """The process, locked before its mailbox is read: every competitor for the letter takes this lock first."""
    key = digest(address.token)
    process_id = callbacks.process_of_key(conn, key)
    if process_id is None or address.process_id not in (None, process_id):
        raise CallbackUnknown
    process = processes.lock(conn, process_id)
    mailbox = callbacks.of_key(conn, process_id, key)
    if process is None or mailbox is None:
        raise CallbackUnknown
    return process, mailbox


def _contract(runtime: Runtime, process: Process, mailbox: Mailbox) -> type | None:
    workflow = runtime.registry.find(process.workflow_name)
    steps = course(process, workflow) if workflow else begin
    if mailbox.step_index >= len(steps):
        return None
    step = steps[mailbox.step_index]
    return step.contract if isinstance(step, AwaitStep) else None


def _accept(
    conn: Connection,
    runtime: Runtime,
    process: Process,
    mailbox: Mailbox,
    delivery: Delivery,
    failure: Failure | None,
    *,
    is_early: bool,
) -> Receipt:
    now = runtime.clock.now()
    receipt = str(new_id())
    payload: dict[str, Json] = {"callback_id": str(mailbox.id)}
    if failure is None:
        letter = Letter(encode(delivery.letter), delivery.size, delivery.digest, receipt)
        callbacks.accept(conn, mailbox, letter, is_early=is_early, now=now)
        told = payload | {"is_early": is_early, "bytes": letter.size}
        event = Event(EventKind.CALLBACK_RECEIVED, now, process.id, None, told)
    else:
        callbacks.fail(conn, mailbox.id, failure, receipt=receipt, digest=delivery.digest, now=now)
        event = Event(EventKind.CALLBACK_ENDED, now, process.id, None, payload | {"status": "FAILED_BY_REMOTE"})
    timers.clear_callback(conn, mailbox.id)
    attempts.keep(conn, mailbox.id, delivery, AttemptOutcome.ACCEPTED, now=now, receipt=receipt)
    events.append(conn, [event])
    if _waits_for(process, mailbox):
        commit.apply(conn, process, Draft(process).then(resume(process, now)), terms(runtime, begin))
    return Receipt(receipt, now)
