"""A question to a person: what was asked, who may answer, and that the first answer counts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from orchestrator_gql.security import Permission, Principal
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

LONGEST_COMMENT = 10_000


@dataclass(frozen=True, slots=True)
class InputRequest:
    """One open form waiting for people, or what became of it.

    ``version`` grows with all that changes whose it is or what became of it; an approval that is not the last, and a
    reminder, change neither.
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


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody said to an input request, and to what exactly (the digest of the last page shown).

    ``secrets`` are of the list of pages, which are stored in clear: whoever approves next confirms the same.
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
    made: Sequence[Decision],
    *,
    allows_self: bool,
    started_by: str | None,
) -> None:
    """Raise the refusal where the principal, who may answer such forms, may not decide this one now.

    ``made`` are the decisions on it so far, ``started_by`` is who began its process.
    """
    if not allows_self and principal.id == started_by:
        raise SelfApproval(
            Permission.SUBMIT_FORM, "You started this process: somebody else must decide, as its workflow demands."
        )
    demand_not_approved_by(request, principal, made)
    demand_not_claimed_by_other(request, principal)


def demand_not_approved_by(request: InputRequest, principal: Principal, made: Sequence[Decision]) -> None:
    """Raise `AlreadyDecided` if one of the decisions made so far is the principal's."""
    if own := next((one for one in made if one.by == principal.id), None):
        left = request.approvals_needed - len(made)
        raise AlreadyDecided(
            f"You have approved it already; {left} more {'approval is' if left == 1 else 'approvals are'} needed.",
            process_id=request.process_id,
            current_version=request.version,
            by=own.by,
            at=own.at,
        )


def demand_not_claimed_by_other(request: InputRequest, principal: Principal) -> None:
    """Raise `ClaimedByOther` if somebody else has claimed the request."""
    if request.claimed_by not in (None, principal.id):
        raise ClaimedByOther(
            f"{request.claimed_by} has taken it: ask, or have it assigned anew.",
            process_id=request.process_id,
            current_version=request.version,
            by=request.claimed_by,
            at=request.claimed_at,
        )


def demand_same(request: InputRequest, first: Decision, pages: Sequence[Json], digest: str) -> None:
    """Raise `StaleForm` where a later approval is of other answers, or of another page, than the first one."""
    if (tuple(pages), digest) != (first.pages, first.shown_digest):
        raise StaleForm(
            f"{first.by} approved other answers: whoever approves now confirms those, or rejects.",
            process_id=request.process_id,
            current_version=request.version,
            by=first.by,
            at=first.at,
        )


def demand_open(request: InputRequest, decision: Decision | None) -> None:
    """Raise the refusal that says who decided and when, or that nobody can any more."""
    if request.status is InputRequestStatus.OPEN:
        return
    if decision is not None:
        by = decision.by or f"The policy {decision.policy!r}"
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
    """Raise `StaleVersion` where the request changed since the caller looked."""
    if expected is not None and expected != request.version:
        raise StaleVersion(
            f"The input request is at version {request.version}, not {expected}.",
            process_id=request.process_id,
            current_version=request.version,
        )


def demand_shown(request: InputRequest, shown_digest: str | None, current_digest: str) -> None:
    """Raise `StaleForm` where the answer is to another page than the one that stands now."""
    if shown_digest is not None and shown_digest != current_digest:
        raise StaleForm(process_id=request.process_id, current_version=request.version)


def clean_comment(comment: str | None, *, is_required: bool = False) -> str | None:
    """What was said, without space around it; None where nothing was. `PayloadInvalid` names what is wrong with it."""
    said = (comment or "").strip()
    if is_required and not said:
        error = FieldError(("comment",), "Say why: whoever reads it later has nothing else.", "missing")
        raise PayloadInvalid(error.message, [error])
    if len(said) > LONGEST_COMMENT:
        message = f"A comment has at most {LONGEST_COMMENT:,} characters, not {len(said):,}."
        raise PayloadInvalid(message, [FieldError(("comment",), message, "string_too_long")])
    return said or None
