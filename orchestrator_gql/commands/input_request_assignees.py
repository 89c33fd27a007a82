"""assignInputRequest, claimInputRequest and releaseInputRequest: who may decide an open input request."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine import authorization
from orchestrator_gql.engine.audit_log import write_down
from orchestrator_gql.engine.input_requests import decisions, requests
from orchestrator_gql.engine.input_requests.requests import DecisionResult
from orchestrator_gql.input_requests.decision import demand_version
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal, display_name
from orchestrator_gql.storage import events, input_requests, processes
from orchestrator_gql.utils.errors import ClaimedByOther, Forbidden, InvalidState, NotFound


async def assign_input_request(
    runtime: Runtime,
    principal: Principal,
    *,
    input_request_id: UUID,
    assignee_key: str,
    expected_version: int | None = None,
) -> DecisionResult:
    """Assign the request to another team, and end its claim.

    Who may answer the request, or may manage the engine, may assign it. Raises `NotFound` also for an unknown team:
    anybody could answer the request of an unknown team. For the same reason, members of a team cannot assign its
    request to a team without members: that is `Forbidden`.
    Raises `AlreadyDecided`, `InputRequestClosed`, `StaleVersion` and `ClaimedByOther`.
    """
    principal.demand(Permission.SUBMIT_FORM)
    if assignee_key not in authorization.assignees(runtime):
        raise NotFound("team", assignee_key)
    is_manager = Permission.MANAGE_ENGINE in principal.permissions
    opened = None if is_manager else await decisions.load_open_request(runtime, principal, input_request_id)

    def store(conn: Connection) -> DecisionResult:
        process, request, earlier = decisions.lock_unread_request(conn, input_request_id)
        if opened is not None:
            decisions.demand_may_still(opened, request, earlier, principal)
            _demand_no_open_team(runtime, request.assignee, assignee_key)
        demand_version(request, expected_version)
        if request.assignee == assignee_key and request.claimed_by is None:
            return DecisionResult(request, process)
        now = runtime.clock.now()
        assigned = input_requests.assign(conn, request.id, assignee_key) or request
        processes.assign(conn, [process.id], assignee_key, now)
        details = {"input_request_id": str(request.id), "from": request.assignee, "to": assignee_key}
        write_down(conn, runtime, process.id, actor=principal.id, action="assignInputRequest", now=now, **details)
        events.append(conn, [requests.changed(assigned, "ASSIGNED", now, principal.id)])
        return DecisionResult(
            assigned, replace(process, assignee=assignee_key, version=process.version + 1, updated_at=now)
        )

    return await runtime.database.transaction(store)


def _demand_no_open_team(runtime: Runtime, before: str, after: str) -> None:
    if authorization.is_opened(runtime, before, after):
        words = f"{runtime.settings.called(after)} has no members, so everybody could answer."
        raise Forbidden(Permission.MANAGE_ENGINE, words)


async def claim_input_request(
    runtime: Runtime, principal: Principal, *, input_request_id: UUID, expected_version: int | None = None
) -> DecisionResult:
    """Claim the request: nobody else may decide it until it is released or assigned. A second claim changes nothing.

    Raises the errors of `decisions.load_open_request`, and `StaleVersion`.
    """
    principal.demand(Permission.SUBMIT_FORM)
    opened = await decisions.load_open_request(runtime, principal, input_request_id)
    demand_version(opened.request, expected_version)

    def store(conn: Connection) -> DecisionResult:
        process, _, request, _ = decisions.lock_open_request(conn, opened, principal)
        if request.claimed_by == principal.id:
            return DecisionResult(request, process)
        now = runtime.clock.now()
        claimed = input_requests.claim(conn, request.id, principal.id, now) or request
        details = {"input_request_id": str(request.id)}
        write_down(conn, runtime, process.id, actor=principal.id, action="claimInputRequest", now=now, **details)
        events.append(conn, [requests.changed(claimed, "CLAIMED", now, principal.id)])
        return DecisionResult(claimed, process)

    return await runtime.database.transaction(store)


async def release_input_request(
    runtime: Runtime, principal: Principal, *, input_request_id: UUID, expected_version: int | None = None
) -> DecisionResult:
    """End a claim, so that others may decide the request: one's own claim, or with MANAGE_ENGINE any claim.

    Raises `NotFound`, `AlreadyDecided`, `InputRequestClosed`, `StaleVersion`, `ClaimedByOther`, and `InvalidState`
    if nobody has claimed the request.
    """
    principal.demand(Permission.SUBMIT_FORM)

    def store(conn: Connection) -> DecisionResult:
        process, request, _ = decisions.lock_unread_request(conn, input_request_id)
        demand_version(request, expected_version)
        if request.claimed_by is None:
            raise InvalidState(
                "Nobody has claimed this form: claim it first.", process_id=process.id, current_version=request.version
            )
        if request.claimed_by != principal.id and Permission.MANAGE_ENGINE not in principal.permissions:
            raise ClaimedByOther(
                f"{display_name(request.claimed_by)} has claimed this form, and another person needs the permission "
                f"{Permission.MANAGE_ENGINE} to release it: ask this person to answer or to release it.",
                process_id=process.id,
                current_version=request.version,
                by=request.claimed_by,
                at=request.claimed_at,
            )
        now = runtime.clock.now()
        released = input_requests.claim(conn, request.id, None, None) or request
        details = {"input_request_id": str(request.id), "claimed_by": request.claimed_by}
        write_down(conn, runtime, process.id, actor=principal.id, action="releaseInputRequest", now=now, **details)
        events.append(conn, [requests.changed(released, "RELEASED", now, principal.id)])
        return DecisionResult(released, process)

    return await runtime.database.transaction(store)
