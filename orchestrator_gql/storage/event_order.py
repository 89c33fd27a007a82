"""The order of the event log as conditions and columns: by id on SQLite, by transaction and id on PostgreSQL."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Text, cast, literal, text, tuple_

from orchestrator_gql.storage.tables import events

GATE = """(
    SELECT CASE WHEN (
        SELECT TRUE FROM events AS held
        WHERE held.tx >= pg_snapshot_xmin(pg_current_snapshot()) AND held.at < now() - interval '1 second'
        ORDER BY held.tx, held.id LIMIT 1
    ) THEN coalesce((
        SELECT running FROM pg_snapshot_xip(pg_current_snapshot()) AS running
        WHERE NOT EXISTS (
            SELECT FROM pg_stat_activity AS session
            WHERE session.backend_xid = running::xid AND session.datname <> current_database()
        ) AND NOT EXISTS (
            SELECT FROM pg_prepared_xacts AS prepared
            WHERE prepared.transaction = running::xid AND prepared.database <> current_database()
        )
        ORDER BY running LIMIT 1
    ), pg_snapshot_xmax(pg_current_snapshot())) ELSE pg_snapshot_xmin(pg_current_snapshot()) END
)"""
"""The first transaction whose events are not readable yet.

The order keeps PostgreSQL on the index. Asked whether any such event EXISTS, it may expect many, search the table from
its beginning, and look at the whole log for each read: it did so as soon as its statistics showed long transactions.
"""


def is_postgres(conn: Connection) -> bool:
    """True if the log is read in the order of transactions."""
    return conn.dialect.name == "postgresql"


def tx_of(conn: Connection) -> ColumnElement[int]:
    """The number of the transaction of an event."""
    return cast(cast(events.c.tx, Text), BigInteger) if is_postgres(conn) else events.c.tx


def names(conn: Connection) -> tuple[str, ...]:
    """The names of the columns by which the log is ordered."""
    return ("tx", "id") if is_postgres(conn) else ("id",)


def ascending(conn: Connection) -> tuple[ColumnElement[Any], ...]:
    """The oldest event first."""
    return (events.c.tx, events.c.id) if is_postgres(conn) else (events.c.id,)


def descending(conn: Connection) -> tuple[ColumnElement[Any], ...]:
    """The newest event first."""
    return tuple(column.desc() for column in ascending(conn))


def behind(conn: Connection, tx: int, id: int) -> ColumnElement[bool]:
    """The events after that place of the log."""
    if not is_postgres(conn):
        return events.c.id > id
    return tuple_(events.c.tx, events.c.id) > _place(tx, id)


def up_to(conn: Connection, tx: int, id: int) -> ColumnElement[bool]:
    """The event at that place of the log, and the events before it."""
    if not is_postgres(conn):
        return events.c.id <= id
    return tuple_(events.c.tx, events.c.id) <= _place(tx, id)


def _place(tx: int, id: int) -> ColumnElement[Any]:
    return tuple_(cast(literal(str(tx), Text), events.c.tx.type), literal(id))


def readable(conn: Connection) -> list[ColumnElement[bool]]:
    """The events that can be read now: behind them no event can come into the log before them."""
    return [text(f"events.tx < {GATE}")] if is_postgres(conn) else []  # type: ignore[list-item]
