"""An input request and the decisions on it: who may decide, and that the first decision counts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from orchestrator_gql.audit.free_text import demand_short
from orchestrator_gql.security import Permission, Principal, display_name
from orchestrator_gql.types import InputRequestStatus, Json, Verdict
from orchestrator_gql.utils.errors import (
    AlreadyDecided,
    ClaimedByOther,
    FieldError,
    InputRequestClosed,
    PayloadInvalid,
    SelfApproval,
    StaleForm,
    StaleVersion,
)
from orchestrator_gql.utils.secrets import NOTHING, Secrets


@dataclass(frozen=True, slots=True)
class InputRequest:
    """A form that people must submit; it is open or closed.

    ``version`` grows with each change of the assignee or of the status. A reminder, or an approval that is not the
    last, does not change it. ``not_by`` is the user who may not decide: who started the process, if the workflow does
    not allow self-approval.
    """

    id: UUID
    process_id: UUID
    step_index: int
    record_seq: int
    status: InputRequestStatus
    title: str
    assignee: str
    created_at: datetime
    version: int = 1
    due_at: datetime | None = None
    closed_at: datetime | None = None
    reminded_at: datetime | None = None
    escalated_at: datetime | None = None
    escalations: int = 0
    approvals_needed: int = 1
    claimed_by: str | None = None
    claimed_at: datetime | None = None
    not_by: str | None = None

    @property
    def is_undecided(self) -> bool:
        """True if nobody has decided: the first decision would close the request."""
        return self.status is InputRequestStatus.OPEN and self.approvals_needed == 1


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's or a policy's decision on an input request; ``shown_digest`` is the digest of the last page shown.

    ``secrets`` are the secrets in the pages, which are stored in clear because the next person confirms the same pages.
    """

    by: str | None
    at: datetime
    verdict: Verdict
    shown_digest: str
    pages: tuple[Json, ...] = ()
    comment: str | None = None
    policy: str | None = None
    secrets: Secrets = field(default=NOTHING, repr=False)


def demand_may_decide(
    request: InputRequest,
    principal: Principal,
    decisions: Sequence[Decision],
    *,
    allows_self: bool,
    started_by: str | None,
) -> None:
    """Raise the refusal if the principal, who may submit such forms, may not decide this request now.

    ``decisions`` are the decisions until now, ``started_by`` is the person who started the process. Raises
    `SelfApproval`, `AlreadyDecided` or `ClaimedByOther`.
    """
    if not allows_self and principal.id == started_by:
        raise SelfApproval(
            Permission.SUBMIT_FORM, "You started this process: somebody else must decide, as its workflow demands."
        )
    demand_not_approved_by(request, principal, decisions)
    demand_not_claimed_by_other(request, principal)


def demand_not_approved_by(request: InputRequest, principal: Principal, decisions: Sequence[Decision]) -> None:
    """Raise `AlreadyDecided` if the principal has already made one of the decisions."""
    if own := next((decision for decision in decisions if decision.by == principal.id), None):
        needed = request.approvals_needed - len(decisions)
        raise AlreadyDecided(
            f"You have approved it already; {needed} more {'approval is' if needed == 1 else 'approvals are'} needed.",
            process_id=request.process_id,
            current_version=request.version,
            by=own.by,
            at=own.at,
        )


def demand_not_claimed_by_other(request: InputRequest, principal: Principal) -> None:
    """Raise `ClaimedByOther` if somebody else has claimed the request."""
    if request.claimed_by not in (None, principal.id):
        raise ClaimedByOther(
            f"{display_name(request.claimed_by)} has claimed this form: ask this person to answer or to release it.",
            process_id=request.process_id,
            current_version=request.version,
            by=request.claimed_by,
            at=request.claimed_at,
        )


def demand_same(request: InputRequest, first: Decision, pages: Sequence[Json], digest: str) -> None:
    """Raise `StaleForm` if a later approval has other values, or another page, than the first approval."""
    if (tuple(pages), digest) != (first.pages, first.shown_digest):
        raise StaleForm(
            f"{display_name(first.by)} approved other values: approve the same values, or reject the form.",
            process_id=request.process_id,
            current_version=request.version,
            by=first.by,
            at=first.at,
        )


def demand_open(request: InputRequest, decision: Decision | None) -> None:
    """Raise `AlreadyDecided` or `InputRequestClosed` if the request is not open."""
    if request.status is InputRequestStatus.OPEN:
        return
    if decision is not None:
        by = display_name(decision.by) if decision.by else f"The policy {decision.policy!r}"
        raise AlreadyDecided(
            f"{by} decided this first: {decision.verdict.lower().replace('_', ' ')}.",
            process_id=request.process_id,
            current_version=request.version,
            by=decision.by,
            at=decision.at,
        )
    raise InputRequestClosed(
        f"This input request is {request.status.lower()}.",
        process_id=request.process_id,
        current_version=request.version,
        at=request.closed_at,
    )


def demand_version(request: InputRequest, expected: int | None) -> None:
    """Raise `StaleVersion` if the request is not at the version that the caller expects."""
    if expected is not None and expected != request.version:
        raise StaleVersion(
            f"The input request is at version {request.version}, not {expected}.",
            process_id=request.process_id,
            current_version=request.version,
        )


def demand_shown(request: InputRequest, shown_digest: str | None, current_digest: str) -> None:
    """Raise `StaleForm` if the values were submitted for another page than the current one."""
    if shown_digest is not None and shown_digest != current_digest:
        raise StaleForm(process_id=request.process_id, current_version=request.version)


def clean_comment(comment: str | None, *, is_required: bool = False) -> str | None:
    """The comment without surrounding space, None if empty; raises `PayloadInvalid` if it is missing or too long."""
    text = (comment or "").strip()
    if is_required and not text:
        error = FieldError(("comment",), "Give the reason: later readers have no other source.", "missing")
        raise PayloadInvalid(error.message, [error])
    demand_short("comment", text)
    return text or None
