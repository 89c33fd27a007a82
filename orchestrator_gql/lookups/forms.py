"""Forms evaluated without side effects: a workflow's start form, and the form of an open input request."""

from collections.abc import Sequence

from orchestrator_gql import forms
from orchestrator_gql.engine.authors import execution
from orchestrator_gql.engine.authors.failures import in_request
from orchestrator_gql.engine.people import questions, rights
from orchestrator_gql.forms.faults import DEFAULT_LOCALE
from orchestrator_gql.input_requests.decision import Decision, InputRequest
from orchestrator_gql.process import Process, course
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import processes
from orchestrator_gql.types import InputRequestStatus, Json


async def start_form(
    runtime: Runtime, principal: Principal, *, workflow_name: str, pages: list[Json], locale: str = DEFAULT_LOCALE
) -> forms.Turn:
    """One turn of the workflow's start form. `NotFound` where there is no such workflow, `Forbidden`,
    `AuthorCodeFailed`."""
    workflow = await rights.find_startable(runtime, principal, workflow_name)
    with in_request(f"The start form of workflow {workflow.name!r}"):
        return await execution.start_turn(runtime, workflow, principal, pages, locale=locale)


async def open_form(
    runtime: Runtime,
    principal: Principal,
    request: InputRequest,
    pages: list[Json],
    *,
    process: Process | None = None,
    made: Sequence[Decision] = (),
    locale: str = DEFAULT_LOCALE,
) -> forms.Turn | None:
    """One turn of the request's form; None where it is decided, or its workflow is not deployed.

    ``process`` is the one that asks, with its state; it is read where it is not given. Where somebody approved it
    already, as ``made`` tells, the pages begin with what was approved: others confirm the same. `AuthorCodeFailed`.
    """
    principal.demand(Permission.READ)
    if request.status is not InputRequestStatus.OPEN:
        return None
    if process is None:
        process = await runtime.database.read(lambda conn: processes.load(conn, request.process_id))
    workflow = runtime.registry.find(process.workflow_name) if process else None
    if process is None or workflow is None or request.step_index >= len(course(process, workflow)):
        return None
    step = course(process, workflow)[request.step_index]
    asked = await questions.asked_at(runtime, process, request.step_index, step)
    if asked is None:
        return None
    approved = made[0].pages if made else ()
    with in_request(f"The form of step {step.name!r}"):
        return await execution.turn(runtime, process, asked, pages, approved=approved, locale=locale)
