"""Work that needs no result of a statement is done while PostgreSQL executes it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import Connection
from support.database import PostgresServer, opened_postgres
from support.payload_rows import ADD, TEXTS

from orchestrator_gql.storage.database.link import Link
from orchestrator_gql.storage.database.postgres import PostgresDatabase
from orchestrator_gql.storage.database.prepared import rows_together
from orchestrator_gql.utils.tokens import new_id


class Changed(Exception):
    """The work fails."""


@pytest.fixture
async def database(postgres: PostgresServer) -> AsyncIterator[PostgresDatabase]:
    with postgres.database() as url:
        async with opened_postgres(url) as opened:
            yield opened


def texts(conn: Connection) -> list[str]:
    return [row["text"] for row in TEXTS.all(conn, {})]


async def test_work_of_the_unit_is_done_during_a_round_trip(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, between the statements and their results; its error is the caller's."""
    order, results = list[str](), Link._results

    def work() -> None:
        order.append("work")
        raise Changed

    async def noting(link: Link, number: int) -> Any:
        order.append("results")
        return await results(link, number)

    def unit(conn: Connection) -> list[str]:
        (rows,) = rows_together(conn, [(TEXTS, {})], meanwhile=work)
        ADD.write(conn, {"id": new_id(), "text": "first"})
        return texts(conn) + [row["text"] for row in rows]

    monkeypatch.setattr(Link, "_results", noting)
    assert await database.transaction(unit) == ["first"]
    assert order == ["work", "results", "results", "results"]
