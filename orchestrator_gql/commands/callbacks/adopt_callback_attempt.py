"""adoptCallbackAttempt: a late or refused delivery becomes the result; nobody is called."""

from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.callbacks.mailbox import Delivery
from orchestrator_gql.engine import recovery
from orchestrator_gql.process import Process, ProcessAction
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage.letters import attempts
from orchestrator_gql.storage.letters.attempts import Attempt
from orchestrator_gql.types import ResultSource
from orchestrator_gql.utils.errors import InvalidState, NotFound
from orchestrator_gql.utils.json import read_lenient


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
    recovery.demand_reason(reason)
    attempt = await runtime.database.read(lambda conn: _kept(conn, attempt_id))
    await recovery.demand_may_recover(runtime, principal, attempt.callback_id)

    def adopt(conn: Connection) -> Process:
        attempt = _kept(conn, attempt_id)
        stuck = recovery.find_current(conn, runtime, attempt.callback_id, expected_version)
        recovery.demand(conn, stuck, ProcessAction.ADOPT_CALLBACK_ATTEMPT)
        letter = _letter(attempt, stuck)
        now = runtime.clock.now()
        told = {"reason": reason, "attempt_id": str(attempt_id), "digest": letter.digest}
        recovery.write_down(conn, runtime, stuck, "adoptCallbackAttempt", principal.id, now, **told)
        return recovery.supply(conn, runtime, stuck, letter, source=ResultSource.ADOPTED, actor=principal.id, now=now)

    return await runtime.database.transaction(adopt)


def _kept(conn: Connection, attempt_id: UUID) -> Attempt:
    attempt = attempts.by_ids(conn, [attempt_id]).get(attempt_id)
    if attempt is None:
        raise NotFound("callback attempt", attempt_id)
    return attempt


def _letter(attempt: Attempt, stuck: recovery.Stuck) -> Delivery:
    if not attempt.is_adoptable or attempt.body is None:
        raise InvalidState(
            f"This attempt was {attempt.outcome}, and its body is not kept whole: type the result in by hand.",
            process_id=stuck.process.id,
            current_version=stuck.process.version,
        )
    letter, _ = read_lenient(attempt.body)  # what it replaces was shown with the attempt
    return Delivery.of(letter, attempt.body, peer=attempt.peer)
