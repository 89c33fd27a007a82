"""Renumbers the events of a log that was restored from a dump into another PostgreSQL cluster.

The log is read in the order of transaction numbers, which belong to the cluster. In a younger cluster the restored
numbers lie ahead, and no reader would see the events, perhaps for years.
"""

from sqlalchemy import Connection, Text, cast, func, literal, select, text, update

from orchestrator_gql.storage import outbox_cursor, pruned_events
from orchestrator_gql.storage.event_order import descending
from orchestrator_gql.storage.events import renumbered
from orchestrator_gql.storage.tables import events

OLDEST = "3"
"""The first number that PostgreSQL gives to a transaction: older than every transaction of the log."""

REMEDY = (
    "The event log was restored from another PostgreSQL cluster, so nobody sees its events: "
    "run `orchestrator-gql migrate --after-restore`."
)

_is_ahead = text("events.tx >= pg_snapshot_xmax(pg_current_snapshot())")


def is_from_other_cluster(conn: Connection) -> bool:
    """True if an event has a number that this cluster has not given to any transaction yet."""
    if conn.dialect.name != "postgresql":
        return False
    newest = select(events.c.id).where(_is_ahead).order_by(*descending(conn)).limit(1)
    return conn.execute(newest).first() is not None


def renumber(conn: Connection) -> int:
    """Make all restored events the oldest, in the order of their ids; returns their number, 0 if there is none.

    Events that were written after the restore have higher ids and keep their numbers. The cursor of the notifications
    moves along, so that each event is notified once.
    """
    if not is_from_other_cluster(conn):
        return 0
    last = conn.execute(select(func.max(events.c.id)).where(_is_ahead)).scalar_one()
    oldest = cast(literal(OLDEST, Text), events.c.tx.type)
    restored = events.c.id <= last
    count = conn.execute(update(events).where(restored, events.c.tx != oldest).values(tx=oldest)).rowcount
    pruned_events.renumber(conn, int(OLDEST), last)
    cursor = outbox_cursor.load(conn)
    if cursor is not None:
        outbox_cursor.replace(conn, renumbered(cursor, int(OLDEST), last))
    return count
