"""assignInputRequest: have another team answer a form."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine.audited import write_down
from orchestrator_gql.engine.people import answering, requests, rights
from orchestrator_gql.engine.people.requests import Decided
from orchestrator_gql.input_requests.decision import demand_version
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import events, input_requests, processes
from orchestrator_gql.utils.errors import Forbidden, NotFound


async def assign_input_request(
    runtime: Runtime,
    principal: Principal,
    *,
    input_request_id: UUID,
    assignee_key: str,
    expected_version: int | None = None,
) -> Decided:
    """Give it to another assignee, free of whoever had taken it; whoever may answer it can, or may manage the engine.

    Raises `NotFound`, for a team that there is not, too: whose a form is that nobody knows, anybody could answer. For
    the same reason members of a team cannot give its form to one without members: that is `Forbidden`.
    Raises `AlreadyDecided`, `InputRequestClosed`, `StaleVersion` and `ClaimedByOther`.
    """
    principal.demand(Permission.SUBMIT_FORM)
    if assignee_key not in rights.assignees(runtime):
        raise NotFound("team", assignee_key)
    is_manager = Permission.MANAGE_ENGINE in principal.permissions
    seen = None if is_manager else await answering.look(runtime, principal, input_request_id)

    def store(conn: Connection) -> Decided:
        process, request, made = answering.hold_open(conn, input_request_id)
        if seen is not None:
            answering.demand_may_still(seen, request, made, principal)
            _demand_no_opening(runtime, request.assignee, assignee_key)
        demand_version(request, expected_version)
        if request.assignee == assignee_key and request.claimed_by is None:
            return Decided(request, process)
        now = runtime.clock.now()
        assigned = input_requests.assign(conn, request.id, assignee_key) or request
        processes.assign(conn, [process.id], assignee_key, now)
        told = {"input_request_id": str(request.id), "from": request.assignee, "to": assignee_key}
        write_down(conn, runtime, process.id, actor=principal.id, action="assignInputRequest", now=now, **told)
        events.append(conn, [requests.changed(assigned, "ASSIGNED", now, principal.id)])
        return Decided(assigned, replace(process, assignee=assignee_key, version=process.version + 1, updated_at=now))

    return await runtime.database.transaction(store)


def _demand_no_opening(runtime: Runtime, before: str, after: str) -> None:
    closed = runtime.settings.closed_teams
    if before in closed and after not in closed:
        words = f"{runtime.settings.called(after)} has no members, so everybody could answer."
        raise Forbidden(Permission.MANAGE_ENGINE, words)
