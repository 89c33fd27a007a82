"""The databases of earlier releases accept the target RECONCILE, and lose no row, on both databases."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Table, delete, insert, inspect, select, text, update
from sqlalchemy.exc import IntegrityError
from support.database import PostgresServer, sqlite_url
from support.engine import engine_of
from support.network import Node, begun, create_node, create_port, made, modifies, reconciles, run
from support.old_schemas import empty_database, upgrade_to
from support.operator import confirm, open_request

from orchestrator_gql import inputstep, step
from orchestrator_gql.forms import FormPage
from orchestrator_gql.storage.database import Database, connect
from orchestrator_gql.storage.database.schema import migrate
from orchestrator_gql.storage.tables import metadata, process_subscriptions, processes
from orchestrator_gql.types import FormGenerator, ProcessStatus

RELEASE = "0013"
"""The newest migration before the target."""

TABLES = [table for table in metadata.sorted_tables if table.name != "events"]
"""The tables that are compared; nothing refers to an event."""

Rows = dict[str, list[dict[str, Any]]]


@inputstep("Confirm")
def ask() -> FormGenerator:
    yield FormPage
    return {}


@step("Look")
def look(subscription: Node) -> None:
    return None


CHANGE, MEND = modifies(Node, ask), reconciles(Node, look)
WORKFLOWS = (create_node, create_port, CHANGE, MEND)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_an_earlier_database_keeps_its_rows_and_reconciles(
    kind: str, tmp_path: Path, postgres: PostgresServer
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    async with engine_of(sqlite_url(source), *WORKFLOWS) as engine:
        node = await made(engine, create_node)
        await made(engine, create_port, node=node)
        waiting = await begun(engine, CHANGE, subscription_id=await made(engine, create_node))
        await open_request(engine, waiting)
        rows = await engine.read(
            lambda conn: all_rows(conn, {table.name: set(table.columns.keys()) for table in TABLES})
        )

    with empty_database(kind, tmp_path, postgres) as url:
        database = connect(url)
        await database.open()
        try:
            await database.alter(lambda conn: upgrade_to(conn, RELEASE))
            await database.alter(lambda conn: fill(conn, rows))
            columns = await database.read(all_columns)
            before = await database.read(lambda conn: all_rows(conn, columns))
            indexes = await database.read(all_indexes)
            await migrate(database)
            after = await database.read(lambda conn: all_rows(conn, columns))
            indexes_after = await database.read(all_indexes)
            for table in (processes, process_subscriptions):
                await demand_check(database, table)
            await demand_foreign_keys(database)
        finally:
            await database.close()
        async with engine_of(url, *WORKFLOWS) as engine:
            await confirm(engine, waiting)
            await engine.reaches(waiting, ProcessStatus.COMPLETED)
            mended = await run(engine, MEND, subscription_id=node)

    assert before["processes"]
    assert before["process_steps"]
    assert before["input_requests"]
    assert after == before
    assert all(indexes[table] <= indexes_after[table] for table in indexes), "later migrations only add indexes"
    assert mended.target == "RECONCILE"


def all_columns(conn: Connection) -> dict[str, set[str]]:
    """The columns of each table, as the database has it now."""
    catalogue = inspect(conn)
    known = set(catalogue.get_table_names())
    return {
        table.name: {column["name"] for column in catalogue.get_columns(table.name)}
        for table in TABLES
        if table.name in known
    }


def all_rows(conn: Connection, columns: dict[str, set[str]]) -> Rows:
    """The rows of the tables."""
    found: Rows = {}
    for table in TABLES:
        names = columns.get(table.name, set())
        query = select(*(column for column in table.columns if column.name in names)).order_by(*table.primary_key)
        found[table.name] = [dict(row) for row in conn.execute(query).mappings()] if names else []
    return found


def all_indexes(conn: Connection) -> dict[str, set[str | None]]:
    """The names of the indexes of the tables that are copied."""
    catalogue = inspect(conn)
    names = (processes.name, process_subscriptions.name)
    return {name: {index["name"] for index in catalogue.get_indexes(name)} for name in names}


def fill(conn: Connection, rows: Rows) -> None:
    """Store the rows."""
    columns = all_columns(conn)
    for table in TABLES:
        if table.name in columns:
            conn.execute(delete(table))
            for row in rows[table.name]:
                conn.execute(insert(table), {name: row[name] for name in columns[table.name]})


async def demand_check(database: Database, table: Table) -> None:
    """The column still refuses what is no target."""
    with pytest.raises(IntegrityError, match="target"):
        await database.transaction(lambda conn: conn.execute(text(f"UPDATE {table.name} SET target = 'REPAIR'")))


async def demand_foreign_keys(database: Database) -> None:
    """The rows of a process still need their process, after the migration as before it."""
    with pytest.raises(IntegrityError):
        await database.transaction(lambda conn: conn.execute(update(process_subscriptions).values(process_id=uuid4())))
