"""The engine: whether it starts steps, what it holds, what waits, and who works."""

from collections.abc import Sequence

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage.figures import backlog
from orchestrator_gql.storage.figures.backlog import Backlog
from orchestrator_gql.storage.work import engine_state
from orchestrator_gql.storage.work import workers as worker_rows
from orchestrator_gql.storage.work.engine_state import EngineStatus
from orchestrator_gql.storage.work.workers import Worker


async def status(runtime: Runtime, principal: Principal) -> EngineStatus:
    """The engine's state."""
    principal.demand(Permission.READ)
    return await runtime.database.read(engine_state.load)


async def work(runtime: Runtime, principal: Principal) -> Backlog:
    """How much is held and how much waits."""
    principal.demand(Permission.READ)
    now = runtime.clock.now()
    return await runtime.database.read(lambda conn: backlog.load(conn, now))


async def workers(runtime: Runtime, principal: Principal) -> Sequence[Worker]:
    """Who works on this database, by name."""
    principal.demand(Permission.READ)
    return await runtime.database.read(worker_rows.all_workers)
