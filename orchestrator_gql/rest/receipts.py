"""What became of a letter: a remote service asks by the receipt that it was given.

A receipt is the capability to ask, and all there is to learn by it is one word. It holds 122 random bits
(`utils/tokens.new_receipt`), and after some wrong guesses a minute there is no answer at all. So it is stored and shown
to operators as it is, unlike a token, which can end a wait and is known by its digest only.
"""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from orchestrator_gql.reads.callbacks import status_of_receipt
from orchestrator_gql.rest.guess_limiter import Misses, missed
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.types import CallbackStatus
from orchestrator_gql.utils.errors import ReceiptUnknown

FATES = {CallbackStatus.VALIDATED: "validated", CallbackStatus.REJECTED: "rejected"}
"""What the validation came to; until then, and for a failure report for good, a letter is just accepted."""


def receipt_routes(runtime: Runtime) -> list[Route]:
    """``GET /api/receipts/{receipt}``."""
    misses = Misses(runtime.settings.misses_per_minute)

    async def receipt(request: Request) -> Response:
        asked = request.path_params["receipt"]
        status = await status_of_receipt(runtime, asked) if _is_receipt(asked) else None
        if status is None:
            return missed(request, misses, ReceiptUnknown())
        told = {"receipt": asked, "status": FATES.get(status, "accepted")}
        return JSONResponse(told, headers={"Cache-Control": "no-store"})

    return [Route("/api/receipts/{receipt}" + slash, receipt, methods=["GET"]) for slash in ("", "/")]


def _is_receipt(text: str) -> bool:
    """Whether it could be one; the rest, such as a NUL that PostgreSQL chokes on, is kept from the database."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
