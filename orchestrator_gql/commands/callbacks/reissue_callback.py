"""reissueCallback: run the action again with a fresh URL; the old one is dead."""

from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine import recovery
from orchestrator_gql.engine.paused import demand_running
from orchestrator_gql.process import Process, ProcessAction
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Principal


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
    await recovery.demand_may_recover(runtime, principal, callback_id)

    def ask_again(conn: Connection) -> Process:
        demand_running(conn)
        stuck = recovery.find(conn, runtime, callback_id, expected_version)
        recovery.demand(conn, stuck, ProcessAction.REISSUE_CALLBACK)
        now = runtime.clock.now()
        recovery.write_down(conn, runtime, stuck, "reissueCallback", principal.id, now, reason=reason)
        return recovery.issue_again(conn, runtime, stuck, [stuck.mailbox], actor=principal.id, now=now)

    return await runtime.database.transaction(ask_again)
