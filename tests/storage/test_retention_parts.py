"""No transaction of retention deletes more than its budget, whatever a process has (SQLite and PostgreSQL)."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Table, func, insert, select
from support.rows import BEGIN, process_row

from orchestrator_gql.config.retention import Retention
from orchestrator_gql.engine import retention
from orchestrator_gql.engine.retention import Pruned, Request, by_setting, prune
from orchestrator_gql.storage import audit as audit_rows
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.tables import (
    audit,
    callback_keys,
    callbacks,
    decisions,
    idempotency_keys,
    input_requests,
    notifications,
    process_steps,
    processes,
)
from orchestrator_gql.types import CallbackStatus, InputRequestStatus, NotificationStatus, StepKind, StepStatus, Verdict
from orchestrator_gql.utils.tokens import new_id

pytestmark = pytest.mark.one_dispatcher

Rows = list[dict[str, Any]]
MANY, ROWS, BYTES = 100, 30, 10_000
HEAVY, LIGHT = UUID(int=1), [UUID(int=number) for number in range(2, 42)]
TABLES: Sequence[Table] = (
    processes,
    process_steps,
    callbacks,
    callback_keys,
    input_requests,
    decisions,
    notifications,
    idempotency_keys,
)


def steps(number: int, size: int = 10) -> dict[Table, Rows]:
    fixed = {"name": "s", "kind": StepKind.ACTION, "status": StepStatus.SUCCESS, "attempt": 1, "tries": 1}
    at = {"entered_by": "advance", "started_at": BEGIN, "completed_at": BEGIN, "delta": {"x": "y" * size}}
    return {
        process_steps: [
            {"process_id": HEAVY, "seq": seq + 1, "step_index": seq, **fixed, **at} for seq in range(number)
        ]
    }


def forms(number: int, size: int = 10) -> dict[Table, Rows]:
    fixed = {"step_index": 0, "status": InputRequestStatus.SUBMITTED, "version": 1, "title": "t", "assignee": "NOC"}
    requests: Rows = [
        {"id": new_id(), "process_id": HEAVY, "record_seq": seq, "created_at": BEGIN, "closed_at": BEGIN, **fixed}
        for seq in range(number)
    ]
    decided = {"by": "bob", "at": BEGIN, "verdict": Verdict.APPROVED, "pages": ["y" * size], "shown_digest": "d"}
    keys = {"scope": "submitForm", "digest": "d", "at": BEGIN}
    return {
        input_requests: requests,
        decisions: [{"id": new_id(), "input_request_id": request["id"], **decided} for request in requests],
        idempotency_keys: [{"key": request["id"].hex, "subject_id": request["id"], **keys} for request in requests],
    }


def waits(number: int) -> dict[Table, Rows]:
    fixed = {
        "step_index": 0,
        "status": CallbackStatus.EXPIRED,
        "issued_at": BEGIN,
        "token_hint": "",
        "result_key": "r",
    } | {"is_early": False}
    return {
        callbacks: [
            {"id": new_id(), "process_id": HEAVY, "record_seq": seq, "name": "c", **fixed} for seq in range(number)
        ]
    }


def messages(number: int) -> dict[Table, Rows]:
    fixed = {"target": "t", "kind": "k", "payload": {}, "status": NotificationStatus.SENT, "tries": 1, "log": []}
    at = {"tries_before": 0, "due_at": BEGIN, "created_at": BEGIN, "sent_at": BEGIN}
    return {notifications: [{"id": new_id(), "process_id": HEAVY, **fixed, **at} for _ in range(number)]}


CASES: dict[str, Callable[[], dict[Table, Rows]]] = {
    "large changes of the state": lambda: steps(20, 5_000),
    "one change larger than the budget": lambda: steps(1, 2 * BYTES),
    "large pages": lambda: forms(10, 5_000),
    "notifications": lambda: messages(MANY),
    "all": lambda: steps(20, 5_000) | forms(5, 5_000) | waits(5) | messages(MANY),
    "nothing": dict,
}


def number_of(conn: Connection, table: Table) -> int:
    return conn.execute(select(func.count()).select_from(table)).scalar_one()


def bytes_of(conn: Connection) -> int:
    values = (processes.c.state, process_steps.c.delta, decisions.c.pages)
    return sum(conn.execute(select(func.coalesce(func.sum(func.length(value)), 0))).scalar_one() for value in values)


async def pruned(storage: str, monkeypatch: pytest.MonkeyPatch, rows: dict[Table, Rows]) -> tuple[Pruned, Rows, int]:
    """Delete all processes; what each transaction deleted, and the number of the rows that are left."""
    monkeypatch.setattr(retention, "ROWS", ROWS)
    monkeypatch.setattr(retention, "BYTES", BYTES)
    monkeypatch.setattr(retention, "SMALLEST", 50)  # many at once from the beginning
    transactions: Rows = []
    original = retention._Batch.delete

    def counted(batch: retention._Batch, conn: Connection) -> None:
        before, bytes = [number_of(conn, table) for table in TABLES], bytes_of(conn)
        original(batch, conn)
        after = [number_of(conn, table) for table in TABLES]
        whole = sum(number_of(conn, table) for table in TABLES if table not in (processes, notifications))
        transactions.append({"rows": sum(before) - sum(after), "bytes": bytes - bytes_of(conn), "whole": whole})

    monkeypatch.setattr(retention._Batch, "delete", counted)
    database = connect(storage)
    await database.open()
    try:
        await database.alter(lambda conn: [conn.execute(insert(table), each) for table, each in rows.items()])
        now = datetime.now(UTC) + timedelta(days=1)
        request = Request(by_setting(Retention({"default": 0.0}), now), None, rest=0.0, sweeps=False)
        done = await prune(database, lambda: now, None, request)
        left = await database.read(lambda conn: sum(number_of(conn, table) for table in TABLES))
    finally:
        await database.close()
    return done, transactions, left


@pytest.mark.parametrize("case", CASES)
async def test_a_large_process_goes_in_parts(storage: str, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    ids = [HEAVY, *LIGHT]
    rows = {processes: [process_row(number, id=id) for number, id in enumerate(ids)], **CASES[case]()}

    done, transactions, left = await pruned(storage, monkeypatch, rows)

    assert (done.number, left) == (len(ids), 0)
    largest = max(len(str(value)) for each in rows.values() for row in each for value in row.values())
    # The last transaction of a process deletes its own row and the others that are not divided.
    undivided = 1 + sum(len(each) for table, each in rows.items() if table not in (processes, notifications))
    assert max(each["rows"] for each in transactions) <= ROWS + undivided
    assert max(each["bytes"] for each in transactions) <= BYTES + 2 * largest
    assert {each["whole"] for each in transactions} <= {0, undivided - 1}  # never found by half


async def test_processes_with_large_states_go_one_after_the_other(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = [process_row(number, state={"x": "y" * 3_000}) for number in range(20)]

    done, transactions, left = await pruned(storage, monkeypatch, {processes: states})

    assert (done.number, left) == (20, 0)
    assert max(each["bytes"] for each in transactions) <= BYTES
    assert max(each["rows"] for each in transactions) > 1


async def test_entries_in_the_audit_log_count_for_the_budget(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [process_row(number) for number in range(20)]
    facts = {"at": BEGIN, "action": "note", "details": {}, "previous": "p", "digest": "d"}
    entries = [{"id": new_id(), "chain": row["id"], "seq": 1 + seq, **facts} for row in rows for seq in range(10)]
    read: list[int] = []
    original = audit_rows.chains

    def chains(conn: Connection, ids: Sequence[UUID]) -> Any:
        found = original(conn, ids)
        read.append(sum(map(len, found.values())))
        return found

    monkeypatch.setattr(audit_rows, "chains", chains)

    done, _, left = await pruned(storage, monkeypatch, {processes: rows, audit: entries})

    assert (done.kept, left) == ({retention.CHANGED: 20}, 20)  # the digests do not fit
    assert sum(read) == len(entries)
    assert max(read) <= ROWS
