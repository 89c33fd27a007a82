"""Constant texts of prepared statements: SQLite finds its partial indexes without planning at each execution."""

import sqlite3
import sys
from typing import Any

import pytest
from sqlalchemy import Connection, Dialect, Text, create_engine, literal, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import SQLAlchemyError

from orchestrator_gql.storage.columns import JsonText, Words
from orchestrator_gql.storage.database.prepared import Prepared, _with_literals
from orchestrator_gql.storage.input_requests import IS_OPEN
from orchestrator_gql.storage.tables import input_requests, metadata, processes
from orchestrator_gql.types import InputRequestStatus

READ = Prepared(select(input_requests.c.id).where(IS_OPEN))
CLOSE = Prepared(update(input_requests).where(IS_OPEN).values(status=InputRequestStatus.WITHDRAWN))


def plannings(conn: Connection, statement: Prepared, times: int) -> int:
    """How often SQLite asks what the statement may do: it asks whenever it plans a statement."""
    driver = conn.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    asked: list[Any] = []

    def may(*what: Any) -> int:
        asked.append(what)
        return sqlite3.SQLITE_OK

    driver.set_authorizer(may)
    for _ in range(times):
        statement.run(conn, {}) if statement is CLOSE else statement.all(conn, {})
    return len(asked)


@pytest.mark.parametrize("statement", [READ, CLOSE], ids=["read", "write"])
def test_a_statement_is_planned_once(statement: Prepared) -> None:
    counts = []
    for times in (1, 5):
        with create_engine("sqlite://").connect() as conn:
            metadata.create_all(conn)
            counts.append(plannings(conn, statement, times))

    assert counts[0] > 0
    assert counts[1] == counts[0]


@pytest.mark.parametrize("text", ["it's", 'a "quoted" text', "100 % :name ?", "", "ä\n"])
def test_a_constant_text_is_the_same_text(text: str) -> None:
    with create_engine("sqlite://").connect() as conn:
        query = Prepared(select(processes.c.note.label("note")).where(processes.c.note == text))
        metadata.create_all(conn)
        conn.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        columns = [column for column in processes.c if not column.nullable and column.server_default is None]
        names = ", ".join([*(column.name for column in columns), "note"])
        marks = ", ".join("?" * (len(columns) + 1))
        conn.exec_driver_sql(f"INSERT INTO processes ({names}) VALUES ({marks})", (*("0" for _ in columns), text))

        assert query.all(conn, {}) == [{"note": text}]


@pytest.mark.parametrize(("text", "type_"), [("x", JsonText()), ('"', JsonText()), ("a\0b", Words()), ("a\0b", Text())])
def test_a_constant_that_no_sql_can_hold_is_converted_as_a_parameter(text: str, type_: Any) -> None:
    query = select(literal(text, type_).label("value"))
    with create_engine("sqlite://").connect() as conn:
        assert Prepared(query).all(conn, {}) == [conn.execute(query).one()._asdict()]


def constant_texts(statement: Prepared, dialect: Dialect) -> list[str]:
    try:
        compiler: Any = _with_literals(statement._statement, dialect).compile(dialect=dialect)
    except (SQLAlchemyError, NotImplementedError):  # only PostgreSQL has it
        return []
    values = [bind.effective_value for bind in compiler.bind_names if not bind.required]
    return [value for value in values if isinstance(value, str)]


def test_no_query_of_the_product_has_a_constant_text_among_its_parameters() -> None:
    modules = [module for name, module in sys.modules.items() if name.startswith("orchestrator_gql.storage.")]
    statements = [each for module in modules for each in vars(module).values() if isinstance(each, Prepared)]
    texts = [
        (str(each._statement), text)
        for each in statements
        if each._columns is None
        for text in constant_texts(each, sqlite.dialect())
    ]

    assert len(statements) > 20
    assert not texts
