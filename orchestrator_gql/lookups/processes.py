"""Processes to page through."""

from uuid import UUID

from orchestrator_gql.process import Process, ProcessAction, course
from orchestrator_gql.process import available_actions as actions_as_it_stands
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import lists
from orchestrator_gql.storage.keyset import Slice, Window
from orchestrator_gql.storage.lists import ProcessFilter
from orchestrator_gql.types import Failure


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


def available_actions(runtime: Runtime, principal: Principal, process: Process) -> list[ProcessAction]:
    """What the principal may do with the process as it stands."""
    workflow = runtime.registry.find(process.workflow_name)
    steps = course(process, workflow) if workflow else None
    return sorted(one for one in actions_as_it_stands(process, steps) if one.permission in principal.permissions)


def traceback_of(principal: Principal, failure: Failure) -> str | None:
    """Where in the author's code it failed, for those who may read that."""
    return failure.traceback if Permission.READ_SECRETS in principal.permissions else None


async def process(runtime: Runtime, principal: Principal, process_id: UUID) -> Process | None:
    """One process, without its state."""
    principal.demand(Permission.READ)
    found = await runtime.database.read(lambda conn: lists.processes_by_ids(conn, [process_id]))
    return found.get(process_id)
