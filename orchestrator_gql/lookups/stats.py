"""The header's numbers."""

from datetime import timedelta

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import lists
from orchestrator_gql.storage.lists import Counts


async def counts(runtime: Runtime, principal: Principal, window: timedelta) -> Counts:
    """The numbers; those of ended processes look back over the window."""
    principal.demand(Permission.READ)
    now = runtime.clock.now()
    return await runtime.database.read(lambda conn: lists.counts(conn, since=now - window, now=now))
