"""``GET /api/receipts/{receipt}``: a remote service asks for the status of its delivery.

Who knows a receipt may ask, and the response is one word. A receipt holds 122 random bits
(`utils/tokens.new_receipt`), and the number of wrong guesses per minute is limited. So a receipt is stored and shown to
operators in plain text. A token, which can end a wait, is stored only as its digest.
"""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from orchestrator_gql.authentication.guess_limiter import GuessLimiter
from orchestrator_gql.reads.callbacks import status_of_receipt
from orchestrator_gql.rest.client_address import peer_of
from orchestrator_gql.rest.problems import problem_of
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.types import CallbackStatus
from orchestrator_gql.utils.errors import ReceiptUnknown

FINAL_STATUSES = {CallbackStatus.VALIDATED: "validated", CallbackStatus.REJECTED: "rejected"}
"""The statuses after validation; before it, and always for a failure report, a delivery is "accepted"."""


def receipt_routes(runtime: Runtime, limiter: GuessLimiter) -> list[Route]:
    """``GET /api/receipts/{receipt}``."""

    async def receipt(request: Request) -> Response:
        text = request.path_params["receipt"]
        status = await status_of_receipt(runtime, text) if _is_receipt(text) else None
        if status is None:
            return problem_of(limiter.refusal(peer_of(request), ReceiptUnknown()))
        content = {"receipt": text, "status": FINAL_STATUSES.get(status, "accepted")}
        return JSONResponse(content, headers={"Cache-Control": "no-store"})

    return [Route("/api/receipts/{receipt}" + slash, receipt, methods=["GET"]) for slash in ("", "/")]


def _is_receipt(text: str) -> bool:
    """True if the text is a UUID; other texts never reach the database, because PostgreSQL refuses a NUL."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
