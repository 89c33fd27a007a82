"""The segments of processes by which lists are found: groups of a thousand that were started one after the other.

A segment is a stretch of time, and its terms are those of all texts of its processes, and of their facts, such as a
product (`process_facts`). So a list reads only the processes of the segments that have the terms of its filter::

    segment     1         2         3      …     41        42 is open
    "corn"    ░░░░░░░   ▓▓▓▓▓▓▓   ░░░░░░░      ░░░░░░░   ▓▓▓▓▓▓▓

Triggers note each new process, each new note and product, and each process of an older segment that comes to rest with
facts that the segment does not have. So a process is either noted, or its terms are in the segment of its start. The
list reads the segments of those that are noted, too. The newest segment is open: nobody has its terms yet.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    Select,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from orchestrator_gql.process.search_terms import terms_of, terms_to_find
from orchestrator_gql.storage import process_facts
from orchestrator_gql.storage.advisory_locks import key_of
from orchestrator_gql.storage.columns import among
from orchestrator_gql.storage.process_filters import LONGEST_ID, ProcessFilter, Span, digits_of_id
from orchestrator_gql.storage.tables import (
    process_segments,
    process_subscriptions,
    process_terms,
    processes,
    product_subscriptions,
    products,
    unindexed_processes,
)

SIZE = 1_000
"""Processes of a segment. Smaller ones have more terms altogether; of larger ones more processes are read in vain."""

BATCH = 250
"""Processes whose terms one transaction stores: on SQLite nobody else writes meanwhile."""

MOST_SPANS = 20
"""Stretches of time that a search reads one by one; behind the last of them it reads everything."""

EARLIEST, LATEST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
"""The bounds of all time. Without the second bound, or the first, PostgreSQL prepares to read a third of all rows."""

SLACK, LEAST_SLACK = 4, timedelta(hours=1)
"""A segment's time of the last change is later than it is: by this part of the time since the first start, or an hour.
Else each process that comes to rest later would be noted."""

INSTANT = timedelta(microseconds=1)
_S, _T, _U = process_segments.c, process_terms.c, unindexed_processes.c
_FACTS = ("status", "workflow_name", "target", "assignee", "created_by")
_STANDING = [processes.c[name] for name in ("id", "version", "status", "assignee", "updated_at")]
_open = select(func.max(_S.number)).scalar_subquery()
_open_begins_at = select(func.max(_S.begins_at)).scalar_subquery()
_take_turn = select(func.pg_try_advisory_xact_lock(key_of("process_segments")))


def _number_at(time: ColumnElement[datetime]) -> ScalarSelect[int]:
    """The number of the segment to which a process belongs that was started at the time."""
    return select(_S.number).where(_S.begins_at <= time).order_by(_S.begins_at.desc()).limit(1).scalar_subquery()


_is_late = _U.started_at < _open_begins_at
_unknown = select(_open.label("number")).union(select(_number_at(_U.started_at)).where(_is_late)).cte("unknown")
_is_unknown = _S.number.in_(select(_unknown.c.number))
"""The condition that a segment has processes whose terms are not stored yet."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment; between the times is the last change of each of its processes that is at rest. None means any."""

    number: int
    changed_from: datetime | None
    changed_until: datetime | None


@dataclass(frozen=True, slots=True)
class Found:
    """The segments in which all processes are that match a filter, and others, and the spans of their starts."""

    segments: Sequence[Segment]
    spans: Sequence[Span]


def segments_of(
    conn: Connection, filters: ProcessFilter, *, is_newest_first: bool, most: int | None = None
) -> Found | None:
    """The segments in which processes may match the filter by its text and facts; None if it may be any segment.

    With ``most`` only so many of the newest.
    """
    conditions = [*_has_text(filters), *_has_facts(conn, filters)]
    if not conditions:
        return None
    times = (case((_is_unknown, None), else_=each) for each in (_S.changed_from, _S.changed_until))
    query = select(_S.number, *times).where(or_(and_(*conditions), _is_unknown))
    rows = conn.execute(query.order_by(_S.number.desc()).limit(most)).all()
    segments = [Segment(*row) for row in reversed(rows)]
    return Found(segments, spans_of(conn, segments, is_newest_first=is_newest_first))


def spans_of(conn: Connection, segments: Sequence[Segment], *, is_newest_first: bool = True) -> list[Span]:
    """The spans of the segments, which are in the order of their numbers; at most `MOST_SPANS`."""
    runs = _runs([each.number for each in segments], is_newest_first=is_newest_first)
    bounds = {number for run in runs for number in run}
    times = dict(map(tuple, conn.execute(select(_S.number, _S.begins_at).where(_S.number.in_(bounds - {1})))))
    return [Span(times.get(first, EARLIEST), times.get(behind, LATEST)) for first, behind in runs]


def _has_text(filters: ProcessFilter) -> list[ColumnElement[bool]]:
    """The condition that a segment may have the text of the search; none if it may be any segment.

    None also for the beginning of an id: each thousand processes have the same digits in their ids.
    """
    text = filters.search or ""
    terms, digits = terms_to_find(text), digits_of_id(text)
    if not terms or (digits is not None and len(digits) < LONGEST_ID):
        return []
    has_all = select(_T.segment).where(_T.term.in_(terms)).group_by(_T.segment).having(func.count() == len(terms))
    ways: list[ColumnElement[bool]] = [_S.number.in_(has_all)]
    if filters.found_workflows:
        ways.append(_has_one(filters.found_workflows))
    if digits is not None:
        ways.append(_S.number.in_(select(_number_at(processes.c.started_at)).where(processes.c.id == UUID(digits))))
    return [or_(*ways)]


def _has_facts(conn: Connection, filters: ProcessFilter) -> list[ColumnElement[bool]]:
    """The conditions that a segment may have the facts of the filter."""
    product_ids = None
    if filters.products is not None:
        product_ids = conn.execute(select(products.c.id).where(products.c.name.in_(filters.products))).scalars().all()
    groups = process_facts.terms_to_find(filters, product_ids)
    return [_has_one(group) for group in groups]


def _has_one(terms: Sequence[str]) -> ColumnElement[bool]:
    return _S.number.in_(select(_T.segment).where(_T.term.in_(terms)))


def _runs(numbers: Sequence[int], *, is_newest_first: bool) -> list[list[int]]:
    """The runs of the numbers, each with the number behind it."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number:
            runs[-1][1] = number + 1
        else:
            runs.append([number, number + 1])
    if len(runs) > MOST_SPANS and is_newest_first:
        return [[1, runs[-MOST_SPANS][1]], *runs[1 - MOST_SPANS :]]
    if len(runs) > MOST_SPANS:
        return [*runs[: MOST_SPANS - 1], [runs[MOST_SPANS - 1][0], runs[-1][1]]]
    return runs


def has_unindexed(conn: Connection, now: datetime) -> bool:
    """True if `index` has something to do."""
    return bool(conn.execute(select(or_(exists().where(_is_late), _full_at(now).exists()))).scalar_one())


def _full_at(now: datetime) -> Select[datetime]:
    """The start of the last process of the open segment, if the segment is full."""
    return select(_U.started_at).where(_U.started_at <= now).order_by(_U.started_at).offset(SIZE - 1).limit(1)


def index(conn: Connection, now: datetime) -> bool:
    """Store the terms of at most `BATCH` processes; True if others may wait. Of several servers one does it.

    The terms go into the segments of the starts. If the open segment is full, a new one is opened, and the processes
    of the full one are late from then on. What a clock that is ahead started stays noted until then: behind it a
    segment would have no end.
    """
    if conn.dialect.name == "postgresql" and not conn.execute(_take_turn).scalar_one():
        return False
    noted = select(_U.number, _U.process_id).where(_is_late).order_by(_U.started_at, _U.number).limit(BATCH)
    late = conn.execute(noted.with_for_update(skip_locked=True)).all()  # retention may hold some
    if not late:
        return _open_next(conn, now)
    ids = [row.process_id for row in late]
    before = set(conn.execute(select(*_STANDING).where(among(conn, processes.c.id, ids))))
    _write_terms(conn, ids)
    moved = {row.id for row in before - _standing(conn, ids)}
    indexed = [row.number for row in late if row.process_id not in moved]
    conn.execute(delete(unindexed_processes).where(_U.number.in_(indexed)))
    return bool(indexed)  # else a transaction that stays open would have the same terms made again and again


def _open_next(conn: Connection, now: datetime) -> bool:
    """Open the next segment if the open one is full; true if it is."""
    last = conn.execute(_full_at(now)).scalar()
    if last is None:
        return False
    number = conn.execute(select(_open)).scalar_one() + 1
    conn.execute(insert(process_segments), {"number": number, "begins_at": last + INSTANT})
    _forget_empty(conn)
    return True


def _write_terms(conn: Connection, ids: Sequence[UUID]) -> None:
    """Store the terms of these processes that their segments do not have."""
    c = processes.c
    columns = c.id, c.started_at, c.updated_at, c.subject, c.note, *(c[name] for name in _FACTS)
    products_of = _products_of(conn, ids)
    terms: dict[int, set[str]] = defaultdict(set)
    resting: dict[int, list[Row[Any]]] = defaultdict(list)
    query = select(_number_at(c.started_at).label("segment"), *columns).where(among(conn, c.id, ids))
    for row in conn.execute(query):
        texts = terms_of([row.workflow_name, row.subject, row.note])
        facts = process_facts.terms_of_facts(products_of[row.id], *(row._mapping[name] for name in _FACTS))
        terms[row.segment] |= {row.workflow_name, *texts, *facts}
        if row.status not in process_facts.MOVING:
            resting[row.segment].append(row)
    for number, found in terms.items():
        new = found.difference(conn.execute(select(_T.term).where(_T.segment == number)).scalars())
        if new:
            conn.execute(insert(process_terms), [{"term": term, "segment": number} for term in sorted(new)])
    for number, rows in resting.items():
        changes = [row.updated_at for row in rows]
        _widen(conn, number, min(row.started_at for row in rows), min(changes), max(changes))


def _products_of(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, set[UUID]]:
    """The products of the subscriptions that each process works on."""
    links, subscriptions = process_subscriptions.c, product_subscriptions.c
    query = select(links.process_id, subscriptions.product_id).join_from(
        process_subscriptions, product_subscriptions, subscriptions.id == links.subscription_id
    )
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for process_id, product_id in conn.execute(query.where(among(conn, links.process_id, ids))):
        found[process_id].add(product_id)
    return found


def _widen(conn: Connection, number: int, started: datetime, first: datetime, last: datetime) -> None:
    """Let the times of changes of the segment contain these, and some time behind them: else each rest is noted."""
    row = conn.execute(select(_S.changed_from, _S.changed_until).where(_S.number == number)).one()
    is_later = row.changed_until is None or last > row.changed_until
    until = last + max(LEAST_SLACK, (last - started) / SLACK) if is_later else row.changed_until
    since = first if row.changed_from is None else min(first, row.changed_from)
    if (since, until) != (row.changed_from, row.changed_until):
        wider = update(process_segments).where(_S.number == number)
        conn.execute(wider.values(changed_from=since, changed_until=until))


def _standing(conn: Connection, ids: Sequence[UUID]) -> set[Row[Any]]:
    """Where the processes stand that no other transaction changes now, nor until the end of this one.

    What a transaction changes that is not committed yet may be missing in their terms, without a note: its triggers ran
    before the segment was full. A link to a product comes with a change of its process, and after it.
    """
    query = select(*_STANDING).where(among(conn, processes.c.id, ids))
    return set(conn.execute(query.with_for_update(read=True, skip_locked=True)))


def _forget_empty(conn: Connection) -> None:
    """Delete the terms of segments whose processes are all deleted."""
    following = process_segments.alias()
    is_between = processes.c.started_at >= _S.begins_at, processes.c.started_at < following.c.begins_at
    closed = select(_S.number).join(following, following.c.number == _S.number + 1)
    empty = closed.where(~exists().where(*is_between), exists().where(_T.segment == _S.number))
    conn.execute(delete(process_terms).where(_T.segment.in_(empty)))
