"""Pages of lists that are filtered by the values of a column, such as the status: an index for each value has its page.

The best of the pages of two values is the page of both. With several values in one condition SQLite sorts all rows that
have one of them, and PostgreSQL may walk along the order of all rows: it trusts that values are spread evenly.
"""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, false, select, union_all

from orchestrator_gql.storage.columns import among
from orchestrator_gql.storage.pagination import Key, PageArgs, between, sorted_by

MOST_VALUES = 20
"""Values, or pairs of two values, of which each has a page of its own."""


class Listed(NamedTuple):
    """A column and the values that the filter allows; None means any. ``every`` are all values, if they are few."""

    column: ColumnElement[Any]
    values: Sequence[Any] | None
    every: Iterable[Any] = ()


def of_values(
    conn: Connection, rest: Select[Any], key: Key, page_args: PageArgs, status: Listed, other: Listed | None = None
) -> Select[Any]:
    """The rows of the query with these values, or at least those that the page needs; the key has the column ``id``.

    There are indexes of the status and the key, and of status, the other column and the key.
    """
    is_of_all = other is None or other.values is None
    statuses = list(dict.fromkeys(status.every if status.values is None else status.values))
    others = [None] if other is None or other.values is None else list(dict.fromkeys(other.values))
    pairs = list(product(statuses, others))
    if is_of_all and status.values is None:
        return rest
    if not pairs:
        return rest.where(false())
    if len(pairs) == 1 and is_of_all:
        return rest.where(status.column == statuses[0])
    if len(pairs) > MOST_VALUES:
        allowed = [each for each in (status, other) if each is not None and each.values is not None]
        return rest.where(*(each.column.in_(each.values or ()) for each in allowed))
    ids = rest.with_only_columns(*key.columns)
    pages = (
        rows_of_value(conn, ids, status.column, one, key, page_args)
        if other is None or is_of_all
        else rows_of_value(conn, ids.where(status.column == one), other.column, another, key, page_args)
        for one, another in pairs
    )
    return rows_of_pages(conn, rest, key.columns[-1], (page.limit(page_args.size + 1) for page in pages))


def rows_of_value(
    conn: Connection, query: Select[Any], column: ColumnElement[Any], value: Any, key: Key, page_args: PageArgs
) -> Select[Any]:
    """The rows of the query between the cursors that have the value, in the order of an index of column and key.

    PostgreSQL trusts that the value is spread evenly, and would walk along the order of all rows if it is frequent. An
    order that begins with the column is that of this index alone, if the column is no constant for PostgreSQL. A cursor
    bounds the column, too: of two bounds on a side PostgreSQL may begin at the wider one, and walk to the cursor.
    """
    if conn.dialect.name == "sqlite":
        rows = query.where(column == value, *between(key, page_args))
        return rows.order_by(*sorted_by(key, page_args))
    lower, upper = (page_args.before, page_args.after) if key.is_descending else (page_args.after, page_args.before)
    rows = query.where(*between(key, page_args, (column, value)))
    if lower is None:
        rows = rows.where(column >= value)
    if upper is None:
        rows = rows.where(column <= value)
    return rows.order_by(*sorted_by(Key((column, *key.columns), key.is_descending), page_args))


def rows_of_pages(
    conn: Connection, query: Select[Any], id: ColumnElement[Any], pages: Iterable[Select[Any]]
) -> Select[Any]:
    """The rows of the query that are in one of the pages, each of which has a column ``id``.

    The best of the pages of two values is the page of both: SQLite would sort all rows of the values instead.
    """
    ids = union_all(*(select(page.subquery().c.id) for page in pages)).subquery()
    return query.where(among(conn, id, select(ids.c.id)))
