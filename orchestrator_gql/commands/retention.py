"""pruneProcesses: delete old processes, or count what would go."""

from orchestrator_gql.engine.retention import Pruned, Request, prune
from orchestrator_gql.engine.retention_selection import Wish, mark_of, selection_of
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import retention
from orchestrator_gql.storage.retention import Count

MOST_SECONDS = 10.0
"""A request takes no longer; then its caller asks again."""


async def count_processes(runtime: Runtime, principal: Principal, wish: Wish) -> list[Count]:
    """The processes that are old enough, by status and target. Raises `Forbidden` and `PayloadInvalid`."""
    principal.demand(Permission.MANAGE_ENGINE)
    mark_of(wish)  # a wrong cursor is refused here, too
    wanted = selection_of(wish, runtime.settings.retention_days, runtime.clock.now())
    return await runtime.database.read(lambda conn: retention.counts(conn, wanted))


async def prune_processes(runtime: Runtime, principal: Principal, wish: Wish) -> Pruned:
    """Delete processes that are old enough, for some seconds. Raises `Forbidden` and `PayloadInvalid`."""
    principal.demand(Permission.MANAGE_ENGINE)
    wanted = selection_of(wish, runtime.settings.retention_days, runtime.clock.now())
    request = Request(wanted, principal.id, wish.words, seconds=MOST_SECONDS, after=mark_of(wish))
    return await prune(runtime.database, runtime.clock.now, runtime.settings.audit_secret, request)
