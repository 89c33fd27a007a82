"""Pages of lists by key, never by offset: a page is the rows behind a cursor, and a cursor is the key of a row.

A row that is added or removed before the cursor shifts nothing, and page 1,000 costs as much as page 1.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, Subquery, func, literal, select, tuple_
from sqlalchemy.types import TypeEngine

from orchestrator_gql.storage.columns import UtcDateTime
from orchestrator_gql.types import Json
from orchestrator_gql.utils.clock import read_instant
from orchestrator_gql.utils.errors import CursorInvalid, PayloadInvalid
from orchestrator_gql.utils.json import encode, read

T = TypeVar("T")
R = TypeVar("R")

LARGEST = 200
"""Rows that one page contains at most."""

MOST_COUNTED = 1_000
"""Rows of a list that are counted: the time of an exact count grows with the list. A count of so many rows runs on the
loop; SQLite would break off a count of the inbox to 2,000 there, and a thread would begin again."""

_NUMBERS = 2**31


@dataclass(frozen=True, slots=True)
class Key:
    """The columns by which a list is sorted; the last of them is unique."""

    columns: tuple[ColumnElement[Any], ...]
    is_descending: bool = False

    @property
    def name(self) -> str:
        """The name in every cursor: a cursor of another list, or of another order, is refused."""
        columns = ",".join(str(column) for column in self.columns)
        return f"{columns} {'desc' if self.is_descending else 'asc'}"


@dataclass(frozen=True, slots=True)
class PageArgs:
    """The part of a list: the ``first`` rows between the cursors or, if it is set, the ``last`` rows."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    def __post_init__(self) -> None:
        # LIMIT with a negative number is no limit at all on SQLite
        if not 0 <= self.size <= LARGEST:
            raise PayloadInvalid(f"A page holds 0 to {LARGEST} entries, not {self.size}.")

    @property
    def is_backward(self) -> bool:
        """True if the rows are counted from the end."""
        return self.last is not None

    @property
    def size(self) -> int:
        """The largest number of rows in the page; 50 by default."""
        return self.last if self.last is not None else self.first if self.first is not None else 50


@dataclass(frozen=True, slots=True)
class RowPage(Generic[T]):
    """A part of a list in the order of the list: pairs of a cursor and a row."""

    items: tuple[tuple[str, T], ...]
    has_next: bool
    has_previous: bool

    def map(self, make: Callable[[T], R]) -> "RowPage[R]":
        """The page with what ``make`` makes of each row."""
        return RowPage(tuple((cursor, make(row)) for cursor, row in self.items), self.has_next, self.has_previous)

    def is_full(self, page_args: PageArgs) -> bool:
        """True if there are more rows than these behind the cursor."""
        return self.has_previous if page_args.is_backward else self.has_next


def read_page(conn: Connection, query: Select[Any], key: Key, page_args: PageArgs) -> RowPage[Row[Any]]:
    """A page of the query, whose rows contain the columns of the key.

    Raises `CursorInvalid` for a malformed cursor or a cursor of another list.
    """
    rows = list(
        conn.execute(page_query(query, key, page_args))
    )  # one row after the other, so that an allowance stops the read in time
    page_rows, has_more = rows[: page_args.size], len(rows) > page_args.size
    if page_args.is_backward:
        page_rows = page_rows[::-1]
    items = tuple((_cursor(key, row), row) for row in page_rows)
    # On the side of a cursor there is at least the row of the cursor itself.
    if page_args.is_backward:
        return RowPage(items, has_next=page_args.before is not None, has_previous=has_more)
    return RowPage(items, has_next=has_more, has_previous=page_args.after is not None)


def page_query(query: Select[Any], key: Key, page_args: PageArgs) -> Select[Any]:
    """The statement of a page: the rows behind the cursor in the order of the key, and one more."""
    query = query.where(*between(key, page_args)).order_by(*sorted_by(key, page_args))
    return query.limit(page_args.size + 1)


def count(conn: Connection, query: Select[Any]) -> int:
    """The number of rows of the query; `MOST_COUNTED` + 1 if it has more than `MOST_COUNTED`."""
    return conn.execute(select(func.count()).select_from(first_rows(query))).scalar_one()


def count_by_index(conn: Connection, query: Select[Any]) -> int:
    """As `count`, for a query that an index answers alone."""
    return conn.execute(select(number_by_index(conn, query))).scalar_one()


def number_by_index(conn: Connection, query: Select[Any]) -> ColumnElement[int]:
    """The number that `count_by_index` returns, as a part of a statement.

    On SQLite it is first looked whether there are too many, and a list that is no longer than that is counted without
    a bound: each of them needs a third of the instructions of `count`.
    """
    if conn.dialect.name != "sqlite":
        return select(func.count()).select_from(first_rows(query)).scalar_subquery()
    rows = query.order_by(None)
    beyond = rows.with_only_columns(literal(MOST_COUNTED + 1), maintain_column_froms=True)
    number = rows.with_only_columns(func.count(), maintain_column_froms=True)
    return func.coalesce(beyond.offset(MOST_COUNTED).limit(1).scalar_subquery(), number.scalar_subquery())


def first_rows(query: Select[Any]) -> Subquery:
    """The rows of the query that are counted."""
    return query.order_by(None).limit(MOST_COUNTED + 1).subquery()


def escaped(text: str) -> str:
    """The text with its LIKE wildcards escaped; the escape character is ``!``.

    >>> escaped("100%")
    '100!%'
    """
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def sorted_by(key: Key, page_args: PageArgs) -> list[ColumnElement[Any]]:
    """The order in which a page is read."""
    is_descending = key.is_descending != page_args.is_backward
    return [column.desc() if is_descending else column.asc() for column in key.columns]


def between(
    key: Key, page_args: PageArgs, first: tuple[ColumnElement[Any], Any] | None = None
) -> list[ColumnElement[bool]]:
    """The conditions that a row is between the cursors; ``first`` is a column before the key, and its only value."""
    pairs = () if first is None else (first,)
    place = tuple_(*(column for column, _ in pairs), *key.columns)
    conditions = []
    if page_args.after is not None:
        bound = _bound(key, page_args.after, pairs)
        conditions.append(place < bound if key.is_descending else place > bound)
    if page_args.before is not None:
        bound = _bound(key, page_args.before, pairs)
        conditions.append(place > bound if key.is_descending else place < bound)
    return conditions


def _cursor(key: Key, row: Row[Any]) -> str:
    values = [row._mapping[column] for column in key.columns]
    plain = [value.isoformat() if isinstance(value, datetime) else str(value) for value in values]
    return _packed([key.name, *plain])


def _bound(key: Key, cursor: str, first: Sequence[tuple[ColumnElement[Any], Any]]) -> ColumnElement[Any]:
    pairs = [*first, *zip(key.columns, values_of(key, cursor), strict=True)]
    return tuple_(*(literal(value, column.type) for column, value in pairs))


def values_of(key: Key, cursor: str) -> list[Any]:
    """The key of the row at the cursor. Raises `CursorInvalid` for a malformed cursor or a cursor of another list."""
    values = _unpacked(cursor)
    if not isinstance(values, list) or len(values) != len(key.columns) + 1 or values[0] != key.name:
        raise CursorInvalid
    return [_value(column.type, text) for text, column in zip(values[1:], key.columns, strict=True)]


def _value(kind: TypeEngine[Any], text: Json) -> Any:
    if not isinstance(text, str):
        raise CursorInvalid
    try:
        if isinstance(kind, UtcDateTime):
            return read_instant(text)
        value = kind.python_type(text)
        if isinstance(value, int) and not 0 <= value < _NUMBERS:
            raise CursorInvalid  # PostgreSQL refuses the comparison with a number that is no INTEGER
        return value
    except (ValueError, OverflowError) as error:
        raise CursorInvalid from error


def cursor_of(value: str) -> str:
    """The cursor of an entry that one text identifies, for a list that is not read by a query."""
    return _packed([value])


def only(cursor: str) -> str:
    """The text from which `cursor_of` made the cursor. Raises `CursorInvalid` for any other cursor."""
    values = _unpacked(cursor)
    if not (isinstance(values, list) and len(values) == 1 and isinstance(values[0], str)):
        raise CursorInvalid
    return values[0]


def _packed(values: list[str]) -> str:
    return base64.urlsafe_b64encode(encode(values).encode()).decode().rstrip("=")


def _unpacked(cursor: str) -> Json:
    try:
        return read(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, PayloadInvalid) as error:
        raise CursorInvalid from error
