"""Pages of processes, whose cost does not grow with the number of stored processes.

Which index leads to a page soonest depends on the data, and neither database knows it: SQLite has no statistics, and
PostgreSQL trusts that rows are spread evenly. So it is tried out. Each filter with an index is a way to the rows, and
so is the order of the list. A few rows of each way are read, then ten times as many, until one way has the page::

    the order of the list   ███░░░░░░   no page is among the newest 200 processes …
    workflow "retired"      ███ page    … but one is among the newest 200 of the workflow, or
    product "Rare"          ██|         … a way ends: it has all rows that fit, and the page is among them
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Subquery, and_, func, select, true, union_all

from orchestrator_gql.storage.columns import among
from orchestrator_gql.storage.light_processes import light_select
from orchestrator_gql.storage.pagination import (
    MOST_COUNTED,
    Key,
    PageArgs,
    RowPage,
    between,
    count_by_index,
    page_query,
    read_page,
    sorted_by,
)
from orchestrator_gql.storage.pagination import count as count_rows
from orchestrator_gql.storage.process_filters import (
    ProcessFilter,
    Span,
    conditions_of,
    of_products,
    of_subscription,
    within,
)
from orchestrator_gql.storage.statistics import IS_FAILED
from orchestrator_gql.storage.tables import processes
from orchestrator_gql.types import ProcessStatus

FIRST, GROWTH, LAST = 200, 10, 200_000
"""The rows of each way that are read first, how many times as many are read next, and the last number."""

MOST_VALUES = 20
"""Values of one filter that are read one by one."""

NOT_COMPARED = {"state", "stored", "answers", "start_pages", "secrets", "failure", "failure_message"}
"""Columns that no filter needs."""

_C = processes.c
_COMPARED = [column for column in _C if column.name not in NOT_COMPARED]
_ALL = ProcessFilter()


@dataclass(frozen=True, slots=True)
class _Way:
    """A way to rows in the order of the list: a condition for each value of a filter, all on one index.

    ``rest`` is the filter without what each row of the way fulfils already.
    """

    values: Sequence[ColumnElement[bool]]
    rest: ProcessFilter


def page(
    conn: Connection, filters: ProcessFilter, page_args: PageArgs, *, by_update: bool, is_descending: bool
) -> RowPage[Row[Any]]:
    """A page of the processes that match the filter, in the order of their start or of their last change."""
    key = Key((_C.updated_at if by_update else _C.started_at, _C.id), is_descending)
    ways, id_queries = _ways(filters, key), _id_queries(filters, by_update=by_update)
    if ways[0].rest == _ALL or len(ways) + len(id_queries) == 1:
        return read_page(conn, _unbounded(conn, ways[0], key, page_args), key, page_args)
    limit = FIRST
    while limit <= LAST:
        for query in id_queries:
            ids = query.limit(limit)
            if _size(conn, ids) < limit:
                return _page_among(conn, _with_ids(conn, ids), filters, key, page_args)
        for way in ways:
            rows = _walked(way, key, page_args, limit)
            found = _page_among(conn, rows, way.rest, key, page_args)
            if found.is_full(page_args) or _size(conn, rows) < limit:
                return found
        limit *= GROWTH
    return read_page(conn, _unbounded(conn, ways[0], key, page_args), key, page_args)


def count(conn: Connection, filters: ProcessFilter) -> int:
    """The number of processes that match the filter; `MOST_COUNTED` + 1 if they are more than that."""
    ways = _ways(filters, Key((_C.started_at, _C.id)))
    if ways[0].rest == _ALL:
        return count_by_index(conn, select(_C.id).where(*conditions_of(filters, _C)))
    most = 2 * MOST_COUNTED
    for query in _id_queries(filters, by_update=True):
        ids = query.limit(most)
        if _size(conn, ids) < most:
            rows = _with_ids(conn, ids).subquery(processes.name)
            return count_rows(conn, select(rows.c.id).where(*conditions_of(filters, rows.c)))
    return count_rows(conn, select(_C.id).where(*conditions_of(filters, _C)))


def _ways(filters: ProcessFilter, key: Key) -> list[_Way]:
    """The ways in the order of the list; the first has no other filter, if any has none."""
    at = key.columns[0]
    span = getattr(filters, at.name)
    cleared: dict[str, Any] = {at.name: Span()}
    without_span = replace(filters, **cleared)
    ways = [_Way([and_(*within(span, at))] if span != Span() else [true()], without_span)]
    if at is _C.started_at:
        for name, column in INDEXED.items():
            if values := _values(filters, name):
                conditions = [and_(column == value, *within(span, at)) for value in values]
                fulfilled: dict[str, Any] = {name: None}
                ways.insert(0, _Way(conditions, replace(without_span, **fulfilled)))
    elif (are_failed := _values(filters, "statuses") == [ProcessStatus.FAILED]) or filters.failure_codes is not None:
        rest = replace(without_span, statuses=None) if are_failed else without_span
        ways.insert(0, _Way([and_(IS_FAILED, *within(span, at))], rest))
    return sorted(ways, key=lambda way: way.rest != _ALL)


def _id_queries(filters: ProcessFilter, *, by_update: bool) -> list[Select[Any]]:
    """Queries for the ids of all rows that meet one of the filters, without an order."""
    queries = []
    if by_update:
        for name, column in INDEXED.items():
            if values := _values(filters, name):
                queries.append(select(_C.id).where(column.in_(values)))
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


INDEXED: dict[str, ColumnElement[Any]] = {
    "statuses": _C.status,
    "targets": _C.target,
    "workflow_names": _C.workflow_name,
    "created_by": _C.created_by,
    "assignee_keys": _C.assignee,
}
"""The filters whose column is in an index with the start; the last of them is probably the narrowest."""


def _values(filters: ProcessFilter, name: str) -> list[Any]:
    """The values of the filter; none if they are too many to be read one by one."""
    wanted = getattr(filters, name)
    values = [wanted] if isinstance(wanted, str) else list(dict.fromkeys(wanted or ()))
    return values if len(values) <= MOST_VALUES else []


def _unbounded(conn: Connection, way: _Way, key: Key, page_args: PageArgs) -> Select[Any]:
    """The query of all rows of the way that match the filter, or at least of those that the page needs.

    Each value has a page of its own, and the page is the best of them: SQLite would sort all processes of two statuses
    to find the newest 50.
    """
    rest = conditions_of(way.rest, _C)
    if len(way.values) == 1:
        return light_select().where(*way.values, *rest)
    pages = (page_query(select(*key.columns).where(value, *rest), key, page_args) for value in way.values)
    ids = union_all(*(select(each.subquery().c.id) for each in pages)).subquery()
    return light_select().where(among(conn, _C.id, select(ids.c.id)))


def _walked(way: _Way, key: Key, page_args: PageArgs, limit: int) -> Select[Any]:
    """The first rows of the way between the cursors."""
    place, order = between(key, page_args), sorted_by(key, page_args)
    queries = [select(*_COMPARED).where(value, *place).order_by(*order).limit(limit) for value in way.values]
    if len(queries) == 1:
        return queries[0]
    rows = union_all(*(select(query.subquery()) for query in queries)).subquery(processes.name)
    return select(rows).order_by(*sorted_by(_key_of(rows, key), page_args)).limit(limit)


def _with_ids(conn: Connection, ids: Select[Any]) -> Select[Any]:
    """The rows with these ids. The offset keeps PostgreSQL from walking along the order of the list instead."""
    return select(*_COMPARED).where(among(conn, _C.id, ids)).offset(0)


def _page_among(
    conn: Connection, query: Select[Any], filters: ProcessFilter, key: Key, page_args: PageArgs
) -> RowPage[Row[Any]]:
    """The page of these rows. The name is that of the table, so the cursors of all ways are the same."""
    rows = query.subquery(processes.name)
    ids = page_query(select(rows.c.id).where(*conditions_of(filters, rows.c)), _key_of(rows, key), page_args)
    return read_page(conn, light_select().where(among(conn, _C.id, ids)), key, page_args)


def _key_of(rows: Subquery, key: Key) -> Key:
    return Key(tuple(rows.c[column.name] for column in key.columns), key.is_descending)


def _size(conn: Connection, query: Select[Any]) -> int:
    size: int = conn.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    return size
