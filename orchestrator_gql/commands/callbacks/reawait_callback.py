"""reawaitCallback: wait longer for the same job, at the same URL; nobody is called."""

from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine import recovery
from orchestrator_gql.process import Process, ProcessAction
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Principal


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
    await recovery.demand_may_recover(runtime, principal, callback_id)

    def wait_on(conn: Connection) -> Process:
        stuck = recovery.find(conn, runtime, callback_id, expected_version)
        recovery.demand(conn, stuck, ProcessAction.REAWAIT_CALLBACK)
        now = runtime.clock.now()
        actor = principal.id
        waiting = recovery.wait_on(conn, runtime, stuck, [stuck.mailbox], timeout=timeout, actor=actor, now=now)
        told = {"reason": reason, "timeout_seconds": timeout}
        recovery.write_down(conn, runtime, stuck, "reawaitCallback", actor, now, **told)
        return waiting

    return await runtime.database.transaction(wait_on)
