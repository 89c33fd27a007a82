"""adoptCallbackAttempt: a late or refused delivery becomes the result; nobody is called."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.callbacks import contract
from orchestrator_gql.callbacks.rules import Delivery
from orchestrator_gql.engine import secrecy
from orchestrator_gql.engine.callbacks import operator_actions
from orchestrator_gql.engine.callbacks.operator_actions import LockedCallback
from orchestrator_gql.engine.engine_state import demand_running
from orchestrator_gql.forms.masks import holds_mask, restored
from orchestrator_gql.process import Process, ProcessAction
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import callback_attempts
from orchestrator_gql.storage.callback_attempts import Attempt
from orchestrator_gql.types import Json, ResultSource
from orchestrator_gql.utils.errors import FieldError, InvalidState, NotFound, PayloadInvalid, PayloadTooLarge
from orchestrator_gql.utils.json import encode, read_lenient


async def adopt_callback_attempt(
    runtime: Runtime,
    principal: Principal,
    *,
    attempt_id: UUID,
    reason: str,
    expected_version: int | None = None,
) -> Process:
    """Take the body of the attempt for the result of its callback, or of the one that was issued in its place.

    Its contract is not asked, for the operator looked; the validation judges the result all the same. Raises
    `NotFound`, `Forbidden`, `StaleVersion`, `PayloadInvalid` where no reason is given, and `InvalidState` where the
    body was not kept, or the process does not stand at the callback's wait.
    """
    principal.demand(Permission.RECOVER_CALLBACK)
    operator_actions.demand_reason(reason)
    attempt = await runtime.database.read(lambda conn: _kept(conn, attempt_id))
    await operator_actions.demand_may_recover(runtime, principal, attempt.callback_id)

    def adopt(conn: Connection) -> Process:
        attempt = _kept(conn, attempt_id)
        locked = operator_actions.find_current(conn, runtime, attempt.callback_id, expected_version)
        operator_actions.demand(conn, locked, ProcessAction.ADOPT_CALLBACK_ATTEMPT)
        delivery = _delivery(attempt, locked)
        now = runtime.clock.now()
        told = {"reason": reason, "attempt_id": str(attempt_id), "digest": delivery.digest}
        operator_actions.write_down(conn, runtime, locked, "adoptCallbackAttempt", principal.id, now, **told)
        return operator_actions.supply(
            conn, runtime, locked, delivery, source=ResultSource.ADOPTED, actor=principal.id, now=now
        )

    return await runtime.database.transaction(adopt)


def _kept(conn: Connection, attempt_id: UUID) -> Attempt:
    attempt = callback_attempts.by_ids(conn, [attempt_id]).get(attempt_id)
    if attempt is None:
        raise NotFound("callback attempt", attempt_id)
    return attempt


def _delivery(attempt: Attempt, locked: operator_actions.LockedCallback) -> Delivery:
    if not attempt.is_adoptable or attempt.body is None:
        raise InvalidState(
            f"This attempt was {attempt.outcome}, and its body is not kept whole: type the result in by hand.",
            process_id=locked.process.id,
            current_version=locked.process.version,
        )
    delivery, _ = read_lenient(attempt.body)  # what it replaces was shown with the attempt
    return Delivery.of(delivery, attempt.body, peer=attempt.peer)


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
    await operator_actions.demand_may_recover(runtime, principal, callback_id)
    operator_actions.demand_reason(reason)
    if len(encode(result).encode()) > runtime.settings.max_callback_bytes:
        raise PayloadTooLarge(runtime.settings.max_callback_bytes)

    def complete(conn: Connection) -> Process:
        locked = operator_actions.find(conn, runtime, callback_id, expected_version)
        operator_actions.demand(conn, locked, ProcessAction.COMPLETE_CALLBACK)
        typed = _without_masks(conn, runtime, locked, result)
        broken = contract.violations(locked.step.contract, typed)
        if broken:
            raise _refusal("The result does not fit the contract of this callback.", broken)
        delivery, now = Delivery.of(typed, encode(typed).encode(), peer=None), runtime.clock.now()
        told = {"reason": reason, "digest": delivery.digest}
        operator_actions.write_down(conn, runtime, locked, "completeCallback", principal.id, now, **told)
        return operator_actions.supply(
            conn, runtime, locked, delivery, source=ResultSource.OPERATOR, actor=principal.id, now=now
        )

    return await runtime.database.transaction(complete)


def _without_masks(conn: Connection, runtime: Runtime, locked: LockedCallback, result: Json) -> Json:
    """The result as it was meant: a mask that the operator was shown stands for what it hides."""
    if not holds_mask(result):
        return result
    original, shown = secrecy.result_before(conn, locked.process, locked.callback)
    typed, masks = restored(result, original, runtime.redact(shown))
    if masks:
        raise _refusal("The result holds masks.", masks)
    return typed


def _refusal(message: str, errors: Iterable[FieldError]) -> PayloadInvalid:
    named = [FieldError(("result", *one.path), one.message, one.type, one.context) for one in errors]
    return PayloadInvalid(message, named, is_contract=True)


async def reawait_callback(
    runtime: Runtime,
    principal: Principal,
    *,
    callback_id: UUID,
    timeout: float,
    reason: str | None = None,
    expected_version: int | None = None,
) -> Process:
    """Give a pending callback a new deadline, ``timeout`` seconds from now, or open the same URL again where it
    expired, fell silent or its remote service reported a failure.

    Raises `NotFound`, `Forbidden`, `StaleVersion`, `PayloadInvalid` for a timeout that is none, and `InvalidState`
    where the process does not stand at the callback's wait, or its URL never opens again.
    """
    await operator_actions.demand_may_recover(runtime, principal, callback_id)

    def wait_on(conn: Connection) -> Process:
        locked = operator_actions.find(conn, runtime, callback_id, expected_version)
        operator_actions.demand(conn, locked, ProcessAction.REAWAIT_CALLBACK)
        now = runtime.clock.now()
        actor = principal.id
        waiting = operator_actions.wait_on(
            conn, runtime, locked, [locked.callback], timeout=timeout, actor=actor, now=now
        )
        told = {"reason": reason, "timeout_seconds": timeout}
        operator_actions.write_down(conn, runtime, locked, "reawaitCallback", actor, now, **told)
        return waiting

    return await runtime.database.transaction(wait_on)


async def reissue_callback(
    runtime: Runtime,
    principal: Principal,
    *,
    callback_id: UUID,
    reason: str | None = None,
    expected_version: int | None = None,
) -> Process:
    """Send the process back to the action of the callback: one remote call, and a URL that only it knows.

    Raises `NotFound`, `Forbidden`, `StaleVersion`, `EnginePaused`, and `InvalidState` where the process does not stand
    at the callback's wait, or its result is there.
    """
    await operator_actions.demand_may_recover(runtime, principal, callback_id)

    def ask_again(conn: Connection) -> Process:
        demand_running(conn)
        locked = operator_actions.find(conn, runtime, callback_id, expected_version)
        operator_actions.demand(conn, locked, ProcessAction.REISSUE_CALLBACK)
        now = runtime.clock.now()
        operator_actions.write_down(conn, runtime, locked, "reissueCallback", principal.id, now, reason=reason)
        return operator_actions.issue_again(conn, runtime, locked, [locked.callback], actor=principal.id, now=now)

    return await runtime.database.transaction(ask_again)
