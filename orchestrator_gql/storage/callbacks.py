"""Mailboxes and the keys that open them; a token is known by its digest only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, insert, select, update

from orchestrator_gql.callbacks.rules import Callback
from orchestrator_gql.storage import columns
from orchestrator_gql.storage.database.prepared import Prepared
from orchestrator_gql.storage.tables import callback_keys, callbacks, payloads
from orchestrator_gql.storage.weight import charge, within
from orchestrator_gql.types import CallbackStatus, Failure, Json, ResultSource
from orchestrator_gql.utils.json import decode
from orchestrator_gql.utils.json.text import PREVIEW
from orchestrator_gql.utils.tokens import new_id

IS_OPEN = callbacks.c.status == CallbackStatus.PENDING
"""The callback waits for its result."""


def is_overdue(now: Any, *, is_wanted: bool = True) -> ColumnElement[bool]:
    """The callback waits still, and its deadline is past; not ``is_wanted``: all the rest."""
    return columns.is_overdue(IS_OPEN, callbacks.c.expires_at, now, is_wanted=is_wanted)


@dataclass(frozen=True, slots=True)
class AcceptedResult:
    """An accepted result, as text, with what identifies it and how it came; ``preview`` has masks for its secrets."""

    text: str
    size: int
    digest: str
    receipt: str
    source: ResultSource = ResultSource.CALLBACK
    preview: str | None = None


_mine = callbacks.c.process_id == bindparam("process_id")
_others = callbacks.alias()
_of_wait = Prepared(
    select(callbacks)
    .where(
        _mine,
        callbacks.c.step_index == bindparam("step_index"),
        callbacks.c.wait_seq
        == select(func.max(_others.c.wait_seq))
        .where(_others.c.process_id == bindparam("process_id"), _others.c.step_index == bindparam("step_index"))
        .scalar_subquery(),
    )
    .order_by(callbacks.c.record_seq, callbacks.c.id)
)
_of_execution = Prepared(
    select(callbacks).where(_mine, callbacks.c.record_seq == bindparam("record_seq")).order_by(callbacks.c.id)
)
_by_key = Prepared(
    select(callbacks)
    .join(callback_keys, callback_keys.c.callback_id == callbacks.c.id)
    .where(callback_keys.c.digest == bindparam("digest"), callbacks.c.process_id == bindparam("process_id"))
)
_process_by_key = Prepared(
    select(callbacks.c.process_id)
    .join(callback_keys, callback_keys.c.callback_id == callbacks.c.id)
    .where(callback_keys.c.digest == bindparam("digest"))
)
_issue = Prepared(insert(callbacks).inline(), callbacks.c.keys())
_add_key = Prepared(insert(callback_keys).inline(), callback_keys.c.keys())
_add_payload = Prepared(insert(payloads).inline(), payloads.c.keys())


def _change(*names: str) -> Prepared:
    change = update(callbacks).where(callbacks.c.id == bindparam("b_id"))
    return Prepared(change.values({name: bindparam(name) for name in names}))


_close = _change("status", "heartbeat_due_at")
_fail = _change("status", "heartbeat_due_at", "received_at", "failure", "receipt", "result_digest", "source")
_accept = _change(
    *("status", "heartbeat_due_at", "received_at", "is_early", "receipt", "result_digest", "result_bytes"),
    *("result_preview", "payload_id", "source"),
)
_judge = _change("status", "validation")
_reopen = _change(
    *("status", "expires_at", "heartbeat_due_at", "received_at", "failure", "receipt", "result_digest", "source"),
)


def issue(conn: Connection, callback: Callback, key: bytes) -> None:
    """Set up the mailbox with its first key (the SHA-256 of its token)."""
    _issue.run(conn, _values(callback))
    add_key(conn, callback.id, key)


def add_key(conn: Connection, callback_id: UUID, key: bytes) -> None:
    """Give the mailbox one more key: its action is run again, and either URL may be answered."""
    _add_key.run(conn, {"digest": key, "callback_id": callback_id})


def process_of_key(conn: Connection, key: bytes) -> UUID | None:
    """The process whose mailbox the key opens."""
    found = _process_by_key.first(conn, {"digest": key})
    return None if found is None else found["process_id"]


def of_key(conn: Connection, process_id: UUID, key: bytes) -> Callback | None:
    """The mailbox of the process that the key opens."""
    return _one(_by_key.first(conn, {"digest": key, "process_id": process_id}))


def by_ref(conn: Connection, service: str, ref: str) -> Callback | None:
    """The callback of the service's job of that name; of several the newest that is open, else the newest."""
    mine = select(callbacks).where(callbacks.c.service == service, callbacks.c.remote_ref == ref)
    newest = mine.order_by(IS_OPEN.desc(), callbacks.c.id.desc())
    found = conn.execute(newest.limit(1)).first()
    return None if found is None else callback_of(found)


def refer(conn: Connection, callback_id: UUID, ref: str) -> None:
    """Keep the remote service's own name for the job."""
    conn.execute(update(callbacks).where(callbacks.c.id == callback_id).values(remote_ref=ref))


def of_wait(conn: Connection, process_id: UUID, step_index: int) -> list[Callback]:
    """The mailboxes of the latest wait at that place, one of each name: of those that were issued again the last."""
    rows = _of_wait.all(conn, {"process_id": process_id, "step_index": step_index})
    latest = {row["name"]: Callback(**row) for row in rows}
    return list(latest.values())


def of_execution(conn: Connection, process_id: UUID, record_seq: int) -> list[Callback]:
    """The mailboxes whose URLs were handed out in that visit of an action."""
    return [Callback(**row) for row in _of_execution.all(conn, {"process_id": process_id, "record_seq": record_seq})]


def of_processes(conn: Connection, process_ids: Sequence[UUID]) -> dict[UUID, list[Callback]]:
    """Every mailbox of each process, oldest first."""
    rows = conn.execute(select(callbacks).where(callbacks.c.process_id.in_(process_ids)).order_by(callbacks.c.id))
    found: dict[UUID, list[Callback]] = {}
    for row in rows:
        found.setdefault(row.process_id, []).append(callback_of(row))
    return found


def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Callback]:
    """The mailboxes with those ids."""
    return {row.id: callback_of(row) for row in conn.execute(select(callbacks).where(callbacks.c.id.in_(ids)))}


def status_of_receipt(conn: Connection, receipt: str) -> CallbackStatus | None:
    """Where the callback stands whose letter has that receipt."""
    return conn.execute(select(callbacks.c.status).where(callbacks.c.receipt == receipt)).scalar()


def accept(conn: Connection, callback: Callback, result: AcceptedResult, *, is_early: bool, now: datetime) -> UUID:
    """Put the letter into the mailbox and close it; the id of the stored payload."""
    payload_id = keep_payload(conn, result.text)
    closed = {
        "b_id": callback.id,
        "status": CallbackStatus.RECEIVED,
        "heartbeat_due_at": None,
        "received_at": now,
        "is_early": is_early,
        "receipt": result.receipt,
        "result_digest": result.digest,
        "result_bytes": result.size,
        "result_preview": result.text[:PREVIEW] if result.preview is None else result.preview,
        "payload_id": payload_id,
        "source": result.source,
    }
    _accept.run(conn, closed)
    return payload_id


def close(conn: Connection, callback_id: UUID, status: CallbackStatus) -> None:
    """End a wait without a letter."""
    _close.run(conn, {"b_id": callback_id, "status": status, "heartbeat_due_at": None})


def fail(conn: Connection, callback_id: UUID, failure: Failure, *, receipt: str, digest: str, now: datetime) -> None:
    """End a wait with the failure that the remote service reported."""
    failed = {
        "b_id": callback_id,
        "status": CallbackStatus.FAILED_BY_REMOTE,
        "heartbeat_due_at": None,
        "received_at": now,
        "failure": failure,
        "receipt": receipt,
        "result_digest": digest,
        "source": ResultSource.CALLBACK,
    }
    _fail.run(conn, failed)


def reopen(conn: Connection, callback: Callback) -> None:
    """Let the mailbox take a letter again, until the deadline that it has now."""
    opened = {
        "b_id": callback.id,
        "status": CallbackStatus.PENDING,
        "expires_at": callback.expires_at,
        "heartbeat_due_at": callback.heartbeat_due_at,
        "received_at": None,
        "failure": None,
        "receipt": None,
        "result_digest": None,
        "source": None,
    }
    _reopen.run(conn, opened)


def judged(conn: Connection, callback_id: UUID, status: CallbackStatus, validation: Json) -> None:
    """Keep what the validation of the received letter came to."""
    _judge.run(conn, {"b_id": callback_id, "status": status, "validation": validation})


def open_of_process(conn: Connection, process_id: UUID) -> list[Callback]:
    """The mailboxes of the process that still wait for a letter."""
    waiting = select(callbacks).where(callbacks.c.process_id == process_id, IS_OPEN)
    return [callback_of(row) for row in conn.execute(waiting.order_by(callbacks.c.id))]


def reported(conn: Connection, callback_id: UUID, progress: Json, heartbeat_due_at: datetime | None) -> None:
    """Keep the latest progress beside the mailbox, and the new end of the silence it endures."""
    change = update(callbacks).where(callbacks.c.id == callback_id)
    conn.execute(change.values(progress=progress, heartbeat_due_at=heartbeat_due_at))


def results(conn: Connection, callbacks_of_wait: Sequence[Callback]) -> dict[UUID, Json]:
    """The accepted letters, by the id of the mailbox."""
    found = texts(conn, [callback.payload_id for callback in callbacks_of_wait if callback.payload_id is not None])
    return {box.id: decode(found[box.payload_id]) for box in callbacks_of_wait if box.payload_id is not None}


def keep_payload(conn: Connection, text: str) -> UUID:
    """Store a large value; its id."""
    payload_id = new_id()
    _add_payload.run(conn, {"id": payload_id, "text": text})
    return payload_id


def texts(conn: Connection, payload_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Stored payloads, as text."""
    query = select(payloads).where(payloads.c.id.in_(payload_ids))
    found: dict[UUID, str] = {}
    for row in within(conn, query, heavy=[payloads.c.text], order=["id"]):
        charge(len(row.text))
        found[row.id] = row.text
    return found


def callback_of(row: Row[Any]) -> Callback:
    """The mailbox of a row of the table."""
    return Callback(**row._mapping)


def _one(row: Mapping[str, Any] | None) -> Callback | None:
    return None if row is None else Callback(**row)


def _values(callback: Callback) -> dict[str, Any]:
    return {column.name: getattr(callback, column.name) for column in callbacks.c}
