"""People in tests, and how they answer forms."""

from uuid import UUID

from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.engine.input_requests.requests import DecisionResult
from orchestrator_gql.input_requests.decision import InputRequest
from orchestrator_gql.security import Principal
from orchestrator_gql.storage import input_requests
from orchestrator_gql.testing import person
from orchestrator_gql.types import Json
from support.engine import Engine

ADA, BOB = person("Ada"), person("Bob")


async def open_request(engine: Engine, process_id: UUID) -> InputRequest:
    """Wait until the process has an open form; its input request."""

    async def look() -> InputRequest | None:
        return await engine.read(lambda conn: input_requests.open_of_process(conn, process_id))

    return await engine.until(look, awaited="an open input request")


async def confirm(engine: Engine, process_id: UUID, page: Json = None, *, by: Principal = ADA) -> DecisionResult:
    """Answer the open form with one page."""
    request = await open_request(engine, process_id)
    result = await submit_form(engine.runtime, by, input_request_id=request.id, pages=[page or {}])
    assert isinstance(result, DecisionResult), result
    return result
