"""receiveCallback: a remote service delivers the one result. The token is the credential."""

from orchestrator_gql.callbacks.mailbox import Delivery, Receipt, RefusedLetter
from orchestrator_gql.engine import letters
from orchestrator_gql.engine.letters import Address
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import PayloadTooLarge
from orchestrator_gql.utils.json import encode


async def receive_callback(runtime: Runtime, *, token: str, letter: Json, peer: str | None = None) -> Receipt:
    """Take a result that is already JSON; see `receive_delivery`."""
    body = encode(letter).encode()
    if len(body) > runtime.settings.max_callback_bytes:
        raise PayloadTooLarge(runtime.settings.max_callback_bytes)
    delivery = await letters.aside(len(body), lambda: Delivery.of(letter, body, peer=peer))
    return await receive_delivery(runtime, Address(token), delivery)


async def receive_delivery(runtime: Runtime, address: Address, delivery: Delivery) -> Receipt:
    """Store what was delivered and say so; the receipt means durably stored, not finished.

    Raises `CallbackUnknown`, `CallbackConflict`, `CallbackClosed`, `PayloadInvalid`, `PayloadTooLarge`,
    `UnsupportedMediaType`; the attempt is kept whichever it is.
    """
    said = await letters.carry_out(runtime, address, lambda conn: letters.deliver(conn, runtime, address, delivery))
    if isinstance(said, RefusedLetter):
        raise letters.refusal(said, runtime.settings.max_callback_bytes)
    return said
