"""completeCallback: an operator types the result in; nobody is called."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.callbacks import contract
from orchestrator_gql.callbacks.mailbox import Delivery
from orchestrator_gql.engine import recovery, secrecy
from orchestrator_gql.engine.recovery import Stuck
from orchestrator_gql.forms.masks import holds_mask, restored
from orchestrator_gql.process import Process, ProcessAction
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Principal
from orchestrator_gql.types import Json, ResultSource
from orchestrator_gql.utils.errors import FieldError, PayloadInvalid, PayloadTooLarge
from orchestrator_gql.utils.json import encode


async def complete_callback(
    runtime: Runtime,
    principal: Principal,
    *,
    callback_id: UUID,
    result: Json,
    reason: str,
    expected_version: int | None = None,
) -> Process:
    """Take what the operator says for the result of the callback, whose URL is dead from then on. The validation
    judges it as it would judge the remote service's.

    Raises `NotFound`, `Forbidden`, `StaleVersion`, `PayloadInvalid` for a result that breaks the contract and where no
    reason is given, `PayloadTooLarge`, and `InvalidState` where the process does not stand at the callback's wait. A
    mask in the result stands for what the result before it has there; elsewhere it is refused.
    """
    await recovery.demand_may_recover(runtime, principal, callback_id)
    recovery.demand_reason(reason)
    if len(encode(result).encode()) > runtime.settings.max_callback_bytes:
        raise PayloadTooLarge(runtime.settings.max_callback_bytes)

    def complete(conn: Connection) -> Process:
        stuck = recovery.find(conn, runtime, callback_id, expected_version)
        recovery.demand(conn, stuck, ProcessAction.COMPLETE_CALLBACK)
        typed = _without_masks(conn, runtime, stuck, result)
        broken = contract.violations(stuck.step.contract, typed)
        if broken:
            raise _refusal("The result does not fit the contract of this callback.", broken)
        letter, now = Delivery.of(typed, encode(typed).encode(), peer=None), runtime.clock.now()
        told = {"reason": reason, "digest": letter.digest}
        recovery.write_down(conn, runtime, stuck, "completeCallback", principal.id, now, **told)
        return recovery.supply(conn, runtime, stuck, letter, source=ResultSource.OPERATOR, actor=principal.id, now=now)

    return await runtime.database.transaction(complete)


def _without_masks(conn: Connection, runtime: Runtime, stuck: Stuck, result: Json) -> Json:
    """The result as it was meant: a mask that the operator was shown stands for what it hides."""
    if not holds_mask(result):
        return result
    original, shown = secrecy.result_before(conn, stuck.process, stuck.mailbox)
    typed, masks = restored(result, original, runtime.redact(shown))
    if masks:
        raise _refusal("The result holds masks.", masks)
    return typed


def _refusal(message: str, errors: Iterable[FieldError]) -> PayloadInvalid:
    named = [FieldError(("result", *one.path), one.message, one.type, one.context) for one in errors]
    return PayloadInvalid(message, named, is_contract=True)
