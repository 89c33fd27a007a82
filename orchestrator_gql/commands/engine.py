"""setEngineState: pause or resume the engine."""

from sqlalchemy import Connection

from orchestrator_gql.audit.free_text import demand_short
from orchestrator_gql.engine.audit_log import write_down
from orchestrator_gql.engine.engine_state import state_changed
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import backlog, engine_state, events, leases
from orchestrator_gql.storage.columns import Words
from orchestrator_gql.storage.database.after_commit import wake
from orchestrator_gql.storage.engine_state import EngineStatus
from orchestrator_gql.types import EngineState

LONGEST = 1_000
"""The most characters of a reason: the dashboard shows it in a banner."""

WOKEN = 5_000
"""The most processes that a resumption wakes itself; the workers' polling finds the others."""


async def set_engine_state(
    runtime: Runtime, principal: Principal, *, paused: bool, reason: str | None = None
) -> EngineStatus:
    """Pause or resume the engine. If it is in that state already, nothing changes, not even the reason.

    Raises `Forbidden`, and `PayloadInvalid` for a reason of more than 1,000 characters.
    """
    principal.demand(Permission.MANAGE_ENGINE)
    reason = _clean(reason)

    def switch(conn: Connection) -> EngineStatus:
        before = engine_state.lock(conn)
        if before.is_paused == paused:
            return before
        now = runtime.clock.now()
        state = EngineState.RUNNING
        if paused:
            state = EngineState.PAUSING if backlog.held(conn, now) else EngineState.PAUSED
        after = EngineStatus(state, reason, now, principal.id)
        engine_state.change(conn, after)
        details = {"state": state, "reason": reason}
        write_down(conn, runtime, None, actor=principal.id, action="setEngineState", now=now, **details)
        events.append(conn, [state_changed(after, principal.id, now)])
        if not paused:
            deployed = [workflow.name for workflow in runtime.registry]
            for process_id in leases.runnable(conn, now, deployed, WOKEN):
                wake(conn, process_id)
        return after

    return await runtime.database.transaction(switch)


def _clean(reason: str | None) -> str | None:
    if reason is None:
        return None
    demand_short("reason", reason, LONGEST)
    return Words.written(reason).strip() or None
