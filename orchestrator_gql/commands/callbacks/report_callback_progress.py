"""reportCallbackProgress: a remote service says how far its job is. It never uses up the URL."""

from orchestrator_gql.callbacks.mailbox import Receipt, RefusedLetter
from orchestrator_gql.callbacks.progress import Report
from orchestrator_gql.engine import letters
from orchestrator_gql.engine.letters import Address
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.types import Json


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
    said = await letters.carry_out(runtime, address, lambda conn: letters.report(conn, runtime, address, told))
    if isinstance(said, RefusedLetter):
        raise letters.refusal(said, runtime.settings.max_callback_bytes)
    return said
