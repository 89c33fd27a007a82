"""retryProcess: enter again at the step that failed. After a failed validation it judges the stored result again."""

from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine import commit
from orchestrator_gql.engine.audited import write_down
from orchestrator_gql.engine.commit import Draft, lock_process
from orchestrator_gql.engine.paused import demand_running
from orchestrator_gql.engine.people import rights
from orchestrator_gql.engine.runner import terms
from orchestrator_gql.process import Process, course, retry
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import processes
from orchestrator_gql.utils.errors import NotFound


async def retry_process(
    runtime: Runtime, principal: Principal, *, process_id: UUID, expected_version: int | None = None
) -> Process:
    """Retry the process; it makes no remote call unless the step that failed makes one.

    Raises `NotFound`, `Forbidden`, `StaleVersion`, `EnginePaused`, and `InvalidState` where there is nothing to
    retry.
    """
    principal.demand(Permission.RETRY)
    seen = await runtime.database.read(lambda conn: processes.load(conn, process_id))
    if seen is None:
        raise NotFound("process", process_id)
    workflow = runtime.registry.get(seen.workflow_name)
    await rights.demand_retry(principal, workflow, seen)

    def enter_again(conn: Connection) -> Process:
        demand_running(conn)
        process = lock_process(conn, process_id, expected_version)
        now = runtime.clock.now()
        steps = course(process, workflow)
        write_down(conn, runtime, process_id, actor=principal.id, action="retryProcess", now=now)
        draft = Draft(process).then(retry(process, steps, now, principal.id))
        return commit.apply(conn, process, draft, terms(runtime, steps)).process

    return await runtime.database.transaction(enter_again)
