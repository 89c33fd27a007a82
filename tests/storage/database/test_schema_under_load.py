"""A migration on PostgreSQL gets its tables although servers use them in another order, or for a long time."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import psycopg
import pytest
from sqlalchemy import make_url
from support.database import PostgresServer
from support.old_schemas import upgrade_to
from support.until import becomes

from orchestrator_gql.storage.database import connect, schema
from orchestrator_gql.storage.database.postgres import PostgresDatabase
from orchestrator_gql.utils.errors import OrchestratorError

BEFORE = "0014"
"""The next migrations alter `processes`, and then build indexes of `callbacks`."""


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    """A database of an earlier release."""
    with postgres.database(is_migrated=False) as url:
        yield url


@asynccontextmanager
async def _databases(
    url: str,
) -> AsyncIterator[tuple[PostgresDatabase, psycopg.AsyncConnection, psycopg.AsyncConnection]]:
    """The database to migrate, the connection of a server, and a connection that looks at the locks."""
    database = connect(url)
    assert isinstance(database, PostgresDatabase)
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    await database.open()
    try:
        await database.alter(lambda conn: upgrade_to(conn, BEFORE))
        async with (
            await psycopg.AsyncConnection.connect(plain) as server,
            await psycopg.AsyncConnection.connect(plain, autocommit=True) as looker,
        ):
            yield database, server, looker
    finally:
        await database.close()


async def _is_waiting(looker: psycopg.AsyncConnection, table: str) -> None:
    """Return once somebody waits for the table."""
    query = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
    async with asyncio.timeout(30):
        while await (await looker.execute(query, [table])).fetchone() is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_migration_that_meets_a_deadlock_is_tried_again(url: str) -> None:
    async with _databases(url) as (database, server, looker):
        await server.execute("SET deadlock_timeout = '30s'")  # so the migration finds the deadlock, and is the victim
        await server.execute("LOCK TABLE callbacks IN ROW EXCLUSIVE MODE")
        migrating = asyncio.create_task(schema.migrate(database))
        await _is_waiting(looker, "callbacks")
        await server.execute("LOCK TABLE processes IN ROW EXCLUSIVE MODE")  # the migration holds it: a deadlock
        await server.commit()
        await migrating

        assert await database.read(schema.version_of) == schema.HEAD


async def test_a_migration_lets_servers_work_while_a_long_transaction_has_a_table(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(schema, "LOCK_SECONDS", 0.1)
    monkeypatch.setattr(schema, "LOCK_PAUSE", (0.01, 0.02))
    async with _databases(url) as (database, server, looker):
        await server.execute("LOCK TABLE callbacks IN ROW EXCLUSIVE MODE")
        migrating = asyncio.create_task(schema.migrate(database))
        await becomes(lambda: "servers use the tables" in caplog.text)
        await looker.execute("UPDATE processes SET version = version")  # between two tries
        await server.commit()
        await migrating

        assert await database.read(schema.version_of) == schema.HEAD


async def test_a_migration_that_never_gets_its_tables_changes_nothing(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "LOCK_SECONDS", 0.05)
    monkeypatch.setattr(schema, "LOCK_PAUSE", (0.0, 0.01))
    monkeypatch.setattr(schema, "LOCK_TRIES", 2)
    async with _databases(url) as (database, server, _):
        await server.execute("LOCK TABLE callbacks IN ROW EXCLUSIVE MODE")
        with pytest.raises(OrchestratorError, match="a long transaction has a table"):
            await schema.migrate(database)

        assert await database.read(schema.version_of) == BEFORE
