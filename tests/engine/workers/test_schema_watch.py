"""A server notices that the schema of its PostgreSQL database was migrated by a newer release, or restored."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import Connection, text
from support.database import PostgresServer
from support.until import until
from support.web import Site, site_of

from orchestrator_gql.engine.workers import schema_watch
from orchestrator_gql.storage.database import schema
from orchestrator_gql.storage.database.advice import UNREADABLE

NEWER, OLDER = "9999", "0001"


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema_watch, "EVERY", 0.02)


@asynccontextmanager
async def migrated_while_running(postgres: PostgresServer, version: str) -> AsyncIterator[Site]:
    def set_version(conn: Connection) -> None:
        conn.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})

    with postgres.database() as url:
        async with site_of(url) as site:
            await site.engine.runtime.database.transaction(set_version)
            yield site


async def _lines(site: Site, caplog: pytest.LogCaptureFixture) -> list[str]:
    async def logged() -> list[str] | None:
        found = [record for record in caplog.records if record.name == schema_watch.logger.name]
        return [str(record.detail) for record in found if hasattr(record, "detail")] or None

    return await until(site.engine.runtime, logged, awaited="the log line")


async def test_an_old_server_reports_a_newer_schema_and_serves_on(
    postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with migrated_while_running(postgres, NEWER) as site:
        lines = await _lines(site, caplog)
        ready = await site.http.get("/health/ready")

    assert lines == [schema.difference(NEWER)]
    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "detail": schema.difference(NEWER)})


async def test_a_server_under_which_an_old_backup_was_restored_is_not_ready(
    postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with migrated_while_running(postgres, OLDER) as site:
        lines = await _lines(site, caplog)
        ready = await site.http.get("/health/ready")

    assert "run `orchestrator-gql migrate` first" in lines[0]
    assert (ready.status_code, ready.json()["status"]) == (503, "schema-outdated")


async def test_a_server_whose_tables_are_being_replaced_is_not_ready_and_logs_an_outage(
    postgres: PostgresServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[bool] = []

    def counted(conn: Connection) -> str | None:
        looks.append(True)
        return read(conn)

    async def looked_again() -> bool | None:
        return len(looks) > 5 or None

    read = schema.version_of
    monkeypatch.setattr(schema, "version_of", counted)
    with postgres.database() as url:
        async with site_of(url) as site:
            database = site.engine.runtime.database
            await database.transaction(_rename("alembic_version", "aside"))
            looks.clear()
            await until(site.engine.runtime, looked_again, awaited="five looks")
            away = await site.http.get("/health/ready")
            await database.transaction(_rename("aside", "alembic_version"))
            ready = await site.http.get("/health/ready")

    errors = [vars(record)["error"] for record in caplog.records if "is unavailable" in record.getMessage()]
    assert errors == ['UndefinedTable: relation "alembic_version" does not exist']
    assert (away.status_code, away.json()) == (503, {"status": "storage-unavailable", "detail": UNREADABLE})
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})


def _rename(table: str, name: str) -> Callable[[Connection], object]:
    return lambda conn: conn.execute(text(f"ALTER TABLE {table} RENAME TO {name}"))
