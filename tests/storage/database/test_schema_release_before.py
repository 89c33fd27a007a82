"""Running, waiting, suspended and failed processes of the previous release go on, on both databases."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, create_engine, insert, inspect, select, text
from support.database import PostgresServer
from support.engine import engine_of
from support.old_schemas import database_of, old_workflows, store_under
from support.operator import confirm
from support.remote import answer, report

from orchestrator_gql.commands.processes import retry_process
from orchestrator_gql.reads.audit import verify_audit
from orchestrator_gql.security import LOCAL_OPERATOR
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
    with old_workflows(HERE / "release_workflows.py") as module:
        yield module


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_every_process_of_the_previous_release_goes_on(
    kind: str, site: ModuleType, tmp_path: Path, postgres: PostgresServer
) -> None:
    with database_of(HERE / "release_before.sql", kind, tmp_path, postgres) as url:
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


async def fill(url: str, folder: Path) -> None:
    """Copy the rows of the SQLite file to PostgreSQL with the schema of that release, then migrate."""
    source = create_engine(f"sqlite:///{folder / 'orchestrator.db'}")
    try:
        await store_under(RELEASE, url, lambda conn: _copy(source, conn))
    finally:
        source.dispose()


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
