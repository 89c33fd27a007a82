"""The durable event log, in commit order, read from a cursor.

SQLite has one writer, so the order of ids is the order of commits. On PostgreSQL an id is assigned long before its
commit, so ``id > last`` would skip rows that commit late. There a reader reads in the order of ``(tx, id)``, and only
rows of transactions that are older than every running transaction (the snapshot gate)::

    committed  committed  running  committed
        tx 7       tx 8      tx 9      tx 10
    ──────────────────────▶│ gate: xmin = 9, so tx 10 waits until 9 has ended

All databases of a cluster share the numbers. If an event has waited for more than a second, the gate leaves out running
transactions that are known to belong to another database: they cannot write this log. A transaction that ended since
the snapshot was taken is not known any more, and counts.
"""

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, insert, literal, select, text

from orchestrator_gql.storage import next_events
from orchestrator_gql.storage.columns import each, failure_to_json
from orchestrator_gql.storage.database.after_commit import commit_effects
from orchestrator_gql.storage.database.prepared import Prepared
from orchestrator_gql.storage.event_order import (
    GATE,
    ascending,
    behind,
    descending,
    is_postgres,
    names,
    readable,
    tx_of,
    up_to,
)
from orchestrator_gql.storage.tables import events, processes
from orchestrator_gql.storage.weight import TooHeavy, free, has_room, within
from orchestrator_gql.types import Event, EventKind, Failure
from orchestrator_gql.utils.errors import CursorInvalid

T = TypeVar("T")

WINDOW = 5_000
"""Rows of the log that one read with a filter searches."""


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Selects events; None means any."""

    process_ids: tuple[UUID, ...] | None = None
    workflow_names: tuple[str, ...] | None = None
    kinds: tuple[EventKind, ...] | None = None
    assignee_keys: tuple[str, ...] | None = None

    @property
    def asks_about_processes(self) -> bool:
        """True if the events alone do not decide: `fitting` needs the rows of their processes."""
        return self.workflow_names is not None or self.assignee_keys is not None

    @property
    def searches_log(self) -> bool:
        """True if all events must be looked at: no index leads to those that fit."""
        return self.process_ids is None and self != EventFilter()

    def may_select(self, event: Event) -> bool:
        """False if the event does not fit, whatever the row of its process is."""
        return (self.process_ids is None or event.process_id in self.process_ids) and (
            self.kinds is None or event.kind in self.kinds
        )


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """The position of an event in the log; a later event has a larger place."""

    tx: int
    id: int

    @property
    def cursor(self) -> str:
        return _cursor(self.tx, self.id)


@lru_cache(maxsize=1024)
def _cursor(tx: int, id: int) -> str:
    """The cursor of a place. The readers of the log ask for the same few places, one after the other."""
    return base64.urlsafe_b64encode(f"{tx}.{id}".encode()).decode().rstrip("=")


BEGINNING = Place(0, 0).cursor
"""The cursor before the first event of the log."""


@dataclass(frozen=True, slots=True)
class Page:
    """Events in order, and the cursor behind all that were searched; ``has_more``: perhaps others follow."""

    events: tuple[Event, ...]
    cursor: str
    has_more: bool


_append = Prepared(insert(events).inline(), ["kind", "process_id", "actor", "payload", "at"])


_next_transaction = text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")


def append(conn: Connection, new: Sequence[Event]) -> None:
    """Write events at the end of the log, in order."""
    if not new:
        return
    _append.write_each(conn, [_values(event) for event in new])
    commit_effects(conn).has_events = True


def append_for_each(conn: Connection, event: Event, process_ids: Sequence[UUID]) -> None:
    """Write the same event for each of the processes, in one statement."""
    row = {**_values(event), "process_id": each(conn, process_ids)}
    values = [value if name == "process_id" else literal(value, events.c[name].type) for name, value in row.items()]
    conn.execute(insert(events).from_select(list(row), select(*values)))
    commit_effects(conn).has_events = True


def end(conn: Connection) -> str:
    """The cursor behind the last event that can be read now."""
    last = select(events.c.id, tx_of(conn)).order_by(*descending(conn)).limit(1)
    row = conn.execute(last.where(*readable(conn))).one_or_none()
    return Place(row[1], row[0]).cursor if row else BEGINNING


def is_forgotten(conn: Connection, cursor: str) -> bool:
    """True if a reader would miss events: some behind the cursor were pruned, or this log never gave out the cursor.

    A database that was restored from an older copy, or into another PostgreSQL server, continues with older numbers:
    behind a cursor with a higher number no event would come for a long time, perhaps never. A cursor that is ahead of
    the log may also be invented. The readers of one server share what was read up to a place, so they would all miss
    the events before it.
    """
    if is_before(end(conn), cursor) or is_pruned(conn, cursor):
        return True
    if is_postgres(conn):
        if cursor == BEGINNING:
            return False  # failed transactions may have taken the first ids, so a missing id proves nothing
        if _is_renumbered(conn, place_of(cursor)):
            return True
    first = conn.execute(select(func.min(events.c.id))).scalar()
    return first is not None and place_of(cursor).id < first - 1


def is_pruned(conn: Connection, cursor: str) -> bool:
    """True if retention deleted an event behind the cursor."""
    pruned = next_events.pruned_until_cursor(conn)  # every batch of every subscription asks this
    return pruned is not None and is_before(cursor, pruned)


def is_before(cursor: str, other: str) -> bool:
    """True if the cursor is before the other in the order of the log; on SQLite all transactions have the number 0."""
    return place_of(cursor) < place_of(other)


def last_cursor(conn: Connection, ids: Sequence[int]) -> str:
    """The cursor behind the last of the events, which exist."""
    query = select(events.c.id, tx_of(conn)).where(events.c.id.in_(ids)).order_by(*descending(conn)).limit(1)
    id, tx = conn.execute(query).one()
    return Place(tx, id).cursor


def newest_id(conn: Connection) -> int:
    """The id of the last event of the log, whether it can be read already or not."""
    newest: int = conn.execute(select(events.c.id).order_by(*descending(conn)).limit(1)).scalar_one()
    return newest


def _is_renumbered(conn: Connection, place: Place) -> bool:
    """True if the event at the place has another number since a restore: the cursor would lead behind other events."""
    stored = conn.execute(select(tx_of(conn)).where(events.c.id == place.id)).scalar()
    return stored is not None and stored != place.tx


def renumbered(cursor: str, tx: int, last: int) -> str:
    """The cursor after the events up to the id ``last`` got the number ``tx``."""
    place = place_of(cursor)
    return Place(tx, place.id).cursor if 0 < place.id <= last else cursor


def is_ahead(conn: Connection, cursor: str) -> bool:
    """True if the cursor is of another database, with higher numbers than this database has reached."""
    place = place_of(cursor)
    if is_postgres(conn):
        return bool(place.tx >= conn.execute(_next_transaction).scalar_one())
    return place.id > (conn.execute(select(func.max(events.c.id))).scalar() or 0)


def lag(conn: Connection, now: datetime) -> float:
    """Seconds since the oldest event that is committed but not readable yet; 0 if all events are readable.

    It grows while any writing transaction of this database stays open.
    """
    if not is_postgres(conn):
        return 0.0
    held_back = select(func.min(events.c.at)).where(text(f"events.tx >= {GATE}"))
    oldest = conn.execute(held_back).scalar()
    return max((now - oldest).total_seconds(), 0.0) if oldest else 0.0


def after(conn: Connection, cursor: str, filters: EventFilter, limit: int) -> Page:
    """At most ``limit`` events behind the cursor that match the filter; fewer if they exceed the allowance of the read.

    A filter that no index answers is applied to the next `WINDOW` events, so that no read goes through millions of
    rows: a page may be empty and have more. After the last match the cursor of the page is behind all events that were
    searched, so that the other events are not searched again.
    The first event is always returned, however large it is: otherwise no reader could get behind it.
    """
    try:
        return _after(conn, cursor, filters, limit)
    except TooHeavy:
        with free():
            return _after(conn, cursor, filters, 1)


def _after(conn: Connection, cursor: str, filters: EventFilter, limit: int) -> Page:
    place = place_of(cursor)
    if filters == EventFilter():
        return _next_of_all(conn, place, limit)
    query, window = _query(conn, place, filters), None
    if filters.searches_log:
        window = _window(conn, place)
        if window is None:
            return Page((), cursor, has_more=False)
        query = query.where(up_to(conn, window.end.tx, window.end.id))
    rows_of_page = query.limit(limit + 1).subquery()
    statement = select(rows_of_page)
    rows, is_cut = _fitting(within(conn, statement, heavy=[rows_of_page.c.payload], order=names(conn)))
    page_events = tuple(map(_event, rows[:limit]))
    if is_cut or len(rows) > limit:
        return Page(page_events, page_events[-1].cursor if page_events else cursor, has_more=True)
    if window is not None:
        return Page(page_events, window.end.cursor, window.is_full)
    return Page(page_events, end(conn), has_more=False)


@dataclass(frozen=True, slots=True)
class _Window:
    """The part of the log that one read searches."""

    end: Place
    is_full: bool


def _window(conn: Connection, place: Place) -> _Window | None:
    """The next `WINDOW` events behind the place; None if there is none."""
    conditions = [behind(conn, place.tx, place.id), *readable(conn)]
    rows = select(events.c.id, tx_of(conn).label("txid")).where(*conditions)
    # The last row by its place in the index: to count all rows of the window takes ten times as long.
    last = conn.execute(rows.order_by(*ascending(conn)).offset(WINDOW - 1).limit(1)).one_or_none()
    if last is not None:
        return _Window(_row_place(last), is_full=True)
    newest = conn.execute(rows.order_by(*descending(conn)).limit(1)).one_or_none()
    return None if newest is None else _Window(_row_place(newest), is_full=False)


def fitting(conn: Connection, found: Sequence[Event], filters: EventFilter) -> tuple[Event, ...]:
    """The events that match the filter, as `after` would select them now."""
    selected = tuple(event for event in found if filters.may_select(event))
    if not selected or not filters.asks_about_processes:
        return selected
    query = select(processes.c.id).where(processes.c.id.in_({event.process_id for event in selected}))
    if filters.workflow_names is not None:
        query = query.where(processes.c.workflow_name.in_(filters.workflow_names))
    if filters.assignee_keys is not None:
        query = query.where(processes.c.assignee.in_(filters.assignee_keys))
    ids = set(conn.execute(query).scalars())
    return tuple(event for event in selected if event.process_id in ids)


def _next_of_all(conn: Connection, place: Place, limit: int) -> Page:
    """The page that every reader without a filter reads after every commit."""
    rows, is_cut = _fitting(next_events.behind(conn, place.tx, place.id, limit + 1))
    places = [Place(row.pop("tx"), row.pop("id")) for row in rows]
    page_events = [Event(**row, cursor=at.cursor) for row, at in zip(rows[:limit], places, strict=False)]
    end_place = places[len(page_events) - 1] if page_events else place
    return Page(tuple(page_events), end_place.cursor, is_cut or len(rows) > limit)


def _fitting(rows: Iterable[T]) -> tuple[list[T], bool]:
    """The rows that fit the allowance, and whether there are more. Raises `TooHeavy` if the first row does not fit."""
    loaded: list[T] = []
    try:
        for row in rows:
            if loaded and not has_room():
                return loaded, True
            loaded.append(row)
    except TooHeavy:
        if not loaded:
            raise
        return loaded, True
    return loaded, False


def _query(conn: Connection, place: Place, filters: EventFilter) -> Select[Any]:
    query = select(events, tx_of(conn).label("txid"))
    conditions = [behind(conn, place.tx, place.id), *readable(conn)]
    if filters.process_ids is not None:
        conditions.append(events.c.process_id.in_(filters.process_ids))
    if filters.kinds is not None:
        conditions.append(events.c.kind.in_(filters.kinds))
    # Not a join: the database would begin with all processes of the workflow, and there may be a million.
    if filters.workflow_names is not None:
        conditions.append(_of_process(processes.c.workflow_name).in_(filters.workflow_names))
    if filters.assignee_keys is not None:
        conditions.append(_of_process(processes.c.assignee).in_(filters.assignee_keys))
    return query.where(and_(*conditions)).order_by(*ascending(conn))


def _of_process(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return select(column).where(processes.c.id == events.c.process_id).correlate(events).scalar_subquery()


def _row_place(row: Row[Any]) -> Place:
    return Place(int(row.txid), row.id)


@lru_cache(maxsize=1024)
def place_of(cursor: str) -> Place:
    """The place of the cursor. Raises `CursorInvalid`."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        tx, _, id = raw.partition(".")
        place = Place(int(tx), int(id))
    except (ValueError, binascii.Error, UnicodeDecodeError) as error:
        raise CursorInvalid from error
    if not (0 <= place.tx < 2**63 and 0 <= place.id < 2**63):
        raise CursorInvalid
    return place


def _values(event: Event) -> dict[str, Any]:
    return {
        "kind": event.kind,
        "process_id": event.process_id,
        "actor": event.actor,
        "payload": _plain(event.payload),
        "at": event.at,
    }


def _plain(payload: dict[str, Any]) -> dict[str, Any]:
    """The payload with its failures as JSON objects."""
    if Failure not in {*map(type, payload.values())}:
        return payload
    failures = {key: failure_to_json(value) for key, value in payload.items() if isinstance(value, Failure)}
    return payload | failures


def _event(row: Row[Any]) -> Event:
    return Event(row.kind, row.at, row.process_id, row.actor, row.payload, _row_place(row).cursor)
