"""A large process is out of the world from the first transaction on, whatever is killed (SQLite and PostgreSQL)."""

from collections.abc import Callable
from typing import Any

import pytest
from conftest import Offer
from sqlalchemy import Connection, insert, update
from support.engine import Engine
from support.large_processes import all_kinds
from support.traces import ids_of, orphans, traces

from orchestrator_gql import begin, step
from orchestrator_gql.audit.pruned import PRUNE, has_no_details
from orchestrator_gql.commands.processes import abort_process, retry_process, update_process_note
from orchestrator_gql.commands.workflow_starts import start_workflow
from orchestrator_gql.config.retention import read
from orchestrator_gql.engine import large_processes
from orchestrator_gql.engine.large_processes import CHANGED, LargeProcess
from orchestrator_gql.engine.retention import Request, prune
from orchestrator_gql.engine.retention_selection import by_setting
from orchestrator_gql.reads.audit import verify_audit
from orchestrator_gql.reads.processes import process
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import retention_parts
from orchestrator_gql.storage.audit import chains
from orchestrator_gql.storage.closed_chains import end_of
from orchestrator_gql.storage.tables import audit
from orchestrator_gql.types import ProcessStatus, State
from orchestrator_gql.utils.errors import NotFound
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

KEY = "a key of the deployment"
DAY = 86_400
ROWS = 8


class Killed(BaseException):
    """The server died."""


class Short:
    """The database of a server that dies behind so many transactions."""

    def __init__(self, database: Any, left: int) -> None:
        self._database, self._left = database, left
        self.read = database.read

    async def transaction(self, unit: Callable[[Connection], Any]) -> Any:
        """Run the unit, or die."""
        if self._left == 0:
            raise Killed
        self._left -= 1
        return await self._database.transaction(unit)


@step("Break")
def breaks() -> State:
    raise ValueError("It broke.")


@workflow("Fail")
def fails() -> Any:
    return begin >> breaks


async def large_failure(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The id of an old failed process, which does not fit one transaction in any kind of its rows."""
    monkeypatch.setattr(retention_parts, "ROWS", ROWS)
    monkeypatch.setattr(large_processes, "ENTRIES", 2)
    process_id = await engine.start(fails, idempotency_key="the key")
    await engine.reaches(process_id, ProcessStatus.FAILED)
    for note in "abcde":
        await update_process_note(engine.runtime, LOCAL_OPERATOR, process_id=process_id, note=note)
    rows = all_kinds(process_id, 2 * ROWS)
    await engine.runtime.database.transaction(
        lambda conn: [conn.execute(insert(table), each) for table, each in rows.items()]
    )
    engine.turn(400 * DAY)
    return process_id


async def deleted(engine: Engine, transactions: int = -1) -> Any:
    """Delete failed processes, and die behind so many transactions."""
    runtime = engine.runtime
    database: Any = Short(runtime.database, transactions)
    request = Request(by_setting(read({"FAILED": 365}), engine.clock.now()), "ada", rest=0.0)
    return await prune(database, runtime.clock.now, runtime.settings.audit_secret, request)


async def fault(engine: Engine) -> str | None:
    return (await verify_audit(engine.runtime, LOCAL_OPERATOR, after=None, first=10_000)).fault


async def test_a_kill_between_any_two_transactions_loses_nothing(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = await offer(fails, audit_key=KEY)
    process_id = await large_failure(engine, monkeypatch)
    ids = (await engine.read(lambda conn: ids_of(conn, [process_id])))[process_id]

    lives = 0
    while await engine.read(lambda conn: traces(conn, ids)):
        lives += 1
        with pytest.raises(Killed):
            # The first finds out that the process is large, and the second closes its chain, or deletes a part.
            await deleted(engine, 2)
        assert await fault(engine) is None
        for found in (
            process(engine.runtime, LOCAL_OPERATOR, process_id),
            retry_process(engine.runtime, LOCAL_OPERATOR, process_id=process_id),
            abort_process(engine.runtime, LOCAL_OPERATOR, process_id=process_id),
            update_process_note(engine.runtime, LOCAL_OPERATOR, process_id=process_id, note="x"),
        ):
            with pytest.raises(NotFound, match="was removed by retention on"):
                await found

    assert lives > 20
    assert await engine.read(orphans) == {"payloads": 0}
    entries = (await engine.read(lambda conn: chains(conn, [process_id])))[process_id]
    assert [(entry.actor, entry.details["status"]) for entry in entries if entry.action == PRUNE] == [("ada", "FAILED")]
    assert all(has_no_details(entry) for entry in entries[:-1])
    assert (await deleted(engine)).number == 0


async def test_a_start_with_the_key_of_a_going_process_starts_another(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await offer(fails, audit_key=KEY)
    process_id = await large_failure(engine, monkeypatch)
    with pytest.raises(Killed):
        await deleted(engine, 2)

    started: Any = await start_workflow(
        engine.runtime, LOCAL_OPERATOR, workflow_name="fails", pages=[], idempotency_key="the key"
    )

    assert started.created
    assert started.process.id != process_id


async def test_a_decision_while_the_chain_is_read_keeps_the_chain_whole(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last entry covers the entry that came meanwhile, because the chain is read again."""
    engine = await offer(fails, audit_key=KEY)
    process_id = await large_failure(engine, monkeypatch)
    original, notes = LargeProcess._covered, ["f"]

    async def covered(large: LargeProcess) -> Any:
        found = await original(large)
        while notes:
            await update_process_note(engine.runtime, LOCAL_OPERATOR, process_id=process_id, note=notes.pop())
            engine.turn(400 * DAY)
            monkeypatch.setattr(large, "_wanted", by_setting(read({"FAILED": 365}), engine.clock.now()))
        return found

    monkeypatch.setattr(LargeProcess, "_covered", covered)

    assert (await deleted(engine)).number == 1
    assert await fault(engine) is None


async def test_a_process_that_is_retried_before_the_first_transaction_stays_whole(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await offer(fails, audit_key=KEY)
    process_id = await large_failure(engine, monkeypatch)
    original = LargeProcess._covered

    async def covered(large: LargeProcess) -> Any:
        found = await original(large)
        await retry_process(engine.runtime, LOCAL_OPERATOR, process_id=process_id)
        await engine.reaches(process_id, ProcessStatus.FAILED)
        return found

    monkeypatch.setattr(LargeProcess, "_covered", covered)

    assert (await deleted(engine)).number == 0
    end = await engine.read(lambda conn: end_of(conn, process_id))
    assert end is not None and not end.is_closed
    assert await process(engine.runtime, LOCAL_OPERATOR, process_id) is not None


async def test_a_changed_entry_keeps_a_large_process(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = await offer(fails, audit_key=KEY)
    process_id = await large_failure(engine, monkeypatch)
    forged = update(audit).where(audit.c.chain == process_id, audit.c.seq == 4).values(actor="mallory")
    await engine.runtime.database.transaction(lambda conn: conn.execute(forged))

    done = await deleted(engine)

    assert (done.number, dict(done.kept)) == (0, {CHANGED: 1})
    assert await fault(engine) == "The entry was changed: its digest does not fit."
