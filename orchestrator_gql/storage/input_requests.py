"""Input requests and their decisions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    RowMapping,
    Select,
    bindparam,
    exists,
    func,
    insert,
    literal,
    literal_column,
    select,
    text,
    update,
)

from orchestrator_gql.input_requests.decision import Decision, InputRequest
from orchestrator_gql.process import Process
from orchestrator_gql.storage import audit, columns
from orchestrator_gql.storage.by_id import ById
from orchestrator_gql.storage.columns import among
from orchestrator_gql.storage.database.prepared import Prepared, PreparedRead
from orchestrator_gql.storage.process_values import process_in
from orchestrator_gql.storage.processes import WHOLE_PROCESSES
from orchestrator_gql.storage.tables import audit as audit_table
from orchestrator_gql.storage.tables import decisions, input_requests, process_steps, processes
from orchestrator_gql.storage.weight import within
from orchestrator_gql.types import InputRequestStatus
from orchestrator_gql.utils.secrets import Secrets
from orchestrator_gql.utils.tokens import new_id

c = input_requests.c

SMALL = 64 * 1024
"""Characters of the values of a process that may be read with its other rows: a form will probably need them."""

IS_OPEN = c.status == InputRequestStatus.OPEN
"""The condition that the request waits for a person."""


def is_overdue(now: Any, *, is_wanted: bool = True) -> ColumnElement[bool]:
    """The condition that the request waits and its due date has passed; without ``is_wanted`` the opposite."""
    return columns.is_overdue(IS_OPEN, c.due_at, now, is_wanted=is_wanted)


def overdue_ids(conn: Connection, now: datetime) -> Select[Any]:
    """A query for the ids of the overdue requests, which are few among the open ones.

    SQLite would look through all open requests instead: it prefers an index with an equal status, and takes the index
    of the due dates only if it has no other choice.
    """
    index = " INDEXED BY ix_input_requests_due" if conn.dialect.name == "sqlite" else ""
    query = select(literal_column("input_requests.id", c.id.type)).select_from(text(f"input_requests{index}"))
    due_at = literal_column("input_requests.due_at", c.due_at.type)
    return query.where(text("input_requests.status = 'OPEN'"), due_at <= now)


_open = Prepared(insert(input_requests).inline(), input_requests.c.keys())
_load = Prepared(select(input_requests).where(input_requests.c.id == bindparam("id")))
_by_id = ById(select(input_requests), c.id)
_by_process = ById(select(input_requests), c.process_id, [c.id])
reading_of_process = _by_process.reading
_open_of_process = Prepared(
    select(input_requests).where(
        input_requests.c.process_id == bindparam("process_id"),
        IS_OPEN,
    )
)
_process_id = select(c.process_id).where(c.id == bindparam("request_id")).scalar_subquery()
_process_of = Prepared(WHOLE_PROCESSES.where(processes.c.id == _process_id))
_head_of = Prepared(audit.head_where(audit_table.c.chain == _process_id))
_heavy = (processes.c.state, processes.c.start_pages, process_steps.c.delta)
_weight: ColumnElement[int] = sum((func.coalesce(func.length(column), 0) for column in _heavy), literal(0))
_asking_process = Prepared(
    WHOLE_PROCESSES.where(
        processes.c.id == bindparam("process_id"),
        exists().where(c.process_id == bindparam("process_id"), IS_OPEN),
        _weight <= SMALL,
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
_decisions_on = Prepared(
    select(decisions).where(decisions.c.input_request_id == bindparam("id")).order_by(decisions.c.id)
)
_decide = Prepared(insert(decisions).inline(), decisions.c.keys())


def open_request(conn: Connection, request: InputRequest) -> None:
    """Store a new open request. A unique index allows one open request for each process."""
    _open.write(conn, {c.name: getattr(request, c.name) for c in input_requests.c})


def load(conn: Connection, request_id: UUID) -> InputRequest | None:
    """The request with that id, None if there is none."""
    row = _load.first(conn, reading(request_id)[1])
    return None if row is None else InputRequest(**row)


def reading(request_id: UUID) -> PreparedRead:
    """The read of `load`, see `read_ahead`."""
    return _load, {"id": request_id}


def process_of(conn: Connection, request_id: UUID) -> Process | None:
    """The process of the request with its state and current step execution, None if there is no such request."""
    row = _process_of.first(conn, reading_process(request_id)[1])
    return None if row is None else process_in(row)


def reading_process(request_id: UUID) -> PreparedRead:
    """The read of `process_of`, see `read_ahead`."""
    return _process_of, {"request_id": request_id}


def reading_head(request_id: UUID) -> PreparedRead:
    """The read of the newest entry in the audit chain of the request's process, as `audit.reading_head`."""
    return _head_of, {"request_id": request_id}


def small_asking_process(conn: Connection, process_id: UUID) -> Process | None:
    """The process with its state and current step execution, if it has an open request and no large values."""
    row = _asking_process.first(conn, reading_asking_process(process_id)[1])
    return None if row is None else process_in(row)


def reading_asking_process(process_id: UUID) -> PreparedRead:
    """The read of `small_asking_process`, see `read_ahead`."""
    return _asking_process, {"process_id": process_id}


def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, InputRequest]:
    """The requests with those ids."""
    return {row["id"]: InputRequest(**row) for row in _by_id.rows(conn, ids)}


def of_processes(conn: Connection, process_ids: Sequence[UUID]) -> dict[UUID, list[InputRequest]]:
    """All requests of each process, oldest first."""
    requests: dict[UUID, list[InputRequest]] = {}
    for row in _by_process.rows(conn, process_ids):
        requests.setdefault(row["process_id"], []).append(InputRequest(**row))
    return requests


def close(conn: Connection, request: InputRequest, status: InputRequestStatus, now: datetime) -> bool:
    """Close an open request at the version that was read. False: the request was closed or changed before."""
    return _close.run(conn, _closing(request, status, now)) == 1


def demand_closed(
    conn: Connection, request: InputRequest, status: InputRequestStatus, now: datetime, refusal: Exception
) -> None:
    """As `close`; raises ``refusal`` if the request was closed or changed before, perhaps only before the COMMIT."""
    _close.write(conn, _closing(request, status, now), refusal)


def _closing(request: InputRequest, status: InputRequestStatus, now: datetime) -> dict[str, Any]:
    return {"b_id": request.id, "b_version": request.version, "status": status, "closed_at": now}


def remind(conn: Connection, request_ids: Sequence[UUID], now: datetime) -> list[InputRequest]:
    """Store the time of a reminder for the requests that are still open, and return these requests.

    The version stays the same: a form that somebody is filling in now must remain valid.
    """
    still_open = update(input_requests).where(among(conn, input_requests.c.id, request_ids), IS_OPEN)
    reminded = conn.execute(still_open.values(reminded_at=now).returning(*input_requests.c))
    return [request_of(row) for row in reminded]


def escalate(conn: Connection, request_id: UUID, assignee: str, now: datetime) -> InputRequest | None:
    """Give an open request to another assignee and remove its claim; None if the request is closed."""
    return _changed(conn, request_id, {"assignee": assignee, "escalated_at": now, "escalations": c.escalations + 1})


def assign(conn: Connection, request_id: UUID, assignee: str) -> InputRequest | None:
    """As `escalate`, on the command of a person; None if the request is closed."""
    return _changed(conn, request_id, {"assignee": assignee})


def claim(conn: Connection, request_id: UUID, by: str | None, now: datetime | None) -> InputRequest | None:
    """Store who claimed an open request, ``by`` None to remove the claim; None if the request is closed."""
    return _changed(conn, request_id, {"claimed_by": by, "claimed_at": now})


def _changed(conn: Connection, request_id: UUID, values: dict[str, Any]) -> InputRequest | None:
    unclaimed = {"claimed_by": None, "claimed_at": None}
    change = (
        update(input_requests)
        .where(c.id == request_id, IS_OPEN)
        .values({**unclaimed, **values, "version": c.version + 1})
        .returning(*c)
    )
    row = conn.execute(change).first()
    return None if row is None else request_of(row)


def open_of_process(conn: Connection, process_id: UUID) -> InputRequest | None:
    """The open request of the process, None if there is none."""
    row = _open_of_process.first(conn, {"process_id": process_id})
    return None if row is None else InputRequest(**row)


def decide(conn: Connection, request_id: UUID, decision: Decision) -> None:
    """Store a decision on the request."""
    row = {
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
    _decide.write(conn, row)


def decisions_on(conn: Connection, request_id: UUID) -> list[Decision]:
    """The decisions on the request, in order."""
    return [_decision(row) for row in _decisions_on.all(conn, reading_decisions(request_id)[1])]


def reading_decisions(request_id: UUID) -> PreparedRead:
    """The read of `decisions_on`, see `read_ahead`."""
    return _decisions_on, {"id": request_id}


def decisions_of(conn: Connection, request_ids: Sequence[UUID]) -> dict[UUID, list[Decision]]:
    """The decisions on each request, in order."""
    query = select(decisions).where(decisions.c.input_request_id.in_(request_ids))
    result: dict[UUID, list[Decision]] = {}
    for row in within(conn, query, heavy=[decisions.c.pages], order=["id"]):
        result.setdefault(row.input_request_id, []).append(_decision(row._mapping))
    return result


def decided_in(conn: Connection, process_id: UUID) -> list[tuple[str, Decision]]:
    """The decisions on the closed requests of the process, in order, each with the name of its input step.

    Decisions on an open request are left out: a form that showed its own approvals would change with each approval,
    and the second approver would see another form than the first.
    """
    execution = (process_steps.c.process_id == c.process_id) & (process_steps.c.seq == c.record_seq)
    query = (
        select(process_steps.c.name.label("step"), *decisions.c)
        .join_from(decisions, input_requests, decisions.c.input_request_id == c.id)
        .join(process_steps, execution)
        .where(c.process_id == process_id, c.status != InputRequestStatus.OPEN)
        .order_by(decisions.c.id)
    )
    return [(row.step, _decision(row._mapping)) for row in conn.execute(query)]


def _decision(row: Mapping[str, Any] | RowMapping) -> Decision:
    values = (row["by"], row["at"], row["verdict"], row["shown_digest"], tuple(row["pages"]))
    return Decision(*values, row["comment"], row["policy"], Secrets.read(row["secrets"]))


def request_of(row: Row[Any]) -> InputRequest:
    """The request of a row of the table."""
    return InputRequest(**row._mapping)
