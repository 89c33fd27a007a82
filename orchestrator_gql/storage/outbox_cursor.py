"""The cursor up to which the event log was read for notifications: one row, moved by compare-and-set."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from orchestrator_gql.storage.database.pipeline import savepoint
from orchestrator_gql.storage.tables import notified_until


def load(conn: Connection) -> str | None:
    """The cursor behind the last event that was read; None if no target was ever configured."""
    return conn.execute(select(notified_until.c.cursor)).scalar()


def begin(conn: Connection, cursor: str, now: datetime) -> None:
    """Start behind the cursor; if another server was first, its cursor stays."""
    try:
        with savepoint(conn):
            conn.execute(insert(notified_until), {"id": 1, "cursor": cursor, "at": now})
    except IntegrityError:
        return


def move(conn: Connection, previous: str, cursor: str, now: datetime) -> bool:
    """Move the cursor, in the transaction that stores the notifications. False: another server moved it first."""
    change = update(notified_until).where(notified_until.c.cursor == previous)
    return conn.execute(change.values(cursor=cursor, at=now)).rowcount == 1


def replace(conn: Connection, cursor: str) -> None:
    """Store another cursor for the same place: the events were renumbered."""
    conn.execute(update(notified_until).values(cursor=cursor))


def leave(conn: Connection) -> None:
    """Delete the cursor, because no target is configured: a later target does not receive the events until then."""
    conn.execute(delete(notified_until))
