"""Mailboxes and the keys that open them; a token is known by its digest only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, bindparam, insert, select, update

from orchestrator_gql.callbacks.mailbox import Mailbox
from orchestrator_gql.storage.tables import callback_keys, callbacks, payloads
from orchestrator_gql.types import CallbackStatus, Failure, Json
from orchestrator_gql.utils.json import decode
from orchestrator_gql.utils.tokens import new_id

PREVIEW = 1024
"""Characters of a result that events and lists show."""


@dataclass(frozen=True, slots=True)
class Letter:
    """An accepted result, as text, with what identifies it."""

    text: str
    size: int
    digest: str
    receipt: str


_at_step = (
    select(callbacks)
    .where(callbacks.c.process_id == bindparam("process_id"), callbacks.c.step_index == bindparam("step_index"))
    .order_by(callbacks.c.record_seq.desc(), callbacks.c.id.desc())
    .limit(1)
)
_by_key = (
    select(callbacks)
    .join(callback_keys, callback_keys.c.callback_id == callbacks.c.id)
    .where(callback_keys.c.digest == bindparam("digest"), callbacks.c.process_id == bindparam("process_id"))
)
_process_by_key = (
    select(callbacks.c.process_id)
    .join(callback_keys, callback_keys.c.callback_id == callbacks.c.id)
    .where(callback_keys.c.digest == bindparam("digest"))
)


def issue(conn: Connection, mailbox: Mailbox, key: bytes) -> None:
    """Set up the mailbox with its first key (the SHA-256 of its token)."""
    conn.execute(insert(callbacks), _values(mailbox))
    add_key(conn, mailbox.id, key)


def add_key(conn: Connection, callback_id: UUID, key: bytes) -> None:
    """Give the mailbox one more key: its action is run again, and either URL may be answered."""
    conn.execute(insert(callback_keys), {"digest": key, "callback_id": callback_id})


def process_of_key(conn: Connection, key: bytes) -> UUID | None:
    """The process whose mailbox the key opens."""
    return conn.execute(_process_by_key, {"digest": key}).scalar()


def of_key(conn: Connection, process_id: UUID, key: bytes) -> Mailbox | None:
    """The mailbox of the process that the key opens."""
    return _one(conn, _by_key, digest=key, process_id=process_id)


def at_step(conn: Connection, process_id: UUID, step_index: int) -> Mailbox | None:
    """The latest mailbox of the wait at that place."""
    return _one(conn, _at_step, process_id=process_id, step_index=step_index)


def of_processes(conn: Connection, process_ids: Sequence[UUID]) -> dict[UUID, list[Mailbox]]:
    """Every mailbox of each process, oldest first."""
    rows = conn.execute(select(callbacks).where(callbacks.c.process_id.in_(process_ids)).order_by(callbacks.c.id))
    found: dict[UUID, list[Mailbox]] = {}
    for row in rows:
        found.setdefault(row.process_id, []).append(mailbox_of(row))
    return found


def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Mailbox]:
    """The mailboxes with those ids."""
    return {row.id: mailbox_of(row) for row in conn.execute(select(callbacks).where(callbacks.c.id.in_(ids)))}


def accept(conn: Connection, mailbox: Mailbox, letter: Letter, *, is_early: bool, now: datetime) -> UUID:
    """Put the letter into the mailbox and close it; the id of the stored payload."""
    payload_id = new_id()
    conn.execute(insert(payloads), {"id": payload_id, "text": letter.text})
    _close(
        conn,
        mailbox.id,
        status=CallbackStatus.RECEIVED,
        received_at=now,
        is_early=is_early,
        receipt=letter.receipt,
        result_digest=letter.digest,
        result_bytes=letter.size,
        result_preview=letter.text[:PREVIEW],
        payload_id=payload_id,
    )
    return payload_id


def close(conn: Connection, callback_id: UUID, status: CallbackStatus) -> None:
    """End a wait without a letter."""
    _close(conn, callback_id, status=status)


def fail(conn: Connection, callback_id: UUID, failure: Failure, *, receipt: str, digest: str, now: datetime) -> None:
    """End a wait with the failure that the remote service reported."""
    _close(
        conn,
        callback_id,
        status=CallbackStatus.FAILED_BY_REMOTE,
        received_at=now,
        failure=failure,
        receipt=receipt,
        result_digest=digest,
    )


def judged(conn: Connection, callback_id: UUID, status: CallbackStatus, validation: Json) -> None:
    """Keep what the validation of the received letter came to."""
    change = update(callbacks).where(callbacks.c.id == callback_id)
    conn.execute(change.values(status=status, validation=validation))


def open_of_process(conn: Connection, process_id: UUID) -> list[Mailbox]:
    """The mailboxes of the process that still wait for a letter."""
    waiting = select(callbacks).where(
        callbacks.c.process_id == process_id, callbacks.c.status == CallbackStatus.PENDING
    )
    return [mailbox_of(row) for row in conn.execute(waiting.order_by(callbacks.c.id))]


def reported(conn: Connection, callback_id: UUID, progress: Json, heartbeat_due_at: datetime | None) -> None:
    """Keep the latest progress beside the mailbox, and the new end of the silence it endures."""
    change = update(callbacks).where(callbacks.c.id == callback_id)
    conn.execute(change.values(progress=progress, heartbeat_due_at=heartbeat_due_at))


def result(conn: Connection, mailbox: Mailbox) -> Json:
    """The accepted letter."""
    return None if mailbox.payload_id is None else decode(texts(conn, [mailbox.payload_id])[mailbox.payload_id])


def texts(conn: Connection, payload_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Stored payloads, as text."""
    rows = conn.execute(select(payloads).where(payloads.c.id.in_(payload_ids)))
    return {row.id: row.text for row in rows}


def mailbox_of(row: Row[Any]) -> Mailbox:
    """The mailbox of a row of the table."""
    return Mailbox(**row._mapping)


def _one(conn: Connection, query: Select[Any], **values: object) -> Mailbox | None:
    row = conn.execute(query, values).one_or_none()
    return None if row is None else mailbox_of(row)


def _close(conn: Connection, callback_id: UUID, **values: object) -> None:
    conn.execute(update(callbacks).where(callbacks.c.id == callback_id).values(heartbeat_due_at=None, **values))


def _values(mailbox: Mailbox) -> dict[str, Any]:
    return {column.name: getattr(mailbox, column.name) for column in callbacks.c}
