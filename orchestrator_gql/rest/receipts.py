"""``GET /api/receipts/{receipt}``: a remote service asks for the status of its delivery.

Who knows a receipt may ask. The response is one word, and a time if an operator replaced the result. A receipt holds
122 random bits (`utils/tokens.new_receipt`), and the number of wrong guesses per minute is limited. So a receipt is
stored and shown to operators in plain text. A token, which can end a wait, is stored only as its digest.
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
from orchestrator_gql.utils.errors import ReceiptUnknown


def receipt_routes(runtime: Runtime, limiter: GuessLimiter) -> list[Route]:
    """``GET /api/receipts/{receipt}``."""

    async def receipt(request: Request) -> Response:
        text = request.path_params["receipt"]
        id = _receipt_in(text)
        status = None if id is None else await status_of_receipt(runtime, id)
        if status is None:
            return problem_of(limiter.refusal(peer_of(request), ReceiptUnknown()))
        shown = {"receipt": text, "status": status.word}
        if status.replaced_at is not None:
            shown["replacedAt"] = status.replaced_at.isoformat()
        return JSONResponse(shown, headers={"Cache-Control": "no-store"})

    return [Route("/api/receipts/{receipt}" + slash, receipt, methods=["GET"]) for slash in ("", "/")]


def _receipt_in(text: str) -> UUID | None:
    """The receipt, if the text is a UUID; other texts never reach the database, because PostgreSQL refuses a NUL."""
    try:
        receipt = UUID(text)
    except ValueError:
        return None
    return receipt if str(receipt) == text else None
