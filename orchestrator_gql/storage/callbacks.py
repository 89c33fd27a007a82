"""Callbacks, the digests of their tokens, and their results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, RowMapping, and_, bindparam, func, insert, select, text, update

from orchestrator_gql.callbacks.rules import Callback
from orchestrator_gql.storage import columns
from orchestrator_gql.storage.by_id import ById
from orchestrator_gql.storage.database.prepared import Prepared, PreparedRead, keep_ahead
from orchestrator_gql.storage.tables import callback_keys, callbacks, payloads, processes
from orchestrator_gql.storage.tables.callbacks import PENDING
from orchestrator_gql.storage.weight import charge, within
from orchestrator_gql.types import CallbackStatus, Failure, Json, ResultSource
from orchestrator_gql.utils.json import decode
from orchestrator_gql.utils.json.text import PREVIEW

IS_OPEN = callbacks.c.status == CallbackStatus.PENDING
"""The condition that the callback waits for its result."""

IS_PENDING = and_(text(f"callbacks.{PENDING}"))
"""The same in these words: SQLite takes the index of the pending callbacks only if they stand in the statement."""


def is_overdue(now: Any, *, is_wanted: bool = True) -> ColumnElement[bool]:
    """The condition that the callback waits and its deadline has passed; without ``is_wanted`` the opposite."""
    return columns.is_overdue(IS_OPEN, callbacks.c.expires_at, now, is_wanted=is_wanted)


@dataclass(frozen=True, slots=True)
class AcceptedResult:
    """An accepted result as JSON text, with the ``id`` of its payload.

    ``size`` is in bytes, ``preview`` is the beginning of the text with masked secrets.
    """

    id: UUID
    text: str
    size: int
    digest: str
    receipt: str
    source: ResultSource = ResultSource.CALLBACK
    preview: str | None = None


_is_of_process = callbacks.c.process_id == bindparam("process_id")
_others = callbacks.alias()
_of_wait = Prepared(
    select(callbacks)
    .where(
        _is_of_process,
        callbacks.c.step_index == bindparam("step_index"),
        callbacks.c.wait_seq
        == select(func.max(_others.c.wait_seq))
        .where(_others.c.process_id == bindparam("process_id"), _others.c.step_index == bindparam("step_index"))
        .scalar_subquery(),
    )
    .order_by(callbacks.c.record_seq, callbacks.c.id)
)
_of_execution = Prepared(
    select(callbacks).where(_is_of_process, callbacks.c.record_seq == bindparam("record_seq")).order_by(callbacks.c.id)
)
_by_token_digest = Prepared(
    select(callbacks)
    .join(callback_keys, callback_keys.c.callback_id == callbacks.c.id)
    .where(callback_keys.c.digest == bindparam("digest"), callbacks.c.process_id == bindparam("process_id"))
)
_place_of_token_digest = Prepared(
    select(callbacks.c.process_id, callbacks.c.id)
    .join(callback_keys, callback_keys.c.callback_id == callbacks.c.id)
    .where(callback_keys.c.digest == bindparam("digest"))
)
_by_id = ById(select(callbacks), callbacks.c.id)
_by_process = ById(select(callbacks), callbacks.c.process_id, [callbacks.c.id])
reading_of_process = _by_process.reading
_issue = Prepared(insert(callbacks).inline(), callbacks.c.keys())
_text = Prepared(select(payloads).where(payloads.c.id == bindparam("id")))
_add_payload = Prepared(insert(payloads).inline(), payloads.c.keys())
_add_token_digest = Prepared(insert(callback_keys).inline(), callback_keys.c.keys())


@lru_cache
def _change(*names: str) -> Prepared:
    """Changes these columns of the callback ``b_id``."""
    change = update(callbacks).where(callbacks.c.id == bindparam("b_id"))
    return Prepared(change.values({name: bindparam(name) for name in names}), key=["b_id"])


def _store(conn: Connection, callback_id: UUID, **values: Any) -> None:
    """Store the values of these columns of the callback."""
    _change(*values).write(conn, {"b_id": callback_id, **values})


def issue(conn: Connection, callback: Callback, token_digest: bytes) -> None:
    """Store the callback with the SHA-256 digest of its first token."""
    _issue.write(conn, _values(callback))
    add_token_digest(conn, callback.id, token_digest)


def add_token_digest(conn: Connection, callback_id: UUID, token_digest: bytes) -> None:
    """Store the digest of another token: the action step runs again, and a result may come to either URL."""
    _add_token_digest.write(conn, {"digest": token_digest, "callback_id": callback_id})


def place_of_token_digest(conn: Connection, token_digest: bytes) -> tuple[UUID, UUID] | None:
    """The ids of the process and of its callback with that token digest."""
    row = _place_of_token_digest.first(conn, {"digest": token_digest})
    return None if row is None else (row["process_id"], row["id"])


def of_token_digest(conn: Connection, process_id: UUID, token_digest: bytes) -> Callback | None:
    """The callback of the process with that token digest."""
    return _callback(_by_token_digest.first(conn, reading_token_digest(process_id, token_digest)[1]))


def reading_token_digest(process_id: UUID, token_digest: bytes) -> PreparedRead:
    """The read of `of_token_digest`, see `read_ahead`."""
    return _by_token_digest, {"digest": token_digest, "process_id": process_id}


def by_ref(conn: Connection, service: str, ref: str) -> Callback | None:
    """The callback of the job with that external id. Of several: the newest that is open, else the newest."""
    query = select(callbacks).where(callbacks.c.service == service, callbacks.c.remote_ref == ref)
    newest = query.order_by(IS_OPEN.desc(), callbacks.c.id.desc())
    row = conn.execute(newest.limit(1)).first()
    return None if row is None else callback_of(row)


def is_action_running(conn: Connection, service: str) -> bool:
    """True if an action runs that may return an external id of the service: its callback is open and has no id yet."""
    may_return = (IS_OPEN, callbacks.c.service == service, callbacks.c.remote_ref.is_(None))
    is_before_wait = processes.c.position < callbacks.c.step_index  # a callback with a URL may wait without an id
    query = select(callbacks.c.id).join(processes, processes.c.id == callbacks.c.process_id)
    return conn.execute(query.where(*may_return, is_before_wait).limit(1)).first() is not None


def refer(conn: Connection, callback_id: UUID, ref: str) -> None:
    """Store the external id of the job, which the remote service gave it."""
    _store(conn, callback_id, remote_ref=ref)


def of_wait(conn: Connection, process_id: UUID, step_index: int) -> list[Callback]:
    """The callbacks of the latest wait at that step: for each name the callback that was issued last."""
    rows = _of_wait.all(conn, {"process_id": process_id, "step_index": step_index})
    latest = {row["name"]: callback_in(row) for row in rows}
    return list(latest.values())


def of_execution(conn: Connection, process_id: UUID, record_seq: int) -> list[Callback]:
    """The callbacks whose URLs were issued in that step execution."""
    return [callback_in(row) for row in _of_execution.all(conn, {"process_id": process_id, "record_seq": record_seq})]


def of_processes(conn: Connection, process_ids: Sequence[UUID]) -> dict[UUID, list[Callback]]:
    """All callbacks of each process, oldest first."""
    result: dict[UUID, list[Callback]] = {}
    for row in _by_process.rows(conn, process_ids):
        result.setdefault(row["process_id"], []).append(callback_in(row))
    return result


def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Callback]:
    """The callbacks with those ids."""
    return {row["id"]: callback_in(row) for row in _by_id.rows(conn, ids)}


def accept(conn: Connection, callback: Callback, result: AcceptedResult, *, is_early: bool, now: datetime) -> None:
    """Store the result and close the callback."""
    keep_payload(conn, result.id, result.text)
    _store(
        conn,
        callback.id,
        status=CallbackStatus.RECEIVED,
        heartbeat_due_at=None,
        received_at=now,
        is_early=is_early,
        receipt=result.receipt,
        result_digest=result.digest,
        result_bytes=result.size,
        result_preview=result.text[:PREVIEW] if result.preview is None else result.preview,
        payload_id=result.id,
        source=result.source,
    )


def close(conn: Connection, callback_id: UUID, status: CallbackStatus) -> None:
    """End the wait with that status, without a result."""
    _store(conn, callback_id, status=status, heartbeat_due_at=None)


def fail(conn: Connection, callback_id: UUID, failure: Failure, *, receipt: str, digest: str, now: datetime) -> None:
    """End the wait with the failure that the remote service reported."""
    _store(
        conn,
        callback_id,
        status=CallbackStatus.FAILED_BY_REMOTE,
        heartbeat_due_at=None,
        received_at=now,
        failure=failure,
        receipt=receipt,
        result_digest=digest,
        source=ResultSource.CALLBACK,
    )


def reopen(conn: Connection, callback: Callback) -> None:
    """Let the callback accept a result again, until its new deadline."""
    _store(
        conn,
        callback.id,
        status=CallbackStatus.PENDING,
        expires_at=callback.expires_at,
        heartbeat_due_at=callback.heartbeat_due_at,
        received_at=None,
        failure=None,
        receipt=None,
        result_digest=None,
        source=None,
    )


def judged(conn: Connection, callback_id: UUID, status: CallbackStatus, validation: Json) -> None:
    """Store the outcome of the validation step for the received result."""
    _store(conn, callback_id, status=status, validation=validation)


def open_of_process(conn: Connection, process_id: UUID) -> list[Callback]:
    """The callbacks of the process that still wait for a result, oldest first."""
    waiting = select(callbacks).where(callbacks.c.process_id == process_id, IS_OPEN)
    return [callback_of(row) for row in conn.execute(waiting.order_by(callbacks.c.id))]


def reported(conn: Connection, callback_id: UUID, progress: Json, heartbeat_due_at: datetime | None) -> None:
    """Store the latest progress report and the time when the next report is due."""
    _store(conn, callback_id, progress=progress, heartbeat_due_at=heartbeat_due_at)


def results(conn: Connection, callbacks_of_wait: Sequence[Callback]) -> dict[UUID, Json]:
    """The accepted results, by the id of the callback."""
    payload_ids = {
        callback.id: callback.payload_id for callback in callbacks_of_wait if callback.payload_id is not None
    }
    loaded = texts(conn, list(payload_ids.values()))
    return {id: decode(loaded[payload_id]) for id, payload_id in payload_ids.items()}


def keep_payload(conn: Connection, payload_id: UUID, text: str) -> None:
    """Store a large value."""
    _add_payload.write(conn, {"id": payload_id, "text": text})


def texts(conn: Connection, payload_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The stored payloads with those ids, as JSON text."""
    if not payload_ids:
        return {}
    loaded: dict[UUID, str] = {}
    if len(payload_ids) == 1:
        for found in _text.each(conn, {"id": payload_ids[0]}):
            charge(len(found["text"]))
            loaded[found["id"]] = found["text"]
        return loaded
    query = select(payloads).where(payloads.c.id.in_(payload_ids))
    for row in within(conn, query, heavy=[payloads.c.text], order=["id"]):
        charge(len(row.text))
        loaded[row.id] = row.text
    return loaded


def know_text(conn: Connection, payload_id: UUID, text: str) -> None:
    """Let the next `texts` of that id alone return the text, which another statement has read."""
    keep_ahead(conn, (_text, {"id": payload_id}), [(payload_id, text)])


def callback_of(row: Row[Any]) -> Callback:
    """The callback of a row of the table."""
    return callback_in(row._mapping)


_FIELDS = {"round": "issue_number"}
"""The fields of a callback whose columns have another name."""


def callback_in(row: Mapping[str, Any] | RowMapping) -> Callback:
    """The callback of a row as a mapping."""
    values = dict(row)
    for name, own in _FIELDS.items():
        values[own] = values.pop(name)
    return Callback(**values)


def _callback(row: Mapping[str, Any] | None) -> Callback | None:
    return None if row is None else callback_in(row)


def _values(callback: Callback) -> dict[str, Any]:
    return {column.name: getattr(callback, _FIELDS.get(column.name, column.name)) for column in callbacks.c}
