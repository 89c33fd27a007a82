"""The row of a step execution is as the execution is, whether the commit knows that the row exists or not."""

from collections.abc import AsyncIterator
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from support.database import sqlite_url

from orchestrator_gql.process import Process
from orchestrator_gql.process.model import StepExecution
from orchestrator_gql.storage import processes, steps
from orchestrator_gql.storage.database.schema import migrate
from orchestrator_gql.storage.database.sqlite import SqliteDatabase
from orchestrator_gql.targets import Target
from orchestrator_gql.types import Failure, ProcessStatus, StepKind, StepStatus
from orchestrator_gql.utils.tokens import new_id

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(seconds=5)
PROCESS = Process(new_id(), "toy", Target.CREATE, "f", ProcessStatus.CREATED, NOW, NOW, state={})
BEGUN = StepExecution(2, 0, "Step", StepKind.ACTION, None, StepStatus.RUNNING, NOW)
NEXT = StepExecution(3, 1, "Next", StepKind.ACTION, None, StepStatus.RUNNING, LATER)

CHANGES: dict[str, dict[str, Any]] = {
    "status": {"status": StepStatus.SKIPPED},
    "attempt": {"attempt": 4},
    "try_count": {"try_count": 3},
    "completed_at": {"status": StepStatus.SUCCESS, "completed_at": LATER},
    "retry_at": {"status": StepStatus.WAITING, "retry_at": LATER},
    "delta": {"delta": {"a": [1, None]}},
    "failure": {"status": StepStatus.FAILED, "failure": Failure("odd", "It is odd.", NOW)},
    "actor": {"actor": "ada"},
}
"""What may change while a step execution lasts."""


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    """An open database with a process."""
    database = SqliteDatabase(sqlite_url(tmp_path))
    await database.open()
    await migrate(database)
    await database.transaction(lambda conn: processes.insert_process(conn, PROCESS))
    yield database
    await database.close()


async def rows_after(
    database: SqliteDatabase, executions: list[StepExecution], stored: StepExecution | None
) -> tuple[list[StepExecution], list[str]]:
    """The executions that are stored after the commit of these, and the statements of the commit."""
    statements: list[str] = []

    def save(conn: Connection) -> None:
        conn.connection.driver_connection.set_trace_callback(statements.append)  # type: ignore[union-attr]
        steps.save_all(conn, PROCESS.id, executions, stored=stored)
        conn.connection.driver_connection.set_trace_callback(None)  # type: ignore[union-attr]

    await database.transaction(save)
    return await database.read(lambda conn: steps.of_process(conn, PROCESS.id)), statements


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("name", CHANGES)
async def test_each_change_is_stored(database: SqliteDatabase, name: str, is_known: bool) -> None:
    await rows_after(database, [BEGUN], None)
    changed = replace(BEGUN, **CHANGES[name])

    found, _ = await rows_after(database, [changed, NEXT], BEGUN if is_known else None)

    assert found == [changed, NEXT]


async def test_a_row_that_is_missing_is_inserted(database: SqliteDatabase) -> None:
    found, _ = await rows_after(database, [BEGUN], BEGUN)

    assert found == [BEGUN]


async def test_the_end_of_a_step_updates_its_row_and_names_nothing_that_stays(database: SqliteDatabase) -> None:
    """For SQLite, an INSERT that finds its row takes twice as long as an UPDATE."""
    await rows_after(database, [BEGUN], None)
    ended = replace(BEGUN, status=StepStatus.SUCCESS, completed_at=LATER)

    _, statements = await rows_after(database, [ended, NEXT], BEGUN)

    assert [text.partition(" ")[0] for text in statements] == ["UPDATE", "INSERT"]
    changing = {"try_count": "tries"}
    for column in {changing.get(field.name, field.name) for field in fields(StepExecution)} - {
        changing.get(name, name) for name in CHANGES
    }:
        assert f"{column}=" not in statements[0].partition(" WHERE ")[0], column
