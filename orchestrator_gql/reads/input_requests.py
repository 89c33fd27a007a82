"""Input requests, and the forms that they and the workflows show."""

from collections.abc import Sequence

from orchestrator_gql import forms
from orchestrator_gql.engine import authorization, start_check
from orchestrator_gql.engine.input_requests import unanswered
from orchestrator_gql.engine.input_requests.decisions import demand_may_answer
from orchestrator_gql.engine.steps import form_turns
from orchestrator_gql.engine.steps.failures import in_request
from orchestrator_gql.forms.errors import DEFAULT_LOCALE
from orchestrator_gql.input_requests.decision import Decision, InputRequest, demand_open
from orchestrator_gql.process import Process, steps_of
from orchestrator_gql.reads.lists import RowList
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import listing, processes
from orchestrator_gql.storage.listing import Inbox
from orchestrator_gql.types import InputRequestStatus, Json
from orchestrator_gql.utils.errors import InvalidState, OrchestratorError
from orchestrator_gql.workflow.model import STOPS, InputStep, Step

input_request_list = RowList(listing.input_request_page, listing.input_request_count)
"""The input requests, oldest first."""


def inbox(runtime: Runtime, principal: Principal, *, is_mine: bool) -> Inbox:
    """The filter for the requests that the principal may answer; with ``is_mine`` false, for all others."""
    if Permission.SUBMIT_FORM not in principal.permissions:
        return Inbox(principal.id, None, is_mine)
    return Inbox(principal.id, runtime.settings.closed_teams - principal.teams, is_mine)


async def refusal(
    runtime: Runtime, principal: Principal, request: InputRequest, process: Process, decisions: Sequence[Decision]
) -> OrchestratorError | None:
    """Why the principal may not decide the request now, None if it may. ``decisions`` are the decisions so far."""
    workflow = runtime.registry.find(process.workflow_name)
    try:
        demand_open(request, decisions[-1] if decisions else None)
        if workflow is None:
            return InvalidState(f"The workflow {process.workflow_name!r} is not deployed here.", process_id=process.id)
        if request.step_index >= len(steps_of(process, workflow)):
            return InvalidState(f"The workflow {workflow.name!r} has this step no more.", process_id=process.id)
        await demand_may_answer(runtime, principal, request, decisions, process, workflow)
    except OrchestratorError as refused:
        return refused
    return None


def assignable_teams(
    runtime: Runtime, principal: Principal, request: InputRequest, refused: OrchestratorError | None
) -> list[str]:
    """The keys of the other teams to which `assign_input_request` lets the principal assign the request, in order.

    ``refused`` is the result of `refusal`.
    """
    is_manager = Permission.MANAGE_ENGINE in principal.permissions
    may_assign = Permission.SUBMIT_FORM in principal.permissions and (is_manager or refused is None)
    if not may_assign or request.status is not InputRequestStatus.OPEN:
        return []
    others = authorization.assignees(runtime) - {request.assignee}
    return sorted(key for key in others if is_manager or not authorization.is_opened(runtime, request.assignee, key))


def is_open_to_all(runtime: Runtime, request: InputRequest, process: Process) -> bool:
    """True if the request is open and everybody who may submit forms may answer it."""
    workflow = runtime.registry.find(process.workflow_name)
    if workflow is None or request.status is not InputRequestStatus.OPEN:
        return False
    return authorization.is_open_to_all(runtime, workflow, request.step_index, request.assignee)


def step_of(runtime: Runtime, request: InputRequest, process: Process) -> Step | None:
    """The step of the request; None if the workflow is not deployed, or does not have the step any more."""
    workflow = runtime.registry.find(process.workflow_name)
    steps = steps_of(process, workflow) if workflow else ()
    return steps[request.step_index] if request.step_index < len(steps) else None


def send_back_to(runtime: Runtime, request: InputRequest, process: Process) -> str | None:
    """The name of the step that a rejection may go back to; None if the step declares none."""
    step = step_of(runtime, request, process)
    return step.on_reject if isinstance(step, InputStep) and step.on_reject not in STOPS else None


async def start_form(
    runtime: Runtime, principal: Principal, *, workflow_name: str, pages: list[Json], locale: str = DEFAULT_LOCALE
) -> forms.Turn:
    """One turn of the start form of the workflow.

    Raises `NotFound` for an unknown workflow, `Forbidden`, `AuthorCodeFailed` and, once the form names a product
    subscription, the errors of `start_check.demand_startable`.
    """
    workflow = await authorization.find_startable(runtime, principal, workflow_name)
    chosen_id = start_check.chosen_on_page(workflow, pages)
    if chosen_id is not None:
        await runtime.database.read(lambda conn: start_check.demand_startable(conn, workflow, chosen_id))
    choices: dict[str, str] = {}
    if chosen_id is None and start_check.works_on_subscription(workflow):
        choices = await runtime.database.read(lambda conn: start_check.choices(conn, workflow))
    with in_request(f"The start form of workflow {workflow.name!r}"):
        turn = await form_turns.start_turn(
            runtime, workflow, principal, pages, chosen_id=chosen_id, choices=choices, locale=locale
        )
    subscription_id = start_check.subscription_of(workflow, turn.data) if isinstance(turn, forms.Complete) else None
    if subscription_id is not None and subscription_id != chosen_id:
        await runtime.database.read(lambda conn: start_check.demand_startable(conn, workflow, subscription_id))
    return turn


def pushed_form(runtime: Runtime, principal: Principal, request: InputRequest, pages: list[Json]) -> forms.Turn | None:
    """The first page of a form that was opened a moment ago, once; None if the form must be run.

    If several people approve, a page starts with the values of the first, so it must be drawn anew.
    """
    principal.demand(Permission.READ)
    if pages or request.status is not InputRequestStatus.OPEN or request.approvals_needed > 1:
        return None
    page = runtime.kept_pages.take(request.process_id, request.record_seq)
    return None if page is None else forms.NextPage(page)


async def open_form(
    runtime: Runtime,
    principal: Principal,
    request: InputRequest,
    pages: list[Json],
    *,
    process: Process | None = None,
    decisions: Sequence[Decision] = (),
    locale: str = DEFAULT_LOCALE,
) -> forms.Turn | None:
    """One turn of the form of the request; None if the request is decided or its workflow is not deployed.

    ``process`` is the process of the request with its state; without it, it is loaded. ``decisions`` are those so
    far: if somebody approved already, the pages start with the approved values, because everybody confirms the same
    values. Raises `AuthorCodeFailed`.
    """
    principal.demand(Permission.READ)
    if request.status is not InputRequestStatus.OPEN:
        return None
    if process is None:
        process = await runtime.database.read(lambda conn: processes.load(conn, request.process_id))
    workflow = runtime.registry.find(process.workflow_name) if process else None
    if process is None or workflow is None or request.step_index >= len(steps_of(process, workflow)):
        return None
    step = steps_of(process, workflow)[request.step_index]
    form_step = await unanswered.input_step_of(runtime, process, request.step_index, step)
    if form_step is None:
        return None
    approved = decisions[0].pages if decisions else ()
    with in_request(f"The form of step {step.name!r}"):
        return await form_turns.turn(runtime, process, form_step, pages, approved=approved, locale=locale)
