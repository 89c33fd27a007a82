"""Make HTTP responses: a refusal also has a GraphQL body, never an HTML page of the server."""

from collections.abc import Mapping

from starlette.responses import Response

from orchestrator_gql.graphql import masking
from orchestrator_gql.graphql.transport.negotiation import GRAPHQL, JSON, Accepted
from orchestrator_gql.types import Json
from orchestrator_gql.utils import json
from orchestrator_gql.utils.errors import (
    Invalid,
    OrchestratorError,
    PayloadTooLarge,
    StorageUnavailable,
    Unauthenticated,
)
from orchestrator_gql.utils.request_errors import HostUnknown, RateLimited, ServerBusy, UnsupportedMediaType

_STATUS: tuple[tuple[type[OrchestratorError], int, Mapping[str, str]], ...] = (
    (PayloadTooLarge, 413, {"Connection": "close"}),  # the rest of the body still arrives and is not read
    (UnsupportedMediaType, 415, {"Accept": JSON}),
    (HostUnknown, 421, {}),
    (Invalid, 400, {}),
    (Unauthenticated, 401, {"WWW-Authenticate": "Bearer"}),
    (RateLimited, 429, {"Retry-After": str(RateLimited.retry_after)}),
    (StorageUnavailable, 503, {"Retry-After": "1"}),
    (ServerBusy, 503, {"Retry-After": "1"}),
)
"""The first matching row counts, so subclasses come before their base classes."""


_HEADERS = {
    # Starlette adds a charset only to text types, but the definition of the media type requires UTF-8.
    media_type: [
        (b"vary", b"Accept"),
        (b"content-type", f"{media_type}; charset=utf-8".encode()),
        (b"cache-control", b"no-store"),
    ]
    for media_type in (GRAPHQL, JSON)
}


class _Body(Response):
    """A response whose usual headers are encoded once."""

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """See `starlette.responses.Response`."""
        assert self.media_type is not None
        further = [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
        self.raw_headers = [*_HEADERS[self.media_type], *further, (b"content-length", b"%d" % len(self.body))]


class HttpRefusal(Exception):
    """A request that is refused by HTTP rules, before GraphQL reads it."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.payload: Json = {"errors": [{"message": message, "extensions": {"code": code}}]}
        self.headers = dict(headers or {})
        super().__init__(message)


def graphql_response(
    payload: Json, *, accepted: Accepted | None, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A response with a GraphQL body of the media type that the client prefers."""
    media_type = accepted.json_type if accepted else JSON
    return _Body(json.encode(payload).encode(), status, headers, media_type)


def refusal(error: Exception, *, accepted: Accepted | None) -> Response:
    """The response to a refused request; an unexpected error is masked."""
    if isinstance(error, HttpRefusal):
        return graphql_response(error.payload, accepted=accepted, status=error.status, headers=error.headers)
    if isinstance(error, OrchestratorError) and (error_body := masking.shown_to_client(error)) is not None:
        for kind, status, headers in _STATUS:
            if isinstance(error, kind):
                return graphql_response({"errors": [error_body]}, accepted=accepted, status=status, headers=headers)
    return graphql_response({"errors": [masking.masked(error)]}, accepted=accepted, status=500)
