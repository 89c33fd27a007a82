"""claimInputRequest: take a form, so that others leave it alone."""

from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine.audited import write_down
from orchestrator_gql.engine.people import answering, requests
from orchestrator_gql.engine.people.requests import Decided
from orchestrator_gql.input_requests.decision import demand_version
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import events, input_requests


async def claim_input_request(
    runtime: Runtime, principal: Principal, *, input_request_id: UUID, expected_version: int | None = None
) -> Decided:
    """Take it: until it is released or assigned anew, nobody else may decide it. Taking it twice changes nothing.

    Raises what `answering.look` raises, and `StaleVersion`.
    """
    principal.demand(Permission.SUBMIT_FORM)
    seen = await answering.look(runtime, principal, input_request_id)
    demand_version(seen.request, expected_version)

    def store(conn: Connection) -> Decided:
        process, request, _ = answering.hold(conn, seen, principal)
        if request.claimed_by == principal.id:
            return Decided(request, process)
        now = runtime.clock.now()
        claimed = input_requests.claim(conn, request.id, principal.id, now) or request
        told = {"input_request_id": str(request.id)}
        write_down(conn, runtime, process.id, actor=principal.id, action="claimInputRequest", now=now, **told)
        events.append(conn, [requests.changed(claimed, "CLAIMED", now, principal.id)])
        return Decided(claimed, process)

    return await runtime.database.transaction(store)
