"""Takes the results of callbacks: one function stores outcome, attempt, event and audit entry, whatever the source is.

A result is delivered to the URL or under the service's own id, it is polled at the deadline, or an operator gives it.
Every function needs the lock of the process.
"""

import hashlib
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Connection

from orchestrator_gql.audit import origin
from orchestrator_gql.callbacks.contract import judging_model, late_verdict, violations_of_issued
from orchestrator_gql.callbacks.failures import failure_json
from orchestrator_gql.callbacks.rules import (
    BY_OPERATOR,
    WITH_RESULT,
    Accepted,
    Arrival,
    Callback,
    Delivery,
    DeliveryOutcome,
    Duplicate,
    Receipt,
    Rejected,
    judge,
)
from orchestrator_gql.engine.secrecy import body_shown, delivery_digest_of, preview_of, refusal_shown
from orchestrator_gql.engine.steps.calls import runs_authors_code
from orchestrator_gql.engine.woken import KnownCallbacks
from orchestrator_gql.process import Failed, Process, Success
from orchestrator_gql.process.secrecy import failure_shown
from orchestrator_gql.storage import audit, callback_attempts, callbacks, events, timers
from orchestrator_gql.storage.callbacks import AcceptedResult
from orchestrator_gql.types import CallbackStatus, Event, EventKind, Json, ResultSource
from orchestrator_gql.utils.author_demands import demand
from orchestrator_gql.utils.errors import FieldError
from orchestrator_gql.utils.json import encode
from orchestrator_gql.utils.secrets import NOTHING, Secrets
from orchestrator_gql.utils.tokens import conceal, new_id, new_receipt
from orchestrator_gql.workflow.model import AwaitStep

REMOTE = "remote service"
"""The actor of a delivery if the step names no service."""

ACTIONS: Mapping[ResultSource, str] = {
    ResultSource.CALLBACK: "receiveCallback",
    ResultSource.POLL: "pollCallback",
    ResultSource.OPERATOR: "completeCallback",
    ResultSource.ADOPTED: "adoptCallbackAttempt",
}
"""The action in the audit entry of a result; that of a failure report is ``failCallback``."""


def contract_errors(callback: Callback, step: AwaitStep | None, payload: Json) -> tuple[FieldError, ...]:
    """The places where the payload breaks the contract that the callback was issued with.

    If the contract runs authors' code, such as a validator, a transaction demands the verdict: the code runs outside.
    """
    deployed = step.contract if step is not None else None
    judge = partial(violations_of_issued, callback.contract, deployed, payload)
    model = judging_model(callback.contract, deployed)
    if model is None or not (runs_authors_code(model) or _validates_itself(model)):
        return judge()
    key = ("contract", callback.id, model, hashlib.sha256(encode(payload).encode()).digest())
    return demand(key, judge, name=f"The contract {model.__name__!r}", owner=model, instead=late_verdict)


def _validates_itself(model: type[BaseModel]) -> bool:
    """True if the author replaced pydantic's method that validates."""
    return getattr(model.model_validate, "__func__", None) is not getattr(BaseModel.model_validate, "__func__", None)


def arrival(
    process: Process,
    callback: Callback,
    step: AwaitStep | None,
    delivery: Delivery,
    *,
    source: ResultSource,
    at: datetime,
    is_early: bool = False,
    receipt: str | None = None,
    repeated: Duplicate | None = None,
    token: str = "",
) -> Arrival:
    """Judge a delivery that arrived ``at`` that time. ``step`` is the deployed step of the wait, if there is one.

    ``receipt`` is the receipt that the sender has already. ``repeated`` is the outcome if it is known to be a repeated
    failure report. The actor is the remote service. A result of an operator leaves the callback the receipt of the
    delivery that it replaces, so that the sender can still ask.
    """
    if source in BY_OPERATOR:
        receipt = callback.receipt
    judged = partial(judge, callback, delivery, at, is_early=is_early, source=source)
    outcome: DeliveryOutcome = repeated or judged()
    is_checked = source not in BY_OPERATOR and callback.contract is not None and not delivery.is_failure
    if isinstance(outcome, Accepted) and is_checked:
        outcome = judged(errors=contract_errors(callback, step, delivery.payload))
    if isinstance(outcome, Rejected):
        outcome = refusal_shown(outcome.without(token), process.secrets)
    if delivery.failure is not None:
        delivery = replace(delivery, failure=failure_shown(delivery.failure, process.secrets))
    return Arrival(
        callback=callback,
        delivery=delivery,
        outcome=outcome,
        source=source,
        actor=callback.service or REMOTE,
        at=at,
        receipt=receipt or new_receipt(),
        payload_id=new_id(),
        token=token,
    )


def take(
    conn: Connection, process: Process, arrived: Arrival, *, now: datetime, audit_key: bytes | None
) -> Receipt | Rejected:
    """Store the outcome of the arrival: the result or the refusal, the attempt, the event and the audit entry.

    The caller moves the process on. Only an accepted result has an event and an audit entry.
    """
    callback, delivery, outcome, token = arrived.callback, arrived.delivery, arrived.outcome, arrived.token
    match outcome:
        case Duplicate(receipt):
            kept = _failure_report_shown(process, arrived) if delivery.is_failure else delivery
            _keep_attempt(conn, arrived, kept, now, receipt=receipt)
            return Receipt(receipt, callback.received_at or now, is_duplicate=True)
        case Rejected(_, message):
            # Operators see the refused body, and the URL may still be open: the body must not show the token.
            shown = replace(delivery, body=_concealed(delivery.body, token))
            _keep_attempt(conn, arrived, shown, now, error=message)
            return outcome
        case Accepted():
            _accept(conn, process, arrived, outcome, now)
            _write_audit_entry(conn, process, arrived, now, audit_key)
            return Receipt(arrived.receipt, now)


def _keep_attempt(
    conn: Connection,
    arrived: Arrival,
    shown: Delivery,
    now: datetime,
    *,
    receipt: str | None = None,
    error: str | None = None,
) -> None:
    """Store the attempt. A delivery that came before its job was known keeps its time, and its receipt as its id."""
    id = UUID(arrived.receipt) if arrived.has_receipt else None
    at, sent = (now, receipt) if id is None else (arrived.at, arrived.receipt)
    callback_attempts.keep(
        conn, arrived.callback, shown, arrived.outcome.outcome, now=at, receipt=sent, error=error, id=id
    )


def refuse_unauthenticated(
    conn: Connection,
    callback: Callback,
    delivery: Delivery,
    refused: Rejected,
    *,
    token: str,
    secrets: Secrets,
    now: datetime,
) -> None:
    """Store the attempt of a sender that is not authentic, with the beginning of its body."""
    head = _concealed(delivery.body[: callback_attempts.HEAD], token)
    shown = replace(delivery, body=body_shown(head, secrets))
    callback_attempts.keep(conn, callback, shown, refused.outcome, now=now, error=refused.message)


def received(
    callback: Callback, size: int, now: datetime, *, is_early: bool = False, actor: str | None = None
) -> Event:
    """The event for a received result; ``size`` is in bytes."""
    payload = {"callback_id": str(callback.id), "is_early": is_early, "bytes": size}
    return Event(EventKind.CALLBACK_RECEIVED, now, callback.process_id, actor, payload)


def ended(callback: Callback, status: CallbackStatus, now: datetime, actor: str | None = None) -> Event:
    """The event for a callback that ended with ``status``."""
    payload = {"callback_id": str(callback.id), "status": status}
    return Event(EventKind.CALLBACK_ENDED, now, callback.process_id, actor, payload)


def keep_judgement(
    conn: Connection,
    process: Process,
    wait: int,
    outcome: Success | Failed,
    now: datetime,
    known: KnownCallbacks,
) -> list[Event]:
    """Store the outcome of the validation at the callbacks of the wait; the events."""
    validation: dict[str, Json] = {"outcome": "ACCEPTED", "validated_at": now.isoformat()}
    status = CallbackStatus.VALIDATED
    if isinstance(outcome, Failed):
        status = CallbackStatus.REJECTED
        validation |= {"outcome": "REJECTED", **failure_json(outcome.failure)}
    validated = []
    for callback in known.get((process.id, wait)) or callbacks.of_wait(conn, process.id, wait):
        if callback.status in WITH_RESULT:
            callbacks.judged(conn, callback.id, status, validation)
            payload = {"callback_id": str(callback.id), "validation": validation}
            validated.append(Event(EventKind.CALLBACK_VALIDATED, now, process.id, None, payload))
    return validated


def _accept(conn: Connection, process: Process, arrived: Arrival, outcome: Accepted, now: datetime) -> None:
    callback, delivery, receipt = arrived.callback, arrived.delivery, arrived.receipt
    _keep_replaced_result(conn, callback)
    kept = delivery
    if delivery.failure is None:
        actor = arrived.actor if arrived.source in BY_OPERATOR else None
        event = received(callback, delivery.size, now, is_early=outcome.is_early, actor=actor)
        result = AcceptedResult(
            id=arrived.payload_id,
            preview=_preview(process, callback, delivery),
            text=encode(delivery.payload),
            size=delivery.size,
            digest=delivery.digest,
            receipt=receipt,
            source=arrived.source,
        )
        callbacks.accept(conn, callback, result, is_early=outcome.is_early, now=now)
    else:
        callbacks.fail(conn, callback.id, delivery.failure, receipt=receipt, digest=delivery.digest, now=now)
        event = ended(callback, CallbackStatus.FAILED_BY_REMOTE, now)
        kept = _failure_report_shown(process, arrived)
    timers.clear_callback(conn, callback.id)
    if arrived.source not in BY_OPERATOR:  # attempts are what a remote service sent; the audit log has the operator
        _keep_attempt(conn, arrived, kept, now, receipt=receipt)
    events.append(conn, [event])


def _preview(process: Process, callback: Callback, delivery: Delivery) -> str | None:
    """The beginning of the result without secrets; None if neither the contract nor the process knows any."""
    return preview_of(callback, delivery, process.secrets) if _may_hold_secrets(process, callback, delivery) else None


def _may_hold_secrets(process: Process, callback: Callback, delivery: Delivery) -> bool:
    """False if neither the contract nor the process knows any: then nobody needs to look for them."""
    return callback.contract is not None or delivery.secrets is not NOTHING or bool(process.secrets.values)


def _failure_report_shown(process: Process, arrived: Arrival) -> Delivery:
    body = body_shown(_concealed(arrived.delivery.body, arrived.token), process.secrets)
    return replace(arrived.delivery, body=body)


def _keep_replaced_result(conn: Connection, callback: Callback) -> None:
    """Store the body of a result that an operator replaces with the attempt that delivered it."""
    if callback.payload_id is not None and callback.receipt is not None and callback.source not in BY_OPERATOR:
        text = callbacks.texts(conn, [callback.payload_id])[callback.payload_id]
        callback_attempts.keep_body(conn, callback.id, callback.receipt, text.encode())


def _write_audit_entry(
    conn: Connection, process: Process, arrived: Arrival, now: datetime, audit_key: bytes | None
) -> None:
    callback, delivery = arrived.callback, arrived.delivery
    may_hold = _may_hold_secrets(process, callback, delivery)
    details: dict[str, Json] = {
        "callback_id": str(callback.id),
        "name": callback.name,
        "attempt_id": str(arrived.attempt_id) if arrived.attempt_id else None,
        "receipt": arrived.receipt,
        "digest": delivery_digest_of(callback, delivery, process.secrets) if may_hold else delivery.digest,
        "peer": delivery.peer,
        "reason": None if arrived.reason is None else process.secrets.concealed(arrived.reason),
    }
    action = ACTIONS[arrived.source] if delivery.failure is None else "failCallback"
    came = nullcontext() if arrived.method is None else origin.acting(delivery.peer, arrived.method)
    with came:
        audit.record(conn, audit_key, process.id, actor=arrived.actor, action=action, now=now, details=details)


def _concealed(body: bytes, token: str) -> bytes:
    text: str = conceal(body.decode("utf-8", "surrogateescape"), (token,))
    return text.encode("utf-8", "surrogateescape")
