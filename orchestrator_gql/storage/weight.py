"""Limits how much a read may load: the values are counted as they come from the database, before they are decoded.

A read for a client has an `Allowance`; a read of the engine has none. SQLite returns one row after the other, in a long
read a few at once, so the count stops the read in time. The driver of PostgreSQL loads all rows before it returns the
first row: there `within` lets the database itself stop behind the allowance.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, func, literal, select

T = TypeVar("T")

VALUE_BYTES = 8
"""Bytes counted for each value in a JSON text, beside its characters: decoded, a value takes 30 to 60 bytes."""


class TooHeavy(Exception):
    """The read would load more than its allowance."""


@dataclass(slots=True)
class Allowance:
    """The number of bytes that one read may load (``most``) and has loaded (``taken``)."""

    most: int
    taken: int = 0

    def take(self, size: int) -> None:
        """Count ``size`` bytes. Raises `TooHeavy` if they exceed the allowance."""
        if self.taken + size > self.most:
            raise TooHeavy
        self.taken += size


allowance_of_read: ContextVar[Allowance | None] = ContextVar("allowance", default=None)


def under(allowance: Allowance, unit: Callable[[Connection], T]) -> Callable[[Connection], T]:
    """The unit with that allowance: it raises `TooHeavy` if it loads more."""

    def counting(conn: Connection) -> T:
        taken = allowance.taken
        token = allowance_of_read.set(allowance)
        try:
            return unit(conn)
        except BaseException:
            allowance.taken = taken  # SQLite may start a long read again on another connection
            raise
        finally:
            allowance_of_read.reset(token)

    return counting


@contextmanager
def free() -> Iterator[None]:
    """Count nothing in this block: for the first row, which a reader needs in any case."""
    token = allowance_of_read.set(None)
    try:
        yield
    finally:
        allowance_of_read.reset(token)


@contextmanager
def if_light() -> Iterator[None]:
    """Give the block up, and count nothing of it, if it loads more than the allowance: the reader can do without."""
    allowance = allowance_of_read.get()
    taken = 0 if allowance is None else allowance.taken
    try:
        yield
    except TooHeavy:
        assert allowance is not None, "only a read with an allowance is too heavy"
        allowance.taken = taken


def has_room() -> bool:
    """True if a list that may be cut should go on: half of the allowance is reserved for the rest of the response."""
    allowance = allowance_of_read.get()
    return allowance is None or allowance.taken * 2 <= allowance.most


def charge(size: int) -> None:
    """Count bytes that are loaded now, if the read has an allowance."""
    allowance = allowance_of_read.get()
    if allowance is not None:
        allowance.take(size)


def charge_json(text: str) -> None:
    """Count a JSON text that is decoded now, if the read has an allowance."""
    allowance = allowance_of_read.get()
    if allowance is not None:
        allowance.take(weight_of_json(text))


def weight_of_json(text: str) -> int:
    """The bytes counted for a JSON text: decoded, a text of only brackets takes 20 times its length."""
    return len(text) + VALUE_BYTES * (text.count(",") + text.count("[") + text.count("{"))


def room() -> int | None:
    """The bytes that are left of the allowance; None if the read has none."""
    allowance = allowance_of_read.get()
    return None if allowance is None else allowance.most - allowance.taken


def within(
    conn: Connection, query: Select[Any], *, heavy: Sequence[ColumnElement[Any]], order: Sequence[str]
) -> Iterable[Row[Any]]:
    """The rows of the query in the order of those columns; PostgreSQL returns at most one row beyond the allowance.

    ``heavy`` are the columns that may be large. The query itself must have no order and no limit.
    """
    left = room()
    if left is None or conn.dialect.name != "postgresql":
        columns = query.selected_columns
        return conn.execute(query.order_by(*(columns[name] for name in order)))
    return conn.execute(bounded(query, heavy=heavy, order=order, room=literal(left)))


def bounded(
    query: Select[Any], *, heavy: Sequence[ColumnElement[Any]], order: Sequence[str], room: ColumnElement[int]
) -> Select[Any]:
    """The query as `within` sends it to PostgreSQL; ``room`` is what is left of the allowance."""
    weight: ColumnElement[Any] = sum(
        (func.coalesce(func.octet_length(column), 0) for column in heavy[1:]),
        func.coalesce(func.octet_length(heavy[0]), 0),
    )
    place = [query.selected_columns[name] for name in order]
    total = func.sum(weight).over(order_by=place, rows=(None, 0))
    inner = query.add_columns(weight.label("own_weight"), total.label("weight_up_to")).subquery()
    selected = [column for column in inner.c if column.name not in ("own_weight", "weight_up_to")]
    fits = inner.c.weight_up_to - inner.c.own_weight <= room
    return select(*selected).where(fits).order_by(*(inner.c[name] for name in order))
