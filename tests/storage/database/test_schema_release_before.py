"""Running, waiting, suspended and failed processes of the previous release go on, on both databases."""

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, create_engine, insert, inspect, select, text
from support.database import PostgresServer, new_sqlite_url
from support.engine import engine_of
from support.operator import confirm
from support.remote import answer, report

from orchestrator_gql.commands.processes import retry_process
from orchestrator_gql.reads.audit import verify_audit
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.database.schema import configuration, migrate
from orchestrator_gql.storage.tables import metadata
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.utils.errors import CallbackConflict

HERE = Path(__file__).parent / "release_before"
RELEASE = "0006"
"""The newest migration of the previous release."""

KNOWN: dict[str, dict[str, str]] = json.loads((HERE / "release_before.json").read_text())
IDS = {name: UUID(id) for name, id in KNOWN["processes"].items()}


@pytest.fixture
def site() -> Iterator[ModuleType]:
    """The workflows of the previous release, which do not block any more."""
    spec = util.spec_from_file_location("release_workflows", HERE / "release_workflows.py")
    assert spec is not None and spec.loader is not None
    module = util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    module.blocked = False  # type: ignore[attr-defined]
    yield module
    del sys.modules[spec.name]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_every_process_of_the_previous_release_goes_on(
    kind: str, site: ModuleType, tmp_path: Path, postgres: PostgresServer
) -> None:
    with database_of_the_release(kind, tmp_path, postgres) as url:
        if kind == "postgres":
            await fill(url, tmp_path)
        async with engine_of(url, *site.WORKFLOWS) as engine:
            engine.turn(31)  # the lease of the old server ends

            worked = await engine.reaches(IDS["running"], ProcessStatus.COMPLETED)
            await report(engine.runtime, KNOWN["tokens"]["awaiting"], "nearly done", 90.0)
            await answer(engine.runtime, KNOWN["tokens"]["awaiting"], {"rc": 0})
            await engine.reaches(IDS["awaiting"], ProcessStatus.SUSPENDED)
            for name in ("awaiting", "suspended"):
                await confirm(engine, IDS[name])
                ended = await engine.reaches(IDS[name], ProcessStatus.COMPLETED)
                assert ended.state["confirmed"] is True
            await retry_process(engine.runtime, LOCAL_OPERATOR, process_id=IDS["failed"])
            await engine.reaches(IDS["failed"], ProcessStatus.COMPLETED)
            engine.turn(60)
            tried = await engine.reaches(IDS["waiting"], ProcessStatus.COMPLETED)
            with pytest.raises(CallbackConflict):
                await answer(engine.runtime, KNOWN["tokens"]["completed"], {"rc": 1})
            audit = await verify_audit(engine.runtime, LOCAL_OPERATOR, after=None, first=1_000)

    assert worked.state == {"worked": True, "tried": True}
    assert tried.state == {"tried": True}
    assert audit.fault is None
    assert audit.entries > 0


@contextmanager
def database_of_the_release(kind: str, folder: Path, postgres: PostgresServer) -> Iterator[str]:
    """The URL of a database that the previous release wrote; on PostgreSQL of an empty database."""
    file = folder / "orchestrator.db"
    with closing(sqlite3.connect(file)) as conn:
        conn.executescript((HERE / "release_before.sql").read_text())
    if kind == "sqlite":
        yield new_sqlite_url(folder)
        return
    with postgres.database(is_migrated=False) as url:
        yield url


async def fill(url: str, folder: Path) -> None:
    """Copy the rows of the SQLite file to PostgreSQL with the schema of that release, then migrate."""
    source = create_engine(f"sqlite:///{folder / 'orchestrator.db'}")
    database = connect(url)
    await database.open()
    try:
        await database.alter(_old_schema)
        await database.alter(lambda conn: _copy(source, conn))
        await migrate(database)
    finally:
        source.dispose()
        await database.close()


def _old_schema(conn: Connection) -> None:
    config = configuration()
    config.attributes["connection"] = conn
    command.upgrade(config, RELEASE)


def _copy(source: Engine, conn: Connection) -> None:
    with source.connect() as old:
        old_tables = set(inspect(old).get_table_names())
        for table in metadata.sorted_tables:
            if table.name not in old_tables:
                continue
            old_names = {column["name"] for column in inspect(old).get_columns(table.name)}
            columns = [column for column in table.columns if column.name in old_names and column.name != "tx"]
            rows: list[dict[str, Any]] = [dict(row) for row in old.execute(select(*columns)).mappings()]
            if table.name == "engine_state":
                continue  # the migration wrote its one row
            if rows:
                conn.execute(insert(table), rows)
    conn.execute(text("SELECT setval(pg_get_serial_sequence('events', 'id'), (SELECT max(id) FROM events))"))
