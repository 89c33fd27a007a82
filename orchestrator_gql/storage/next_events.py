"""The read that every follower of the whole log makes after every commit.

Its statements are compiled once. On PostgreSQL they are one round trip: to build the same query anew and to compare it
with those that SQLAlchemy keeps takes ten times as long as to read the rows.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Integer,
    Text,
    bindparam,
    cast,
    literal_column,
    select,
    text,
    tuple_,
)

from orchestrator_gql.storage.database.prepared import Prepared, read_ahead
from orchestrator_gql.storage.event_order import GATE, is_postgres
from orchestrator_gql.storage.tables import events, pruned_until
from orchestrator_gql.storage.weight import bounded, room

UNLIMITED = 2**62
"""Bytes that no page has."""

_pruned = Prepared(select(pruned_until.c.cursor))

# The newest event decides. If PostgreSQL is asked for any event behind the gate, it may search the whole table.
_newest = select(events.c.tx).order_by(events.c.tx.desc(), events.c.id.desc()).limit(1).subquery("newest")
_held_back = Prepared(
    select(literal_column(f"newest.tx >= {GATE}", Boolean).label("is_held_back")).select_from(_newest)
)

_of_sqlite = Prepared(
    select(events).where(events.c.id > bindparam("id")).order_by(events.c.id).limit(bindparam("limit", type_=Integer))
)

_number = cast(cast(events.c.tx, Text), BigInteger).label("tx")
_place = tuple_(cast(bindparam("tx", type_=Text), events.c.tx.type), bindparam("id", type_=BigInteger))
_rows = (
    select(*(column for column in events.c if column.name != "tx"), _number)
    .where(tuple_(events.c.tx, events.c.id) > _place, text(f"events.tx < {GATE}"))
    .order_by(events.c.tx, events.c.id)
    .limit(bindparam("limit", type_=Integer))
    .subquery()
)
_of_postgres = Prepared(
    bounded(select(_rows), heavy=[_rows.c.payload], order=["tx", "id"], room=bindparam("room", type_=BigInteger))
)


def behind(conn: Connection, tx: int, id: int, limit: int) -> Iterator[dict[str, Any]]:
    """At most ``limit`` rows of the log behind the place, in order, and on PostgreSQL one beyond the allowance."""
    if not is_postgres(conn):
        return _of_sqlite.each(conn, {"id": id, "limit": limit})
    left = room()
    values = {"tx": str(tx), "id": id, "limit": limit, "room": UNLIMITED if left is None else left}
    read_ahead(conn, [(_of_postgres, values), (_pruned, {}), (_held_back, {})])
    return _of_postgres.each(conn, values)


def pruned_until_cursor(conn: Connection) -> str | None:
    """The cursor behind the last event that retention deleted; None if it deleted none."""
    pruned = _pruned.first(conn, {})
    return None if pruned is None else pruned["cursor"]


def is_held_back(conn: Connection) -> bool:
    """True if the log has committed events which the snapshot gate does not show yet: only on PostgreSQL."""
    if not is_postgres(conn):
        return False
    row = _held_back.first(conn, {})
    return row is not None and row["is_held_back"]
