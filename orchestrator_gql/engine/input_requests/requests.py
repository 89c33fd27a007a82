"""Opens input requests with their timers, stores decisions with their audit entries, and closes open requests.

Every function needs the lock of the process that asks.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from orchestrator_gql.engine.secrecy import digest_of
from orchestrator_gql.input_requests.decision import Decision, InputRequest
from orchestrator_gql.process import PolicyConfirmation, Process, Suspend
from orchestrator_gql.storage import audit, input_requests, timers
from orchestrator_gql.storage.timers import TimerKind
from orchestrator_gql.types import Event, EventKind, InputRequestStatus, Json, Verdict
from orchestrator_gql.utils.tokens import new_id

AUTO_CONFIRM = "autoConfirm"
"""The action in the audit entry for the decision of a policy."""


@dataclass(frozen=True, slots=True)
class DecisionResult:
    """An input request and its process after a decision or a closing."""

    request: InputRequest
    process: Process

    @classmethod
    def closed(
        cls, request: InputRequest, status: InputRequestStatus, at: datetime, process: Process
    ) -> "DecisionResult":
        """The result for a request that was just closed with ``status``."""
        return cls(replace(request, status=status, version=request.version + 1, closed_at=at), process)


def open_request(conn: Connection, process: Process, suspend: Suspend, now: datetime) -> Event:
    """Open an input request for the current step execution, with its timers; the event."""
    request = _request(process, suspend.title, suspend.assignee, now)
    request = replace(
        request,
        due_at=now + suspend.due if suspend.due else None,
        approvals_needed=suspend.approvals,
        not_by=None if suspend.allows_self else process.created_by,
    )
    input_requests.open_request(conn, request)
    once = ((TimerKind.REMINDER, suspend.remind), (TimerKind.EXPIRY, suspend.expire))
    single = [(kind, after, None) for kind, after in once if after is not None]
    escalations = [(TimerKind.ESCALATION, escalation.after, escalation.to.key) for escalation in suspend.escalations]
    for kind, after, assignee in (*single, *escalations):
        timers.set_timer(conn, kind, process.id, now + after, input_request_id=request.id, assignee=assignee)
    payload = {"input_request_id": str(request.id), "assignee": request.assignee}
    return Event(EventKind.INPUT_REQUESTED, now, process.id, None, payload)


def confirm(
    conn: Connection, process: Process, confirmation: PolicyConfirmation, now: datetime, key: bytes | None
) -> Event:
    """Store the decision of a policy like the decision of a person: the request, the decision and the audit entry."""
    request = _request(process, confirmation.title, confirmation.assignee, now)
    request = replace(request, status=InputRequestStatus.SUBMITTED, closed_at=now)
    input_requests.open_request(conn, request)
    decision = Decision(
        None,
        now,
        Verdict.APPROVED,
        confirmation.shown_digest,
        confirmation.pages,
        None,
        confirmation.policy,
        confirmation.secrets,
    )
    return keep(conn, request, decision, AUTO_CONFIRM, key)


def keep(
    conn: Connection,
    request: InputRequest,
    decision: Decision,
    action: str,
    key: bytes | None,
    *,
    is_last: bool = True,
) -> Event:
    """Store the decision and its audit entry with this ``action``; the event.

    ``key`` is the key of the audit log. ``is_last`` is False if more approvals are needed. The audit log gets only a
    digest of the submitted pages, with masks for their secrets.
    """
    input_requests.decide(conn, request.id, decision)
    details: dict[str, Json] = {
        "input_request_id": str(request.id),
        "verdict": decision.verdict,
        "policy": decision.policy,
        "shown_digest": decision.shown_digest or None,
        "pages_digest": digest_of(list(decision.pages), decision.secrets),
        "comment": decision.comment,
    }
    audit.record(conn, key, request.process_id, actor=decision.by, action=action, now=decision.at, details=details)
    payload: dict[str, Json] = {
        "input_request_id": str(request.id),
        "verdict": decision.verdict,
        "policy": decision.policy,
        "is_last": is_last,
    }
    return Event(EventKind.INPUT_DECIDED, decision.at, request.process_id, decision.by, payload)


def close(conn: Connection, process: Process, now: datetime) -> list[Event]:
    """Withdraw the open input request of the process, if there is one; the events."""
    request = input_requests.open_of_process(conn, process.id)
    if request is None or not input_requests.close(conn, request, InputRequestStatus.WITHDRAWN, now):
        return []
    timers.clear_request(conn, process.id, request.id)
    return [changed(request, "CLOSED", now)]


def changed(request: InputRequest, change: str, now: datetime, actor: str | None = None) -> Event:
    """The event for a change of an input request that is no decision; ``change`` is an `InputRequestChange`."""
    payload = {"input_request_id": str(request.id), "change": change, "assignee": request.assignee}
    return Event(EventKind.INPUT_REQUEST_CHANGED, now, request.process_id, actor, payload)


def _request(process: Process, title: str, assignee: str, now: datetime) -> InputRequest:
    execution = process.execution
    assert execution is not None, "only a step execution asks"
    return InputRequest(
        id=new_id(),
        process_id=process.id,
        step_index=execution.step_index,
        record_seq=execution.seq,
        status=InputRequestStatus.OPEN,
        title=title,
        assignee=assignee,
        created_at=now,
    )
