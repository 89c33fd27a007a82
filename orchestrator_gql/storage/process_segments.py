"""The segments of processes by which a text is found: groups of a thousand that were started one after the other.

A segment is a stretch of time, and its terms are those of all texts of its processes. So a search reads only the
processes of the segments that have each of its terms::

    segment     1         2         3      …     41        42 is open
    "corn"    ░░░░░░░   ▓▓▓▓▓▓▓   ░░░░░░░      ░░░░░░░   ▓▓▓▓▓▓▓

Triggers note each new process, and each new note: a process is either noted, or its terms are in the segment of its
start. The search reads the segments of those that are noted, too. The newest segment is open: nobody has its terms yet.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    union,
)

from orchestrator_gql.process.search_terms import terms_of, terms_to_find
from orchestrator_gql.storage.advisory_locks import key_of
from orchestrator_gql.storage.columns import among
from orchestrator_gql.storage.process_filters import LONGEST_ID, ProcessFilter, Span, digits_of_id
from orchestrator_gql.storage.tables import process_segments, process_terms, processes, unindexed_processes

SIZE = 1_000
"""Processes of a segment. Smaller ones have more terms altogether; of larger ones more processes are read in vain."""

BATCH = 250
"""Processes whose terms one transaction stores: on SQLite nobody else writes meanwhile."""

MOST_SPANS = 20
"""Stretches of time that a search reads one by one; behind the last of them it reads everything."""

EARLIEST, LATEST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
"""The bounds of all time. Without the second bound, or the first, PostgreSQL prepares to read a third of all rows."""

_INSTANT = timedelta(microseconds=1)
_S, _T, _U = process_segments.c, process_terms.c, unindexed_processes.c
_open = select(func.max(_S.number)).scalar_subquery()
_open_begins_at = select(func.max(_S.begins_at)).scalar_subquery()
_take_turn = select(func.pg_try_advisory_xact_lock(key_of("process_segments")))


def _number_at(time: ColumnElement[datetime]) -> ScalarSelect[int]:
    """The number of the segment to which a process belongs that was started at the time."""
    return select(_S.number).where(_S.begins_at <= time).order_by(_S.begins_at.desc()).limit(1).scalar_subquery()


_is_late = _U.started_at < _open_begins_at


def spans_with_text(conn: Connection, filters: ProcessFilter, *, is_newest_first: bool) -> list[Span] | None:
    """The spans of start in which all processes with the text of the search are, and others; None if it may be any.

    None also for the beginning of an id: each thousand processes have the same digits in their ids.
    """
    text = filters.search or ""
    terms, digits = terms_to_find(text), digits_of_id(text)
    if not terms or (digits is not None and len(digits) < LONGEST_ID):
        return None
    has_all = select(_T.segment).where(_T.term.in_(terms)).group_by(_T.segment).having(func.count() == len(terms))
    queries: list[Select[Any]] = [has_all, select(_open), select(_number_at(_U.started_at)).where(_is_late)]
    if filters.found_workflows:
        queries.append(select(_T.segment).where(_T.term.in_(filters.found_workflows)))
    if digits is not None:
        queries.append(select(_number_at(processes.c.started_at)).where(processes.c.id == UUID(digits)))
    numbers = sorted(conn.execute(union(*queries)).scalars())
    return _spans(conn, _runs(numbers, is_newest_first=is_newest_first))


def _runs(numbers: Sequence[int], *, is_newest_first: bool) -> list[list[int]]:
    """The runs of the numbers, each with the number behind it. The last number is that of the open segment."""
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


def _spans(conn: Connection, runs: Sequence[Sequence[int]]) -> list[Span]:
    bounds = {number for run in runs for number in run} - {1, runs[-1][1]}
    query = select(_S.number, _S.begins_at).where(_S.number.in_(bounds))
    times = dict(map(tuple, conn.execute(query))) if bounds else {}
    return [Span(times.get(first, EARLIEST), times.get(behind, LATEST)) for first, behind in runs]


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
    late = conn.execute(noted).all()
    if not late:
        return _open_next(conn, now)
    _write_terms(conn, [row.process_id for row in late])
    conn.execute(delete(unindexed_processes).where(_U.number.in_([row.number for row in late])))
    return True


def _open_next(conn: Connection, now: datetime) -> bool:
    """Open the next segment if the open one is full; true if it is."""
    last = conn.execute(_full_at(now)).scalar()
    if last is None:
        return False
    number = conn.execute(select(_open)).scalar_one() + 1
    conn.execute(insert(process_segments), {"number": number, "begins_at": last + _INSTANT})
    _forget_empty(conn)
    return True


def _write_terms(conn: Connection, ids: Sequence[UUID]) -> None:
    """Store the terms of these processes that their segments do not have."""
    c = processes.c
    texts = select(_number_at(c.started_at), c.workflow_name, c.subject, c.note)
    found: dict[int, set[str]] = defaultdict(set)
    for number, workflow_name, *searched in conn.execute(texts.where(among(conn, c.id, ids))):
        found[number] |= {workflow_name, *terms_of([workflow_name, *searched])}
    for number, terms in found.items():
        new = terms.difference(conn.execute(select(_T.term).where(_T.segment == number)).scalars())
        if new:
            conn.execute(insert(process_terms), [{"term": term, "segment": number} for term in sorted(new)])


def _forget_empty(conn: Connection) -> None:
    """Delete the terms of segments whose processes are all deleted."""
    following = process_segments.alias()
    is_between = processes.c.started_at >= _S.begins_at, processes.c.started_at < following.c.begins_at
    closed = select(_S.number).join(following, following.c.number == _S.number + 1)
    empty = closed.where(~exists().where(*is_between), exists().where(_T.segment == _S.number))
    conn.execute(delete(process_terms).where(_T.segment.in_(empty)))
