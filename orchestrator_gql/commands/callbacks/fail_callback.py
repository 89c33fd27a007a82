"""failCallback: a remote service says that its job failed. It competes with a result; the first one counts."""

from dataclasses import replace

from orchestrator_gql.callbacks.mailbox import Delivery, Receipt, RefusedLetter
from orchestrator_gql.callbacks.reports import failure_in
from orchestrator_gql.engine import letters
from orchestrator_gql.engine.letters import Address
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.types import AttemptOutcome, Failure, Json
from orchestrator_gql.utils.errors import FieldError
from orchestrator_gql.utils.json import encode
from orchestrator_gql.utils.tokens import conceal


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
    delivery, failure = await letters.aside(len(body), lambda: _read(runtime, address, said, body, peer))
    verdict = await letters.carry_out(
        runtime, address, lambda conn: letters.deliver(conn, runtime, address, delivery, failure)
    )
    if isinstance(verdict, RefusedLetter):
        raise letters.refusal(verdict, runtime.settings.max_callback_bytes)
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
