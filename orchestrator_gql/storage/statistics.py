"""What processes did over time: how many started, ended and failed in each part of a period, and how long they took.

Each number is a count over a range of an index, so it costs as much as the processes in the period, and not as all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, cast, func, literal, select, text, union_all

from orchestrator_gql.storage.tables import processes
from orchestrator_gql.types import ProcessStatus

DURATIONS = 200
"""Processes of each bucket whose durations are read: the last that ended in it."""

MOST_GROUPS = 1_000
"""Pairs of a workflow and a failure code that are counted."""

IS_FAILED = text("processes.status = 'FAILED'")
"""In these words, because SQLite takes the index of failed processes only if the condition stands in the statement."""

_STATUS = func.coalesce(cast(processes.c.status, Text), "")
"""No plain column: to group by it SQLite would read the index of the status, with all processes."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """The processes of one part of a period; ``durations`` are in seconds, sorted, of the last completed ones."""

    start: datetime
    end: datetime
    started: int
    completed: int
    aborted: int
    failed: int
    durations: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """The processes of a workflow that failed with the same code, and the time when the last of them did."""

    workflow_name: str
    code: str
    count: int
    last_at: datetime


def failures(conn: Connection, since: datetime) -> list[FailureGroup]:
    """The processes that are FAILED since that time, by workflow and code; the most frequent first."""
    c, number = processes.c, func.count()
    query = (
        select(c.workflow_name, func.coalesce(c.failure_code, ""), number, func.max(c.updated_at))
        .where(IS_FAILED, c.updated_at >= since)
        .group_by(c.workflow_name, c.failure_code)
        .order_by(number.desc(), c.workflow_name, c.failure_code)
        .limit(MOST_GROUPS)
    )
    return [FailureGroup(*row) for row in conn.execute(query)]


def failed_count(conn: Connection, since: datetime) -> int:
    """The number of the processes that are FAILED since that time."""
    query = select(func.count()).select_from(processes).where(IS_FAILED, processes.c.updated_at >= since)
    count: int = conn.execute(query).scalar_one()
    return count


def ended_counts(conn: Connection, since: datetime) -> dict[ProcessStatus, int]:
    """The number of the processes that ended since that time, by status."""
    query = select(_STATUS, func.count()).where(processes.c.ended_at >= since).group_by(_STATUS)
    return {ProcessStatus(status): count for status, count in conn.execute(query)}


def durations(conn: Connection, since: datetime, limit: int) -> tuple[float, ...]:
    """The durations in seconds, sorted, of the completed ones among the last ``limit`` processes that ended."""
    query = _last_ended(processes.c.ended_at >= since, limit)
    return _sorted_durations(conn.execute(query).all())


def buckets(conn: Connection, edges: Sequence[datetime]) -> list[Bucket]:
    """The buckets between the edges, which are in order."""
    c = processes.c
    number_of: dict[tuple[int, str], int] = {}
    for query in (
        union_all(*(_ended(at, span) for at, span in _spans(edges, c.ended_at))),
        union_all(*(_failed(at, span) for at, span in _spans(edges, c.updated_at))),
        union_all(*(_count(at, literal("STARTED"), span) for at, span in _spans(edges, c.started_at))),
    ):
        number_of |= {(at, str(kind)): count for at, kind, count in conn.execute(query)}
    ended: list[list[Any]] = [[] for _ in edges[1:]]
    last = (_last_ended(span, DURATIONS, at).subquery() for at, span in _spans(edges, c.ended_at))
    for row in conn.execute(union_all(*(select(*each.c) for each in last))):
        ended[row.bucket].append(row)
    return [
        Bucket(
            start,
            end,
            started=number_of.get((at, "STARTED"), 0),
            completed=number_of.get((at, ProcessStatus.COMPLETED), 0),
            aborted=number_of.get((at, ProcessStatus.ABORTED), 0),
            failed=number_of.get((at, ProcessStatus.FAILED), 0),
            durations=_sorted_durations(ended[at]),
        )
        for at, (start, end) in enumerate(pairwise(edges))
    ]


def _spans(edges: Sequence[datetime], column: ColumnElement[datetime]) -> Iterator[tuple[int, ColumnElement[bool]]]:
    """For each bucket its number and the condition that the time is in it."""
    for at, (start, end) in enumerate(pairwise(edges)):
        yield at, (column >= start) & (column < end)


def _count(at: int, kind: ColumnElement[Any], span: ColumnElement[bool]) -> Select[Any]:
    return select(literal(at).label("bucket"), kind.label("kind"), func.count()).select_from(processes).where(span)


def _ended(at: int, span: ColumnElement[bool]) -> Select[Any]:
    return _count(at, _STATUS, span).group_by(_STATUS)


def _failed(at: int, span: ColumnElement[bool]) -> Select[Any]:
    return _count(at, literal(ProcessStatus.FAILED.value), span).where(IS_FAILED)


def _last_ended(span: ColumnElement[bool], limit: int, bucket: int = 0) -> Select[Any]:
    c = processes.c
    columns = (literal(bucket).label("bucket"), c.started_at, c.ended_at, c.status)
    return select(*columns).where(span).order_by(c.ended_at.desc()).limit(limit)


def _sorted_durations(rows: Sequence[Any]) -> tuple[float, ...]:
    completed = (row for row in rows if row.status == ProcessStatus.COMPLETED)
    return tuple(sorted((row.ended_at - row.started_at).total_seconds() for row in completed))
