"""The operators' inbox."""

from collections.abc import Sequence

from orchestrator_gql.engine.people import answering
from orchestrator_gql.input_requests.decision import Decision, InputRequest, demand_open
from orchestrator_gql.process import Process, course
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import lists
from orchestrator_gql.storage.keyset import Slice, Window
from orchestrator_gql.storage.lists import Inbox, InputRequestFilter
from orchestrator_gql.utils.errors import InvalidState, OrchestratorError
from orchestrator_gql.workflow.model import STOPS, InputStep, Step


async def input_request_page(
    runtime: Runtime, principal: Principal, wanted: InputRequestFilter, window: Window
) -> Slice[InputRequest]:
    """A page of input requests, the oldest first."""
    principal.demand(Permission.READ)
    return await runtime.database.read(lambda conn: lists.input_request_page(conn, wanted, window))


async def input_request_count(runtime: Runtime, principal: Principal, wanted: InputRequestFilter) -> int:
    """How many input requests there are."""
    principal.demand(Permission.READ)
    return await runtime.database.read(lambda conn: lists.input_request_count(conn, wanted))


def inbox(runtime: Runtime, principal: Principal, *, is_mine: bool) -> Inbox:
    """What is for the principal to answer, or, not ``is_mine``, all the rest."""
    if Permission.SUBMIT_FORM not in principal.permissions:
        return Inbox(principal.id, None, is_mine)
    return Inbox(principal.id, runtime.settings.closed_teams - principal.teams, is_mine)


async def refusal(
    runtime: Runtime, principal: Principal, request: InputRequest, process: Process, made: Sequence[Decision]
) -> OrchestratorError | None:
    """Why the principal may not decide the request now; None where it may. ``made`` are the decisions so far."""
    workflow = runtime.registry.find(process.workflow_name)
    try:
        demand_open(request, made[-1] if made else None)
        if workflow is None:
            return InvalidState(f"The workflow {process.workflow_name!r} is not deployed here.", process_id=process.id)
        if request.step_index >= len(course(process, workflow)):
            return InvalidState(f"The workflow {workflow.name!r} has this step no more.", process_id=process.id)
        await answering.demand_may_answer(runtime, principal, request, made, process, workflow)
    except OrchestratorError as refused:
        return refused
    return None


def step_of(runtime: Runtime, request: InputRequest, process: Process) -> Step | None:
    """The step that asks; None where the workflow is not deployed, or has it no more."""
    workflow = runtime.registry.find(process.workflow_name)
    steps = course(process, workflow) if workflow else ()
    return steps[request.step_index] if request.step_index < len(steps) else None


def send_back_to(runtime: Runtime, request: InputRequest, process: Process) -> str | None:
    """What the request's step calls the way back, where it has one."""
    step = step_of(runtime, request, process)
    return step.on_reject if isinstance(step, InputStep) and step.on_reject not in STOPS else None
