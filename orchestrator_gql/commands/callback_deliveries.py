"""receiveCallback: a remote service delivers the one result. The token is the credential."""

from dataclasses import replace

from orchestrator_gql.callbacks.progress import Report
from orchestrator_gql.callbacks.reports import failure_in
from orchestrator_gql.callbacks.rules import Delivery, Receipt, Rejected
from orchestrator_gql.engine.callbacks import deliveries
from orchestrator_gql.engine.callbacks.deliveries import Address
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.types import AttemptOutcome, Failure, Json
from orchestrator_gql.utils.errors import FieldError, PayloadTooLarge
from orchestrator_gql.utils.json import encode
from orchestrator_gql.utils.tokens import conceal


async def receive_callback(runtime: Runtime, *, token: str, payload: Json, peer: str | None = None) -> Receipt:
    """Take a result that is already JSON; see `receive_delivery`."""
    body = encode(payload).encode()
    if len(body) > runtime.settings.max_callback_bytes:
        raise PayloadTooLarge(runtime.settings.max_callback_bytes)
    delivery = await deliveries.aside(len(body), lambda: Delivery.of(payload, body, peer=peer))
    return await receive_delivery(runtime, Address(token), delivery)


async def receive_delivery(runtime: Runtime, address: Address, delivery: Delivery) -> Receipt:
    """Store what was delivered and say so; the receipt means durably stored, not finished.

    Raises `CallbackUnknown`, `CallbackConflict`, `CallbackClosed`, `PayloadInvalid`, `PayloadTooLarge`,
    `UnsupportedMediaType`; the attempt is kept whichever it is.
    """
    said = await deliveries.carry_out(
        runtime, address, lambda conn: deliveries.deliver(conn, runtime, address, delivery)
    )
    if isinstance(said, Rejected):
        raise deliveries.refusal(said, runtime.settings.max_callback_bytes)
    return said


async def fail_callback(
    runtime: Runtime,
    *,
    token: str,
    code: str,
    message: str,
    is_retryable: bool = False,
    details: Json = None,
    peer: str | None = None,
) -> Receipt:
    """Take a failure report; see `receive_failure`."""
    said = {"code": code, "message": message, "retryable": is_retryable, "details": details}
    return await receive_failure(runtime, Address(token), said, encode(said).encode(), peer)


async def receive_failure(
    runtime: Runtime, address: Address, said: Json, body: bytes, peer: str | None = None
) -> Receipt:
    """End the wait with the failure reported: ``{"code", "message", "retryable"?, "details"?}``.

    Raises as `receive_callback` does, and `PayloadInvalid` where the report has no message.
    """
    delivery, failure = await deliveries.aside(len(body), lambda: _read(runtime, address, said, body, peer))
    verdict = await deliveries.carry_out(
        runtime, address, lambda conn: deliveries.deliver(conn, runtime, address, delivery, failure)
    )
    if isinstance(verdict, Rejected):
        raise deliveries.refusal(verdict, runtime.settings.max_callback_bytes)
    return verdict


_WRONG_REPORT = "A failure report is an object with a message."
_MESSAGE_MISSING = (FieldError(("message",), "A failure report needs a message.", "missing"),)


def _read(
    runtime: Runtime, address: Address, said: Json, body: bytes, peer: str | None
) -> tuple[Delivery, Failure | None]:
    delivery = Delivery.of(said, body, peer=peer, is_failure=True)
    failure = failure_in(conceal(said, (address.token,)), runtime.clock.now())
    if failure is None:
        delivery = replace(delivery, refusal=AttemptOutcome.MALFORMED, error=_WRONG_REPORT, errors=_MESSAGE_MISSING)
    return delivery, failure


async def report_callback_progress(
    runtime: Runtime,
    *,
    token: str,
    percent: float | None = None,
    message: str | None = None,
    data: Json = None,
    peer: str | None = None,
) -> Receipt:
    """Log a report; ``percent`` from 0 to 100. See `receive_report`."""
    return await receive_report(runtime, Address(token), Report(percent, message, data))


async def receive_report(runtime: Runtime, address: Address, told: Report) -> Receipt:
    """Log a report. Raises `CallbackUnknown`, or `CallbackConflict` and `CallbackClosed` where the wait is over."""
    said = await deliveries.carry_out(runtime, address, lambda conn: deliveries.report(conn, runtime, address, told))
    if isinstance(said, Rejected):
        raise deliveries.refusal(said, runtime.settings.max_callback_bytes)
    return said
