"""Input requests of earlier releases work in this release: their rows survive every migration."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, insert, inspect, select, update
from support.database import PostgresServer, sqlite_url
from support.engine import engine_of
from support.old_schemas import empty_database, store_under
from support.operator import confirm, open_request

from orchestrator_gql import begin, inputstep
from orchestrator_gql.audit.entries import AuditEntry, digest_of
from orchestrator_gql.forms import FormPage, ReadOnly
from orchestrator_gql.reads.audit import verify_audit
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import input_requests
from orchestrator_gql.storage.tables import audit, process_steps, processes, timers
from orchestrator_gql.storage.tables import input_requests as requests
from orchestrator_gql.types import FormGenerator, ProcessStatus
from orchestrator_gql.workflow import workflow

KEPT = (processes, process_steps, requests, timers, audit)
"""The tables of a process that waits for a person; each table comes after the tables that it references."""


@inputstep("Confirm", remind=60)
def ask() -> FormGenerator:
    class Page(FormPage):
        seen: ReadOnly[str] = "All interfaces are up."

    yield Page
    return {"choice": "yes"}


@workflow("Ask")
def asks() -> Any:
    return begin >> ask


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_a_form_of_an_earlier_release_gets_its_reminder_and_its_answer(
    kind: str, tmp_path: Path, postgres: PostgresServer
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    async with engine_of(sqlite_url(source), asks) as engine:
        process_id = await engine.start(asks)
        request = await open_request(engine, process_id)
        rows = await engine.read(lambda conn: [conn.execute(select(t)).mappings().all() for t in KEPT])

    with empty_database(kind, tmp_path, postgres) as url:
        await store_under("0003", url, lambda conn: _insert(conn, rows))
        async with engine_of(url, asks) as engine:
            engine.turn(60)
            await engine.until(lambda: engine.read(lambda conn: _is_reminded(conn, request.id)), awaited="a reminder")
            await confirm(engine, process_id)
            ended = await engine.reaches(process_id, ProcessStatus.COMPLETED)
            whole = await verify_audit(engine.runtime, LOCAL_OPERATOR, after=None, first=100)

    assert ended.state["choice"] == "yes"
    assert (whole.fault, whole.entries) == (None, 2)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_a_process_of_an_earlier_release_starts_with_no_failures_of_the_engine(
    kind: str, tmp_path: Path, postgres: PostgresServer
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    async with engine_of(sqlite_url(source), asks) as engine:
        process_id = await engine.start(asks)
        await open_request(engine, process_id)
        rows = await engine.read(lambda conn: [conn.execute(select(t)).mappings().all() for t in KEPT])

    with empty_database(kind, tmp_path, postgres) as url:
        await store_under("0006", url, lambda conn: _insert(conn, rows))
        async with engine_of(url, asks) as engine:
            before = await engine.process(process_id)
            counted = await engine.runtime.database.transaction(_count_failure(process_id))
            await confirm(engine, process_id)
            after = await engine.reaches(process_id, ProcessStatus.COMPLETED)

    assert (before.engine_failures, counted, after.engine_failures) == (0, 1, 0)


def _count_failure(process_id: UUID) -> Callable[[Connection], int]:
    """A unit that counts a failure of the engine on the process."""

    def count(conn: Connection) -> int:
        condition = processes.c.id == process_id
        change = update(processes).where(condition).values(engine_failures=processes.c.engine_failures + 1)
        return int(conn.execute(change.returning(processes.c.engine_failures)).scalar_one())

    return count


def _insert(conn: Connection, rows: list[Any]) -> None:
    for table, table_rows in zip(KEPT, rows, strict=True):
        columns = {column["name"] for column in inspect(conn).get_columns(table.name)}
        for row in table_rows:
            kept = {name: value for name, value in row.items() if name in columns}
            conn.execute(insert(table), _as_then(kept) if table is audit else kept)


def _as_then(row: dict[str, Any]) -> dict[str, Any]:
    """The row of the audit log with its digest in a release that stored no address and no method."""
    return row if "method" in row else {**row, "digest": digest_of(AuditEntry(**row), None)}


def _is_reminded(conn: Connection, id: UUID) -> bool | None:
    request = input_requests.load(conn, id)
    return (request is not None and request.reminded_at is not None) or None
