"""The typed errors of the result unions, and the translation of our exceptions into them."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import strawberry

from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.masking import code_of
from orchestrator_gql.graphql.types.common import User
from orchestrator_gql.graphql.types.enums import ErrorCode
from orchestrator_gql.graphql.types.filters import NOWHERE
from orchestrator_gql.graphql.types.forms import FieldError, UserError
from orchestrator_gql.graphql.types.processes import Process
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.security import Permission
from orchestrator_gql.utils import errors
from orchestrator_gql.utils.json import preview
from orchestrator_gql.utils.request_errors import RateLimited

_LONGEST_ID = 80
"""Characters of an unknown id that are repeated in the error."""

T = TypeVar("T")
R = TypeVar("R")


@strawberry.type(description="The object does not exist, or the caller may not see it: both get this error.")
class NotFoundError(UserError):
    id: str = strawberry.field(description="The id or name that was requested.")


@strawberry.type(description="The caller lacks a permission, or a rule of the workflow refuses.")
class ForbiddenError(UserError):
    permission: Permission = strawberry.field(description="The permission that the caller needs.")


@strawberry.type(
    description="The object has changed since the caller read it, or its status does not allow the action."
)
class ConflictError(UserError):
    process_id: strawberry.Private[UUID | None]
    current_version: int | None = strawberry.field(
        description="The current version of the object; null if it is not known."
    )
    by: User | None = strawberry.field(description="The user who changed or claimed the object; null if not known.")
    at: datetime | None = strawberry.field(description="The time of that change; null if not known.")

    @resolved(description="The process that causes the conflict; null if there is none.")
    async def conflicting_process(self, info: Info) -> Process | None:
        return await Process.by_id(info, self.process_id)


@strawberry.type(description="The engine is paused; it starts no step until a user resumes it.")
class EnginePausedError(UserError):
    since: datetime = strawberry.field(description="The time of the pause.")


@strawberry.type(description="No callback has this token.")
class CallbackUnknownError(UserError):
    pass


@strawberry.type(description="The callback accepts no more results; the delivery is stored.")
class CallbackGoneError(UserError):
    pass


@strawberry.type(description="The value is not valid; nothing was changed, and a callback stays open.")
class PayloadInvalidError(UserError):
    errors: list[FieldError] = strawberry.field(description="The errors, one for each wrong field.")


@strawberry.type(description="The value is larger than the limit; nothing was changed, and a callback stays open.")
class PayloadTooLargeError(UserError):
    limit_bytes: int = strawberry.field(description="The limit in bytes.")


@strawberry.type(
    description="The remote service must authenticate itself. GraphQL cannot carry its credential: use the REST API."
)
class UnauthenticatedError(UserError):
    pass


@strawberry.type(description="Too many wrong tokens came from the address of the caller; nothing was stored.")
class RateLimitedError(UserError):
    retry_after_seconds: int = strawberry.field(description="The time after which the caller may try again.")


@strawberry.type(
    description="A function of the workflow's author failed, such as a form or a condition. Nothing was changed."
)
class AuthorCodeError(UserError):
    error_id: str = strawberry.field(description="The id under which the server's log shows the error and its place.")


@strawberry.type(description="The server failed to carry out this part of the request. Other parts may have succeeded.")
class ServerError(UserError):
    error_id: str = strawberry.field(description="The id under which the server's log shows the error.")


TypedError = (
    UnauthenticatedError
    | NotFoundError
    | ForbiddenError
    | ConflictError
    | EnginePausedError
    | CallbackUnknownError
    | CallbackGoneError
    | PayloadInvalidError
    | PayloadTooLargeError
    | RateLimitedError
    | AuthorCodeError
)


async def result_or_error(command: Awaitable[T], show: Callable[[T], R], requested: str | None = None) -> R:
    """What ``show`` makes of the result of the command, or the typed error that refuses it.

    The union of the field must have a member for each error of the command. ``requested`` is the id that the client
    sent.
    """
    try:
        result = await command
    except errors.OrchestratorError as error:
        return typed(error, requested)  # type: ignore[return-value]
    return show(result)


def typed(error: errors.OrchestratorError, requested: str | None = None) -> TypedError:
    """The error as a member of a result union. An error without such a member is raised again as a top-level error."""
    message = error.message
    match error:
        case errors.CallbackUnknown():
            return CallbackUnknownError(code=ErrorCode.CALLBACK_UNKNOWN, message=message)
        case errors.CallbackClosed():
            code = ErrorCode.CALLBACK_EXPIRED if error.is_expired else ErrorCode.CALLBACK_WITHDRAWN
            return CallbackGoneError(code=code, message=message)
        case errors.Unauthenticated():
            return UnauthenticatedError(code=ErrorCode.UNAUTHENTICATED, message=message)
        case RateLimited():
            return RateLimitedError(code=ErrorCode.RATE_LIMITED, message=message, retry_after_seconds=error.retry_after)
        case errors.NotFound():
            return _not_found(error, requested)
        case errors.Forbidden():
            return ForbiddenError(code=_code(error), message=message, permission=Permission(error.permission))
        case errors.EnginePaused():
            return EnginePausedError(code=ErrorCode.ENGINE_PAUSED, message=message, since=error.since)
        case errors.Refused():
            return ConflictError(
                code=_code(error),
                message=message,
                process_id=_uuid(error.process_id),
                current_version=error.current_version,
                by=User.named(error.by),
                at=error.at,
            )
        case errors.AuthorCodeFailed():
            return AuthorCodeError(code=_code(error), message=message, error_id=error.error_id)
        case errors.PayloadTooLarge():
            return PayloadTooLargeError(
                code=ErrorCode.PAYLOAD_TOO_LARGE, message=message, limit_bytes=error.limit_bytes
            )
        case errors.PayloadInvalid():
            fields = [FieldError.of(field_error) for field_error in error.errors]
            return PayloadInvalidError(code=ErrorCode.PAYLOAD_INVALID, message=message, errors=fields)
        case _:
            raise error


def _not_found(error: errors.NotFound, requested: str | None) -> NotFoundError:
    """The error with the id that the client sent: if it is no UUID, `NOWHERE` was searched."""
    if requested is not None and error.id == str(NOWHERE):
        error = errors.NotFound(error.kind, preview(requested, _LONGEST_ID))
    return NotFoundError(code=ErrorCode.NOT_FOUND, message=error.message, id=error.id)


def _code(error: errors.OrchestratorError) -> ErrorCode:
    return ErrorCode(code_of(error))


def _uuid(value: object) -> UUID | None:
    return value if isinstance(value, UUID) else None
