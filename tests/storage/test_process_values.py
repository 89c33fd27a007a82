"""A commit leaves the row of a process as the process is, whichever of its columns the commit names."""

from collections.abc import AsyncIterator, Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, update
from support.database import sqlite_url

from orchestrator_gql.engine import commit
from orchestrator_gql.process import Process, StepEntry, claim
from orchestrator_gql.process.conditions import ConditionKey
from orchestrator_gql.process.model import StepExecution
from orchestrator_gql.storage import leases, processes, tables
from orchestrator_gql.storage.database.schema import migrate
from orchestrator_gql.storage.database.sqlite import SqliteDatabase
from orchestrator_gql.targets import Target
from orchestrator_gql.types import Failure, ProcessStatus, StepKind, StepStatus
from orchestrator_gql.utils.json.stored import Stored
from orchestrator_gql.utils.secrets import Secrets
from orchestrator_gql.utils.tokens import new_id

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(seconds=5)
FAILURE = Failure("odd", "It is odd.", NOW)

CHANGES: dict[str, dict[str, Any]] = {
    "fingerprint": {"fingerprint": "other"},
    "status": {"status": ProcessStatus.AWAITING_CALLBACK, "worker": None},
    "ended_at": {"status": ProcessStatus.COMPLETED, "ended_at": LATER, "worker": None},
    "position": {"position": 7},
    "epoch": {"epoch": 9},
    "worker": {"worker": "another:1:a"},
    "assignee": {"assignee": "team"},
    "updated_at": {"updated_at": LATER},
    "failure": {"failure": FAILURE},
    "aborted_by": {"aborted_by": "ada"},
    "entry": {"entry": StepEntry("reissue", 2, 1, ("a", None))},
    "engine_failures": {"engine_failures": 2},
    "state": {"state": {"a": 2, "b": None}},
    "stored": {"state": {"a": Stored(new_id(), 12)}},
    "condition_results": {"condition_results": {ConditionKey(1, 0): True}},
    "secrets": {"secrets": Secrets(frozenset({"/a"}), ("hunter2hunter2",))},
}
"""What a commit may change, by the name of the column."""


def release(conn: Connection, process: Process) -> None:
    """Release the process beside its worker."""
    leases.drop(conn, process.worker)


def count_failure(conn: Connection, process: Process) -> None:
    """Count a failure of the engine and release the process."""
    leases.count_failure(conn, process.id, process, NOW, lets_go=True)


def assign(conn: Connection, process: Process) -> None:
    """Assign the process to a team."""
    processes.assign(conn, [process.id], "other team", NOW)


def take_note(conn: Connection, process: Process) -> None:
    """Write the note of the process."""
    processes.set_note(conn, process, "a note", NOW)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    """An open database with all tables."""
    database = SqliteDatabase(sqlite_url(tmp_path))
    await database.open()
    await migrate(database)
    yield database
    await database.close()


async def running_process(database: SqliteDatabase) -> Process:
    """A process that a worker holds."""
    created = Process(new_id(), "toy", Target.CREATE, "f", ProcessStatus.CREATED, NOW, NOW, state={"a": 1})
    held = claim(created, worker="w:1:a", now=NOW).process

    def store(conn: Connection) -> None:
        processes.insert_process(conn, created)
        processes.write(conn, created, held, LATER, commit.Fenced)

    await database.transaction(store)
    return replace(held, version=2)


@pytest.mark.each_value
@pytest.mark.parametrize("beside", [None, release, count_failure, assign, take_note])
@pytest.mark.parametrize("name", CHANGES)
async def test_each_change_is_stored_whatever_happened_beside_it(
    database: SqliteDatabase, name: str, beside: Callable[[Connection, Process], None] | None
) -> None:
    before = await running_process(database)
    after = replace(before, **{"seq": before.seq + 1, "updated_at": LATER, **CHANGES[name]})

    def change(conn: Connection) -> Process:
        if beside is not None:
            beside(conn, before)
        standing = processes.hold_as(conn, before)
        assert standing is not None
        written = replace(after, version=standing.version + 1, note=standing.note)
        processes.write(conn, before, written, LATER if after.worker else None, commit.Fenced, standing)
        return written

    written = await database.transaction(change)
    stored = await database.read(lambda conn: processes.load(conn, before.id))

    assert stored is not None
    for each in fields(Process):
        if each.compare:
            assert getattr(stored, each.name) == getattr(written, each.name), each.name
    assert stored.lease_until == (LATER if after.worker else None), "the lease is that of the commit"


async def test_a_step_after_a_step_names_only_columns_that_changed(database: SqliteDatabase) -> None:
    """SQLite writes an entry of an index anew for each column that a statement names."""
    before = await running_process(database)
    execution = StepExecution(2, 1, "Next", StepKind.ACTION, None, StepStatus.RUNNING, NOW)
    after = replace(before, seq=3, position=1, state={"a": 2}, execution=execution)
    statements: list[str] = []

    def change(conn: Connection) -> None:
        conn.connection.driver_connection.set_trace_callback(statements.append)  # type: ignore[union-attr]
        processes.write(conn, before, after, LATER, commit.Fenced, processes.hold_as(conn, before))
        conn.connection.driver_connection.set_trace_callback(None)  # type: ignore[union-attr]

    await database.transaction(change)

    (statement,) = [text for text in statements if text.startswith("UPDATE")]
    for column in ("status", "worker", "assignee", "ended_at", "failure_code"):
        assert f"{column}=" not in statement


async def test_a_fenced_step_changes_nothing(database: SqliteDatabase) -> None:
    before = await running_process(database)

    def change(conn: Connection) -> None:
        standing = processes.hold_as(conn, before)
        conn.execute(update(tables.processes).values(epoch=before.epoch + 1))
        processes.write(conn, before, replace(before, seq=before.seq + 1), LATER, commit.Fenced, standing)

    with pytest.raises(commit.Fenced):
        await database.transaction(change)
    assert await database.read(lambda conn: processes.load(conn, before.id)) == before
