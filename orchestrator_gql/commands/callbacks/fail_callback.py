"""failCallback: a remote service says that its job failed. It competes with a result; the first one counts."""

from dataclasses import replace

from orchestrator_gql.callbacks.mailbox import Delivery, Receipt, RefusedLetter
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
    failure = _failure(runtime, conceal(said, (address.token,)))
    if failure is None:
        delivery = replace(delivery, refusal=AttemptOutcome.MALFORMED, error=_WRONG_REPORT, errors=_MESSAGE_MISSING)
    return delivery, failure


def _failure(runtime: Runtime, said: Json) -> Failure | None:
    message = said.get("message") if isinstance(said, dict) else None
    if not isinstance(message, str) or not message:
        return None
    return Failure(
        code=str(said.get("code") or "failed-by-remote")[:100],
        message=message[:10_000],
        occurred_at=runtime.clock.now(),
        details=said.get("details"),
        is_retryable=said.get("retryable") is True,
    )
