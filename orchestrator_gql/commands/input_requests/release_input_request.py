"""releaseInputRequest: give a form back that somebody took."""

from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine.audited import write_down
from orchestrator_gql.engine.people import answering, requests
from orchestrator_gql.engine.people.requests import Decided
from orchestrator_gql.input_requests.decision import demand_version
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import events, input_requests
from orchestrator_gql.utils.errors import ClaimedByOther, InvalidState


async def release_input_request(
    runtime: Runtime, principal: Principal, *, input_request_id: UUID, expected_version: int | None = None
) -> Decided:
    """Give it back, so that others may decide it: one's own, or, with MANAGE_ENGINE, anybody's.

    Raises `NotFound`, `AlreadyDecided`, `InputRequestClosed`, `StaleVersion`, `ClaimedByOther`, and `InvalidState`
    where nobody has taken it.
    """
    principal.demand(Permission.SUBMIT_FORM)

    def store(conn: Connection) -> Decided:
        process, request, _ = answering.hold_open(conn, input_request_id)
        demand_version(request, expected_version)
        if request.claimed_by is None:
            raise InvalidState("Nobody has taken it.", process_id=process.id, current_version=request.version)
        if request.claimed_by != principal.id and Permission.MANAGE_ENGINE not in principal.permissions:
            raise ClaimedByOther(
                f"{request.claimed_by} has taken it, and only they, or who may manage the engine, can give it back.",
                process_id=process.id,
                current_version=request.version,
                by=request.claimed_by,
                at=request.claimed_at,
            )
        now = runtime.clock.now()
        freed = input_requests.claim(conn, request.id, None, None) or request
        told = {"input_request_id": str(request.id), "claimed_by": request.claimed_by}
        write_down(conn, runtime, process.id, actor=principal.id, action="releaseInputRequest", now=now, **told)
        events.append(conn, [requests.changed(freed, "RELEASED", now, principal.id)])
        return Decided(freed, process)

    return await runtime.database.transaction(store)
