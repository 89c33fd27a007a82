"""completeCallback: an operator types the result in; nobody is called."""

from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.callbacks import contract
from orchestrator_gql.callbacks.mailbox import Delivery
from orchestrator_gql.engine import recovery
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
    reason is given, `PayloadTooLarge`, and `InvalidState` where the process does not stand at the callback's wait.
    """
    await recovery.demand_may_recover(runtime, principal, callback_id)
    recovery.demand_reason(reason)
    body = encode(result).encode()
    if len(body) > runtime.settings.max_callback_bytes:
        raise PayloadTooLarge(runtime.settings.max_callback_bytes)

    def complete(conn: Connection) -> Process:
        stuck = recovery.find(conn, runtime, callback_id, expected_version)
        recovery.demand(conn, stuck, ProcessAction.COMPLETE_CALLBACK)
        broken = contract.violations(stuck.step.contract, result)
        if broken:
            errors = [FieldError(("result", *one.path), one.message, one.type, one.context) for one in broken]
            raise PayloadInvalid("The result does not fit the contract of this callback.", errors, is_contract=True)
        letter, now = Delivery.of(result, body, peer=None), runtime.clock.now()
        told = {"reason": reason, "digest": letter.digest}
        recovery.write_down(conn, runtime, stuck, "completeCallback", principal.id, now, **told)
        return recovery.supply(conn, runtime, stuck, letter, source=ResultSource.OPERATOR, actor=principal.id, now=now)

    return await runtime.database.transaction(complete)
