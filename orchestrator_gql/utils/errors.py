"""The errors that this package raises on purpose.

OrchestratorError
├── NotFound                    the object does not exist, or the caller may not see it
├── CallbackUnknown             no callback has this URL
├── ReceiptUnknown              no delivery has this receipt
├── Refused                     the request is valid but not possible now
│   ├── AlreadyDecided          somebody else decided the input request first
│   ├── ClaimedByOther          somebody else has claimed the input request
│   ├── InputRequestClosed      the input request can no longer be answered
│   ├── StaleVersion            the object changed since the caller read it
│   │   └── StaleForm           the form changed since it was shown
│   ├── InvalidState            the process's status does not allow the operation
│   ├── IdempotencyKeyReused    the key was used before with another input
│   ├── SubscriptionLocked      another process holds the product subscription
│   ├── WorkflowBlocked         the workflow cannot be started now
│   ├── EnginePaused            the engine takes no new work
│   ├── CallbackConflict        another result was accepted before this one
│   └── CallbackClosed          the callback expired or was withdrawn
├── Invalid                     the input is not valid
│   ├── FormInvalid             a page of a form has field errors
│   ├── PayloadInvalid          a body breaks the contract or the JSON rules
│   │   └── NotJson             a body that is not UTF-8, or not JSON at all
│   ├── PayloadTooLarge         a body is over the limit
│   ├── ResponseTooLarge        a response is over the limit
│   └── CursorInvalid           a cursor that this server did not make
├── Forbidden                   the caller lacks a permission
│   └── SelfApproval            the person who started the process may not approve it
├── Unauthenticated             the credential is missing or wrong
├── StorageUnavailable          the database cannot be written now
│   ├── StorageUnreadable       it cannot be read
│   └── OutcomeUnknown          the connection broke in the COMMIT: the change may be stored
├── AuthorCodeFailed            an author's function raised during a request
│   └── FormTimeout             an author's function took too long during a request
├── StepError                   a fault of a step, which its author must fix
│   └── UnsafeTransition        the subscription's status cannot change to the new status
├── WorkflowDefinitionError     a workflow definition that cannot work; raised at import
├── SettingsError               a configuration that cannot work; raised at start
└── ProcessFailureError         raised by workflow authors to stop a process politely

Two kinds have modules of their own: what refuses a start (`start_errors`), and the way in which a request came
(`request_errors`).

The ``code`` of a class is the same in problem+json, in ``Failure.code``, in the docs and, in capitals, in GraphQL.
The first line of its docstring is its default message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """An error in one field of an input.

    ``path`` holds the keys from the root (list indexes as strings); ``type`` is the machine-readable kind, such as
    ``missing``; ``context`` holds the limits that the value breaks, if any.
    """

    path: tuple[str, ...]
    message: str
    type: str
    context: Mapping[str, Any] | None = None

    @property
    def pointer(self) -> str:
        """The path as a JSON pointer (RFC 6901).

        >>> FieldError(("a/b", "0"), "is missing", "missing").pointer
        '/a~1b/0'
        """
        return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in self.path)


class OrchestratorError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").strip().partition("\n")[0]
        super().__init__(self.message)


class NotFound(OrchestratorError):
    """This object does not exist, or you may not see it."""

    code = "not-found"

    def __init__(self, kind: str, id: object, message: str | None = None) -> None:
        self.kind, self.id = kind, str(id)
        super().__init__(message or f"There is no {kind} {self.id!r:.200}, or it is not visible to you.")


class CallbackUnknown(OrchestratorError):
    """No callback has this URL."""

    code = "callback-unknown"


class ReceiptUnknown(OrchestratorError):
    """No delivery has this receipt."""

    code = "receipt-unknown"


class Refused(OrchestratorError):
    """This cannot be done now."""

    code = "invalid-state"

    def __init__(
        self,
        message: str | None = None,
        *,
        process_id: object = None,
        current_version: int | None = None,
        by: str | None = None,
        at: Any = None,
    ) -> None:
        self.process_id, self.current_version, self.by, self.at = process_id, current_version, by, at
        super().__init__(message)


class AlreadyDecided(Refused):
    """Somebody else decided this first."""

    code = "already-decided"


class ClaimedByOther(Refused):
    """Somebody else has claimed this."""

    code = "claimed-by-other"


class InputRequestClosed(Refused):
    """This input request is closed."""

    code = "input-request-closed"


class StaleVersion(Refused):
    """It changed since you read it: read it again."""

    code = "stale-version"


class StaleForm(StaleVersion):
    """The form changed since it was shown: read it again."""


class InvalidState(Refused):
    """The process's status does not allow this."""


class IdempotencyKeyReused(Refused):
    """This idempotency key was used before with another input."""

    code = "idempotency-key-reused"


class SubscriptionLocked(Refused):
    """Another process holds this product subscription."""

    code = "subscription-locked"


class WorkflowBlocked(Refused):
    """This workflow cannot be started now."""

    code = "workflow-blocked"


class EnginePaused(Refused):
    """The engine is paused: it starts nothing until somebody resumes it."""

    code = "engine-paused"

    def __init__(self, message: str, *, since: datetime, by: str | None) -> None:
        self.since = since
        super().__init__(message, by=by, at=since)


class CallbackConflict(Refused):
    """Another result was accepted before this one."""

    code = "callback-already-received"


class CallbackClosed(Refused):
    """This callback accepts no result any more."""

    code = "callback-withdrawn"

    def __init__(self, message: str | None = None, *, is_expired: bool = False) -> None:
        self.is_expired = is_expired
        super().__init__(message)


class Invalid(OrchestratorError):
    """The input is not valid."""

    code = "payload-invalid"

    def __init__(self, message: str | None = None, errors: Sequence[FieldError] = ()) -> None:
        self.errors = tuple(errors)
        super().__init__(message)


class FormInvalid(Invalid):
    """The form has errors: see its fields."""

    code = "form-invalid"


class PayloadInvalid(Invalid):
    """The body does not match the contract or the rules for JSON."""

    def __init__(
        self, message: str | None = None, errors: Sequence[FieldError] = (), *, is_contract: bool = False
    ) -> None:
        self.is_contract = is_contract
        super().__init__(message, errors)


class NotJson(PayloadInvalid):
    """The body is not JSON."""


class PayloadTooLarge(Invalid):
    """The body is larger than the limit."""

    code = "payload-too-large"

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        super().__init__(f"The body is larger than the limit of {limit_bytes} bytes.")


class ResponseTooLarge(Invalid):
    """The answer is larger than the limit: request less at once."""

    code = "response-too-large"

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        super().__init__(
            f"The answer is over the limit of {limit_bytes} bytes: request fewer rows (`first`) and page with "
            "`after`, fewer fields or aliases, and a large result piece by piece with `resultText(offset, length)`."
        )


class CursorInvalid(Invalid):
    """This server did not make this cursor: start without a cursor."""

    code = "cursor-invalid"


class Forbidden(OrchestratorError):
    """You may not do this."""

    code = "forbidden"

    def __init__(self, permission: str, message: str | None = None) -> None:
        self.permission = permission
        super().__init__(message or f"This needs the permission {permission}.")


class SelfApproval(Forbidden):
    """The person who started the process may not approve it."""

    code = "self-approval"


class Unauthenticated(OrchestratorError):
    """The credential is missing or wrong."""

    code = "unauthenticated"


class StorageUnavailable(OrchestratorError):
    """The database cannot be written now, and nothing was changed: try again in a moment."""

    code = "storage-unavailable"


class StorageUnreadable(StorageUnavailable):
    """The database cannot be read now: try again in a moment."""


class OutcomeUnknown(StorageUnavailable):
    """The connection to the database broke at the end, so the change may be stored: check before you repeat it."""


class AuthorCodeFailed(OrchestratorError):
    """A function of the workflow's author failed, and nothing was changed: the server's log has the reason."""

    code = "form-raised"

    def __init__(self, message: str | None = None, *, error_id: str = "") -> None:
        self.error_id = error_id
        super().__init__(message)


class FormTimeout(AuthorCodeFailed):
    """A function of the workflow's author took too long, and nothing was changed: the server's log names it."""

    code = "form-timeout"


class StepError(OrchestratorError):
    """A step broke a rule for steps."""

    code = "step-error"

    def __init__(self, message: str, code: str = "step-error", *, path: str = "", fix: str = "") -> None:
        self.failure_code, self.path, self.fix = code, path, fix  # the place in a model; the end of the message
        super().__init__(message)


class UnsafeTransition(StepError):
    """The status of a product subscription cannot change to this status."""

    code = "unsafe-transition"

    def __init__(self, subscription_id: object, status: str, following: str, *, allowed: Sequence[str]) -> None:
        self.subscription_id, self.status, self.following = subscription_id, status, following
        self.allowed = tuple(allowed)
        way_out = f"it may become {', '.join(allowed)}" if allowed else "that is the end of its life"
        place = f"Subscription {subscription_id} is {status}"
        super().__init__(f"{place} and cannot become {following}: {way_out}.", code=self.code)


class WorkflowDefinitionError(OrchestratorError, ValueError):
    """This workflow definition cannot work."""

    code = "workflow-definition"


class SettingsError(OrchestratorError):
    """The configuration cannot work."""

    code = "settings"


class ProcessFailureError(OrchestratorError):
    """The process cannot go on.

    Raise it in a step to stop the process with a message and, if you like, details (any JSON value). No trace is shown.
    """

    code = "process-failure"

    def __init__(self, message: str, details: Any = None) -> None:
        self.details = details
        super().__init__(message)
