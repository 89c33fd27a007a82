"""How far the event log was read for notifications: one row, moved by compare-and-set."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from orchestrator_gql.storage.tables import notified_until


def load(conn: Connection) -> str | None:
    """The cursor behind what was told of; None where nobody was ever configured to be told."""
    return conn.execute(select(notified_until.c.cursor)).scalar()


def begin(conn: Connection, cursor: str, now: datetime) -> None:
    """Begin behind the cursor; where another server was first, its place stays."""
    try:
        with conn.begin_nested():
            conn.execute(insert(notified_until), {"id": 1, "cursor": cursor, "at": now})
    except IntegrityError:
        return


def move(conn: Connection, was: str, cursor: str, now: datetime) -> bool:
    """Move on, in the transaction that keeps what is to be told. False: another server told of it first."""
    mine = update(notified_until).where(notified_until.c.cursor == was)
    return conn.execute(mine.values(cursor=cursor, at=now)).rowcount == 1


def leave(conn: Connection) -> None:
    """Forget the place: nobody is told any more, and whoever is configured later is not told of what was meanwhile."""
    conn.execute(delete(notified_until))
