"""Open questions to people, and what was decided."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, bindparam, insert, select, update

from orchestrator_gql.input_requests.decision import Decision, InputRequest
from orchestrator_gql.storage import columns
from orchestrator_gql.storage.columns import among
from orchestrator_gql.storage.database.prepared import Prepared
from orchestrator_gql.storage.tables import decisions, input_requests, process_steps
from orchestrator_gql.storage.weight import within
from orchestrator_gql.types import InputRequestStatus
from orchestrator_gql.utils.secrets import Secrets
from orchestrator_gql.utils.tokens import new_id

c = input_requests.c

IS_OPEN = c.status == InputRequestStatus.OPEN
"""The form waits for a person."""


def is_overdue(now: Any, *, is_wanted: bool = True) -> ColumnElement[bool]:
    """The form waits still, and its due date is past; not ``is_wanted``: all the rest."""
    return columns.is_overdue(IS_OPEN, c.due_at, now, is_wanted=is_wanted)


_open = Prepared(insert(input_requests).inline(), input_requests.c.keys())
_load = Prepared(select(input_requests).where(input_requests.c.id == bindparam("id")))
_open_of_process = Prepared(
    select(input_requests).where(
        input_requests.c.process_id == bindparam("process_id"),
        IS_OPEN,
    )
)
_close = Prepared(
    update(input_requests)
    .where(
        input_requests.c.id == bindparam("b_id"),
        IS_OPEN,
        input_requests.c.version == bindparam("b_version"),
    )
    .values(status=bindparam("status"), closed_at=bindparam("closed_at"), version=input_requests.c.version + 1)
)
_decide = Prepared(insert(decisions).inline(), decisions.c.keys())


def open_request(conn: Connection, request: InputRequest) -> None:
    """Ask. A process has one open request at a time; the database holds it to that."""
    _open.run(conn, {c.name: getattr(request, c.name) for c in input_requests.c})


def load(conn: Connection, request_id: UUID) -> InputRequest | None:
    """The request with that id."""
    row = _load.first(conn, {"id": request_id})
    return None if row is None else InputRequest(**row)


def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, InputRequest]:
    """The requests with those ids."""
    rows = conn.execute(select(input_requests).where(input_requests.c.id.in_(ids)))
    return {row.id: request_of(row) for row in rows}


def of_processes(conn: Connection, process_ids: Sequence[UUID]) -> dict[UUID, list[InputRequest]]:
    """Every request of each process, oldest first."""
    mine = input_requests.c.process_id.in_(process_ids)
    found: dict[UUID, list[InputRequest]] = {}
    for row in conn.execute(select(input_requests).where(mine).order_by(input_requests.c.id)):
        found.setdefault(row.process_id, []).append(request_of(row))
    return found


def close(conn: Connection, request: InputRequest, status: InputRequestStatus, now: datetime) -> bool:
    """End an open request at the version that was seen. False: somebody else did it first."""
    seen = {"b_id": request.id, "b_version": request.version}
    return _close.run(conn, {**seen, "status": status, "closed_at": now}) == 1


def remind(conn: Connection, request_ids: Sequence[UUID], now: datetime) -> list[InputRequest]:
    """Note that those of the requests which are still open were reminded of; which they are.

    The version stays: an answer that somebody is typing is to the same question as before.
    """
    still_open = update(input_requests).where(among(conn, input_requests.c.id, request_ids), IS_OPEN)
    reminded = conn.execute(still_open.values(reminded_at=now).returning(*input_requests.c))
    return [request_of(row) for row in reminded]


def escalate(conn: Connection, request_id: UUID, assignee: str, now: datetime) -> InputRequest | None:
    """Give an open request to another assignee, and free it of whoever had taken it; None where it is decided."""
    return _changed(conn, request_id, {"assignee": assignee, "escalated_at": now, "escalations": c.escalations + 1})


def assign(conn: Connection, request_id: UUID, assignee: str) -> InputRequest | None:
    """As `escalate`, by somebody's hand."""
    return _changed(conn, request_id, {"assignee": assignee})


def claim(conn: Connection, request_id: UUID, by: str | None, now: datetime | None) -> InputRequest | None:
    """Note who has taken an open request; None frees it."""
    return _changed(conn, request_id, {"claimed_by": by, "claimed_at": now})


def _changed(conn: Connection, request_id: UUID, values: dict[str, Any]) -> InputRequest | None:
    free = {"claimed_by": None, "claimed_at": None}
    changed = (
        update(input_requests)
        .where(c.id == request_id, IS_OPEN)
        .values({**free, **values, "version": c.version + 1})
        .returning(*c)
    )
    row = conn.execute(changed).first()
    return None if row is None else request_of(row)


def open_of_process(conn: Connection, process_id: UUID) -> InputRequest | None:
    """The request of the process that waits for an answer."""
    row = _open_of_process.first(conn, {"process_id": process_id})
    return None if row is None else InputRequest(**row)


def decide(conn: Connection, request_id: UUID, decision: Decision) -> None:
    """Keep what was decided."""
    made = {
        "id": new_id(),
        "input_request_id": request_id,
        "by": decision.by,
        "at": decision.at,
        "verdict": decision.verdict,
        "comment": decision.comment,
        "pages": list(decision.pages),
        "shown_digest": decision.shown_digest,
        "policy": decision.policy,
        "secrets": decision.secrets.written,
    }
    _decide.run(conn, made)


def decisions_of(conn: Connection, request_ids: Sequence[UUID]) -> dict[UUID, list[Decision]]:
    """What was decided on each request, in order."""
    query = select(decisions).where(decisions.c.input_request_id.in_(request_ids))
    found: dict[UUID, list[Decision]] = {}
    for row in within(conn, query, heavy=[decisions.c.pages], order=["id"]):
        found.setdefault(row.input_request_id, []).append(_decision(row))
    return found


def decided_in(conn: Connection, process_id: UUID) -> list[tuple[str, Decision]]:
    """What was decided in the process so far, in order, each with the name of the step that asked.

    Of an open request nothing is decided yet: a form that showed its own approvals would be another form to everybody
    who approves after the first.
    """
    execution = (process_steps.c.process_id == c.process_id) & (process_steps.c.seq == c.record_seq)
    found = (
        select(process_steps.c.name.label("step"), *decisions.c)
        .join_from(decisions, input_requests, decisions.c.input_request_id == c.id)
        .join(process_steps, execution)
        .where(c.process_id == process_id, c.status != InputRequestStatus.OPEN)
        .order_by(decisions.c.id)
    )
    return [(row.step, _decision(row)) for row in conn.execute(found)]


def _decision(row: Row[Any]) -> Decision:
    told = (row.by, row.at, row.verdict, row.shown_digest, tuple(row.pages), row.comment, row.policy)
    return Decision(*told, Secrets.read(row.secrets))


def request_of(row: Row[Any]) -> InputRequest:
    """The request of a row of the table."""
    return InputRequest(**row._mapping)
