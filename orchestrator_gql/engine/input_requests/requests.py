"""Questions to people as rows: opened with their timers, decided with the audit entry, closed where nobody need answer.

Everything here happens under the lock of the process that asks.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from orchestrator_gql.engine.audit_log import entered
from orchestrator_gql.input_requests.decision import Decision, InputRequest
from orchestrator_gql.process import Confirmed, Process, Suspend
from orchestrator_gql.storage import input_requests, timers
from orchestrator_gql.storage.timers import TimerKind
from orchestrator_gql.types import Event, EventKind, InputRequestStatus, Json, Verdict
from orchestrator_gql.utils.json import canonical
from orchestrator_gql.utils.tokens import new_id

AUTO_CONFIRM = "autoConfirm"
"""The action of the audit entry of a policy's decision."""


@dataclass(frozen=True, slots=True)
class DecisionResult:
    """What became of an input request, and of the process that asks."""

    request: InputRequest
    process: Process

    @classmethod
    def closed(
        cls, request: InputRequest, status: InputRequestStatus, at: datetime, process: Process
    ) -> "DecisionResult":
        """The request, as it was closed just now."""
        return cls(replace(request, status=status, version=request.version + 1, closed_at=at), process)


def open_request(conn: Connection, process: Process, asked: Suspend, now: datetime) -> Event:
    """Ask, in the visit that the process is on; the event that tells so."""
    request = _request(process, asked.title, asked.assignee, now)
    request = replace(request, due_at=now + asked.due if asked.due else None, approvals_needed=asked.approvals)
    input_requests.open_request(conn, request)
    once = ((TimerKind.REMINDER, asked.remind), (TimerKind.EXPIRY, asked.expire))
    due = [(kind, after, None) for kind, after in once if after is not None]
    for kind, after, assignee in (*due, *((TimerKind.ESCALATION, one.after, one.to.key) for one in asked.escalations)):
        timers.set_timer(conn, kind, process.id, now + after, input_request_id=request.id, assignee=assignee)
    payload = {"input_request_id": str(request.id), "assignee": request.assignee}
    return Event(EventKind.INPUT_REQUESTED, now, process.id, None, payload)


def confirm(conn: Connection, process: Process, said: Confirmed, now: datetime, key: bytes | None) -> Event:
    """Keep what a policy decided as if somebody had been asked: the request, its decision and the audit entry."""
    request = _request(process, said.title, said.assignee, now)
    request = replace(request, status=InputRequestStatus.SUBMITTED, closed_at=now)
    input_requests.open_request(conn, request)
    told = (Verdict.APPROVED, said.shown_digest, said.pages, None, said.policy, said.secrets)
    decision = Decision(None, now, *told)
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
    """Keep what was decided, and write it down in the audit log as ``action``; the event that tells of it.

    ``key`` is the audit log's; without ``is_last`` more approvals are needed. Of the answers the log has a digest: what
    was filled in may be a secret.
    """
    input_requests.decide(conn, request.id, decision)
    told: dict[str, Json] = {
        "input_request_id": str(request.id),
        "verdict": decision.verdict,
        "policy": decision.policy,
        "shown_digest": decision.shown_digest or None,
        "pages_digest": hashlib.sha256(canonical(list(decision.pages))).hexdigest(),
        "comment": decision.comment,
    }
    entered(conn, key, request.process_id, actor=decision.by, action=action, now=decision.at, details=told)
    payload: dict[str, Json] = {
        "input_request_id": str(request.id),
        "verdict": decision.verdict,
        "policy": decision.policy,
        "is_last": is_last,
    }
    return Event(EventKind.INPUT_DECIDED, decision.at, request.process_id, decision.by, payload)


def close(conn: Connection, process: Process, now: datetime) -> list[Event]:
    """Withdraw the open question of the process, if there is one; what tells of it."""
    request = input_requests.open_of_process(conn, process.id)
    if request is None or not input_requests.close(conn, request, InputRequestStatus.WITHDRAWN, now):
        return []
    timers.clear_request(conn, process.id, request.id)
    return [changed(request, "CLOSED", now)]


def changed(request: InputRequest, change: str, now: datetime, actor: str | None = None) -> Event:
    """The event that tells what happened to a question, beside an answer; ``change`` is an `InputRequestChange`."""
    payload = {"input_request_id": str(request.id), "change": change, "assignee": request.assignee}
    return Event(EventKind.INPUT_REQUEST_CHANGED, now, request.process_id, actor, payload)


def _request(process: Process, title: str, assignee: str, now: datetime) -> InputRequest:
    execution = process.execution
    assert execution is not None, "whoever asks is on a visit"
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
