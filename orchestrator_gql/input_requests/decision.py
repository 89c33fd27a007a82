"""A question to a person: what was asked, who may answer, and that the first answer counts."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.types import InputRequestStatus, Json, Verdict
from orchestrator_gql.utils.errors import AlreadyDecided, InputRequestClosed, StaleForm, StaleVersion


@dataclass(frozen=True, slots=True)
class InputRequest:
    """One open form waiting for a person, or what became of it."""

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


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody said to an input request, and to what exactly (the digest of the last page shown)."""

    by: str | None
    at: datetime
    verdict: Verdict
    shown_digest: str
    pages: tuple[Json, ...] = ()
    comment: str | None = None


def blocked_reason(request: InputRequest, principal: Principal) -> str | None:
    """Why the principal cannot answer the request now; None where it can."""
    if request.status is not InputRequestStatus.OPEN:
        return f"It is {request.status.lower()}."
    if Permission.SUBMIT_FORM not in principal.permissions:
        return f"This needs the permission {Permission.SUBMIT_FORM}."
    return None


def demand_open(request: InputRequest, decision: Decision | None) -> None:
    """Raise the refusal that says who decided and when, or that nobody can any more."""
    if request.status is InputRequestStatus.OPEN:
        return
    if decision is not None:
        raise AlreadyDecided(
            f"{decision.by or 'A policy'} decided this first: {decision.verdict.lower().replace('_', ' ')}.",
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


def demand_shown(
    request: InputRequest, *, expected_version: int | None, shown_digest: str | None, current_digest: str | None
) -> None:
    """Raise a refusal where the answer is to something else than what stands now."""
    if expected_version is not None and expected_version != request.version:
        raise StaleVersion(
            f"The input request is at version {request.version}, not {expected_version}.",
            process_id=request.process_id,
            current_version=request.version,
        )
    if shown_digest is not None and current_digest is not None and shown_digest != current_digest:
        raise StaleForm(process_id=request.process_id, current_version=request.version)
