"""Take what remote services deliver: results, failure reports and progress reports; the token is the credential."""

import logging
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial

from orchestrator_gql.callbacks.progress import Report, kept_report
from orchestrator_gql.callbacks.reports import failure_in
from orchestrator_gql.callbacks.rules import Delivery, Receipt, Rejected
from orchestrator_gql.engine.callbacks import deliveries, progress
from orchestrator_gql.engine.callbacks.deliveries import Address, Unread
from orchestrator_gql.engine.callbacks.refusals import refusal
from orchestrator_gql.engine.spans import SDK, DeliverySpan
from orchestrator_gql.engine.steps.calls import outside
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import callbacks
from orchestrator_gql.types import AttemptOutcome, Json
from orchestrator_gql.utils.errors import (
    FieldError,
    OrchestratorError,
    PayloadInvalid,
    PayloadTooLarge,
    StorageUnavailable,
)
from orchestrator_gql.utils.json import encode
from orchestrator_gql.utils.json.depth import demand_depth
from orchestrator_gql.utils.tokens import conceal, digest, new_receipt

logger = logging.getLogger(__name__)


async def receive_callback(
    runtime: Runtime, *, token: str, payload: Json, peer: str | None = None, traceparent: str | None = None
) -> Receipt:
    """Take a result that is parsed already; see `receive_delivery`. Raises also `PayloadTooLarge`."""
    body = encode(payload).encode()
    if len(body) > runtime.settings.max_callback_bytes:
        raise PayloadTooLarge(runtime.settings.max_callback_bytes)
    delivery = await deliveries.in_thread_if_large(len(body), lambda: _delivery(payload, body, peer))
    return await receive_delivery(runtime, Address(token, traceparent=traceparent), delivery)


def _delivery(payload: Json, body: bytes, peer: str | None, *, is_failure: bool = False) -> Delivery:
    """The delivery of a payload. GraphQL and REST refuse the same: a request of GraphQL may be deeper than a body."""
    try:
        demand_depth(body)
    except PayloadInvalid as error:
        refusal, size = AttemptOutcome.MALFORMED, len(body)
        return Delivery.unread(
            body,
            refusal,
            error.message,
            size=size,
            kept=size,
            media_type="application/json",
            peer=peer,
            errors=error.errors,
        )
    return Delivery.of(payload, body, peer=peer, is_failure=is_failure)


async def receive_delivery(runtime: Runtime, address: Address, delivery: Delivery | Unread) -> Receipt:
    """Store the delivery and return its receipt. The receipt means durably stored, not finished.

    Raises `CallbackUnknown`, `CallbackConflict`, `CallbackClosed`, `PayloadInvalid`, `PayloadTooLarge` and
    `UnsupportedMediaType`; the attempt is stored in each of these cases.
    """
    return await _delivered(runtime, address, delivery, runtime.clock.now())


async def _delivered(
    runtime: Runtime,
    address: Address,
    delivery: Delivery | Unread,
    at: datetime | None = None,
) -> Receipt:
    receipt = new_receipt()  # before the transaction: if its outcome is unknown, the receipt tells what happened
    span = DeliverySpan(address.traceparent) if SDK in sys.modules else None
    deliver = partial(
        deliveries.deliver,
        runtime=runtime,
        address=address,
        delivery=delivery,
        receipt=receipt,
        at=at,
        span=span,
    )
    find = partial(deliveries.find_accepted, address=address, receipt=receipt)
    carry_out = partial(deliveries.carry_out, runtime, address, deliver, find)
    try:
        outcome = await outside(runtime, carry_out, is_request=True)
    except Exception as error:
        if span is not None:
            span.end(error)
        raise
    if span is not None:
        span.end(outcome)
    if isinstance(outcome, Rejected):
        raise refusal(outcome, runtime.settings.max_callback_bytes)
    return outcome


async def fail_callback(
    runtime: Runtime,
    *,
    token: str,
    code: str,
    message: str,
    is_retryable: bool = False,
    details: Json = None,
    peer: str | None = None,
    traceparent: str | None = None,
) -> Receipt:
    """Take a failure report; see `receive_failure`."""
    report = {"code": code, "message": message, "retryable": is_retryable, "details": details}
    address = Address(token, traceparent=traceparent)
    return await receive_failure(runtime, address, report, encode(report).encode(), peer)


async def receive_failure(
    runtime: Runtime, address: Address, report: Json, body: bytes, peer: str | None = None
) -> Receipt:
    """End the wait with the reported failure: ``{"code", "message", "retryable"?, "details"?}``.

    Raises the same errors as `receive_callback`, and `PayloadInvalid` if the report has no message.
    """
    delivery = await deliveries.in_thread_if_large(
        len(body), lambda: _failure_delivery(runtime, address, report, body, peer)
    )
    return await _delivered(runtime, address, delivery)


_WRONG_REPORT = "A failure report is an object with a message."
_MESSAGE_MISSING = (FieldError(("message",), "A failure report needs a message.", "missing"),)


def _failure_delivery(runtime: Runtime, address: Address, report: Json, body: bytes, peer: str | None) -> Delivery:
    delivery = _delivery(report, body, peer, is_failure=True)
    if delivery.refusal is not None:
        return delivery
    failure = failure_in(conceal(report, (address.token,)), runtime.clock.now())
    if failure is None:
        return replace(delivery, refusal=AttemptOutcome.MALFORMED, error=_WRONG_REPORT, errors=_MESSAGE_MISSING)
    return replace(delivery, failure=failure)


async def report_callback_progress(
    runtime: Runtime,
    *,
    token: str,
    percent: float | None = None,
    message: str | None = None,
    data: Json = None,
    peer: str | None = None,
) -> Receipt:
    """Log a progress report; ``percent`` is from 0 to 100. See `receive_report`; raises also `PayloadInvalid`."""
    demand_depth(encode(data).encode())
    return await receive_report(runtime, Address(token), kept_report(percent, message, data))


async def receive_report(runtime: Runtime, address: Address, report: Report) -> Receipt:
    """Log a progress report. Raises `CallbackUnknown`; `CallbackConflict` or `CallbackClosed` after the wait."""
    outcome = await deliveries.carry_out(runtime, address, lambda conn: progress.report(conn, runtime, address, report))
    if isinstance(outcome, Rejected):
        raise refusal(outcome, runtime.settings.max_callback_bytes)
    return outcome


async def log_refusal(runtime: Runtime, token: str, refused: OrchestratorError, peer: str | None) -> None:
    """Log a delivery that was refused although its token is right, with its process and never with the token."""
    facts = {"code": refused.code, "address": peer or "unknown"}
    with suppress(StorageUnavailable):
        place = await runtime.database.read(partial(callbacks.place_of_token_digest, token_digest=digest(token)))
        facts |= {"process_id": str(place and place[0])}
    logger.warning("a delivery was refused", extra=facts)
