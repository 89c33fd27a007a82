"""Errors as clients may see them: every one has a code, and none tells what only the log may know."""

import logging
import re
from collections.abc import Iterable
from secrets import token_hex
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.types import ExecutionContext

from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import (
    AuthorCodeFailed,
    Forbidden,
    Invalid,
    NotFound,
    OrchestratorError,
    Refused,
    ResponseTooLarge,
    ServerBusy,
    StorageUnavailable,
    Unauthenticated,
)

logger = logging.getLogger(__name__)

_FOR_CALLERS = (
    NotFound,
    Refused,
    Invalid,
    Forbidden,
    Unauthenticated,
    StorageUnavailable,
    ServerBusy,
    AuthorCodeFailed,
)
"""Errors whose messages are written for the caller. The rest of the tree speaks to authors and administrators."""

_SUGGESTION = re.compile(r"\s*Did you mean .*\?$", re.DOTALL)


class QuietSchema(strawberry.Schema):
    """A schema that leaves errors to this room: Strawberry's own would log each with its trace, a typing error too."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Do nothing."""


def code_of(error: OrchestratorError) -> str:
    """The error's code as GraphQL writes it, such as ``CURSOR_INVALID``."""
    return error.code.replace("-", "_").upper()


def is_clients(error: GraphQLError) -> bool:
    """Whether the error is about the request: it belongs to no field, and no extension of the schema raised it."""
    return error.path is None and (error.nodes is not None or error.original_error is None)


def request_errors(errors: Iterable[GraphQLError], *, is_development: bool) -> list[Json]:
    """Errors found before anything was executed; their messages speak of what the client sent, and stay.

    Outside development the names that "Did you mean" would betray are left out.
    """
    return [_requested(error, is_development) for error in errors]


def execution_errors(errors: Iterable[GraphQLError]) -> list[Json]:
    """Errors of resolvers: those meant for the caller as they are, the others masked and logged under an id."""
    return [_executed(error) for error in errors]


def masked(error: BaseException) -> Json:
    """The one thing a client learns about an unexpected error; logs the rest under the same id."""
    error_id = token_hex(8)
    logger.error("An unexpected error was masked: %s", error_id, exc_info=error, extra={"error_id": error_id})
    return {"message": "Internal error", "extensions": {"code": "INTERNAL", "errorId": error_id}}


def shown_to_client(error: OrchestratorError) -> Json | None:
    """The error as it is, if it is one for the caller."""
    if not isinstance(error, _FOR_CALLERS):
        return None
    logged = {"errorId": error.error_id} if isinstance(error, AuthorCodeFailed) else {}
    return {"message": error.message, "extensions": {"code": code_of(error), **logged}}


def _shown(error: GraphQLError, code: str) -> dict[str, Any]:
    return {**error.formatted, "extensions": {"code": code, **(error.extensions or {})}}


def _requested(error: GraphQLError, is_development: bool) -> Json:
    # The parser and the rules sign what they find: what is left are the variables.
    shown = _shown(error, "GRAPHQL_PARSE_FAILED" if isinstance(error, GraphQLSyntaxError) else "BAD_USER_INPUT")
    if not is_development:
        shown["message"] = _SUGGESTION.sub("", error.message)
    return shown


def is_too_large(error: GraphQLError) -> bool:
    """Whether the field was refused because the answer weighs too much."""
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
        # graphql-core points at an argument that is wrong; its error about what a resolver returned points nowhere.
        if cause.nodes and cause.original_error is None and cause is not error:
            return _shown(error, "BAD_USER_INPUT")
    answer = shown_to_client(cause) if isinstance(cause, OrchestratorError) else None
    return {**_place(error), **(answer or masked(cause))}


def _cause(error: GraphQLError) -> BaseException:
    cause: BaseException = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _place(error: GraphQLError) -> dict[str, Json]:
    return {key: value for key, value in error.formatted.items() if key in ("locations", "path")}
