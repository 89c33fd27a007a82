"""Our errors as `application/problem+json` (RFC 9457): a stable type and code, and nothing that helps an attacker."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from orchestrator_gql.rest.bodies import BodyIncomplete
from orchestrator_gql.utils.errors import (
    AddressForbidden,
    AuthorCodeFailed,
    CallbackClosed,
    CallbackConflict,
    CallbackUnknown,
    Forbidden,
    Invalid,
    NotFound,
    OrchestratorError,
    PayloadTooLarge,
    ReceiptUnknown,
    Refused,
    StorageUnavailable,
    Unauthenticated,
    UnsupportedMediaType,
)

STATUS: tuple[tuple[type[OrchestratorError], int, str], ...] = (
    (CallbackUnknown, 404, "Not found"),
    (ReceiptUnknown, 404, "Not found"),
    (NotFound, 404, "Not found"),
    (CallbackConflict, 409, "Already received"),
    (CallbackClosed, 410, "Gone"),
    (BodyIncomplete, 408, "Request timeout"),
    (PayloadTooLarge, 413, "Too large"),
    (UnsupportedMediaType, 415, "Unsupported media type"),
    (Unauthenticated, 401, "Unauthenticated"),
    (Forbidden, 403, "Forbidden"),
    (AddressForbidden, 403, "Forbidden address"),
    (StorageUnavailable, 503, "Storage unavailable"),
    (AuthorCodeFailed, 500, "Author's code failed"),
    (Refused, 409, "Refused"),
    (Invalid, 400, "Invalid"),
)
"""The first row that fits counts, so the narrower classes stand first."""

RETRY_AFTER = "5"


HEADERS = {
    401: {"WWW-Authenticate": 'Bearer realm="callbacks", StandardWebhooks'},
    408: {"Connection": "close"},
    503: {"Retry-After": RETRY_AFTER},
}
"""What a status needs beside its body."""


def problem(
    status: int, title: str, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """A problem document; ``more`` are its extension members."""
    body = {"type": f"urn:orchestrator-gql:problem:{code}", "title": title, "status": status, "code": code}
    content = orjson.dumps({**body, "detail": detail, **more})
    return Response(content, status, headers, media_type="application/problem+json")


def problem_of(error: OrchestratorError) -> Response:
    """The problem that an error is to a client."""
    status, title = _status(error)
    more: dict[str, Any] = {}
    code = error.code
    if isinstance(error, CallbackClosed) and error.is_expired:
        code = "callback-expired"
    if isinstance(error, Invalid) and error.errors:
        more["errors"] = [{"pointer": e.pointer, "detail": e.message, "type": e.type} for e in error.errors]
    if isinstance(error, AuthorCodeFailed):
        more["error_id"] = error.error_id
    if isinstance(error, PayloadTooLarge):
        more["limit_bytes"] = error.limit_bytes
    headers = HEADERS.get(status)
    return problem(status, title, code, error.message, headers=headers, **more)


def _status(error: OrchestratorError) -> tuple[int, str]:
    for kind, status, title in STATUS:
        if isinstance(error, kind):
            return status, title
    return 500, "Error"


async def on_error(_: Request, error: Exception) -> Response:
    """Starlette's handler for our errors."""
    assert isinstance(error, OrchestratorError)
    return problem_of(error)


async def on_http_error(_: Request, error: Exception) -> Response:
    """Starlette's own refusals (no such path, wrong method), as problems."""
    status: int = getattr(error, "status_code", 500)
    code, title = {404: ("not-found", "Not found"), 405: ("method-not-allowed", "Method not allowed")}.get(
        status, ("http-error", "Refused")
    )
    detail = {404: "Nothing is served here.", 405: "This is asked for in another way: see Allow."}.get(status, title)
    return problem(status, title, code, detail, headers=getattr(error, "headers", None))
