"""Column types that mean the same on both dialects: UTC instants, JSON as text, failures, enums with a CHECK."""

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
    Text,
    TypeDecorator,
    Uuid,
    and_,
    any_,
    cast,
    column,
    func,
    not_,
    or_,
    select,
)
from sqlalchemy.types import UserDefinedType

from orchestrator_gql.storage.weight import charge_json
from orchestrator_gql.types import Failure, Json
from orchestrator_gql.utils.json import decode, encode

Convert = Callable[[Any], Any]


@lru_cache(maxsize=256)
def _sqlite_text(value: datetime) -> str:
    """As SQLAlchemy writes it. Most instants of a commit are the same one, so it is written once."""
    return _utc(value).replace(tzinfo=None).isoformat(" ", "microseconds")


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("An instant must be aware: use the clock of the runtime.")
    return value.astimezone(UTC)


def _of_sqlite_text(value: str) -> datetime:
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


def _unless_null(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


class _Converted(TypeDecorator[Any]):
    """A column by two plain functions.

    As `process_bind_param` they would be called through two others, for every value of every transition.
    """

    impl = Text
    cache_ok = True

    @staticmethod
    def written(value: Any) -> Any:
        """To the database; None is SQL's NULL and does not come here."""
        raise NotImplementedError

    @staticmethod
    def understood(value: Any) -> Any:
        """From the database."""
        raise NotImplementedError

    def bind_processor(self, dialect: Dialect) -> Convert:
        """What is made of a value on its way to the database."""
        return _unless_null(self.written)

    def result_processor(self, dialect: Dialect, coltype: object) -> Convert:
        """What is made of a value on its way from the database."""
        return _unless_null(self.understood)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC. SQLite keeps no zone: it is taken off on the way in and put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Convert:
        """What is made of an instant on its way to the database."""
        return _unless_null(_sqlite_text if dialect.name == "sqlite" else _utc)

    def result_processor(self, dialect: Dialect, coltype: object) -> Convert:
        """What is made of an instant on its way from the database."""
        return _unless_null(_of_sqlite_text if dialect.name == "sqlite" else _utc)


class JsonText(_Converted):
    """JSON as text, never as JSONB: NUL and lone surrogates survive, and big integers stay exact."""

    cache_ok = True
    written = staticmethod(encode)

    @staticmethod
    def understood(value: Any) -> Json:
        """From the database."""
        charge_json(value)
        return decode(value)


class Words(_Converted):
    """What people wrote, as both dialects keep it: PostgreSQL's text holds no NUL."""

    cache_ok = True

    @staticmethod
    def written(value: str) -> str:
        """To the database."""
        return value.replace("\0", "\ufffd")

    @staticmethod
    def understood(value: str) -> str:
        """From the database."""
        return value


class FailureText(_Converted):
    """A failure as JSON text."""

    cache_ok = True

    @staticmethod
    def written(value: Failure) -> str:
        """To the database."""
        return encode(failure_to_json(value))

    @staticmethod
    def understood(value: str) -> Failure:
        """From the database."""
        charge_json(value)
        return failure_from_json(decode(value))


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in DDL."""
        return "xid8"


TransactionId = BigInteger().with_variant(Xid8(), "postgresql")
EventId = BigInteger().with_variant(Integer(), "sqlite")


def among(conn: Connection, column: ColumnElement[UUID], ids: Sequence[UUID]) -> ColumnElement[bool]:
    """The column is one of the ids."""
    return column == any_(_id_array(ids)) if conn.dialect.name == "postgresql" else column.in_(select(each(conn, ids)))


def each(conn: Connection, ids: Sequence[UUID]) -> ColumnElement[UUID]:
    """The ids as a column of a table of their own.

    They are one parameter: of some hundred in a list, drivers take longer than the database takes to act on them.
    """
    if conn.dialect.name == "postgresql":
        return func.unnest(_id_array(ids)).column_valued("each_id")
    as_stored = "[" + ",".join(f'"{id.hex}"' for id in ids) + "]"
    return func.json_each(as_stored).table_valued(column("value", Uuid)).c.value


def _id_array(ids: Sequence[UUID]) -> ColumnElement[Sequence[UUID]]:
    return cast(func.string_to_array(",".join(id.hex for id in ids), ","), ARRAY(Uuid))


def is_overdue(
    is_open: ColumnElement[bool], due_at: ColumnElement[datetime], now: Any, *, is_wanted: bool = True
) -> ColumnElement[bool]:
    """What is open still although its time is past; not ``is_wanted``: all the rest."""
    if is_wanted:
        return and_(is_open, due_at <= now)
    return or_(not_(is_open), due_at.is_(None), due_at > now)


def enum_text(kind: type[StrEnum], name: str) -> Enum:
    """A StrEnum by its values, as text with a named CHECK."""
    return Enum(kind, native_enum=False, create_constraint=True, name=name, length=32, values_callable=_values)


def _values(kind: type[StrEnum]) -> list[str]:
    return [member.value for member in kind]


def failure_to_json(failure: Failure) -> Json:
    """The failure as a JSON object."""
    return {**asdict(failure), "occurred_at": failure.occurred_at.isoformat()}


def failure_from_json(value: Json) -> Failure:
    """The failure of a JSON object made by `failure_to_json`."""
    return Failure(**{**value, "occurred_at": datetime.fromisoformat(value["occurred_at"])})
