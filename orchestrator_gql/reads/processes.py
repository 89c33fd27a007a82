"""Processes, workflows and the state of the engine."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from enum import Enum
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.callbacks.rules import WITH_RESULT, Callback
from orchestrator_gql.config.retention import REMOVABLE
from orchestrator_gql.engine import authorization
from orchestrator_gql.engine.audit_log import no_process
from orchestrator_gql.engine.engine_state import pause_of
from orchestrator_gql.engine.steps import execution
from orchestrator_gql.process import Process, ProcessAction, recoverable_wait, steps_of
from orchestrator_gql.process import available_actions as possible_actions
from orchestrator_gql.reads.lists import RowList
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import (
    audit,
    backlog,
    callbacks,
    engine_state,
    input_requests,
    light_processes,
    listing,
    process_lists,
    steps,
)
from orchestrator_gql.storage import workers as worker_rows
from orchestrator_gql.storage.backlog import Backlog
from orchestrator_gql.storage.database.prepared import PreparedRead, read_current
from orchestrator_gql.storage.engine_state import EngineStatus
from orchestrator_gql.storage.listing import Counts
from orchestrator_gql.storage.process_filters import ProcessFilter
from orchestrator_gql.storage.weight import if_light
from orchestrator_gql.storage.workers import Worker
from orchestrator_gql.types import Failure, ProcessStatus
from orchestrator_gql.utils.errors import AuthorCodeFailed, Forbidden, FormTimeout
from orchestrator_gql.workflow.model import Workflow


def process_list(*, by_update: bool, is_descending: bool) -> RowList[ProcessFilter, Process]:
    """The processes in the order of their last change or of their start."""
    page = partial(listing.process_page, by_update=by_update, is_descending=is_descending)
    return RowList(page, process_lists.count)


async def status_counts(runtime: Runtime, principal: Principal, wanted: ProcessFilter) -> dict[ProcessStatus, int]:
    """The number of processes that fit the filter, for each status: counted as far as the lists are."""
    principal.demand(Permission.READ)
    return await runtime.database.read(lambda conn: listing.status_counts(conn, wanted))


async def available_actions(runtime: Runtime, principal: Principal, process: Process) -> list[ProcessAction]:
    """The actions that the process allows in its present status, and the rules of its workflow allow the principal.

    Only a callback that there is can be completed, only a delivery that there is can be adopted, and a form has a team
    and perhaps a claim: see `callbacks_of_wait`, `adoptable_callbacks` and `input_requests.refusal`.
    """
    workflow = runtime.registry.find(process.workflow_name)
    steps = steps_of(process, workflow) if workflow else None
    wait = recoverable_wait(process, steps) if steps is not None else None
    positions = {
        action: wait if wait is not None and action.permission is Permission.RECOVER_CALLBACK else process.position
        for action in possible_actions(process, steps)
    }
    return sorted(await authorization.allowed_actions(runtime, principal, workflow, positions))


REFUSED_WHILE_PAUSED = frozenset({ProcessAction.RETRY, ProcessAction.CONTINUE, ProcessAction.REISSUE_CALLBACK})
"""The actions on a process that start a step, and that a paused engine refuses."""


def callbacks_of_wait(runtime: Runtime, process: Process, callbacks: Sequence[Callback]) -> list[Callback]:
    """The callbacks of the wait for which an operator may act now, in order; ``callbacks`` are all of the process.

    There are none if the wait never began: the `expect` of its step failed.
    """
    workflow = runtime.registry.find(process.workflow_name)
    wait = recoverable_wait(process, steps_of(process, workflow)) if workflow else None
    of_step = [callback for callback in callbacks if callback.step_index == wait]
    newest = max((callback.wait_seq for callback in of_step), default=0)
    return sorted((c for c in of_step if c.wait_seq == newest), key=lambda callback: callback.record_seq)


def adoptable_callbacks(runtime: Runtime, process: Process, callbacks: Sequence[Callback]) -> frozenset[UUID]:
    """The callbacks of the process whose deliveries an operator may adopt now; ``callbacks`` are all of the process.

    A delivery to a callback that was issued again counts for the latest one of the same wait.
    """
    of_wait = callbacks_of_wait(runtime, process, callbacks)
    latest = {callback.name: callback for callback in of_wait}
    is_judged = bool(of_wait) and process.position == of_wait[0].step_index + 1
    return frozenset(
        callback.id for callback in of_wait if is_judged or latest[callback.name].status not in WITH_RESULT
    )


def traceback_of(principal: Principal, failure: Failure) -> str | None:
    """The traceback of the failure in the author's code; None without the permission `READ_SECRETS`."""
    return failure.traceback if Permission.READ_SECRETS in principal.permissions else None


class Part(Enum):
    """The rows that belong to a process; each is read with a function of `_PARTS`."""

    EXECUTIONS = "executions"
    CALLBACKS = "callbacks"
    REQUESTS = "requests"
    FORM = "form"


_PARTS: Mapping[Part, tuple[Callable[[UUID], PreparedRead], Callable[[Connection, UUID], Any]]] = {
    Part.EXECUTIONS: (steps.reading_light, lambda conn, id: steps.light_of_processes(conn, [id]).get(id, [])),
    Part.CALLBACKS: (callbacks.reading_of_process, lambda conn, id: callbacks.of_processes(conn, [id]).get(id, [])),
    Part.REQUESTS: (
        input_requests.reading_of_process,
        lambda conn, id: input_requests.of_processes(conn, [id]).get(id, []),
    ),
    Part.FORM: (input_requests.reading_asking_process, input_requests.small_asking_process),
}


def _parts(conn: Connection, process_id: UUID, parts: Sequence[Part]) -> dict[Part, Any]:
    rows: dict[Part, Any] = {}
    for part in parts:
        with if_light():  # else the field of the part is refused, and not the whole process
            rows[part] = _PARTS[part][1](conn, process_id)
    return rows


async def process(
    runtime: Runtime, principal: Principal, process_id: UUID, parts: Sequence[Part] = ()
) -> tuple[Process, Mapping[Part, Any]] | None:
    """The process without its state, and its rows of the parts; None if it does not exist.

    On PostgreSQL all rows cost one round trip, and each statement reads what is committed when it begins. A part that
    is too heavy for a light read is left out. The rows of `Part.FORM` are the process with its state, None if no form
    is open or the values are large. Raises `NotFound` if retention removed it.
    """
    principal.demand(Permission.READ)

    def load(conn: Connection) -> tuple[Process, Mapping[Part, Any]] | None:
        own = [light_processes.reading(process_id), audit.reading_removal(process_id)]
        read_current(conn, [*own, *(_PARTS[part][0](process_id) for part in parts)])
        found = light_processes.by_ids(conn, [process_id]).get(process_id)
        # A large process goes in parts; nobody reads it by half.
        if (found is None or found.status in REMOVABLE) and audit.removed_at(conn, process_id) is not None:
            raise no_process(conn, process_id)
        return None if found is None else (found, _parts(conn, process_id, parts))

    return await runtime.database.read(load)


def workflows(runtime: Runtime, principal: Principal) -> list[Workflow]:
    """All workflows, by name."""
    principal.demand(Permission.READ)
    return list(runtime.registry)


def workflow(runtime: Runtime, principal: Principal, name: str) -> Workflow | None:
    """The workflow with that name; None if it is not deployed."""
    principal.demand(Permission.READ)
    return runtime.registry.find(name)


async def blocked_reason(
    runtime: Runtime, principal: Principal, workflow: Workflow, status: EngineStatus
) -> str | None:
    """Why the principal cannot start the workflow now, with the engine in that state; None if it can."""
    try:
        await authorization.demand_start(runtime, principal, workflow)
    except (Forbidden, FormTimeout) as refused:
        return refused.message
    if (paused := pause_of(status)) is not None:
        return paused.message
    try:
        return await execution.blocked_reason(runtime, workflow, principal)
    except AuthorCodeFailed as failed:  # an error for one workflow must not fail the list of all workflows
        return failed.message


async def counts(runtime: Runtime, principal: Principal, window: timedelta) -> Counts:
    """The counts of processes; an ended process counts if it ended within the window before now."""
    principal.demand(Permission.READ)
    now = runtime.clock.now()
    return await runtime.database.read(lambda conn: listing.counts(conn, since=now - window, now=now))


async def status(runtime: Runtime, principal: Principal) -> EngineStatus:
    """The state of the engine."""
    principal.demand(Permission.READ)
    return await runtime.database.read(engine_state.load)


async def work(runtime: Runtime, principal: Principal) -> Backlog:
    """How many processes workers hold, and how many wait for a worker."""
    principal.demand(Permission.READ)
    now = runtime.clock.now()
    return await runtime.database.read(lambda conn: backlog.load(conn, now))


async def workers(runtime: Runtime, principal: Principal) -> Sequence[Worker]:
    """The living workers of this database, by name. A worker that was silent for a lease counts as dead: other workers
    take over its processes."""
    principal.demand(Permission.READ)
    since = runtime.clock.now() - timedelta(seconds=runtime.settings.lease)
    return await runtime.database.read(lambda conn: worker_rows.living(conn, since))
