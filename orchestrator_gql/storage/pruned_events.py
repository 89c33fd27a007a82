"""Deletes the events of removed processes, and remembers how far the log has gaps.

A reader that resumes before a deleted event would not notice the gap. So one row keeps the cursor behind the last event
that was deleted, and a reader in front of it is asked to load everything anew. The newest event of the log stays as a
row without a process: SQLite would give its id, and so its cursor, to another event.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update

from orchestrator_gql.storage import engine_state
from orchestrator_gql.storage.columns import among
from orchestrator_gql.storage.events import is_before, last_cursor, newest_id, renumbered
from orchestrator_gql.storage.tables import events, pruned_until
from orchestrator_gql.types import EventKind


def remove(conn: Connection, process_ids: Sequence[UUID], most: int) -> int:
    """Delete at most ``most`` events of the processes; the number of events that went."""
    own = select(events.c.id).where(among(conn, events.c.process_id, process_ids)).limit(most)
    ids = list(conn.execute(own).scalars())
    if not ids:
        return 0
    newest = newest_id(conn)
    _note(conn, last_cursor(conn, ids))
    if newest in ids:
        status = engine_state.load(conn)
        payload = {"state": status.state, "reason": status.reason}
        values = {"kind": EventKind.ENGINE_STATE_CHANGED, "process_id": None, "actor": None, "payload": payload}
        conn.execute(update(events).where(events.c.id == newest).values(values))
    conn.execute(delete(events).where(events.c.id.in_(ids), events.c.id != newest))
    return len(ids)


def load(conn: Connection) -> str | None:
    """The cursor behind the last event that was deleted; None if none was."""
    return conn.execute(select(pruned_until.c.cursor)).scalar()


def renumber(conn: Connection, tx: int, last: int) -> None:
    """Move the cursor along with the events up to the id ``last``, which got the number ``tx``."""
    known = load(conn)
    if known is not None:
        conn.execute(update(pruned_until).values(cursor=renumbered(known, tx, last)))


def _note(conn: Connection, cursor: str) -> None:
    known = load(conn)
    if known is None:
        conn.execute(insert(pruned_until), {"id": 1, "cursor": cursor})
    elif is_before(known, cursor):
        conn.execute(update(pruned_until).values(cursor=cursor))
