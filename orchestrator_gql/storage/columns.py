"""Column types that behave the same on both dialects: UTC times, JSON as text, failures, enums with a CHECK."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Enum,
    Integer,
    Select,
    Text,
    TypeDecorator,
    Uuid,
    and_,
    any_,
    cast,
    column,
    exists,
    func,
    not_,
    or_,
    select,
    tuple_,
)
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import custom_op
from sqlalchemy.types import UserDefinedType

from orchestrator_gql.storage.weight import allowance_of_read, charge_json, weight_of_json
from orchestrator_gql.types import Failure, Json
from orchestrator_gql.utils.json import decode, encode

Convert = Callable[[Any], Any]


MICROSECONDS = len("2026-01-31 12:34:56.123456")


def _sqlite_text(value: datetime) -> str:
    """The text as SQLAlchemy writes it."""
    return _text_of_utc(_utc(value))


@lru_cache(maxsize=256)
def _text_of_utc(value: datetime) -> str:
    """The text, which is cached: most times of one commit are equal. Only in UTC do equal times have one text: in other
    zones the hour before the clock is set back equals the hour after it."""
    return value.isoformat(" ", "microseconds")[:MICROSECONDS]


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("An instant must be aware: use the clock of the runtime.")
    return value if value.tzinfo is UTC else value.astimezone(UTC)


@lru_cache(maxsize=1024)
def _of_sqlite_text(value: str) -> datetime:
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


def _unless_null(convert: Convert) -> Convert:
    """The conversion that keeps None; its attribute ``of_value`` is the conversion alone, for `prepared`."""

    def converted(value: Any) -> Any:
        return None if value is None else convert(value)

    converted.of_value = convert  # type: ignore[attr-defined]
    return converted


class _Converted(TypeDecorator[Any]):
    """A column with two plain functions for its conversion.

    SQLAlchemy would call `process_bind_param` through two more functions, for every value of every transition.
    """

    impl = Text
    cache_ok = True

    @staticmethod
    def written(value: Any) -> Any:
        """Convert a value for the database; None becomes NULL before this call."""
        raise NotImplementedError

    @staticmethod
    def understood(value: Any) -> Any:
        """Convert a value from the database; NULL becomes None before this call."""
        raise NotImplementedError

    def bind_processor(self, dialect: Dialect) -> Convert:
        """The conversion of values for the database."""
        return _unless_null(self.written)

    def result_processor(self, dialect: Dialect, coltype: object) -> Convert:
        """The conversion of values from the database."""
        return _unless_null(self.understood)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC. SQLite stores no time zone: it is removed in a write and added in a read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Convert:
        """The conversion of times for the database."""
        return _unless_null(_sqlite_text if dialect.name == "sqlite" else _utc)

    def result_processor(self, dialect: Dialect, coltype: object) -> Convert:
        """The conversion of times from the database."""
        return _unless_null(_of_sqlite_text if dialect.name == "sqlite" else _utc)


_EMPTY: dict[str, Callable[[], Json]] = {"{}": dict, "[]": list}
"""Most JSON columns of most rows are empty; the decoder takes longer than the look-up."""


class JsonText(_Converted):
    """JSON as text, not as JSONB, which loses NUL, lone surrogates and the exact value of large integers."""

    cache_ok = True
    written = staticmethod(encode)

    @staticmethod
    def understood(value: Any) -> Json:
        """Count the text for the allowance of the read, then decode it."""
        if len(value) == 2 and value in _EMPTY:
            return _EMPTY[value]()
        if (allowance := allowance_of_read.get()) is not None:
            allowance.take(weight_of_json(value))
        return decode(value)


class Words(_Converted):
    """Text that people wrote. NUL is replaced, because PostgreSQL cannot store it."""

    cache_ok = True

    @staticmethod
    def written(value: str) -> str:
        """Replace NUL by U+FFFD."""
        return value.replace("\0", "\ufffd")

    @staticmethod
    def understood(value: str) -> str:
        """Return the text as it is."""
        return value


class FailureText(_Converted):
    """A failure as JSON text."""

    cache_ok = True

    @staticmethod
    def written(value: Failure) -> str:
        """Encode the failure."""
        return encode(failure_to_json(value))

    @staticmethod
    def understood(value: str) -> Failure:
        """Count the text for the allowance of the read, then decode it."""
        charge_json(value)
        return failure_from_json(decode(value))


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The name of the type in DDL."""
        return "xid8"


TransactionId = BigInteger().with_variant(Xid8(), "postgresql")
EventId = BigInteger().with_variant(Integer(), "sqlite")


def among(conn: Connection, column: ColumnElement[UUID], ids: Sequence[UUID] | Select[UUID]) -> ColumnElement[bool]:
    """The condition that the column is one of the ids; a query for ids is read once, before the other rows."""
    if isinstance(ids, Select):
        is_postgres = conn.dialect.name == "postgresql"
        return column == any_(func.array(ids.scalar_subquery())) if is_postgres else column.in_(ids)
    return column == any_(_id_array(ids)) if conn.dialect.name == "postgresql" else column.in_(select(each(conn, ids)))


def among_pairs(
    columns: tuple[ColumnElement[UUID], ColumnElement[int]], pairs: Sequence[tuple[UUID, int]]
) -> ColumnElement[bool]:
    """The condition that the two columns are one of the pairs.

    The ids also stand alone: for pairs SQLite uses no index, and would look through the whole table.
    """
    ids = dict.fromkeys(id for id, _ in pairs)
    return and_(columns[0].in_(list(ids)), tuple_(*columns).in_(pairs))


def each(conn: Connection, ids: Sequence[UUID]) -> ColumnElement[UUID]:
    """The ids as the column of a table.

    The ids are one parameter: for some hundred parameters drivers need more time than the database for the statement.
    """
    if conn.dialect.name == "postgresql":
        return func.unnest(_id_array(ids)).column_valued("each_id")
    as_stored = "[" + ",".join(f'"{id.hex}"' for id in ids) + "]"
    return func.json_each(as_stored).table_valued(column("value", Uuid)).c.value


def _id_array(ids: Sequence[UUID]) -> ColumnElement[Sequence[UUID]]:
    return cast(func.string_to_array(",".join(id.hex for id in ids), ","), ARRAY(Uuid))


def unindexed(conn: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column in a condition for which SQLite uses no index: it would take that index for any condition.

    PostgreSQL has statistics, so it sees for itself which index is the best.
    """
    if conn.dialect.name != "sqlite":
        return column
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)


def is_overdue(
    is_open: ColumnElement[bool], due_at: ColumnElement[datetime], now: Any, *, is_wanted: bool = True
) -> ColumnElement[bool]:
    """The condition that the row is open and its time has passed; without ``is_wanted`` the opposite."""
    if is_wanted:
        return and_(is_open, due_at <= now)
    return or_(not_(is_open), due_at.is_(None), due_at > now)


def enum_text(kind: type[StrEnum], name: str) -> Enum:
    """A column type that stores the values of the StrEnum as text, with a named CHECK."""
    return Enum(kind, native_enum=False, create_constraint=True, name=name, length=32, values_callable=_values)


def _values(kind: type[StrEnum]) -> list[str]:
    return [member.value for member in kind]


def failure_to_json(failure: Failure) -> Json:
    """The failure as a JSON object."""
    return {**asdict(failure), "occurred_at": failure.occurred_at.isoformat()}


def failure_from_json(value: Json) -> Failure:
    """The failure of a JSON object that `failure_to_json` made."""
    return Failure(**{**value, "occurred_at": datetime.fromisoformat(value["occurred_at"])})


def asked_per_row(query: Select[Any]) -> ColumnElement[bool]:
    """The condition that the query, which names the row around it, has a result.

    The offset keeps PostgreSQL from reading the query for all rows at once, to look at the first few of them.
    """
    return exists(query.offset(0))
