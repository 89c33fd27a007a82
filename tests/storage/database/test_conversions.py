"""The functions that are written for a statement convert each value as SQLAlchemy does."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Table, bindparam, insert, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg

from orchestrator_gql.storage.database.conversions import to_parameters
from orchestrator_gql.storage.database.prepared import Prepared
from orchestrator_gql.storage.tables import metadata
from orchestrator_gql.types import Failure
from orchestrator_gql.utils.tokens import new_id

NOW = datetime(2026, 1, 31, 12, 34, 56, 7, tzinfo=UTC)
ELSEWHERE = datetime(2026, 1, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=5, minutes=30)))
VALUES: dict[str, list[Any]] = {
    "Uuid": [new_id()],
    "UtcDateTime": [NOW, ELSEWHERE],
    "JsonText": [{"a": [1, None, "\0"]}, [], "x"],
    "FailureText": [Failure("a", "b", NOW)],
    "Words": ["plain", "with\0nul"],
    "Text": ["x"],
    "String": ["x"],
    "Integer": [1, -(2**31)],
    "BigInteger": [2**60],
    "Float": [0.5],
    "Boolean": [True, False],
    "LargeBinary": [b"\0x"],
}
DIALECTS: dict[str, Callable[[], Any]] = {"sqlite": sqlite.dialect, "postgresql": psycopg.dialect}


def values_of(column: Any) -> list[Any]:
    """Values of the type of the column, and None."""
    kind = type(column.type).__name__
    values = list(column.type.enum_class) if kind == "Enum" and column.type.enum_class else VALUES.get(kind, ["x"])
    return [None, *values]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_each_value_of_each_column_is_written_as_sqlalchemy_writes_it(table: Table, dialect: str) -> None:
    made = DIALECTS[dialect]()
    compiled = Prepared(insert(table).inline(), table.c.keys())._compile(made)
    names = compiled.template.names or [c.name for c in table.c]
    for column in table.c:
        process = column.type.dialect_impl(made).bind_processor(made)
        for value in values_of(column):
            expected = value if process is None or value is None or isinstance(value, bytes) else process(value)
            given = dict.fromkeys(table.c.keys()) | {column.name: value}
            if dialect == "sqlite":
                assert compiled.parameters(given)[list(table.c.keys()).index(column.name)] == expected
            else:
                text = compiled.texts(given)[names.index(column.name)]
                assert isinstance(text, str | bytes | None)
                assert text in (expected, str(expected), getattr(expected, "hex", None), _text(expected))


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else {True: "t", False: "f"}.get(value)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_constant_of_the_statement_may_be_left_out_or_given(dialect: str) -> None:
    table = metadata.tables["processes"]
    statement = select(table.c.id).where(table.c.position == bindparam("a", 7), table.c.seq == bindparam("b"))
    compiled = Prepared(statement)._compile(DIALECTS[dialect]())

    assert [*map(str, compiled.texts({"b": 1}) or compiled.parameters({"b": 1}))] == ["7", "1"]
    assert [*map(str, compiled.texts({"a": 8, "b": 1}) or compiled.parameters({"a": 8, "b": 1}))] == ["8", "1"]


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="b"):
        to_parameters(["b"], {"b": None}, {})({"a": 1})
