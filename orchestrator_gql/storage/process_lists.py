"""Pages of processes, whose cost does not grow with the number of stored processes.

Which index leads to a page soonest depends on the data, and neither database knows it: SQLite has no statistics, and
PostgreSQL trusts that rows are spread evenly. So it is tried out. Each filter with an index is a way to the rows, and
so is the order of the list (`process_ways`). A few rows of each way are read, then ten times as many, until one way
has the page::

    the order of the list   ███░░░░░░   no page is among the newest 200 processes …
    workflow "retired"      ███ page    … but one is among the newest 200 of the workflow, or
    product "Rare"          ██|         … a way ends: it has all rows that fit, and the page is among them

What matches a text or facts is looked for in the segments that have them (`process_segments`); a text without segments
in all processes, but only if no other way of that length has the page.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, union_all

from orchestrator_gql.storage.columns import among
from orchestrator_gql.storage.light_processes import light_select
from orchestrator_gql.storage.pages_of_values import rows_of_pages
from orchestrator_gql.storage.pagination import (
    MOST_COUNTED,
    Key,
    PageArgs,
    RowPage,
    count_by_index,
    page_query,
    read_page,
    sorted_by,
)
from orchestrator_gql.storage.pagination import count as count_rows
from orchestrator_gql.storage.process_changes import first_changed
from orchestrator_gql.storage.process_filters import ProcessFilter, conditions_of
from orchestrator_gql.storage.process_segments import MOST_SPANS, SIZE, Found, segments_of
from orchestrator_gql.storage.process_ways import (
    ALL,
    Way,
    columns_of,
    id_queries,
    ids_in_spans,
    ids_with_text,
    key_of,
    way_in_spans,
    ways_of,
    with_ids,
)
from orchestrator_gql.storage.tables import processes

FIRST, GROWTH, LAST = 200, 10, 200_000
"""The rows of each way that are read first, how many times as many are read next, and the last number."""

_C = processes.c


def page(
    conn: Connection, filters: ProcessFilter, page_args: PageArgs, *, by_update: bool, is_descending: bool
) -> RowPage[Row[Any]]:
    """A page of the processes that match the filter, in the order of their start or of their last change."""
    key = Key((_C.updated_at if by_update else _C.started_at, _C.id), is_descending)
    ways, others = ways_of(filters, key), id_queries(filters, by_update=by_update)
    is_only_way = len(ways) + len(others) == 1 and not by_update  # spans of starts say nothing about changes
    if is_only_way and ways[0].rest != ALL:  # a frequent text is soon found, without a look into all segments
        if (found := _along(conn, ways, key, page_args, FIRST)) is not None:
            return found
        segments = segments_of(conn, filters, is_newest_first=is_descending)
        ways = ways if segments is None else [way_in_spans(filters, segments.spans)]
    if ways[0].rest == ALL or is_only_way:
        return read_page(conn, _unbounded(conn, ways[0], key, page_args), key, page_args)
    needed, limit, segments = columns_of(filters, key), FIRST, None
    while limit <= LAST:
        if (ids := _few(conn, others, limit)) is not None:
            return _page_among(conn, with_ids(conn, ids, needed), filters, key, page_args)
        tried = 1 if limit == FIRST else 0
        if (found := _along(conn, ways[:tried], key, page_args, limit)) is not None:
            return found
        if limit == FIRST:
            segments = segments_of(conn, filters, is_newest_first=is_descending)
        if segments is not None and (found := _in(conn, segments, filters, key, page_args, limit)) is not None:
            return found
        if (found := _along(conn, ways[tried:], key, page_args, limit)) is not None:
            return found
        if (ids := _few(conn, _by_text(filters, segments), limit)) is not None:
            return _page_among(conn, with_ids(conn, ids, needed), filters, key, page_args)
        limit *= GROWTH
    return read_page(conn, _unbounded(conn, ways[0], key, page_args), key, page_args)


def _in(
    conn: Connection, found: Found, filters: ProcessFilter, key: Key, page_args: PageArgs, limit: int
) -> RowPage[Row[Any]] | None:
    """The page, if it is in the first of the segments, or if all of them have fewer rows than that."""
    if key.columns[0] is _C.started_at:
        return _along(conn, [way_in_spans(filters, found.spans)], key, page_args, GROWTH * limit)
    needed, is_short = columns_of(filters, key), len(found.segments) * SIZE <= GROWTH * limit
    if is_short and (ids := _few(conn, [ids_in_spans(filters, found.spans)], limit)) is not None:
        return _page_among(conn, with_ids(conn, ids, needed), filters, key, page_args)
    # two at least: the newest may have few such processes, and the times of the next one overlap its own
    first = first_changed(conn, found, filters, key, page_args, max(2, 2 * limit // SIZE))
    page_of_first = _page_among(conn, with_ids(conn, first.ids, needed), first.filters, key, page_args)
    return page_of_first if first.is_all or page_of_first.is_full(page_args) else None


def _along(
    conn: Connection, ways: Iterable[Way], key: Key, page_args: PageArgs, limit: int
) -> RowPage[Row[Any]] | None:
    """The page, if it is among the first rows of one of the ways, or if a way has no more rows than these."""
    for way in ways:
        rows = _walked(conn, way, key, page_args, limit)
        found = _page_among(conn, rows, way.rest, key, page_args)
        if found.is_full(page_args) or _size(conn, rows.with_only_columns(rows.selected_columns.id)) < limit:
            return found
    return None


def _by_text(filters: ProcessFilter, found: Found | None) -> list[Select[Any]]:
    """The query for the ids of a search: no other index leads to a text."""
    if not filters.search:
        return []
    return [ids_with_text(filters) if found is None else ids_in_spans(filters, found.spans)]


def count(conn: Connection, filters: ProcessFilter) -> int:
    """The number of processes that match the filter; `MOST_COUNTED` + 1 if they are more than that."""
    ways = ways_of(filters, Key((_C.started_at, _C.id)))
    if ways[0].rest == ALL:
        return count_by_index(conn, select(_C.id).where(*conditions_of(filters, _C)))
    queries = id_queries(filters, by_update=True)
    ids = _few(conn, queries, 2 * MOST_COUNTED)
    if ids is None and (number := _count_in_segments(conn, filters)) is not None:
        return number
    if ids is None and queries:
        ids = _few(conn, _by_text(filters, None), 2 * MOST_COUNTED)
    if ids is None:
        return count_rows(conn, select(_C.id).where(*conditions_of(filters, _C)))
    rows = with_ids(conn, ids, columns_of(filters, Key((_C.id,)))).subquery(processes.name)
    return count_rows(conn, select(rows.c.id).where(*conditions_of(filters, rows.c)))


def _count_in_segments(conn: Connection, filters: ProcessFilter) -> int | None:
    """As `count`; None if the matches may be in any segment. A few segments may have more than are counted."""
    for most in (MOST_SPANS, None):
        segments = segments_of(conn, filters, is_newest_first=True, most=most)
        if segments is None:
            return None
        number = count_rows(conn, ids_in_spans(filters, segments.spans))
        if number > MOST_COUNTED or len(segments.segments) != most:
            break
    return number


def _unbounded(conn: Connection, way: Way, key: Key, page_args: PageArgs) -> Select[Any]:
    """The query of the rows of the way that match the filter, as many as the page needs of each stretch."""
    pages = [each.rows(conn, key, page_args, page_args.size + 1, rest=way.rest) for each in way.stretches]
    return rows_of_pages(conn, light_select(), _C.id, pages)


def _walked(conn: Connection, way: Way, key: Key, page_args: PageArgs, limit: int) -> Select[Any]:
    """The first rows of the way between the cursors."""
    needed = columns_of(way.rest, key)
    queries = [each.rows(conn, key, page_args, limit, names=needed) for each in way.stretches]
    if len(queries) == 1:
        return queries[0]
    rows = union_all(*(select(query.subquery()) for query in queries)).subquery(processes.name)
    return select(rows).order_by(*sorted_by(key_of(rows, key), page_args)).limit(limit)


def _page_among(
    conn: Connection, query: Select[Any], filters: ProcessFilter, key: Key, page_args: PageArgs
) -> RowPage[Row[Any]]:
    """The page of these rows. The name is that of the table, so the cursors of all ways are the same."""
    rows = query.subquery(processes.name)
    ids = page_query(select(rows.c.id).where(*conditions_of(filters, rows.c)), key_of(rows, key), page_args)
    return read_page(conn, light_select().where(among(conn, _C.id, ids)), key, page_args)


def _few(conn: Connection, queries: Iterable[Select[Any]], limit: int) -> Select[Any] | None:
    """The first of the queries that has fewer rows than that; None if none has.

    It keeps the limit, though all its rows are below: without it PostgreSQL prepares for all rows that it expects, and
    reads the whole table of links.
    """
    return next((few for query in queries if _size(conn, few := query.limit(limit)) < limit), None)


def _size(conn: Connection, query: Select[Any]) -> int:
    size: int = conn.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    return size
