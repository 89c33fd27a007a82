"""Column types that mean the same on both dialects: UTC instants, JSON as text, failures, enums with a CHECK."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
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
    any_,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.types import UserDefinedType

from orchestrator_gql.types import Failure, Json
from orchestrator_gql.utils.json import decode, encode


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC. SQLite keeps no zone: it is taken off on the way in and put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("An instant must be aware: use the clock of the runtime.")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JsonText(TypeDecorator[Json]):
    """JSON as text, never as JSONB: NUL and lone surrogates survive, and big integers stay exact."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Json, dialect: Dialect) -> str | None:
        """To the database; None is SQL's NULL."""
        return None if value is None else encode(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Json:
        """From the database."""
        return None if value is None else decode(value)


class FailureText(TypeDecorator[Failure]):
    """A failure as JSON text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Failure | None, dialect: Dialect) -> str | None:
        """To the database."""
        return None if value is None else encode(failure_to_json(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Failure | None:
        """From the database."""
        return None if value is None else failure_from_json(decode(value))


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
