"""The enums of the schema, with a description of each value."""

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
    """Add the enum to the schema, with a description of the enum and of each value."""
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
    FORM_RAISED = "FORM_RAISED"
    FORM_TIMEOUT = "FORM_TIMEOUT"
    STALE_VERSION = "STALE_VERSION"
    INVALID_STATE = "INVALID_STATE"
    ALREADY_DECIDED = "ALREADY_DECIDED"
    CLAIMED_BY_OTHER = "CLAIMED_BY_OTHER"
    INPUT_REQUEST_CLOSED = "INPUT_REQUEST_CLOSED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    SUBSCRIPTION_LOCKED = "SUBSCRIPTION_LOCKED"
    RESOURCE_LOCKED = "RESOURCE_LOCKED"
    SUBSCRIPTION_OUT_OF_SYNC = "SUBSCRIPTION_OUT_OF_SYNC"
    SUBSCRIPTION_IN_USE = "SUBSCRIPTION_IN_USE"
    PRODUCT_MISMATCH = "PRODUCT_MISMATCH"
    STATUS_MISMATCH = "STATUS_MISMATCH"
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
    EXECUTION_TIMEOUT = "EXECUTION_TIMEOUT"
    INTERNAL = "INTERNAL"


class OrderDirection(StrEnum):
    """The direction of an order."""

    ASC = "ASC"
    DESC = "DESC"


class ProcessOrderField(StrEnum):
    """The time by which processes are ordered."""

    STARTED_AT = "STARTED_AT"
    UPDATED_AT = "UPDATED_AT"


class ProductSubscriptionOrderField(StrEnum):
    """The time by which product subscriptions are ordered."""

    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"


class StatsWindow(StrEnum):
    """The period that numbers of the past cover."""

    LAST_HOUR = "LAST_HOUR"
    LAST_24_HOURS = "LAST_24_HOURS"
    LAST_7_DAYS = "LAST_7_DAYS"


class ValidationOutcome(StrEnum):
    """The decision of the validation step about a result."""

    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"


class WaitKind(StrEnum):
    """The kind of event that a process waits for."""

    CALLBACK = "CALLBACK"
    PERSON = "PERSON"
    TIME = "TIME"
    LOCK = "LOCK"
    WORKER = "WORKER"


class InputRequestChange(StrEnum):
    """A change of an open input request."""

    CLAIMED = "CLAIMED"
    RELEASED = "RELEASED"
    ASSIGNED = "ASSIGNED"
    REMINDED = "REMINDED"
    ESCALATED = "ESCALATED"
    CLOSED = "CLOSED"


described(ErrorCode, "The reason for a refusal, for programs. The codes are stable.", {
    "NOT_FOUND": "The object does not exist, or the caller may not see it.",
    "FORBIDDEN": "The caller lacks a permission, or a rule of the workflow's author refuses.",
    "UNAUTHENTICATED": "The credential is missing or wrong.",
    "RATE_LIMITED": "The caller sent too many requests in a short time.",
    "SELF_APPROVAL": "The user who started the process may not answer this form.",
    "FORM_INVALID": "A page of the form has errors; see `errors`.",
    "FORM_RAISED": "A function of the workflow's author failed; nothing was changed.",
    "FORM_TIMEOUT": "A function of the workflow's author took too long; nothing was changed.",
    "STALE_VERSION": "The object has changed since the caller read it.",
    "INVALID_STATE": "The current status does not allow this action.",
    "ALREADY_DECIDED": "Somebody else has already decided the input request.",
    "CLAIMED_BY_OTHER": "Somebody else has claimed the input request.",
    "INPUT_REQUEST_CLOSED": "The input request can no longer be answered.",
    "IDEMPOTENCY_KEY_REUSED": "The idempotency key was used before with another input.",
    "SUBSCRIPTION_LOCKED": "Another process works on the product subscription.",
    "RESOURCE_LOCKED": "Another process holds a key of the workflow's lock, or waits for it.",
    "SUBSCRIPTION_OUT_OF_SYNC": "An aborted process may have left a change: validate or reconcile the product "
    "subscription, or use `setInSync`.",
    "SUBSCRIPTION_IN_USE": "Other product subscriptions use the product subscription.",
    "PRODUCT_MISMATCH": "The workflow is for product subscriptions to other products.",
    "STATUS_MISMATCH": "The workflow does not start on a product subscription in this status.",
    "WORKFLOW_BLOCKED": "A rule of the workflow does not allow it to start now.",
    "STORAGE_UNAVAILABLE": "The database is not available now: try again in a moment.",
    "CALLBACK_UNKNOWN": "No callback has this token.",
    "CALLBACK_ALREADY_RECEIVED": "The callback has already accepted another result.",
    "CALLBACK_EXPIRED": "The delivery came after the deadline of the callback.",
    "CALLBACK_WITHDRAWN": "The callback was withdrawn, so it accepts no result.",
    "PAYLOAD_INVALID": "The value is not valid; see `errors`.",
    "PAYLOAD_TOO_LARGE": "The value is larger than the limit.",
    "RESPONSE_TOO_LARGE": "The response would be larger than the limit; request less data at once.",
    "ENGINE_PAUSED": "The engine is paused and starts no step.",
    "EXECUTION_TIMEOUT": "The operation took too long; it may have been carried out.",
    "INTERNAL": "An internal error of the server; its log has the details.",
})  # fmt: skip
described(
    OrderDirection, "The direction of an order.", {"ASC": "The lowest value first.", "DESC": "The highest value first."}
)
described(ProcessOrderField, "The time by which processes are ordered.", {
    "STARTED_AT": "The time when the process was started.", "UPDATED_AT": "The time of the last change.",
})  # fmt: skip
described(ProductSubscriptionOrderField, "The time by which product subscriptions are ordered.", {
    "CREATED_AT": "The time of the creation.", "UPDATED_AT": "The time of the last change.",
})  # fmt: skip
described(StatsWindow, "The period that numbers of the past cover.", {
    "LAST_HOUR": "The last 60 minutes.",
    "LAST_24_HOURS": "The last 24 hours.",
    "LAST_7_DAYS": "The last seven days.",
})  # fmt: skip
described(EngineState, "Whether the engine starts new steps.", {
    "RUNNING": "The engine starts steps.",
    "PAUSING": "The engine starts no step; some steps still run.",
    "PAUSED": "The engine starts no step, and none runs.",
})  # fmt: skip
described(ValidationOutcome, "The decision of the validation step about a result.", {
    "ACCEPTED": "The process continues with the result.", "REJECTED": "The process stopped; the result is stored.",
})  # fmt: skip
described(InputRequestChange, "A change of an open input request.", {
    "CLAIMED": "A user claimed the input request.",
    "RELEASED": "The user who had claimed it released it.",
    "ASSIGNED": "The input request was assigned to another team.",
    "REMINDED": "The team was reminded.",
    "ESCALATED": "The input request went to the next team because nobody answered.",
    "CLOSED": "The input request was closed without an answer.",
})  # fmt: skip
described(ProcessStatus, "The status of a process.", {
    "CREATED": "The process is stored but has not begun.",
    "RUNNING": "A worker runs the process or will soon run it.",
    "SUSPENDED": "The process waits for a person to answer a form.",
    "AWAITING_CALLBACK": "The process waits for the callback of a remote service.",
    "WAITING": "The process waits for a known time: of the next try of a failed step, or of a step of `wait_until`. "
    "Or it has not begun: it waits for the process that holds its lock.",
    "FAILED": "A step failed; see the failure and the available actions.",
    "ABORTED": "The process was aborted.",
    "COMPLETED": "All steps have ended successfully or were skipped.",
})  # fmt: skip
described(StepStatus, "The status of a step.", {
    "PENDING": "The process has not reached the step yet.",
    "RUNNING": "The function of the step runs.",
    "SUCCESS": "The step ended successfully.",
    "SKIPPED": "The step was skipped because of a condition.",
    "SUSPENDED": "The step waits for a person to answer its form.",
    "WAITING": "The step failed and is tried again at a known time, or it waits for that time.",
    "AWAITING_CALLBACK": "The step waits for the callback of a remote service.",
    "FAILED": "The step failed, and so did the process.",
    "ABORTED": "The process was aborted while the step was open.",
})  # fmt: skip
described(StepKind, "The kind of a step.", {
    "ACTION": "The step runs a function of the workflow's author.",
    "AWAIT_CALLBACK": "The step waits for the result of a remote service.",
    "VALIDATION": "The step validates such a result.",
    "INPUT": "The step asks a person to answer a form.",
    "SYSTEM": "The step belongs to the product, such as the start and the end of a workflow.",
})  # fmt: skip
described(ProcessAction, "An action that the caller may take on a process now.", {
    "SUBMIT_FORM": "Answer the open input request: `submitForm`.",
    "RETRY": "Run the failed step again: `retryProcess`.",
    "CONTINUE": "Let the process go on before the time for which it waits: `continueProcess`.",
    "ABORT": "End the process at its current step: `abortProcess`.",
    "REISSUE_CALLBACK": "Run the action again with a new URL: `reissueCallback`.",
    "REAWAIT_CALLBACK": "Set a new deadline for the same remote job: `reawaitCallback`.",
    "COMPLETE_CALLBACK": "Enter the result by hand: `completeCallback`.",
    "ADOPT_CALLBACK_ATTEMPT": "Make a late or refused delivery the result: `adoptCallbackAttempt`.",
    "EDIT_NOTE": "Change the note: `updateProcessNote`.",
})  # fmt: skip
described(Target, "What a workflow does to a product subscription.", {
    "CREATE": "The workflow creates a product subscription.",
    "MODIFY": "The workflow changes a product subscription.",
    "TERMINATE": "The workflow terminates a product subscription.",
    "VALIDATE": "The workflow compares a product subscription with the network.",
    "RECONCILE": "The workflow makes the network as the product subscription says.",
    "SYSTEM": "The workflow works on no product subscription.",
}, name="WorkflowTarget")  # fmt: skip
described(WaitKind, "The kind of event that a process waits for.", {
    "CALLBACK": "A remote service must send a result.",
    "PERSON": "A person must answer a form.",
    "TIME": "The time must come at which the process goes on by itself.",
    "LOCK": "The process that holds its lock must end.",
    "WORKER": "A worker must take the process: none is running or free, its own died, or the engine is paused.",
})  # fmt: skip
described(ResultSource, "The way in which a callback got its result.", {
    "CALLBACK": "The remote service delivered it.",
    "POLL": "The engine asked the remote service after the deadline.",
    "OPERATOR": "An operator entered it by hand.",
    "ADOPTED": "An operator adopted a late or refused delivery.",
})  # fmt: skip
described(CallbackStatus, "The status of a callback.", {
    "PENDING": "The callback is open: its URL accepts a result.",
    "RECEIVED": "A result was accepted and is not validated yet.",
    "VALIDATED": "The validation accepted the result.",
    "REJECTED": "The validation rejected the result; the result is stored.",
    "FAILED_BY_REMOTE": "The remote service reported a failure.",
    "EXPIRED": "No result came before the deadline.",
    "HEARTBEAT_LOST": "The remote service sent no progress report in time.",
    "WITHDRAWN": "The process was aborted or the action failed; the URL accepts no result.",
})  # fmt: skip
described(AttemptOutcome, "The outcome of one delivery to the URL of a callback.", {
    "ACCEPTED": "The delivery became the result.",
    "DUPLICATE": "The delivery is equal to the accepted result and got the same receipt.",
    "CONFLICT": "The callback had already accepted another result.",
    "LATE": "The delivery came after the deadline; the body is stored.",
    "WITHDRAWN": "The callback was withdrawn before; the body is stored.",
    "INVALID": "The body does not fit the contract of the step; the body is stored.",
    "MALFORMED": "The body is not JSON, or it is JSON with forbidden content.",
    "UNSUPPORTED_TYPE": "The media type is not supported, or the body is compressed.",
    "TOO_LARGE": "The body is larger than the limit.",
    "UNAUTHENTICATED": "The signature or credential is missing or wrong.",
    "FORBIDDEN_ADDRESS": "The network address of the sender is not allowed.",
})  # fmt: skip
described(InputRequestStatus, "The status of an input request.", {
    "OPEN": "The input request waits for an answer.",
    "SUBMITTED": "The form was answered and accepted.",
    "REJECTED": "A user rejected the input request.",
    "EXPIRED": "Nobody answered in time.",
    "WITHDRAWN": "The process was aborted, so no answer is needed.",
})  # fmt: skip
described(Verdict, "A decision about an input request.", {
    "APPROVED": "The user approved: the process continues.",
    "REJECTED": "The user rejected: the process stops.",
    "SENT_BACK": "The user sent the process back to an earlier step.",
})  # fmt: skip
described(Permission, "A permission of a user.", {
    "READ": "Read everything that needs no other permission.",
    "START_WORKFLOW": "Start processes.",
    "SUBMIT_FORM": "Answer, claim, release, assign and reject input requests.",
    "RETRY": "Retry failed processes, and let processes go on before the time for which they wait.",
    "ABORT": "Abort processes.",
    "RECOVER_CALLBACK": "Reissue, await again, complete and adopt callbacks by hand.",
    "SET_IN_SYNC": "Put product subscriptions in sync by hand.",
    "EDIT_NOTE": "Set and remove the notes of processes and product subscriptions, and customers' descriptions.",
    "MANAGE_ENGINE": "Pause and resume the engine; read and resend notifications.",
    "READ_SECRETS": "Read stack traces and values that are hidden from other users.",
    "READ_AUDIT": "Read the audit log.",
})  # fmt: skip
described(SubscriptionLifecycle, "The status of a product subscription in its life cycle.", {
    "INITIAL": "The product subscription is being prepared.",
    "PROVISIONING": "The product subscription is being built in the network.",
    "ACTIVE": "The product subscription is in service.",
    "MIGRATING": "The product subscription is being migrated.",
    "DISABLED": "The product subscription is out of service for now.",
    "TERMINATED": "The product subscription has ended.",
}, name="LifecycleStatus")  # fmt: skip
described(ProductStatus, "The status of a product in its life cycle.", {
    "ACTIVE": "The product is offered to customers.",
    "PRE_PRODUCTION": "The product is offered to a few customers.",
    "PHASE_OUT": "The product is not sold any more but still in use.",
    "END_OF_LIFE": "The product is not available any more.",
})  # fmt: skip
described(EventKind, "The kind of change that an event reports.", {
    "PROCESS_CREATED": "A process was started.",
    "PROCESS_STATUS_CHANGED": "The status of a process changed.",
    "STEP_CHANGED": "The status of a step changed.",
    "CALLBACK_ISSUED": "A callback was issued: its URL was created.",
    "CALLBACK_PROGRESSED": "A remote service reported progress.",
    "CALLBACK_RECEIVED": "The result of a callback was accepted.",
    "CALLBACK_VALIDATED": "The validation step decided about a result.",
    "CALLBACK_ENDED": "The wait for a callback ended without a result.",
    "INPUT_REQUESTED": "An input request was created.",
    "INPUT_DECIDED": "A person or a policy decided an input request.",
    "INPUT_REQUEST_CHANGED": "An open input request changed.",
    "PROCESS_NOTE_CHANGED": "The note of a process changed.",
    "PRODUCT_SUBSCRIPTION_CHANGED": "A product subscription changed.",
    "ENGINE_STATE_CHANGED": "The engine was paused or resumed, or its last running step ended.",
})  # fmt: skip
described(NotificationKind, "The kind of change that a notification reports.", {
    "INPUT_REQUEST_OPENED": "An input request was created.",
    "INPUT_REQUEST_REMINDED": "An input request is still open after some time.",
    "INPUT_REQUEST_ESCALATED": "Nobody answered an input request, so another team got it.",
    "INPUT_REQUEST_ASSIGNED": "An input request was assigned to another team.",
    "INPUT_REQUEST_DECIDED": "An input request was decided.",
    "INPUT_REQUEST_CLOSED": "An input request was closed without an answer.",
    "PROCESS_FAILED": "A process failed.",
})  # fmt: skip
described(NotificationStatus, "The status of a notification.", {
    "PENDING": "The notification waits for its next try.",
    "SENT": "The receiver accepted the notification.",
    "DEAD": "All tries failed. `resendNotification` sends it again.",
})  # fmt: skip
