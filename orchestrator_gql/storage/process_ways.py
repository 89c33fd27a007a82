"""The ways to the processes of a list: the order of the list itself, and an index for each of its filters.

Every transition changes the time of the last change. So the indexes in this order leave running processes out: a
process is written into them when it comes to rest, and not with each step. The few that run are read by their status.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Subquery,
    TextClause,
    select,
    text,
    union_all,
)
from sqlalchemy.sql.visitors import iterate

from orchestrator_gql.storage.columns import among
from orchestrator_gql.storage.pages_of_values import MOST_VALUES, rows_of_value
from orchestrator_gql.storage.pagination import Key, PageArgs, between, sorted_by, values_of
from orchestrator_gql.storage.process_filters import (
    ProcessFilter,
    Span,
    conditions_of,
    has_text,
    of_products,
    of_subscription,
    within,
)
from orchestrator_gql.storage.statistics import IS_FAILED
from orchestrator_gql.storage.tables import processes
from orchestrator_gql.types import ProcessStatus

ALL = ProcessFilter()
_C = processes.c
_IS_NOT_RUNNING = text("processes.status <> 'RUNNING'")  # as the indexes say it: SQLite compares the texts

INDEXED: dict[str, ColumnElement[Any]] = {
    "statuses": _C.status,
    "targets": _C.target,
    "workflow_names": _C.workflow_name,
    "failure_codes": _C.failure_code,
    "created_by": _C.created_by,
    "assignee_keys": _C.assignee,
}
"""The filters whose column is in an index with the start, and in one with the last change; the last is probably the
narrowest."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Processes that an index holds side by side in the order of the list: those with the value in its first column.

    Without a column they are all processes. Those that run are in no such index: they are sorted, of all values.
    """

    span: Span
    column: ColumnElement[Any] | None = None
    value: Any = None
    is_indexed: TextClause | None = None
    is_running: bool = False

    def rows(
        self,
        conn: Connection,
        key: Key,
        page_args: PageArgs,
        limit: int,
        *,
        rest: ProcessFilter = ALL,
        names: Sequence[str] = ("id",),
    ) -> Select[Any]:
        """These columns of the first rows between the cursors that match the other filters; in the span of the time."""
        source = _running([*names, *self._needed(key, rest)]) if self.is_running else processes
        span, page_args = _narrower(self.span, key, page_args)
        key = key_of(source, key)
        conditions = [*within(span, key.columns[0]), *conditions_of(rest, source.c)]
        query = select(*(source.c[name] for name in names)).where(*conditions)
        if self.is_indexed is not None:
            query = query.where(self.is_indexed)
        if self.column is not None and not self.is_running:
            return rows_of_value(conn, query, self.column, self.value, key, page_args).limit(limit)
        if self.column is not None:
            query = query.where(source.c[self.column.name].in_(self.value))
        return query.where(*between(key, page_args)).order_by(*sorted_by(key, page_args)).limit(limit)

    def _needed(self, key: Key, rest: ProcessFilter) -> list[str]:
        return columns_of(rest, key) if self.column is None else [*columns_of(rest, key), self.column.name]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to rows in the order of the list; ``rest`` is the filter without what each row of the way fulfils."""

    stretches: Sequence[Stretch]
    rest: ProcessFilter


def _narrower(span: Span, key: Key, page_args: PageArgs) -> tuple[Span, PageArgs]:
    """The span of the key's time and the cursors, without the wider of two bounds on a side.

    A database may begin at the wider bound and walk to the other one.
    """
    start, end = span.start, span.end
    lower, upper = (page_args.before, page_args.after) if key.is_descending else (page_args.after, page_args.before)
    if start is not None and lower is not None:
        start, lower = (None, lower) if values_of(key, lower)[0] >= start else (start, None)
    if end is not None and upper is not None:
        end, upper = (None, upper) if values_of(key, upper)[0] < end else (end, None)
    after, before = (upper, lower) if key.is_descending else (lower, upper)
    return Span(start, end), replace(page_args, after=after, before=before)


def ways_of(filters: ProcessFilter, key: Key) -> list[Way]:
    """The ways in the order of the list; the first has no other filter, if any has none."""
    at = key.columns[0]
    span: Span = getattr(filters, at.name)
    cleared: dict[str, Any] = {at.name: Span()}
    without_span = replace(filters, **cleared)
    ways = [Way([Stretch(span)], without_span)]
    for name, column in INDEXED.items():
        if values := _values(filters, name):
            fulfilled: dict[str, Any] = {name: None}
            stretches = _stretches(column, values, span, at)
            ways.insert(0, Way(stretches, replace(without_span, **fulfilled)))
    return sorted(ways, key=lambda way: way.rest != ALL)


def _stretches(column: ColumnElement[Any], values: Sequence[Any], span: Span, at: ColumnElement[Any]) -> list[Stretch]:
    if column is _C.failure_code:
        return [Stretch(span, column, value, IS_FAILED) for value in values]
    if at is _C.started_at:
        return [Stretch(span, column, value) for value in values]
    settled = [Stretch(span, column, value, _IS_NOT_RUNNING) for value in values if value is not ProcessStatus.RUNNING]
    is_with_running = column is not _C.status or ProcessStatus.RUNNING in values
    return [*settled, Stretch(span, column, values, is_running=True)] if is_with_running else settled


def id_queries(filters: ProcessFilter, *, by_update: bool) -> list[Select[Any]]:
    """Queries for the ids of all rows that meet one of the filters, without an order.

    In the order of changes also for filters with an index: of few rows the ids are read sooner than both stretches.
    """
    queries = []
    if by_update:
        for name, column in INDEXED.items():
            if values := _values(filters, name):
                query = select(_C.id).where(column.in_(values))
                queries.append(query.where(IS_FAILED) if column is _C.failure_code else query)
    other = within(filters.started_at, _C.started_at) if by_update else within(filters.updated_at, _C.updated_at)
    if other:
        queries.append(select(_C.id).where(*other))
    if filters.ids is not None:
        queries.append(select(_C.id).where(_C.id.in_(filters.ids)))
    if filters.product_subscription_id is not None:
        queries.append(of_subscription(filters.product_subscription_id))
    if filters.products is not None:
        queries.append(of_products(filters.products))
    return queries


def way_in_spans(filters: ProcessFilter, spans: Sequence[Span]) -> Way:
    """The way in the order of the start along the spans."""
    cleared: dict[str, Any] = {_C.started_at.name: Span()}
    return Way([Stretch(span.within(filters.started_at)) for span in spans], replace(filters, **cleared))


def ids_with_text(filters: ProcessFilter) -> Select[Any]:
    """The query for the ids of all rows with the text of the search."""
    return select(_C.id).where(has_text(filters.search or "", filters.found_workflows, _C))


def ids_in_spans(filters: ProcessFilter, spans: Sequence[Span]) -> Select[Any]:
    """The query for the ids of all rows that match the filter and were started in one of the spans."""
    query = select(_C.id).where(*conditions_of(filters, _C))
    # one query for each: SQLite would read the whole rows of the processes of spans in one condition
    return union_all(*(query.where(*within(span, _C.started_at)) for span in spans)).subquery().select()


def with_ids(conn: Connection, ids: Select[Any], names: Iterable[str]) -> Select[Any]:
    """These columns of the rows with these ids. The offset keeps PostgreSQL from walking along the list."""
    return select(*(_C[name] for name in names)).where(among(conn, _C.id, ids)).offset(0)


def columns_of(filters: ProcessFilter, key: Key) -> list[str]:
    """The names of the columns that the filter compares, and of those of the key.

    SQLite reads a row up to the last column that is asked for. Some stand behind the state, which may be large.
    """
    compared = (each for condition in conditions_of(filters, _C) for each in iterate(condition))
    named = (each for each in (*key.columns, *compared) if isinstance(each, Column) and each.table is processes)
    return list(dict.fromkeys(each.name for each in named))


def key_of(rows: FromClause, key: Key) -> Key:
    """The key of the list for these rows."""
    return Key(tuple(rows.c[column.name] for column in key.columns), key.is_descending)


def _running(names: Iterable[str]) -> Subquery:
    """These columns of the processes that run.

    The offset keeps both databases from reading those with a value of a filter instead.
    """
    query = select(*(_C[name] for name in dict.fromkeys(names))).where(_C.status == ProcessStatus.RUNNING)
    return query.offset(0).subquery(processes.name)


def _values(filters: ProcessFilter, name: str) -> list[Any]:
    """The values of the filter; none if they are too many to be read one by one."""
    wanted = getattr(filters, name)
    values = [wanted] if isinstance(wanted, str) else list(dict.fromkeys(wanted or ()))
    return values if len(values) <= MOST_VALUES else []
