"""The errors by which the APIs refuse a delivery."""

from orchestrator_gql.callbacks.rules import Rejected
from orchestrator_gql.types import AttemptOutcome
from orchestrator_gql.utils.errors import (
    CallbackClosed,
    CallbackConflict,
    FieldError,
    OrchestratorError,
    PayloadInvalid,
    PayloadTooLarge,
    Unauthenticated,
)
from orchestrator_gql.utils.request_errors import AddressForbidden, UnsupportedMediaType


def refusal(verdict: Rejected, limit_bytes: int) -> OrchestratorError:
    """The rejection as the error that the REST and GraphQL APIs translate. ``limit_bytes`` is the limit of a body."""
    match verdict.outcome:
        case AttemptOutcome.CONFLICT:
            return CallbackConflict(verdict.message)
        case AttemptOutcome.LATE:
            return CallbackClosed(verdict.message, is_expired=True)
        case AttemptOutcome.WITHDRAWN:
            return CallbackClosed(verdict.message)
        case AttemptOutcome.UNAUTHENTICATED:
            return Unauthenticated(verdict.message)
        case AttemptOutcome.FORBIDDEN_ADDRESS:
            return AddressForbidden(verdict.message)
        case AttemptOutcome.TOO_LARGE:
            return PayloadTooLarge(limit_bytes)
        case AttemptOutcome.UNSUPPORTED_TYPE:
            return UnsupportedMediaType(verdict.message)
        case AttemptOutcome.MALFORMED:
            return PayloadInvalid(verdict.message, verdict.errors)
        case _:
            errors = verdict.errors or (FieldError((), verdict.message, "invalid"),)
            return PayloadInvalid(verdict.message, errors, is_contract=True)
