"""Our errors as `application/problem+json` (RFC 9457), with a stable type and code and without internal details."""

import logging
from collections.abc import Mapping
from secrets import token_hex
from typing import Any, NamedTuple

import orjson
from starlette.requests import Request
from starlette.responses import Response

from orchestrator_gql.rest.bodies import BodyIncomplete
from orchestrator_gql.utils.errors import (
    AuthorCodeFailed,
    CallbackClosed,
    CallbackConflict,
    CallbackUnknown,
    Forbidden,
    FormTimeout,
    Invalid,
    NotFound,
    OrchestratorError,
    PayloadTooLarge,
    ReceiptUnknown,
    Refused,
    StorageUnavailable,
    Unauthenticated,
)
from orchestrator_gql.utils.request_errors import (
    AddressForbidden,
    HostUnknown,
    RateLimited,
    ServerBusy,
    UnsupportedMediaType,
)

logger = logging.getLogger(__name__)

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
    (RateLimited, 429, "Too many requests"),
    (AddressForbidden, 403, "Forbidden address"),
    (HostUnknown, 421, "Misdirected request"),
    (StorageUnavailable, 503, "Storage unavailable"),
    (FormTimeout, 503, "Author's code takes too long"),
    (AuthorCodeFailed, 500, "Author's code failed"),
    (ServerBusy, 503, "Server busy"),
    (Refused, 409, "Refused"),
    (Invalid, 400, "Invalid"),
)
"""The first row that fits counts, so the narrower classes come first."""

RETRY_AFTER = "5"

HEADERS = {
    401: {"WWW-Authenticate": 'Bearer realm="callbacks", StandardWebhooks'},
    408: {"Connection": "close"},
    429: {"Retry-After": str(RateLimited.retry_after)},
    503: {"Retry-After": RETRY_AFTER},
}
"""The headers that a status needs."""


def problem(
    status: int, title: str, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """A response with a problem document; ``more`` are its extension members."""
    body = {"type": f"urn:orchestrator-gql:problem:{code}", "title": title, "status": status, "code": code}
    content = orjson.dumps({**body, "detail": detail, **more})
    return Response(content, status, headers, media_type="application/problem+json")


def problem_of(error: OrchestratorError) -> Response:
    """The response for an error of ours."""
    status, title = _status(error)
    more: dict[str, Any] = {}
    code = error.code
    if isinstance(error, CallbackClosed) and error.is_expired:
        code = "callback-expired"
    if isinstance(error, Invalid) and error.errors:
        more["errors"] = [
            {"pointer": field.pointer, "detail": field.message, "type": field.type} for field in error.errors
        ]
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


class HttpProblem(NamedTuple):
    """A fault of a request that is found before any route runs."""

    status: int
    title: str
    detail: str


HTTP_PROBLEMS = {
    "malformed-request": HttpProblem(400, "Malformed request", "The request is not valid HTTP/1.1 (RFC 9112)."),
    "not-found": HttpProblem(404, "Not found", "Nothing is served here."),
    "method-not-allowed": HttpProblem(405, "Method not allowed", "Use a method that the Allow header names."),
    "uri-too-long": HttpProblem(414, "URI too long", "The URL is longer than the server reads."),
    "headers-too-large": HttpProblem(431, "Headers too large", "The headers are larger than the server reads."),
    "http-error": HttpProblem(400, "Refused", "The request cannot be answered."),
    "internal-error": HttpProblem(500, "Internal error", "Something went wrong here: the log has more under the id."),
    "unsupported-transfer-coding": HttpProblem(
        501, "Unsupported transfer coding", "The one transfer coding that is read is chunked."
    ),
    "unsupported-http-version": HttpProblem(505, "Unsupported HTTP version", "Send the request as HTTP/1.1."),
}
"""The problems of HTTP itself, by code; no `OrchestratorError` belongs to them."""


def http_problem(code: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """The response for a code of `HTTP_PROBLEMS`."""
    status, title, detail = HTTP_PROBLEMS[code]
    return problem(status, title, code, detail, headers=headers, **more)


async def on_http_error(_: Request, error: Exception) -> Response:
    """Starlette's handler for its own errors, such as an unknown path or a wrong method."""
    status: int = getattr(error, "status_code", 500)
    headers: Mapping[str, str] | None = getattr(error, "headers", None)
    code = {404: "not-found", 405: "method-not-allowed"}.get(status)
    if code is None:
        title, detail = HTTP_PROBLEMS["http-error"][1:]
        return problem(status, title, "http-error", detail, headers=headers)
    return http_problem(code, headers=headers)


async def on_fault(_: Request, error: Exception) -> Response:
    """Starlette's handler for unexpected errors: the client gets only an id, and the log has the error under it."""
    error_id = token_hex(8)
    logger.error("a request could not be answered", exc_info=error, extra={"error_id": error_id})
    return http_problem("internal-error", errorId=error_id)
