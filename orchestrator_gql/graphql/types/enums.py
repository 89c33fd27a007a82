"""The ground's enums as GraphQL shows them, each value described."""

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import TypeVar

import strawberry

from orchestrator_gql.domain import ProductStatus
from orchestrator_gql.process import ProcessAction
from orchestrator_gql.security import Permission
from orchestrator_gql.targets import Target
from orchestrator_gql.types import (
    AttemptOutcome,
    CallbackStatus,
    EngineState,
    EventKind,
    InputRequestStatus,
    NotificationKind,
    NotificationStatus,
    ProcessStatus,
    ResultSource,
    StepKind,
    StepStatus,
    SubscriptionLifecycle,
    Verdict,
)

E = TypeVar("E", bound=Enum)


def described(kind: type[E], description: str, values: Mapping[str, str], *, name: str | None = None) -> type[E]:
    """Offer the enum in the schema, with a description of itself and of each value."""
    strawberry.enum(kind, name=name, description=description)
    for value in kind.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[value.name]
    return kind


class ErrorCode(StrEnum):
    """Why a mutation was refused."""

    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    RATE_LIMITED = "RATE_LIMITED"
    SELF_APPROVAL = "SELF_APPROVAL"
    FORM_INVALID = "FORM_INVALID"
    STALE_VERSION = "STALE_VERSION"
    INVALID_STATE = "INVALID_STATE"
    ALREADY_DECIDED = "ALREADY_DECIDED"
    CLAIMED_BY_OTHER = "CLAIMED_BY_OTHER"
    INPUT_REQUEST_CLOSED = "INPUT_REQUEST_CLOSED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    SUBSCRIPTION_LOCKED = "SUBSCRIPTION_LOCKED"
    WORKFLOW_BLOCKED = "WORKFLOW_BLOCKED"
    STORAGE_UNAVAILABLE = "STORAGE_UNAVAILABLE"
    CALLBACK_UNKNOWN = "CALLBACK_UNKNOWN"
    CALLBACK_ALREADY_RECEIVED = "CALLBACK_ALREADY_RECEIVED"
    CALLBACK_EXPIRED = "CALLBACK_EXPIRED"
    CALLBACK_WITHDRAWN = "CALLBACK_WITHDRAWN"
    PAYLOAD_INVALID = "PAYLOAD_INVALID"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    RESPONSE_TOO_LARGE = "RESPONSE_TOO_LARGE"
    ENGINE_PAUSED = "ENGINE_PAUSED"


class OrderDirection(StrEnum):
    """Which end comes first."""

    ASC = "ASC"
    DESC = "DESC"


class ProcessOrderField(StrEnum):
    """By which instant processes are ordered."""

    STARTED_AT = "STARTED_AT"
    UPDATED_AT = "UPDATED_AT"


class StatsWindow(StrEnum):
    """How far back the numbers look."""

    LAST_HOUR = "LAST_HOUR"
    LAST_24_HOURS = "LAST_24_HOURS"
    LAST_7_DAYS = "LAST_7_DAYS"


class ValidationOutcome(StrEnum):
    """What the validation step said to a result."""

    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"


class WaitKind(StrEnum):
    """What a process waits for."""

    CALLBACK = "CALLBACK"
    PERSON = "PERSON"
    TIME = "TIME"


class InputRequestChange(StrEnum):
    """What happened to an open input request."""

    CLAIMED = "CLAIMED"
    RELEASED = "RELEASED"
    ASSIGNED = "ASSIGNED"
    REMINDED = "REMINDED"
    ESCALATED = "ESCALATED"
    CLOSED = "CLOSED"


described(ErrorCode, "Why a mutation was refused; stable, for programs.", {
    "NOT_FOUND": "There is no such thing, or it is not visible to the caller.",
    "FORBIDDEN": "The caller lacks a permission, or an author's rule says no.",
    "UNAUTHENTICATED": "The credential is missing or wrong.",
    "RATE_LIMITED": "Too many tries in a short time.",
    "SELF_APPROVAL": "Whoever started the process may not answer this form.",
    "FORM_INVALID": "A page of the form has errors; see the fields.",
    "STALE_VERSION": "It changed since the caller looked at it.",
    "INVALID_STATE": "The status does not allow this.",
    "ALREADY_DECIDED": "Somebody else decided it first.",
    "CLAIMED_BY_OTHER": "Somebody else has claimed it.",
    "INPUT_REQUEST_CLOSED": "The input request can no longer be answered.",
    "IDEMPOTENCY_KEY_REUSED": "The key came before with another input.",
    "SUBSCRIPTION_LOCKED": "Another process holds the product subscription.",
    "WORKFLOW_BLOCKED": "The workflow's own rule does not let it start now.",
    "STORAGE_UNAVAILABLE": "The database cannot be written now; nothing was changed.",
    "CALLBACK_UNKNOWN": "No callback has this token.",
    "CALLBACK_ALREADY_RECEIVED": "Another result was accepted before.",
    "CALLBACK_EXPIRED": "It came after the deadline.",
    "CALLBACK_WITHDRAWN": "The callback was withdrawn.",
    "PAYLOAD_INVALID": "The value is not what is expected here; see the fields.",
    "PAYLOAD_TOO_LARGE": "The value is larger than the limit.",
    "RESPONSE_TOO_LARGE": "The answer is larger than the limit: ask for less at once.",
    "ENGINE_PAUSED": "The engine is paused and starts nothing.",
})  # fmt: skip
described(OrderDirection, "Which end of a list comes first.", {"ASC": "Lowest first.", "DESC": "Highest first."})
described(ProcessOrderField, "By which instant processes are ordered.", {
    "STARTED_AT": "When the process was started.", "UPDATED_AT": "When it last changed.",
})  # fmt: skip
described(StatsWindow, "How far back the numbers of ended processes look.", {
    "LAST_HOUR": "The last 60 minutes.",
    "LAST_24_HOURS": "The last 24 hours.",
    "LAST_7_DAYS": "The last seven days.",
})  # fmt: skip
described(EngineState, "Whether the engine starts new steps.", {
    "RUNNING": "It does.",
    "PAUSING": "It does not, and steps still run.",
    "PAUSED": "It does not, and no step runs.",
})  # fmt: skip
described(ValidationOutcome, "What the validation step said to a result.", {
    "ACCEPTED": "The process goes on with it.", "REJECTED": "The process stopped; the result is kept.",
})  # fmt: skip
described(InputRequestChange, "What happened to an open input request.", {
    "CLAIMED": "Somebody took it.",
    "RELEASED": "Whoever had it gave it back.",
    "ASSIGNED": "Another team should answer it.",
    "REMINDED": "Its team was reminded.",
    "ESCALATED": "It went to the next team, because nobody answered.",
    "CLOSED": "It was closed without an answer.",
})  # fmt: skip
described(ProcessStatus, "Where a process stands.", {
    "CREATED": "Stored, and not begun.",
    "RUNNING": "A worker has it, or will take it in a moment.",
    "SUSPENDED": "A person must act.",
    "AWAITING_CALLBACK": "A remote service must act.",
    "WAITING": "Retried by itself at a known time.",
    "FAILED": "A step failed; see the failure and the available actions.",
    "ABORTED": "Somebody ended it.",
    "COMPLETED": "All steps are done.",
})  # fmt: skip
described(StepStatus, "What became of a step.", {
    "PENDING": "Not reached yet.",
    "RUNNING": "Its function runs.",
    "SUCCESS": "Done.",
    "SKIPPED": "A condition said no.",
    "SUSPENDED": "Its form waits for a person.",
    "WAITING": "It failed and is tried again at a known time.",
    "AWAITING_CALLBACK": "It waits for a remote service.",
    "FAILED": "It failed, and the process with it.",
    "ABORTED": "The process was aborted while the step was open.",
})  # fmt: skip
described(StepKind, "What a step is for.", {
    "ACTION": "It does something.",
    "AWAIT_CALLBACK": "It waits for the answer of a remote service.",
    "VALIDATION": "It judges such an answer.",
    "INPUT": "It asks a person.",
    "SYSTEM": "It belongs to the kind of workflow, such as its start and end.",
})  # fmt: skip
described(ProcessAction, "What the caller may do with a process now.", {
    "SUBMIT_FORM": "Answer its open input request.",
    "RETRY": "Enter again at the step that failed.",
    "ABORT": "End it where it stands.",
    "REISSUE_CALLBACK": "Run the action again with a fresh URL.",
    "REAWAIT_CALLBACK": "Wait longer for the same job.",
    "COMPLETE_CALLBACK": "Type in the result by hand.",
    "ADOPT_CALLBACK_ATTEMPT": "Make a late or refused delivery the result.",
    "EDIT_NOTE": "Change its note.",
})  # fmt: skip
described(Target, "What a workflow does to a product subscription.", {
    "CREATE": "Makes one.",
    "MODIFY": "Changes one.",
    "TERMINATE": "Ends one.",
    "VALIDATE": "Checks one against the network.",
    "SYSTEM": "Works on none.",
}, name="WorkflowTarget")  # fmt: skip
described(WaitKind, "What a process waits for.", {
    "CALLBACK": "A remote service must answer.",
    "PERSON": "Somebody must answer a form.",
    "TIME": "It is tried again by itself.",
})  # fmt: skip
described(ResultSource, "How a callback came to its result.", {
    "CALLBACK": "The remote service delivered it.",
    "POLL": "The remote service was asked, when its time was over.",
    "OPERATOR": "Somebody typed it in.",
    "ADOPTED": "Somebody adopted a late or refused delivery.",
})  # fmt: skip
described(CallbackStatus, "The life of a callback.", {
    "PENDING": "Its URL is open.",
    "RECEIVED": "A result was accepted and is not judged yet.",
    "VALIDATED": "The validation accepted the result.",
    "REJECTED": "The validation rejected the result, which is kept.",
    "FAILED_BY_REMOTE": "The remote service reported a failure.",
    "EXPIRED": "Nothing came before the deadline.",
    "HEARTBEAT_LOST": "The remote service was silent for too long.",
    "WITHDRAWN": "The process was aborted, or the action failed; the URL is dead.",
})  # fmt: skip
described(AttemptOutcome, "The verdict on one delivery at a callback's door.", {
    "ACCEPTED": "It became the result.",
    "DUPLICATE": "The same as the accepted result: answered with the same receipt.",
    "CONFLICT": "Another result was accepted before.",
    "LATE": "It came after the deadline; the body is kept.",
    "WITHDRAWN": "The callback was withdrawn; the body is kept.",
    "INVALID": "It breaks the step's contract; the body is kept.",
    "MALFORMED": "It is not JSON, or JSON with forbidden content.",
    "UNSUPPORTED_TYPE": "Its media type is not read, or it is compressed.",
    "TOO_LARGE": "It is larger than the limit.",
    "UNAUTHENTICATED": "Its signature or credential is missing or wrong.",
    "FORBIDDEN_ADDRESS": "It came from an address that is not on the list.",
})  # fmt: skip
described(InputRequestStatus, "The life of an input request.", {
    "OPEN": "It waits for an answer.",
    "SUBMITTED": "It was answered.",
    "REJECTED": "What it asked was refused.",
    "EXPIRED": "Nobody answered in time.",
    "WITHDRAWN": "The process was aborted; nothing is asked any more.",
})  # fmt: skip
described(Verdict, "What was decided.", {
    "APPROVED": "Yes: the process goes on.",
    "REJECTED": "No.",
    "SENT_BACK": "Back to an earlier step.",
})  # fmt: skip
described(Permission, "What a role may allow.", {
    "READ": "See everything but secrets.",
    "START_WORKFLOW": "Start processes.",
    "SUBMIT_FORM": "Answer forms.",
    "RETRY": "Retry failed processes.",
    "ABORT": "Abort processes.",
    "RECOVER_CALLBACK": "Recover waits by hand.",
    "MANAGE_ENGINE": "Pause and resume the engine.",
    "READ_SECRETS": "See traces and unredacted values.",
    "READ_AUDIT": "Read the audit log.",
})  # fmt: skip
described(SubscriptionLifecycle, "The life of a product subscription.", {
    "INITIAL": "Being drawn up.",
    "PROVISIONING": "Being built in the network.",
    "ACTIVE": "In service.",
    "MIGRATING": "Being moved.",
    "DISABLED": "Out of service for now.",
    "TERMINATED": "Ended.",
}, name="LifecycleStatus")  # fmt: skip
described(ProductStatus, "Where a product stands in its own life.", {
    "ACTIVE": "Offered.",
    "PRE_PRODUCTION": "Offered to a few.",
    "PHASE_OUT": "Not sold any more.",
    "END_OF_LIFE": "Gone.",
})  # fmt: skip
described(EventKind, "What an event reports.", {
    "PROCESS_CREATED": "A process was started.",
    "PROCESS_STATUS_CHANGED": "A process's status changed.",
    "STEP_CHANGED": "A step's status changed.",
    "CALLBACK_ISSUED": "A callback URL was made.",
    "CALLBACK_PROGRESSED": "A remote service said how far it is.",
    "CALLBACK_RECEIVED": "A result was accepted.",
    "CALLBACK_VALIDATED": "A result was judged.",
    "CALLBACK_ENDED": "A wait ended without a result.",
    "INPUT_REQUESTED": "A person is asked.",
    "INPUT_DECIDED": "A person decided.",
    "INPUT_REQUEST_CHANGED": "An open input request changed.",
    "PROCESS_NOTE_CHANGED": "A process's note changed.",
    "PRODUCT_SUBSCRIPTION_CHANGED": "A product subscription changed.",
    "ENGINE_STATE_CHANGED": "The engine was paused or resumed, or came to rest.",
})  # fmt: skip
described(NotificationKind, "What people outside are told of.", {
    "INPUT_REQUEST_OPENED": "Somebody is asked.",
    "INPUT_REQUEST_REMINDED": "It is still open.",
    "INPUT_REQUEST_ESCALATED": "Nobody answered, and another team is asked.",
    "INPUT_REQUEST_ASSIGNED": "It was handed to somebody else.",
    "INPUT_REQUEST_DECIDED": "Somebody decided.",
    "INPUT_REQUEST_CLOSED": "Nobody needs to answer any more.",
    "PROCESS_FAILED": "A process failed.",
})  # fmt: skip
described(NotificationStatus, "The life of a notification.", {
    "PENDING": "It is to be sent, for the first time or again.",
    "SENT": "It was taken.",
    "DEAD": "It was given up; it can be sent again.",
})  # fmt: skip
