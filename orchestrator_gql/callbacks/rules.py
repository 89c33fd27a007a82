"""The rules of a callback: it accepts one result, and these functions decide about each delivery."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from orchestrator_gql.types import AttemptOutcome, CallbackStatus, Failure, Json, ResultSource
from orchestrator_gql.utils.copies import copier
from orchestrator_gql.utils.errors import FieldError
from orchestrator_gql.utils.json import canonical
from orchestrator_gql.utils.secrets import NOTHING, Secrets
from orchestrator_gql.utils.tokens import conceal

WITH_RESULT = (CallbackStatus.RECEIVED, CallbackStatus.VALIDATED, CallbackStatus.REJECTED)
"""The statuses of a callback that has a result."""

BY_OPERATOR = (ResultSource.OPERATOR, ResultSource.ADOPTED)
"""The sources of results that an operator gives, also after the deadline and after a withdrawal."""


@dataclass(frozen=True, slots=True)
class Callback:
    """One expected result of one remote service.

    ``record_seq`` is the step execution of the action that handed out the URL; ``wait_seq`` is the step execution that
    began the wait: a callback that is issued again has a later ``record_seq`` and the same ``wait_seq``.
    ``issue_number`` counts how often it was issued. ``result_digest`` is the digest of the accepted payload.
    ``source`` says how the result came. ``heartbeat`` is the longest time without a report, in seconds; None means no
    limit. ``service`` is the remote service that must authenticate, ``remote_ref`` its external id for the job.
    ``attempts_dropped`` and ``progress_dropped`` count the entries that were removed from the bounded logs.
    """

    id: UUID
    process_id: UUID
    step_index: int
    record_seq: int
    status: CallbackStatus
    token_hint: str
    result_key: str
    issued_at: datetime
    expires_at: datetime | None
    wait_seq: int
    issue_number: int = 1
    name: str | None = None
    contract: Json = None
    heartbeat: float | None = None
    heartbeat_due_at: datetime | None = None
    received_at: datetime | None = None
    is_early: bool = False
    receipt: str | None = None
    result_digest: str | None = None
    result_bytes: int | None = None
    result_preview: str | None = None
    payload_id: UUID | None = None
    failure: Failure | None = None
    source: ResultSource | None = None
    service: str | None = None
    remote_ref: str | None = None
    validation: Json = None
    progress: Json = None
    attempts_dropped: int = 0
    progress_dropped: int = 0

    @property
    def is_open(self) -> bool:
        """True while a result may still be accepted."""
        return self.status is CallbackStatus.PENDING

    def deadline(self, now: datetime) -> CallbackStatus | None:
        """The status by which the wait ended if its time is over: EXPIRED or HEARTBEAT_LOST; otherwise None."""
        if self.expires_at is not None and now >= self.expires_at:
            return CallbackStatus.EXPIRED
        if self.heartbeat_due_at is not None and now >= self.heartbeat_due_at:
            return CallbackStatus.HEARTBEAT_LOST
        return None


_copy = copier(Callback)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request to a callback: the raw body and, if it could be read, the payload.

    ``refusal`` is the outcome if the body was not read (MALFORMED, UNSUPPORTED_TYPE, TOO_LARGE, …); ``errors`` are the
    places in the body, if known. ``peer`` is the address of the sender. ``size`` is the number of received bytes,
    including bytes that are not kept. ``failure`` is the failure that a failure report (``is_failure``) reports.
    ``secrets`` are the secrets in the payload, if an author's function fetched it.
    """

    body: bytes
    size: int
    media_type: str = "application/json"
    peer: str | None = None
    payload: Json = None
    refusal: AttemptOutcome | None = None
    error: str | None = None
    errors: tuple[FieldError, ...] = ()
    is_failure: bool = False
    failure: Failure | None = None
    digest: str = field(default="")
    secrets: Secrets = field(default=NOTHING, repr=False)

    @classmethod
    def of(cls, payload: Json, body: bytes, *, peer: str | None, is_failure: bool = False) -> "Delivery":
        """A delivery that was read: payloads that are equal as canonical JSON (RFC 8785) have equal digests."""
        mark = b"fail:" if is_failure else b""
        digest = hashlib.sha256(mark + canonical(payload)).hexdigest()
        return cls(body, len(body), peer=peer, payload=payload, is_failure=is_failure, digest=digest)

    @classmethod
    def unread(
        cls,
        body: bytes,
        refusal: AttemptOutcome,
        error: str,
        *,
        size: int,
        kept: int,
        media_type: str,
        peer: str | None,
        errors: tuple[FieldError, ...] = (),
    ) -> "Delivery":
        """A delivery that was not read, with the reason. The digest covers the whole body; ``kept`` bytes are kept."""
        digest = hashlib.sha256(body).hexdigest()
        return cls(body[:kept], size, media_type, peer, None, refusal, error, errors, digest=digest)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The delivery is accepted; ``is_early`` if the process did not wait yet, or the engine was paused."""

    is_early: bool
    outcome: AttemptOutcome = AttemptOutcome.ACCEPTED


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The accepted payload came again: the sender gets the same receipt, and nothing else happens."""

    receipt: str
    outcome: AttemptOutcome = AttemptOutcome.DUPLICATE


@dataclass(frozen=True, slots=True)
class Rejected:
    """The delivery is not accepted; the attempt is kept."""

    outcome: AttemptOutcome
    message: str
    errors: tuple[FieldError, ...] = ()

    def without(self, token: str) -> "Rejected":
        """The same rejection without the token: the sender chooses the names of places, which may contain the token."""
        return replace(self, message=conceal(self.message, (token,)), errors=without_token(self.errors, token))


def without_token(errors: Iterable[FieldError], token: str) -> tuple[FieldError, ...]:
    """The errors with the token concealed in the names of their places."""
    return tuple(replace(error, path=tuple(conceal(key, (token,)) for key in error.path)) for error in errors)


DeliveryOutcome: TypeAlias = Accepted | Duplicate | Rejected


@dataclass(frozen=True, slots=True)
class Receipt:
    """The response to a remote service: its delivery is stored, and since when.

    ``is_unclaimed`` is true if the delivery is kept for an external id that no action has returned yet.
    """

    receipt: str
    received_at: datetime
    is_duplicate: bool = False
    is_unclaimed: bool = False


def judge(
    callback: Callback,
    delivery: Delivery,
    now: datetime,
    *,
    is_early: bool = False,
    errors: tuple[FieldError, ...] = (),
    source: ResultSource = ResultSource.CALLBACK,
) -> DeliveryOutcome:
    """The outcome of a delivery, or of a result with another source, that arrived at ``now``.

    ``errors`` are the places where it breaks the contract. A duplicate of the accepted payload is recognised first: it
    always gets its receipt, even after an abort. A poll is made because the time is over, so no deadline refuses its
    result; an operator may give a result whatever the status of the callback is.
    """
    if source in BY_OPERATOR:
        return Accepted(is_early=False)
    is_same = delivery.refusal is None and delivery.digest == callback.result_digest
    if callback.receipt and delivery.digest and is_same:
        return Duplicate(callback.receipt)
    if callback.status in WITH_RESULT:
        return Rejected(AttemptOutcome.CONFLICT, "Another result was accepted before this one.")
    if callback.status is CallbackStatus.FAILED_BY_REMOTE:
        return Rejected(AttemptOutcome.CONFLICT, "A failure report was accepted before this one.")
    if callback.status is CallbackStatus.WITHDRAWN:
        return Rejected(AttemptOutcome.WITHDRAWN, "This callback was withdrawn.")
    if not callback.is_open or (source is not ResultSource.POLL and callback.deadline(now) is not None):
        return Rejected(AttemptOutcome.LATE, "This came after the deadline.")
    if delivery.refusal is not None:
        return Rejected(delivery.refusal, delivery.error or "The body cannot be read.", delivery.errors)
    if errors and not delivery.is_failure:
        return Rejected(AttemptOutcome.INVALID, "The body does not fit the contract of this callback.", errors)
    return Accepted(is_early)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A delivery to a callback with its outcome, or a result with another source, before it is stored.

    ``actor`` is the remote service or the operator. ``receipt`` and ``payload_id`` are those of the result if it is
    accepted. ``token`` is the token of the URL, to conceal it;
    ``reason`` and ``attempt_id`` are for the audit log, and ``method`` is, if another request than the current one
    brought the delivery (see `audit.origin`). ``has_receipt`` is true if the sender has got the receipt already.
    """

    callback: Callback
    delivery: Delivery
    outcome: DeliveryOutcome
    source: ResultSource
    actor: str
    at: datetime
    receipt: str
    payload_id: UUID
    token: str = field(default="", repr=False)
    reason: str | None = None
    attempt_id: UUID | None = None
    method: str | None = None
    has_receipt: bool = False

    @property
    def after(self) -> Callback:
        """The callback once the outcome is stored, as far as the decision of its wait needs it."""
        if not isinstance(self.outcome, Accepted):
            return self.callback
        changes = {"receipt": self.receipt, "result_digest": self.delivery.digest, "source": self.source}
        if (failure := self.delivery.failure) is not None:
            return _copy(self.callback, status=CallbackStatus.FAILED_BY_REMOTE, failure=failure, **changes)
        size, payload_id = self.delivery.size, self.payload_id
        return _copy(self.callback, status=CallbackStatus.RECEIVED, result_bytes=size, payload_id=payload_id, **changes)


def judge_progress(callback: Callback, now: datetime) -> Rejected | None:
    """The rejection of a progress report; None if the report is accepted."""
    if callback.status is CallbackStatus.WITHDRAWN:
        return Rejected(AttemptOutcome.WITHDRAWN, "This callback was withdrawn.")
    if not callback.is_open:
        return Rejected(AttemptOutcome.CONFLICT, "The wait is over: there is nothing to report any more.")
    if callback.deadline(now) is not None:
        return Rejected(AttemptOutcome.LATE, "This came after the deadline.")
    return None
