"""Single rows that nothing else looks up by id."""

from uuid import UUID

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import attempts
from orchestrator_gql.storage.attempts import Attempt


async def attempt(runtime: Runtime, principal: Principal, attempt_id: UUID) -> Attempt | None:
    """One delivery at a callback's door."""
    principal.demand(Permission.READ)
    found = await runtime.database.read(lambda conn: attempts.by_ids(conn, [attempt_id]))
    return found.get(attempt_id)
