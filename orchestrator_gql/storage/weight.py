"""How much a read may load: counted as the values come from the database, before they are decoded.

A read that answers somebody runs under an `Allowance`; what the engine reads for itself runs under none. SQLite hands
over one row after the other, so the count notices in time. PostgreSQL's driver takes in all rows before it shows the
first: there `within` lets the database itself stop behind the allowance.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

T = TypeVar("T")

VALUE_BYTES = 8
"""What a value inside a JSON text counts beside its characters: decoded, it is an object of 30 to 60 bytes."""


class TooHeavy(Exception):
    """The read loads more than it may."""


@dataclass(slots=True)
class Allowance:
    """``most`` bytes that one read may load, and how many it did."""

    most: int
    taken: int = 0

    def take(self, size: int) -> None:
        """Count; raises `TooHeavy`."""
        if self.taken + size > self.most:
            raise TooHeavy
        self.taken += size


_allowance: ContextVar[Allowance | None] = ContextVar("allowance", default=None)


def under(allowance: Allowance, unit: Callable[[Connection], T]) -> Callable[[Connection], T]:
    """The unit, which counts what it loads."""

    def counting(conn: Connection) -> T:
        taken = allowance.taken
        token = _allowance.set(allowance)
        try:
            return unit(conn)
        except BaseException:
            allowance.taken = taken  # SQLite may begin a long read anew in another thread
            raise
        finally:
            _allowance.reset(token)

    return counting


@contextmanager
def free() -> Iterator[None]:
    """Count nothing: the first row of a reader who can take no less."""
    token = _allowance.set(None)
    try:
        yield
    finally:
        _allowance.reset(token)


def has_room() -> bool:
    """Whether a list that may be cut should go on: half of what may be loaded is left for the rest of the answer."""
    allowance = _allowance.get()
    return allowance is None or allowance.taken * 2 <= allowance.most


def charge(size: int) -> None:
    """Count bytes that are loaded now, where that is counted."""
    allowance = _allowance.get()
    if allowance is not None:
        allowance.take(size)


def charge_json(text: str) -> None:
    """Count a JSON text that is decoded now, where that is counted."""
    allowance = _allowance.get()
    if allowance is not None:
        allowance.take(weight_of_json(text))


def weight_of_json(text: str) -> int:
    """What a JSON text counts: a text of nothing but brackets takes 20 times its length in memory."""
    return len(text) + VALUE_BYTES * (text.count(",") + text.count("[") + text.count("{"))


def within(
    conn: Connection, query: Select[Any], *, heavy: Sequence[ColumnElement[Any]], order: Sequence[str]
) -> Iterable[Row[Any]]:
    """The rows of the query in the order of those columns, of PostgreSQL's no more than one behind the allowance.

    ``heavy`` are the columns that may be large. The query has no order and no limit of its own.
    """
    allowance = _allowance.get()
    if allowance is None or conn.dialect.name != "postgresql":
        columns = query.selected_columns
        return conn.execute(query.order_by(*(columns[name] for name in order)))
    own: ColumnElement[Any] = sum(
        (func.coalesce(func.octet_length(column), 0) for column in heavy[1:]),
        func.coalesce(func.octet_length(heavy[0]), 0),
    )
    place = [query.selected_columns[name] for name in order]
    up_to = func.sum(own).over(order_by=place, rows=(None, 0))
    inner = query.add_columns(own.label("own_weight"), up_to.label("weight_up_to")).subquery()
    shown = [column for column in inner.c if column.name not in ("own_weight", "weight_up_to")]
    fits = inner.c.weight_up_to - inner.c.own_weight <= allowance.most - allowance.taken
    return conn.execute(select(*shown).where(fits).order_by(*(inner.c[name] for name in order)))
