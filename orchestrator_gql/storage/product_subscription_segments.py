"""The segments of product subscriptions: groups of some hundred that were created, or changed, one after the other.

The words of a subscription are indexed by its segment too. A page of a search then reads the words of some segments,
the newest first, and skips every segment without the word by one look into the index::

    segment    41        40        39       …       3         2
    "ams"    ░░░░░░░   ░░░░░░░   ░░░░░░░          ▓▓░▓░▓▓   ▓░░░▓▓░   the page is read from 3 and 2

Two segments may overlap in time, because saves commit in another order than they began. So the times of each segment
are read, and a row is in the page only if no segment that was not read could have an earlier one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zlib import crc32

from sqlalchemy import ARRAY, ColumnElement, Connection, Integer, case, cast, column, func, literal_column, select

from orchestrator_gql.storage.columns import asked_per_row
from orchestrator_gql.storage.tables import product_subscription_words as words
from orchestrator_gql.storage.tables import product_subscriptions

SIZE = 400
"""Subscriptions of a full segment. Half as many cost twice as many looks into the index; more cost longer reads."""

MOST_COUNTED = 1_000
"""Up to so many numbers are looked at in turn; then only those of segments that still have rows."""

LOOKS = 16
"""Every so manyth save looks if the newest segment is full: a segment may become that much larger."""

_S = product_subscriptions.c


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment: its number, and the first or the last time in it."""

    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Order:
    """An order of the list, with the segments in this order."""

    at: ColumnElement[datetime]
    segment: ColumnElement[int]
    segment_of_word: ColumnElement[int]


BY_CREATION = Order(_S.created_at, _S.created_segment, words.c.created_segment)
BY_UPDATE = Order(_S.updated_at, _S.updated_segment, words.c.updated_segment)


def of_new(conn: Connection, id: UUID) -> dict[str, int]:
    """The segments of a new subscription."""
    return {_S.created_segment.name: _newest(conn, BY_CREATION, id), **of_changed(conn, id)}


def of_changed(conn: Connection, id: UUID) -> dict[str, int]:
    """The segment that a change moves the subscription to."""
    return {_S.updated_segment.name: _newest(conn, BY_UPDATE, id)}


def _newest(conn: Connection, order: Order, id: UUID) -> int:
    newest: int = conn.execute(select(func.coalesce(func.max(order.segment), 0))).scalar_one()
    if crc32(id.bytes) % LOOKS:
        return newest
    rows = select(order.segment).where(order.segment == newest).limit(SIZE).subquery()
    size = conn.execute(select(func.count()).select_from(rows)).scalar_one()
    return newest + 1 if size >= SIZE else newest


def with_words(
    conn: Connection, order: Order, are_words: Sequence[ColumnElement[bool]], *, is_newest_first: bool
) -> list[Segment]:
    """The segments with all words, the newest first with their last times, or the oldest first with their first times.

    It costs one look into the index for each segment, and one more for each that has the word.
    """
    time = func.max(order.at) if is_newest_first else func.min(order.at)
    number = _all_numbers(order)
    at = select(time).where(order.segment == number).correlate(number.table).scalar_subquery()
    has_words = [
        asked_per_row(select(words.c.word).where(order.segment_of_word == number, is_word).correlate(number.table))
        for is_word in are_words
    ]
    rows = conn.execute(select(number, at.label("at")).where(number.is_not(None), *has_words))
    return sorted((Segment(*row) for row in rows), key=lambda each: each.at, reverse=is_newest_first)


def _all_numbers(order: Order) -> ColumnElement[int]:
    """The numbers of all segments, from the newest; of many segments only those that still have rows.

    Changes empty old segments. A look for the next one with rows costs more than a look into an empty segment.
    """
    newest = func.max(order.segment)
    numbers = select(newest.label("number"), (newest >= MOST_COUNTED).label("are_many")).cte("numbers", recursive=True)
    below = select(func.max(order.segment)).where(order.segment < numbers.c.number).scalar_subquery()
    next_one = case((numbers.c.are_many, below), else_=func.nullif(numbers.c.number - 1, literal_column("-1")))
    rest = select(next_one, numbers.c.are_many).where(numbers.c.number.is_not(None))
    return numbers.union_all(rest).c.number


def count_words(
    conn: Connection,
    order: Order,
    numbers: Sequence[int],
    are_words: Sequence[ColumnElement[bool]],
    most: int,
    is_in_time: ColumnElement[bool] | None,
) -> dict[int, list[int]]:
    """The number of rows of each word, up to ``most``, for each of these segments that has all words.

    A segment without a time that meets the condition ``is_in_time`` is left out.
    """
    number = _numbers(conn, numbers)
    rows = [
        select(words.c.word).where(order.segment_of_word == number, is_word).correlate(number.table)
        for is_word in are_words
    ]
    counts = [select(func.count()).select_from(each.limit(most).subquery()).scalar_subquery() for each in rows]
    query = select(number, *(count.label(f"count_{index}") for index, count in enumerate(counts)))
    if is_in_time is not None:
        rows.append(select(order.at).where(order.segment == number, is_in_time).correlate(number.table))
    found = conn.execute(query.where(*map(asked_per_row, rows)))
    return {row[0]: list(row[1:]) for row in found}


def _numbers(conn: Connection, numbers: Sequence[int]) -> ColumnElement[int]:
    """The numbers as the column of a table, in one parameter."""
    if conn.dialect.name == "postgresql":
        array = cast(func.string_to_array(",".join(map(str, numbers)), ","), ARRAY(Integer))
        return func.unnest(array).table_valued(column("number", Integer)).render_derived().c.number
    as_json = "[" + ",".join(map(str, numbers)) + "]"
    return func.json_each(as_json).table_valued(column("value", Integer)).c.value
