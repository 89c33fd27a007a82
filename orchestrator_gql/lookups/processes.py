"""Processes to page through."""

from uuid import UUID

from orchestrator_gql.process import Process
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import lists
from orchestrator_gql.storage.keyset import Slice, Window
from orchestrator_gql.storage.lists import ProcessFilter


async def process_page(
    runtime: Runtime,
    principal: Principal,
    wanted: ProcessFilter,
    window: Window,
    *,
    by_update: bool = False,
    is_descending: bool = True,
) -> Slice[Process]:
    """A page of processes; by start, the newest first, unless asked otherwise."""
    principal.demand(Permission.READ)
    return await runtime.database.read(
        lambda conn: lists.process_page(conn, wanted, window, by_update=by_update, is_descending=is_descending)
    )


async def process_count(runtime: Runtime, principal: Principal, wanted: ProcessFilter) -> int:
    """How many processes there are."""
    principal.demand(Permission.READ)
    return await runtime.database.read(lambda conn: lists.process_count(conn, wanted))


async def process(runtime: Runtime, principal: Principal, process_id: UUID) -> Process | None:
    """One process, without its state."""
    principal.demand(Permission.READ)
    found = await runtime.database.read(lambda conn: lists.processes_by_ids(conn, [process_id]))
    return found.get(process_id)
