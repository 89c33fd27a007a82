"""The operators' inbox."""

from orchestrator_gql.input_requests.decision import InputRequest
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import lists
from orchestrator_gql.storage.keyset import Slice, Window
from orchestrator_gql.storage.lists import InputRequestFilter


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
