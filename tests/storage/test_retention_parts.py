"""No transaction of retention deletes more than its budget, whatever a process has (SQLite and PostgreSQL)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Table, func, insert, select
from support.large_processes import KINDS, Rows, all_kinds, forms, steps, waits
from support.rows import BEGIN, process_row

from orchestrator_gql.config.retention import Retention
from orchestrator_gql.engine import large_processes, retention
from orchestrator_gql.engine.retention import Pruned, Request, prune
from orchestrator_gql.engine.retention_selection import by_setting
from orchestrator_gql.storage import audit as audit_rows
from orchestrator_gql.storage import retention_parts
from orchestrator_gql.storage.database import connect
from orchestrator_gql.storage.retention import TREATMENT
from orchestrator_gql.storage.retention_parts import ROWS_OF_ONE
from orchestrator_gql.storage.tables import (
    audit,
    callback_attempts,
    callback_progress,
    decisions,
    metadata,
    payloads,
    process_steps,
    processes,
)
from orchestrator_gql.utils.tokens import new_id

pytestmark = pytest.mark.one_dispatcher

MANY, ROWS, BYTES, ENTRIES = 100, 30, 10_000, 10
HEAVY, LIGHT = UUID(int=1), [UUID(int=number) for number in range(2, 42)]
TABLES = [metadata.tables[name] for name, what in TREATMENT.items() if what.startswith("deleted")]
VALUES = (
    processes.c.state,
    process_steps.c.delta,
    decisions.c.pages,
    payloads.c.text,
    callback_attempts.c.body,
    callback_progress.c.data,
)

CASES: dict[str, Callable[[], dict[Table, Rows]]] = {
    "large changes of the state": lambda: steps(HEAVY, 20, 5_000),
    "one change larger than the budget": lambda: steps(HEAVY, 1, 2 * BYTES),
    "large pages": lambda: forms(HEAVY, 10, 5_000),
    "large results": lambda: waits(HEAVY, 10, 5_000),
    **{f"many {name}": partial(kind, HEAVY, MANY) for name, kind in KINDS.items()},
    "all": lambda: all_kinds(HEAVY, 50),
    "nothing": dict,
}


def number_of(conn: Connection, table: Table) -> int:
    return conn.execute(select(func.count()).select_from(table)).scalar_one()


def bytes_of(conn: Connection) -> int:
    return sum(conn.execute(select(func.coalesce(func.sum(func.length(value)), 0))).scalar_one() for value in VALUES)


def changed_entries(conn: Connection) -> int:
    rows = conn.execute(select(audit.c.details).where(audit.c.action != "pruneProcesses")).scalars()
    return sum(1 for details in rows if "pruned" in details)


async def pruned(
    storage: str,
    monkeypatch: pytest.MonkeyPatch,
    rows: dict[Table, Rows],
    before: Callable[[Connection], object] = lambda _: None,
) -> tuple[Pruned, list[dict[str, int]], int]:
    """Delete all processes; what each transaction deleted, and the number of the rows that are left."""
    monkeypatch.setattr(retention_parts, "ROWS", ROWS)
    monkeypatch.setattr(retention_parts, "BYTES", BYTES)
    monkeypatch.setattr(large_processes, "ENTRIES", ENTRIES)
    monkeypatch.setattr(retention, "SMALLEST", 50)  # many at once from the beginning
    transactions: list[dict[str, int]] = []

    def sizes(conn: Connection) -> tuple[int, int, int]:
        return sum(number_of(conn, table) for table in TABLES), bytes_of(conn), changed_entries(conn)

    class Counting:
        database = connect(storage)
        read = database.read

        async def transaction(self, unit: Callable[[Connection], Any]) -> Any:
            def counted(conn: Connection) -> Any:
                number, bytes, changed = sizes(conn)
                result = unit(conn)
                after, bytes_after, changed_after = sizes(conn)
                transactions.append(
                    {"rows": number - after, "bytes": bytes - bytes_after, "entries": changed_after - changed}
                )
                return result

            return await self.database.transaction(counted)

    counting: Any = Counting()
    database = counting.database
    await database.open()
    try:
        await database.alter(lambda conn: [conn.execute(insert(table), each) for table, each in rows.items() if each])
        await database.alter(before)
        now = datetime.now(UTC) + timedelta(days=1)
        request = Request(by_setting(Retention({"default": 0.0}), now), None, rest=0.0, sweeps=False)
        done = await prune(counting, lambda: now, None, request)
        left = await database.read(lambda conn: sum(number_of(conn, table) for table in TABLES))
    finally:
        await database.close()
    return done, transactions, left


@pytest.mark.each_value
@pytest.mark.parametrize("case", CASES)
async def test_a_large_process_goes_in_parts(storage: str, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    ids = [HEAVY, *LIGHT]
    rows = {processes: [process_row(number, id=id) for number, id in enumerate(ids)], **CASES[case]()}

    done, transactions, left = await pruned(storage, monkeypatch, rows)

    # The newest event stays as a row without a process.
    has_events = any(table.name == "events" for table in rows)
    assert (done.number, left) == (len(ids), int(has_events))
    largest = max(len(str(value)) for each in rows.values() for row in each for value in row.values())
    assert max(each["rows"] for each in transactions) <= ROWS + ROWS_OF_ONE
    assert max(each["bytes"] for each in transactions) <= BYTES + 2 * largest


async def test_a_long_audit_chain_loses_its_details_in_parts(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def enter(conn: Connection) -> None:
        for number in range(MANY):
            audit_rows.record(conn, None, HEAVY, actor="ada", action="note", details={"number": number}, now=BEGIN)

    done, transactions, left = await pruned(storage, monkeypatch, {processes: [process_row(1, id=HEAVY)]}, enter)

    assert (done.number, left) == (1, 0)
    assert max(each["entries"] for each in transactions) == ENTRIES
    assert sum(each["entries"] for each in transactions) == MANY


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

    def chains(conn: Connection, ids: Any) -> Any:
        found = original(conn, ids)
        read.append(sum(map(len, found.values())))
        return found

    monkeypatch.setattr(audit_rows, "chains", chains)

    done, _, left = await pruned(storage, monkeypatch, {processes: rows, audit: entries})

    # The digests do not fit; of each process its row stays, and the note that its texts are not indexed.
    assert (done.kept, left) == ({large_processes.CHANGED: 20}, 2 * 20)
    assert sum(read) == len(entries)
    assert max(read) <= ROWS
