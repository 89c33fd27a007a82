"""Our errors as the typed answers of mutations; each door translates once, and this is GraphQL's translation."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from orchestrator_gql.graphql.context import Info
from orchestrator_gql.graphql.types.common import User
from orchestrator_gql.graphql.types.enums import ErrorCode
from orchestrator_gql.graphql.types.forms import FieldError, UserError
from orchestrator_gql.graphql.types.resolving import resolved
from orchestrator_gql.security import Permission
from orchestrator_gql.utils import errors

if TYPE_CHECKING:
    from orchestrator_gql.graphql.types.processes import Process


@strawberry.type(description="Missing and not visible answer alike.")
class NotFoundError(UserError):
    id: str = strawberry.field(description="What was asked for.")


@strawberry.type(description="The caller may not do this.")
class ForbiddenError(UserError):
    permission: Permission = strawberry.field(description="What it would need.")


@strawberry.type(description="Somebody moved it first, or its status does not allow this.")
class ConflictError(UserError):
    process_id: strawberry.Private[UUID | None]
    current_version: int | None = strawberry.field(description="Where it stands now.")
    by: User | None = strawberry.field(description="Who did, where known.")
    at: datetime | None = strawberry.field(description="When, where known.")

    @resolved(description="The process in the way.")
    async def conflicting_process(
        self, info: Info
    ) -> Annotated["Process", strawberry.lazy("orchestrator_gql.graphql.types.processes")] | None:
        from orchestrator_gql.graphql.types.processes import Process

        row = await info.context.loaders.process.load(self.process_id) if self.process_id else None
        return Process.of(row) if row else None


@strawberry.type(description="The engine is paused and starts nothing until somebody resumes it.")
class EnginePausedError(UserError):
    since: datetime = strawberry.field(description="Since when.")


@strawberry.type(description="No callback has this token.")
class CallbackUnknownError(UserError):
    pass


@strawberry.type(description="The callback takes no result any more; the attempt is kept.")
class CallbackGoneError(UserError):
    pass


@strawberry.type(description="The value is not what is expected here; the callback is still open.")
class PayloadInvalidError(UserError):
    errors: list[FieldError] = strawberry.field(description="What is wrong, field by field.")


@strawberry.type(description="The value is larger than the limit; the callback is still open.")
class PayloadTooLargeError(UserError):
    limit_bytes: int = strawberry.field(description="The limit.")


@strawberry.type(description="The remote service must prove itself, which this door cannot take: deliver it by REST.")
class UnauthenticatedError(UserError):
    pass


@strawberry.type(
    description="A function of the workflow's author failed: its form, its predicate. Nothing was changed."
)
class AuthorCodeError(UserError):
    error_id: str = strawberry.field(description="Under this id the server's log says what was raised, and where.")


@strawberry.type(
    description="The server could not do this, whatever the caller sent; others of the same request it may."
)
class ServerError(UserError):
    error_id: str = strawberry.field(description="Under this id the server's log says more.")


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
    | AuthorCodeError
)


def typed(error: errors.OrchestratorError) -> TypedError:
    """The error as the member of a result union; what is none is raised again, for the top-level errors."""
    message = error.message
    match error:
        case errors.CallbackUnknown():
            return CallbackUnknownError(code=ErrorCode.CALLBACK_UNKNOWN, message=message)
        case errors.CallbackClosed():
            code = ErrorCode.CALLBACK_EXPIRED if error.is_expired else ErrorCode.CALLBACK_WITHDRAWN
            return CallbackGoneError(code=code, message=message)
        case errors.Unauthenticated():
            return UnauthenticatedError(code=ErrorCode.UNAUTHENTICATED, message=message)
        case errors.NotFound():
            return NotFoundError(code=ErrorCode.NOT_FOUND, message=message, id=error.id)
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
            return AuthorCodeError(code=ErrorCode.FORM_RAISED, message=message, error_id=error.error_id)
        case errors.PayloadTooLarge():
            return PayloadTooLargeError(
                code=ErrorCode.PAYLOAD_TOO_LARGE, message=message, limit_bytes=error.limit_bytes
            )
        case errors.PayloadInvalid():
            fields = [FieldError.of(field_error) for field_error in error.errors]
            return PayloadInvalidError(code=ErrorCode.PAYLOAD_INVALID, message=message, errors=fields)
        case _:
            raise error


def _code(error: errors.OrchestratorError) -> ErrorCode:
    return ErrorCode(error.code.replace("-", "_").upper())


def _uuid(value: object) -> UUID | None:
    return value if isinstance(value, UUID) else None
