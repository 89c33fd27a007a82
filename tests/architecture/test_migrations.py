"""The migrations create exactly the tables of the code."""

import re
import warnings
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Table, inspect
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import SAWarning
from sqlalchemy.schema import CreateTable
from support.database import new_sqlite_url
from support.old_schemas import upgrade_to

from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.database.schema import HEAD, configuration, prepare
from orchestrator_gql.storage.tables import metadata

EXPRESSION_INDEXES = {"uq_callbacks_visit_name", "ix_product_subscriptions_customer"}
"""Alembic cannot compare these indexes: the catalogue of SQLite does not show the expression of an index."""

POSTGRES_INDEXES = {"ix_events_tx_id"}
"""These indexes exist on PostgreSQL only; Alembic ignores `ddl_if`."""


def test_the_code_needs_the_newest_migration() -> None:
    script = ScriptDirectory.from_config(configuration())

    assert script.get_heads() == [HEAD]


async def test_a_fresh_database_has_exactly_the_tables_of_the_code(tmp_path: Path) -> None:
    database = connect(new_sqlite_url(tmp_path))
    await database.open()
    try:
        await prepare(database)
        differences = await database.read(_differences)
        checks = await database.read(_checks)
        names = {row.name for row in await database.read(_catalogue)}
    finally:
        await database.close()

    assert differences == []
    assert names >= EXPRESSION_INDEXES
    assert names.isdisjoint(POSTGRES_INDEXES)
    assert checks == {table.name: _declared_checks(table) for table in metadata.sorted_tables}


async def test_a_current_database_is_not_changed(tmp_path: Path) -> None:
    database = connect(new_sqlite_url(tmp_path))
    await database.open()
    try:
        await prepare(database)
        before = await database.read(_catalogue)
        await prepare(database)
        after = await database.read(_catalogue)
    finally:
        await database.close()

    assert before == after


async def test_the_callbacks_of_an_earlier_release_keep_their_keys_and_attempts(tmp_path: Path) -> None:
    database = connect(new_sqlite_url(tmp_path))
    await database.open()
    try:
        await database.alter(lambda conn: upgrade_to(conn, "0002"))
        await database.transaction(_one_callback_of_0002)
        await prepare(database)
        kept = await database.read(_kept)
    finally:
        await database.close()

    assert kept == {"keys": 1, "attempts": 1, "wait_seq": 4, "round": 1, "source": "CALLBACK"}


def _one_callback_of_0002(conn: Connection) -> None:
    process, callback = "1" * 32, "2" * 32
    at = "2026-03-02 09:00:00.000000"
    conn.exec_driver_sql(
        "INSERT INTO processes (id, workflow_name, target, fingerprint, status, position, seq, epoch, version, state,"
        " answers, started_at, updated_at, start_pages)"
        f" VALUES ('{process}', 'w', 'SYSTEM', 'f', 'RUNNING', 1, 4, 1, 4,"
        f" '{{}}', '{{}}', '{at}', '{at}', '[]')"
    )
    conn.exec_driver_sql(
        "INSERT INTO callbacks (id, process_id, step_index, record_seq, status, token_hint, result_key, issued_at,"
        f" is_early, receipt, result_digest) VALUES ('{callback}', '{process}', 1, 4, 'RECEIVED', 'wxyz', 'r', '{at}',"
        " 0, 'receipt', 'digest')"
    )
    conn.exec_driver_sql(f"INSERT INTO callback_keys (digest, callback_id) VALUES (x'00', '{callback}')")
    conn.exec_driver_sql(
        "INSERT INTO callback_attempts (id, callback_id, at, outcome, bytes)"
        f" VALUES ('{'3' * 32}', '{callback}', '{at}', 'ACCEPTED', 2)"
    )


def _kept(conn: Connection) -> dict[str, Any]:
    keys = conn.exec_driver_sql("SELECT count(*) FROM callback_keys").scalar()
    attempts = conn.exec_driver_sql("SELECT count(*) FROM callback_attempts").scalar()
    row = conn.exec_driver_sql("SELECT wait_seq, round, source FROM callbacks").one()
    return {"keys": keys, "attempts": attempts, **row._mapping}


def _differences(conn: Connection) -> list[Any]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index", SAWarning)
        warnings.filterwarnings("ignore", "autogenerate skipping metadata-specified expression-based index")
        context = MigrationContext.configure(conn, opts={"compare_type": True, "include_object": _is_comparable})
        return list(compare_metadata(context, metadata))


def _is_comparable(_: Any, name: str | None, kind: str, *__: Any) -> bool:
    return not (kind == "index" and name in EXPRESSION_INDEXES | POSTGRES_INDEXES)


def _checks(conn: Connection) -> dict[str, set[str]]:
    catalogue = inspect(conn)
    return {
        table.name: {str(check["name"]) for check in catalogue.get_check_constraints(table.name)}
        for table in metadata.sorted_tables
    }


def _declared_checks(table: Table) -> set[str]:
    return set(re.findall(r"CONSTRAINT (\S+) CHECK", str(CreateTable(table).compile(dialect=sqlite.dialect()))))


def _catalogue(conn: Connection) -> list[Any]:
    return conn.exec_driver_sql("SELECT type, name, sql FROM sqlite_master ORDER BY name").all()  # type: ignore[return-value]
