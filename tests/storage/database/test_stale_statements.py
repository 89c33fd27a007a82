"""A migration changes the tables of a running server; its prepared statements are then made anew (PostgreSQL)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from support.database import PostgresServer, opened_postgres
from support.payload_rows import ADD, CHANGE, TEXTS

from orchestrator_gql.storage.database.link import OFTEN
from orchestrator_gql.storage.database.postgres import PostgresDatabase
from orchestrator_gql.utils.tokens import new_id

OF_PSYCOPG = 5
"""Executions after which psycopg prepares a statement."""

TOGETHER = 3
"""Units at the same time: each has a connection of its own."""


@pytest.fixture
async def database(postgres: PostgresServer) -> AsyncIterator[PostgresDatabase]:
    with postgres.database() as url:
        async with opened_postgres(url) as opened:
            yield opened


def past_sqlalchemy(conn: Connection) -> list[str]:
    return [row["text"] for row in TEXTS.all(conn, {})]


def by_sqlalchemy(conn: Connection) -> list[str]:
    return [row.text for row in conn.execute(text("SELECT * FROM payloads"))]


def behind_a_write(conn: Connection) -> list[str]:
    CHANGE.write(conn, {"b_id": new_id(), "text": "nothing has this id"})
    return past_sqlalchemy(conn)


async def in_a_thread(database: PostgresDatabase, unit: Callable[[Connection], Any]) -> Any:
    return await asyncio.to_thread(database.read_here, unit)


WAYS: dict[str, Callable[..., Any]] = {
    "transaction": PostgresDatabase.transaction,
    "read": PostgresDatabase.read,
    "read_current": PostgresDatabase.read_current,
    "read_here": in_a_thread,
}

TYPE = "ALTER TABLE payloads ALTER COLUMN text TYPE varchar(1000)"
COLUMN = "ALTER TABLE payloads ADD COLUMN further text"


@pytest.mark.parametrize(
    ("way", "unit", "change"),
    [
        ("transaction", past_sqlalchemy, TYPE),
        ("transaction", by_sqlalchemy, COLUMN),
        ("transaction", behind_a_write, TYPE),
        ("read", past_sqlalchemy, TYPE),
        ("read", by_sqlalchemy, TYPE),
        ("read_current", past_sqlalchemy, TYPE),
        ("read_current", by_sqlalchemy, COLUMN),
        ("read_here", by_sqlalchemy, COLUMN),
    ],
)
async def test_a_schema_change_is_not_noticed(
    database: PostgresDatabase, way: str, unit: Callable[[Connection], list[str]], change: str
) -> None:
    await database.transaction(lambda conn: ADD.write(conn, {"id": new_id(), "text": "kept"}))

    async def run() -> None:
        found = await asyncio.gather(*(WAYS[way](database, unit) for _ in range(TOGETHER)))
        assert found == [["kept"]] * TOGETHER

    for _ in range(OFTEN + OF_PSYCOPG):
        await run()
    await database.alter(lambda conn: conn.execute(text(change)) and None)
    for _ in range(2):
        await run()


@pytest.mark.parametrize("way", ["transaction", "read_current"])
@pytest.mark.parametrize("unit", [past_sqlalchemy, behind_a_write])
async def test_a_session_that_forgot_its_statements_is_replaced(
    database: PostgresDatabase, way: str, unit: Callable[[Connection], list[str]]
) -> None:
    """As a pooler does that runs DISCARD ALL, or lends the session to others, between two transactions."""
    for _ in range(OFTEN + 1):
        await WAYS[way](database, unit)
    await database.transaction(lambda conn: conn.execute(text("DEALLOCATE ALL")) and None)
    for _ in range(2):
        assert await WAYS[way](database, unit) == []


async def test_an_error_of_a_feature_is_no_stale_statement(database: PostgresDatabase) -> None:
    """It has the same SQLSTATE."""
    tries: list[bool] = []

    def unit(conn: Connection) -> None:
        tries.append(True)
        conn.execute(text("SELECT count(*) FROM payloads FOR UPDATE"))

    with pytest.raises(DBAPIError):
        await database.transaction(unit)
    assert len(tries) == 1
