"""Translate errors for clients: every error has a code, and none shows details that only the log may have."""

import logging
import re
from collections.abc import Iterable
from secrets import token_hex
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionContext

from orchestrator_gql.graphql.extensions_runner import ExtensionsRunner
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import (
    AuthorCodeFailed,
    Forbidden,
    Invalid,
    NotFound,
    OrchestratorError,
    Refused,
    ResponseTooLarge,
    StorageUnavailable,
    Unauthenticated,
)
from orchestrator_gql.utils.json import preview
from orchestrator_gql.utils.request_errors import RateLimited, ServerBusy

logger = logging.getLogger(__name__)

_FOR_CALLERS = (
    NotFound,
    Refused,
    Invalid,
    Forbidden,
    Unauthenticated,
    RateLimited,
    StorageUnavailable,
    ServerBusy,
    AuthorCodeFailed,
)
"""Errors whose messages are for the caller. The messages of other errors are for authors and administrators."""

LONGEST_MESSAGE = 2_000
"""Characters of a message about a request: graphql-core repeats names and values of any length."""

_SUGGESTION = re.compile(r"\s*Did you mean .*\?$", re.DOTALL)


class QuietSchema(strawberry.Schema):
    """A schema that logs no errors: Strawberry's own logs each with a stack trace, even a wrong field name."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Do nothing: this module translates and logs the errors."""

    def create_extensions_runner(
        self, execution_context: ExecutionContext, extensions: list[SchemaExtension]
    ) -> ExtensionsRunner:
        """The runner that calls only the hooks that there are."""
        return ExtensionsRunner(execution_context, extensions)


def code_of(error: OrchestratorError) -> str:
    """The code of the error in GraphQL's form, such as ``CURSOR_INVALID``."""
    return error.code.replace("-", "_").upper()


def is_clients(error: GraphQLError) -> bool:
    """True if the error is about the request: it belongs to no field and comes from no extension of the schema."""
    return error.path is None and (error.nodes is not None or error.original_error is None)


def request_errors(errors: Iterable[GraphQLError], *, is_development: bool) -> list[Json]:
    """Errors before the execution; their messages describe the request of the client and stay unchanged.

    Outside development the suggestions ("Did you mean ...") are removed, because they show names of the schema.
    """
    return [_requested(error, is_development) for error in errors]


def execution_errors(errors: Iterable[GraphQLError]) -> list[Json]:
    """Errors of resolvers: errors for the caller stay unchanged, other errors are masked and logged with an id."""
    return [_executed(error) for error in errors]


def masked(error: BaseException) -> Json:
    """Log an unexpected error; the result for the client contains only the id of the log entry."""
    error_id = token_hex(8)
    logger.error("An unexpected error was masked: %s", error_id, exc_info=error, extra={"error_id": error_id})
    return {"message": "Internal error", "extensions": {"code": "INTERNAL", "errorId": error_id}}


def shown_to_client(error: OrchestratorError) -> Json | None:
    """The error with its message, if it is for the caller; else None."""
    if not isinstance(error, _FOR_CALLERS):
        return None
    logged = {"errorId": error.error_id} if isinstance(error, AuthorCodeFailed) else {}
    return {"message": error.message, "extensions": {"code": code_of(error), **logged}}


def _shown(error: GraphQLError, code: str) -> dict[str, Any]:
    return {**error.formatted, "extensions": {"code": code, **(error.extensions or {})}}


def _requested(error: GraphQLError, is_development: bool) -> Json:
    # Errors of the parser and of the rules have a code of their own: the other errors are about variables.
    shown = _shown(error, "GRAPHQL_PARSE_FAILED" if isinstance(error, GraphQLSyntaxError) else "BAD_USER_INPUT")
    message = error.message if is_development else _SUGGESTION.sub("", error.message)
    return {**shown, "message": preview(message, LONGEST_MESSAGE)}


def is_too_large(error: GraphQLError) -> bool:
    """True if the field was refused because the response is too large."""
    return isinstance(_cause(error), ResponseTooLarge)


def _executed(error: GraphQLError) -> Json:
    cause = _cause(error)
    if isinstance(cause, ResponseTooLarge):
        field = ".".join(key for key in error.path or () if isinstance(key, str))
        extensions = {"code": code_of(cause), "field": field, "limitBytes": cause.limit_bytes}
        return {**_place(error), "message": f"At `{field}`: {cause.message}", "extensions": extensions}
    if isinstance(cause, GraphQLError):
        if cause.extensions and "code" in cause.extensions:
            return _shown(error, cause.extensions["code"])
        # An error of graphql-core about a wrong argument has nodes; an error about a resolver's result has none.
        if cause.nodes and cause.original_error is None and cause is not error:
            return _shown(error, "BAD_USER_INPUT")
    shown = shown_to_client(cause) if isinstance(cause, OrchestratorError) else None
    return {**_place(error), **(shown or masked(cause))}


def _cause(error: GraphQLError) -> BaseException:
    cause: BaseException = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _place(error: GraphQLError) -> dict[str, Json]:
    return {key: value for key, value in error.formatted.items() if key in ("locations", "path")}
