"""adoptCallbackAttempt, completeCallback, reawaitCallback and reissueCallback: an operator repairs a callback."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.audit.free_text import demand_short
from orchestrator_gql.callbacks.rules import Delivery
from orchestrator_gql.engine import secrecy
from orchestrator_gql.engine.callbacks import operator_actions
from orchestrator_gql.engine.callbacks.operator_actions import LockedCallback, OperatorAction, lock_for
from orchestrator_gql.engine.callbacks.results import contract_errors
from orchestrator_gql.engine.engine_state import demand_running
from orchestrator_gql.engine.steps.calls import outside
from orchestrator_gql.forms.masks import holds_mask, restored
from orchestrator_gql.process import Process, ProcessAction
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import callback_attempts
from orchestrator_gql.storage.callback_attempts import Attempt
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import FieldError, InvalidState, NotFound, PayloadInvalid
from orchestrator_gql.utils.json import encode, read_lenient
from orchestrator_gql.utils.json.depth import is_deeper
from orchestrator_gql.utils.json.flaws import MAX_DEPTH


async def adopt_callback_attempt(
    runtime: Runtime,
    principal: Principal,
    *,
    attempt_id: UUID,
    reason: str,
    expected_version: int | None = None,
) -> Process:
    """Take the body of the attempt as the result of its callback, or of the callback that replaced it.

    The contract is not checked, because the operator looked at the body; the validation step still validates the
    result. Raises `NotFound`, `Forbidden`, `StaleVersion`, `PayloadInvalid` without a reason, and `InvalidState` if
    the body is not stored whole or the process does not wait for the callback.
    """
    principal.demand(Permission.RECOVER_CALLBACK)
    operator_actions.demand_reason(reason)
    attempt = await runtime.database.read(lambda conn: _load_attempt(conn, attempt_id))
    await operator_actions.demand_may_recover(
        runtime, principal, attempt.callback_id, ProcessAction.ADOPT_CALLBACK_ATTEMPT
    )

    def adopt(conn: Connection) -> Process:
        attempt = _load_attempt(conn, attempt_id)
        locked = lock_for(
            conn,
            runtime,
            ProcessAction.ADOPT_CALLBACK_ATTEMPT,
            attempt.callback_id,
            expected_version,
            is_latest=True,
        )
        delivered = [(locked.callback, _delivery(attempt, locked))]
        action = OperatorAction(principal.id, reason, runtime.clock.now())
        return operator_actions.supply(conn, runtime, locked, delivered, action, attempt_id=attempt_id)

    return await runtime.database.transaction(adopt)


def _load_attempt(conn: Connection, attempt_id: UUID) -> Attempt:
    attempt = callback_attempts.by_ids(conn, [attempt_id]).get(attempt_id)
    if attempt is None:
        raise NotFound("callback attempt", attempt_id)
    return attempt


def _delivery(attempt: Attempt, locked: LockedCallback) -> Delivery:
    if not attempt.is_adoptable or attempt.body is None:
        raise InvalidState(
            f"This attempt was {attempt.outcome}, and its body is not kept whole: type the result in by hand.",
            process_id=locked.process.id,
            current_version=locked.process.version,
        )
    payload, _ = read_lenient(attempt.body)  # the operator saw with the attempt what this reading replaces
    return Delivery.of(payload, attempt.body, peer=attempt.peer)


async def complete_callback(
    runtime: Runtime,
    principal: Principal,
    *,
    callback_id: UUID,
    result: Json,
    reason: str,
    expected_version: int | None = None,
) -> Process:
    """Take the operator's result as the result of the callback, and close its URL. The validation step validates it
    like a result of the remote service.

    A mask in the result stands for the value at the same place of the result before; any other mask is refused. Raises
    `NotFound`, `Forbidden`, `StaleVersion`, `PayloadInvalid` for a result that breaks the contract, is too large or
    too deep, or has no reason, and `InvalidState` if the process does not wait for the callback.
    """
    await operator_actions.demand_may_recover(runtime, principal, callback_id, ProcessAction.COMPLETE_CALLBACK)
    operator_actions.demand_reason(reason)
    body, limit = encode(result).encode(), runtime.settings.max_callback_bytes
    if (size := len(body)) > limit:
        error = FieldError(("result",), f"It has {size:,} bytes; {limit:,} are the most.", "too_large")
        raise PayloadInvalid("The result is too large.", [error])
    if is_deeper(body, MAX_DEPTH):
        error = FieldError(("result",), f"It is nested deeper than {MAX_DEPTH} levels.", "too-deep")
        raise PayloadInvalid("The result is nested too deep.", [error])

    def complete(conn: Connection) -> Process:
        locked = lock_for(conn, runtime, ProcessAction.COMPLETE_CALLBACK, callback_id, expected_version)
        unmasked = _without_masks(conn, runtime, locked, result)
        errors = contract_errors(locked.callback, locked.step, unmasked)
        if errors:
            raise _refusal("The result does not fit the contract of this callback.", errors)
        delivered = [(locked.callback, Delivery.of(unmasked, encode(unmasked).encode(), peer=None))]
        action = OperatorAction(principal.id, reason, runtime.clock.now())
        return operator_actions.supply(conn, runtime, locked, delivered, action)

    return await outside(runtime, lambda: runtime.database.transaction(complete), is_request=True)


def _without_masks(conn: Connection, runtime: Runtime, locked: LockedCallback, result: Json) -> Json:
    """The result with each mask replaced by the value that it hides."""
    if not holds_mask(result):
        return result
    original, shown = secrecy.result_before(conn, locked.process, locked.callback)
    unmasked, masks = restored(result, original, runtime.redact(shown))
    if masks:
        raise _refusal("The result holds masks.", masks)
    return unmasked


def _refusal(message: str, errors: Iterable[FieldError]) -> PayloadInvalid:
    in_result = [FieldError(("result", *error.path), error.message, error.type, error.context) for error in errors]
    return PayloadInvalid(message, in_result, is_contract=True)


async def reawait_callback(
    runtime: Runtime,
    principal: Principal,
    *,
    callback_id: UUID,
    timeout: float,
    reason: str | None = None,
    expected_version: int | None = None,
) -> Process:
    """Give a pending callback a new deadline, ``timeout`` seconds from now, or open its URL again if it expired, if
    its heartbeat stopped or if its remote service reported a failure.

    Raises `NotFound`, `Forbidden`, `StaleVersion`, `PayloadInvalid` for an invalid timeout or a long reason, and
    `InvalidState` if the process does not wait for the callback or its URL can never open again.
    """
    await operator_actions.demand_may_recover(runtime, principal, callback_id, ProcessAction.REAWAIT_CALLBACK)
    demand_short("reason", reason)

    def wait_on(conn: Connection) -> Process:
        locked = lock_for(conn, runtime, ProcessAction.REAWAIT_CALLBACK, callback_id, expected_version)
        action = OperatorAction(principal.id, reason, runtime.clock.now())
        return operator_actions.wait_on(conn, runtime, locked, [locked.callback], action, timeout=timeout)

    return await runtime.database.transaction(wait_on)


async def reissue_callback(
    runtime: Runtime,
    principal: Principal,
    *,
    callback_id: UUID,
    reason: str | None = None,
    expected_version: int | None = None,
) -> Process:
    """Send the process back to the action of the callback: the action makes its remote call again, with a new URL.

    Raises `NotFound`, `Forbidden`, `StaleVersion`, `EnginePaused`, `PayloadInvalid` for a long reason, and
    `InvalidState` if the process does not wait for the callback or its result has arrived.
    """
    await operator_actions.demand_may_recover(runtime, principal, callback_id, ProcessAction.REISSUE_CALLBACK)
    demand_short("reason", reason)

    def issue_again(conn: Connection) -> Process:
        demand_running(conn)
        locked = lock_for(conn, runtime, ProcessAction.REISSUE_CALLBACK, callback_id, expected_version)
        action = OperatorAction(principal.id, reason, runtime.clock.now())
        return operator_actions.issue_again(conn, runtime, locked, [locked.callback], action)

    return await runtime.database.transaction(issue_again)
