"""What a decision on an open input request is judged against, and whether this person may make it.

Authors' code is asked here, outside of any transaction; the one that decides holds what was seen to be so still.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine import authorization, commit
from orchestrator_gql.engine.commit import Fenced, PendingTransitions, commit_context, with_current_definition
from orchestrator_gql.engine.input_requests import unanswered
from orchestrator_gql.input_requests.decision import (
    Decision,
    InputRequest,
    demand_may_decide,
    demand_not_approved_by,
    demand_not_claimed_by_other,
    demand_open,
)
from orchestrator_gql.process import Process, fingerprint, steps_of
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Principal
from orchestrator_gql.storage import input_requests, processes
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.utils.errors import InvalidState, NotFound, StaleForm
from orchestrator_gql.workflow.model import InputStep, Workflow


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """An open input request, what was decided on it so far, and the step that asks.

    ``is_of_wait``: the engine asks what to do about a wait that ended without its answer.
    """

    request: InputRequest
    made: tuple[Decision, ...]
    process: Process
    workflow: Workflow
    step: InputStep
    is_of_wait: bool


async def look(runtime: Runtime, principal: Principal, input_request_id: UUID) -> OpenRequest:
    """The open request, for somebody who may decide it now.

    Raises `NotFound`, `AlreadyDecided`, `InputRequestClosed`, `Forbidden`, `SelfApproval`, `ClaimedByOther`, and
    `StaleForm` where its workflow was deployed anew and cannot go on with the process.
    """
    request, made, process = await runtime.database.read(lambda conn: _read(conn, input_request_id))
    workflow = runtime.registry.find(process.workflow_name)
    if workflow is None:
        raise InvalidState(f"The workflow {process.workflow_name!r} is not deployed here.", process_id=process.id)
    if process.fingerprint != fingerprint(process, workflow):
        process = await _under_current_definition(runtime, process, workflow)
    step = steps_of(process, workflow)[request.step_index]
    await demand_may_answer(runtime, principal, request, made, process, workflow)
    asked = await unanswered.asked_at(runtime, process, request.step_index, step)
    assert asked is not None, "only a step that asks opens a request"
    return OpenRequest(request, tuple(made), process, workflow, asked, is_of_wait=asked is not step)


async def demand_may_answer(
    runtime: Runtime,
    principal: Principal,
    request: InputRequest,
    made: Sequence[Decision],
    process: Process,
    workflow: Workflow,
) -> None:
    """Raise the refusal where the principal may not decide the open request as it stands."""
    await authorization.demand_resume(runtime, principal, workflow, request.step_index, request.assignee)
    step = steps_of(process, workflow)[request.step_index]
    allows_self = step.allow_self_approval if isinstance(step, InputStep) else True
    demand_may_decide(request, principal, made, allows_self=allows_self, started_by=process.created_by)


def hold(
    conn: Connection, opened: OpenRequest, principal: Principal
) -> tuple[Process, InputRequest, tuple[Decision, ...]]:
    """Lock the process, and give it, the request and the decisions on it as they are now.

    Raises where somebody decided it or moved the process on since it was seen, and as `demand_may_still`.
    """
    processes.hold(conn, opened.process.id)
    request, made, process = _read(conn, opened.request.id)
    if process.seq != opened.process.seq:
        raise StaleForm(process_id=process.id)
    demand_may_still(opened, request, made, principal)
    return process, request, tuple(made)


def hold_open(conn: Connection, input_request_id: UUID) -> tuple[Process, InputRequest, tuple[Decision, ...]]:
    """As `hold`, of a request that nobody looked at before."""
    found = input_requests.load(conn, input_request_id)
    if found is None:
        raise NotFound("input request", input_request_id)
    processes.hold(conn, found.process_id)
    request, made, process = _read(conn, input_request_id)
    return process, request, tuple(made)


def demand_may_still(
    opened: OpenRequest, request: InputRequest, made: Sequence[Decision], principal: Principal
) -> None:
    """Raise if the principal may no longer decide what `look` found that they may.

    Only what others can change meanwhile is asked again: who approved it, who claimed it, and whose it is.
    """
    demand_not_approved_by(request, principal, made)
    demand_not_claimed_by_other(request, principal)
    if request.assignee != opened.request.assignee:
        raise StaleForm(process_id=request.process_id, current_version=request.version)


def _read(conn: Connection, input_request_id: UUID) -> tuple[InputRequest, list[Decision], Process]:
    request = input_requests.load(conn, input_request_id)
    if request is None:
        raise NotFound("input request", input_request_id)
    made = input_requests.decisions_of(conn, [input_request_id]).get(input_request_id, [])
    demand_open(request, made[-1] if made else None)
    process = processes.load(conn, request.process_id)
    if process is None:
        raise NotFound("process", request.process_id)
    return request, made, process


async def _under_current_definition(runtime: Runtime, process: Process, workflow: Workflow) -> Process:
    """The process under the deployed definition; `StaleForm` where it cannot go on with it, and failed."""

    def change(conn: Connection) -> Process:
        pending = with_current_definition(conn, PendingTransitions(process), workflow)
        return commit.apply(conn, process, pending, commit_context(runtime, steps_of(process, workflow))).process

    try:
        changed = await runtime.database.transaction(change)
    except Fenced:
        raise StaleForm(process_id=process.id) from None
    if changed.status is ProcessStatus.FAILED and changed.failure is not None:
        raise StaleForm(changed.failure.message, process_id=process.id, current_version=changed.version)
    return changed
