"""The statuses, kinds and events that all layers share."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID

from pydantic_forms import types as pydantic_forms_types
from pydantic_forms.types import State, UUIDstr

from orchestrator_gql.utils.json import Json

__all__ = [
    "AttemptOutcome",
    "CallbackStatus",
    "EngineState",
    "Event",
    "EventKind",
    "Failure",
    "FormGenerator",
    "FormGeneratorAsync",
    "InputRequestStatus",
    "Json",
    "NotificationKind",
    "NotificationStatus",
    "Permission",
    "ProcessStatus",
    "ResultSource",
    "State",
    "StepKind",
    "StepStatus",
    "SubscriptionLifecycle",
    "UUIDstr",
    "Verdict",
]


FormGenerator: TypeAlias = pydantic_forms_types.FormGenerator[Any]
"""The generator of a form function: it yields page classes, receives the submitted pages, and returns a dict."""

FormGeneratorAsync: TypeAlias = pydantic_forms_types.FormGeneratorAsync[Any]
"""The generator of an async form function."""


class ProcessStatus(StrEnum):
    """The status of a process."""

    CREATED = "CREATED"
    RUNNING = "RUNNING"
    SUSPENDED = "SUSPENDED"  # a person must act
    AWAITING_CALLBACK = "AWAITING_CALLBACK"  # a remote service must act
    WAITING = "WAITING"  # the engine retries at a known time, or the process waits for its lock
    FAILED = "FAILED"
    ABORTED = "ABORTED"
    COMPLETED = "COMPLETED"

    @property
    def is_ended(self) -> bool:
        """True if the process can never continue."""
        return self in ENDED


ENDED = frozenset({ProcessStatus.ABORTED, ProcessStatus.COMPLETED})
"""The statuses of a process that can never continue."""


class StepStatus(StrEnum):
    """The status of one step execution."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    SKIPPED = "SKIPPED"
    SUSPENDED = "SUSPENDED"
    WAITING = "WAITING"
    AWAITING_CALLBACK = "AWAITING_CALLBACK"
    FAILED = "FAILED"
    ABORTED = "ABORTED"


class StepKind(StrEnum):
    """What a step is for."""

    ACTION = "ACTION"
    AWAIT_CALLBACK = "AWAIT_CALLBACK"
    VALIDATION = "VALIDATION"
    INPUT = "INPUT"
    SYSTEM = "SYSTEM"


class CallbackStatus(StrEnum):
    """The status of a callback."""

    PENDING = "PENDING"
    RECEIVED = "RECEIVED"
    VALIDATED = "VALIDATED"
    REJECTED = "REJECTED"
    FAILED_BY_REMOTE = "FAILED_BY_REMOTE"
    EXPIRED = "EXPIRED"
    HEARTBEAT_LOST = "HEARTBEAT_LOST"
    WITHDRAWN = "WITHDRAWN"


class ResultSource(StrEnum):
    """Where a callback's result, or the failure that was reported, came from."""

    CALLBACK = "CALLBACK"
    POLL = "POLL"  # the step's poll function asked the remote service at the deadline
    OPERATOR = "OPERATOR"  # an operator entered the result
    ADOPTED = "ADOPTED"  # an operator adopted a late or refused delivery


class AttemptOutcome(StrEnum):
    """The outcome of one delivery to a callback."""

    ACCEPTED = "ACCEPTED"
    DUPLICATE = "DUPLICATE"
    CONFLICT = "CONFLICT"
    LATE = "LATE"
    WITHDRAWN = "WITHDRAWN"
    INVALID = "INVALID"
    MALFORMED = "MALFORMED"
    UNSUPPORTED_TYPE = "UNSUPPORTED_TYPE"
    TOO_LARGE = "TOO_LARGE"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN_ADDRESS = "FORBIDDEN_ADDRESS"


TAKEN = (AttemptOutcome.ACCEPTED, AttemptOutcome.DUPLICATE)
"""The outcomes of a delivery that was not refused: its payload was the result, at least for a while."""


class InputRequestStatus(StrEnum):
    """The status of an input request."""

    OPEN = "OPEN"
    SUBMITTED = "SUBMITTED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"


class Verdict(StrEnum):
    """A person's decision on an input request."""

    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    SENT_BACK = "SENT_BACK"


class SubscriptionLifecycle(StrEnum):
    """The lifecycle status of a product subscription; the values are stored and shown."""

    INITIAL = "initial"
    PROVISIONING = "provisioning"
    ACTIVE = "active"
    MIGRATING = "migrating"
    DISABLED = "disabled"
    TERMINATED = "terminated"


class Permission(StrEnum):
    """The permissions that a role can contain."""

    READ = "READ"
    START_WORKFLOW = "START_WORKFLOW"
    SUBMIT_FORM = "SUBMIT_FORM"
    RETRY = "RETRY"
    ABORT = "ABORT"
    RECOVER_CALLBACK = "RECOVER_CALLBACK"
    SET_IN_SYNC = "SET_IN_SYNC"
    EDIT_NOTE = "EDIT_NOTE"
    MANAGE_ENGINE = "MANAGE_ENGINE"
    READ_SECRETS = "READ_SECRETS"
    READ_AUDIT = "READ_AUDIT"


class EventKind(StrEnum):
    """The kind of an entry in the event log."""

    PROCESS_CREATED = "PROCESS_CREATED"
    PROCESS_STATUS_CHANGED = "PROCESS_STATUS_CHANGED"
    STEP_CHANGED = "STEP_CHANGED"
    CALLBACK_ISSUED = "CALLBACK_ISSUED"
    CALLBACK_PROGRESSED = "CALLBACK_PROGRESSED"
    CALLBACK_RECEIVED = "CALLBACK_RECEIVED"
    CALLBACK_VALIDATED = "CALLBACK_VALIDATED"
    CALLBACK_ENDED = "CALLBACK_ENDED"
    INPUT_REQUESTED = "INPUT_REQUESTED"
    INPUT_DECIDED = "INPUT_DECIDED"
    INPUT_REQUEST_CHANGED = "INPUT_REQUEST_CHANGED"
    PROCESS_NOTE_CHANGED = "PROCESS_NOTE_CHANGED"
    PRODUCT_SUBSCRIPTION_CHANGED = "PRODUCT_SUBSCRIPTION_CHANGED"
    ENGINE_STATE_CHANGED = "ENGINE_STATE_CHANGED"


class NotificationKind(StrEnum):
    """The kind of a notification; the values stand in a webhook's body."""

    INPUT_REQUEST_OPENED = "input-request.opened"
    INPUT_REQUEST_REMINDED = "input-request.reminded"
    INPUT_REQUEST_ESCALATED = "input-request.escalated"
    INPUT_REQUEST_ASSIGNED = "input-request.assigned"
    INPUT_REQUEST_DECIDED = "input-request.decided"
    INPUT_REQUEST_CLOSED = "input-request.closed"
    PROCESS_FAILED = "process.failed"


class NotificationStatus(StrEnum):
    """The status of a notification."""

    PENDING = "PENDING"  # will be sent, for the first time or again
    SENT = "SENT"
    DEAD = "DEAD"  # all attempts failed; an operator can send it again


class EngineState(StrEnum):
    """The state of the engine: whether it starts new steps."""

    RUNNING = "RUNNING"
    PAUSING = "PAUSING"  # no new step starts; some still run
    PAUSED = "PAUSED"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a step or a process failed; ``code`` is kebab-case, ``details`` any JSON value."""

    code: str
    message: str
    occurred_at: datetime
    details: Json = None
    traceback: str | None = None
    is_retryable: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the durable event log.

    ``payload`` holds the facts at the time of the event. ``cursor`` is empty until the log has numbered the event; only
    ``storage/events`` knows its format.
    """

    kind: EventKind
    at: datetime
    process_id: UUID | None = None
    actor: str | None = None
    payload: dict[str, Any] = field(default_factory=dict)
    cursor: str = ""
