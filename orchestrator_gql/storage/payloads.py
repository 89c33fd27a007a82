"""The payloads: results of callbacks and large values of states, as JSON text in rows of their own.

Nothing may refer to a payload any more: an operator's result replaces the result of a callback, and a step overwrites a
large value of the state. A payload and the first reference to it are stored in one transaction, and no reference comes
back. So a payload without a reference is not used again, and retention deletes it.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, insert, select

from orchestrator_gql.storage.columns import among
from orchestrator_gql.storage.database.prepared import Prepared, keep_ahead
from orchestrator_gql.storage.tables import callbacks, payloads, processes
from orchestrator_gql.storage.weight import charge, within

PAGE = 500
"""Rows in which one read looks for payloads that nothing refers to."""

BEGINNING = UUID(int=0)

_text = Prepared(select(payloads).where(payloads.c.id == bindparam("id")))
_add = Prepared(insert(payloads).inline(), payloads.c.keys())


def keep(conn: Connection, id: UUID, text: str) -> None:
    """Store a payload."""
    _add.write(conn, {"id": id, "text": text})


def texts(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, str]:
    """The payloads with those ids, as JSON text."""
    if not ids:
        return {}
    loaded: dict[UUID, str] = {}
    if len(ids) == 1:
        for found in _text.each(conn, {"id": ids[0]}):
            charge(len(found["text"]))
            loaded[found["id"]] = found["text"]
        return loaded
    for row in within(conn, select(payloads).where(payloads.c.id.in_(ids)), heavy=[payloads.c.text], order=["id"]):
        charge(len(row.text))
        loaded[row.id] = row.text
    return loaded


def keep_text_ahead(conn: Connection, id: UUID, text: str) -> None:
    """Let the text be what `texts` reads next for this payload alone: another read has found it."""
    keep_ahead(conn, (_text, {"id": id}), [(id, text)])


def without_callback(conn: Connection, after: UUID) -> tuple[list[UUID], UUID | None]:
    """The payloads of the page behind the id that no callback refers to, and the last id; None behind the last page."""
    query = select(payloads.c.id).where(payloads.c.id > after).order_by(payloads.c.id).limit(PAGE)
    ids = list(conn.execute(query).scalars())
    used_ids = select(callbacks.c.payload_id).where(among(conn, callbacks.c.payload_id, ids))
    used = set(conn.execute(used_ids).scalars()) if ids else set()
    return [id for id in ids if id not in used], ids[-1] if ids else None


def in_states(conn: Connection, after: UUID) -> tuple[set[UUID], UUID | None]:
    """The payloads to which the states of the page of processes refer, and the last id; None behind the last page."""
    c = processes.c
    rows = conn.execute(select(c.id, c.stored).where(c.id > after).order_by(c.id).limit(PAGE)).all()
    used = {UUID(id) for row in rows if row.stored for id, _ in row.stored.values()}
    return used, rows[-1].id if rows else None


def remove(conn: Connection, ids: Sequence[UUID]) -> int:
    """Delete the payloads; their number."""
    return conn.execute(delete(payloads).where(among(conn, payloads.c.id, ids))).rowcount
