"""Processes to page through."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from orchestrator_gql.engine import authorization
from orchestrator_gql.engine.steps import execution
from orchestrator_gql.engine.steps.failures import in_request
from orchestrator_gql.process import Process, ProcessAction, steps_of
from orchestrator_gql.process import available_actions as actions_as_it_stands
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import backlog, engine_state, listing
from orchestrator_gql.storage import workers as worker_rows
from orchestrator_gql.storage.backlog import Backlog
from orchestrator_gql.storage.engine_state import EngineStatus
from orchestrator_gql.storage.listing import Counts, ProcessFilter
from orchestrator_gql.storage.pagination import PageArgs, RowPage
from orchestrator_gql.storage.workers import Worker
from orchestrator_gql.types import Failure
from orchestrator_gql.utils.errors import AuthorCodeFailed, Forbidden
from orchestrator_gql.workflow.model import Workflow


async def process_page(
    runtime: Runtime,
    principal: Principal,
    wanted: ProcessFilter,
    page_args: PageArgs,
    *,
    by_update: bool = False,
    is_descending: bool = True,
) -> RowPage[Process]:
    """A page of processes; by start, the newest first, unless asked otherwise."""
    principal.demand(Permission.READ)
    return await runtime.database.read(
        lambda conn: listing.process_page(conn, wanted, page_args, by_update=by_update, is_descending=is_descending)
    )


async def process_count(runtime: Runtime, principal: Principal, wanted: ProcessFilter) -> int:
    """How many processes there are."""
    principal.demand(Permission.READ)
    return await runtime.database.read(lambda conn: listing.process_count(conn, wanted))


def available_actions(runtime: Runtime, principal: Principal, process: Process) -> list[ProcessAction]:
    """What the principal may do with the process as it stands."""
    workflow = runtime.registry.find(process.workflow_name)
    steps = steps_of(process, workflow) if workflow else None
    return sorted(one for one in actions_as_it_stands(process, steps) if one.permission in principal.permissions)


def traceback_of(principal: Principal, failure: Failure) -> str | None:
    """Where in the author's code it failed, for those who may read that."""
    return failure.traceback if Permission.READ_SECRETS in principal.permissions else None


async def process(runtime: Runtime, principal: Principal, process_id: UUID) -> Process | None:
    """One process, without its state."""
    principal.demand(Permission.READ)
    found = await runtime.database.read(lambda conn: listing.processes_by_ids(conn, [process_id]))
    return found.get(process_id)


def workflows(runtime: Runtime, principal: Principal) -> list[Workflow]:
    """All workflows, by name."""
    principal.demand(Permission.READ)
    return list(runtime.registry)


def workflow(runtime: Runtime, principal: Principal, name: str) -> Workflow | None:
    """The workflow of that name, where it is deployed."""
    principal.demand(Permission.READ)
    return runtime.registry.find(name)


async def blocked_reason(runtime: Runtime, principal: Principal, workflow: Workflow) -> str | None:
    """Why the caller cannot start the workflow now; None where it can."""
    try:
        await authorization.demand_start(principal, workflow)
    except Forbidden as forbidden:
        return forbidden.message
    try:
        with in_request(f"The run_predicate of workflow {workflow.name!r}"):
            return await execution.blocked_reason(runtime, workflow)
    except AuthorCodeFailed as failed:  # of a list of workflows, the others can be started all the same
        return failed.message


async def counts(runtime: Runtime, principal: Principal, page_args: timedelta) -> Counts:
    """The numbers; those of ended processes look back over the window."""
    principal.demand(Permission.READ)
    now = runtime.clock.now()
    return await runtime.database.read(lambda conn: listing.counts(conn, since=now - page_args, now=now))


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
