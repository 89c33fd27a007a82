"""abortProcess: end a process where it stands; its URLs are dead, and a step in flight is not recorded any more.

Where its workflow declares steps that clean up, they run first, and the process is aborted behind the last of them.
"""

from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine import commit
from orchestrator_gql.engine.audited import write_down
from orchestrator_gql.engine.commit import Draft, lock_process
from orchestrator_gql.engine.runner import terms
from orchestrator_gql.process import Abort, Process, abort
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.workflow.model import begin


async def abort_process(
    runtime: Runtime,
    principal: Principal,
    *,
    process_id: UUID,
    reason: str | None = None,
    expected_version: int | None = None,
) -> Process:
    """Abort the process. Raises `NotFound`, `Forbidden`, `StaleVersion`, and `InvalidState` where it has ended."""
    principal.demand(Permission.ABORT)

    def end(conn: Connection) -> Process:
        process = lock_process(conn, process_id, expected_version)
        now = runtime.clock.now()
        workflow = runtime.registry.find(process.workflow_name)
        said: str | None = process.secrets.concealed(reason)
        write_down(conn, runtime, process_id, actor=principal.id, action="abortProcess", now=now, reason=said)
        draft = Draft(process).then(abort(process, workflow, Abort(principal.id, said), now))
        return commit.apply(conn, process, draft, terms(runtime, begin)).process

    return await runtime.database.transaction(end)
