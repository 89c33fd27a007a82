"""Steps that end at the same time share transactions of PostgreSQL, and each is committed as if it was alone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, update
from support.clock import TurnableClock
from support.database import PostgresServer
from support.engine import engine_of
from support.lossy import Cut, lossy_wire
from support.remote import Remote
from support.statements import Statements, counted

from orchestrator_gql import begin, callback_step, conditional, step
from orchestrator_gql.engine import commit
from orchestrator_gql.engine.commit import CommitResult
from orchestrator_gql.engine.pending_transitions import CommitContext, PendingTransitions
from orchestrator_gql.engine.shared_commits import Commit, commit_expecting, is_plain
from orchestrator_gql.process import Failed, Process, Success, Transition, claim, create, decide
from orchestrator_gql.storage import events, processes, steps, tables
from orchestrator_gql.storage.database import Database, connect
from orchestrator_gql.storage.database.batches import Batches
from orchestrator_gql.storage.database.postgres import PostgresDatabase
from orchestrator_gql.storage.expected_processes import expect
from orchestrator_gql.storage.processes import Standing
from orchestrator_gql.types import EngineState, Failure, ProcessStatus, State
from orchestrator_gql.utils.tokens import new_id
from orchestrator_gql.workflow import StepList, workflow

NOW = datetime(2026, 1, 1, tzinfo=UTC)
COMPLETED = ProcessStatus.COMPLETED
cuts = pytest.mark.parametrize("cut", Cut, ids=["done", "lost"])


@step("Work")
async def work() -> State:
    """Do nothing."""
    return {}


@workflow("Works")
def works() -> StepList:
    """Three steps."""
    return begin >> work >> work >> work


@dataclass(frozen=True, slots=True)
class Worker:
    """Moves processes without an engine, as the runner does."""

    database: Database
    statements: Statements
    commits: Batches[Any, Any] = field(default_factory=Batches)

    async def begin(self, count: int) -> list[Process]:
        """``count`` processes, each on its first step."""
        return [await self._begin_process() for _ in range(count)]

    async def _begin_process(self) -> Process:
        begun = create(works, id=new_id(), state={"n": 0}, pages=[], actor=None, now=NOW)
        stored = await self.database.transaction(lambda conn: commit.begin_process(conn, begun, None))
        pending = PendingTransitions(stored).then(claim(stored, worker="w:1:a", now=NOW))
        result = await self.database.transaction(lambda conn: commit.apply(conn, stored, pending, context_of()))
        return result.process

    async def end_step(
        self,
        process: Process,
        on_write: Callable[[], None] = lambda: None,
        *,
        on_shared: Callable[[Process], None] = lambda _: None,
        context: CommitContext | None = None,
    ) -> CommitResult | None:
        """Commit the end of the step; every second process changes its state. ``on_shared`` is called for a process
        that is written in a shared transaction."""
        context = context or context_of()
        delta = {"n": process.id.hex} if process.id.int % 2 else {"n": 0}
        pending = PendingTransitions(process).then(decide(process, works.steps, Success(delta), NOW))
        if process.id.int % 2 == 0:
            pending = replace(pending, process=replace(pending.process, state=process.state))

        def write(conn: Connection, standing: Standing | None = None) -> CommitResult:
            on_write()
            if standing is not None:
                on_shared(process)
            return commit.apply(conn, process, pending, context, standing=standing or expect(conn, process))

        return await commit_expecting(self, Commit(process, pending, write), context)

    async def change(self, process: Process, **values: Any) -> None:
        """Change the row of the process beside its worker."""
        change = update(tables.processes).where(tables.processes.c.id == process.id).values(values)
        await self.database.transaction(lambda conn: conn.execute(change).rowcount)


def context_of(**changes: Any) -> CommitContext:
    """The context of a commit."""
    return replace(CommitContext(NOW, works.steps, timedelta(days=1), NOW + timedelta(seconds=30)), **changes)


@pytest.fixture
async def worker(postgres: PostgresServer, tmp_path: Path) -> AsyncIterator[Worker]:
    """A worker of a new database."""
    with postgres.database() as url, counted(tmp_path) as statements:
        database = connect(url)
        await database.open()
        yield Worker(database, statements)
        await database.close()


def history(conn: Connection, process: Process) -> Any:
    """The row, the step executions and the events of the process, without what differs between processes."""
    row = processes.load(conn, process.id)
    assert row is not None
    executions = [replace(each, delta=None) for each in steps.of_process(conn, process.id)]
    filters = events.EventFilter(process_ids=(process.id,))
    found = events.after(conn, events.BEGINNING, filters, 100).events
    shapes = [(event.kind, {**event.payload, "state_delta": 0}) for event in found]
    return row.status, row.position, row.seq, row.version, row.updated_at, row.worker, executions, shapes


async def test_many_ended_steps_share_transactions_and_each_is_written_as_alone(worker: Worker) -> None:
    alone, *many = await worker.begin(41)
    (expected,) = [await worker.end_step(alone)]
    worker.statements.taken()

    results = await asyncio.gather(*map(worker.end_step, many))

    commits = [text for text in worker.statements.taken() if text == "COMMIT"]
    assert expected is not None
    assert 1 <= len(commits) <= 4
    as_alone = await worker.database.read(lambda conn: history(conn, alone))
    for process, result in zip(many, results, strict=True):
        assert result is not None
        assert await worker.database.read(lambda conn, id=process.id: processes.load(conn, id)) == result.process  # type: ignore[misc]
        assert await worker.database.read(lambda conn, process=process: history(conn, process)) == as_alone  # type: ignore[misc]


@pytest.mark.parametrize(
    "change", [{"epoch": 7}, {"seq": 70}, {"status": ProcessStatus.FAILED, "worker": None, "seq": 9}]
)
async def test_a_process_in_other_hands_is_refused_alone(worker: Worker, change: dict[str, Any]) -> None:
    many = await worker.begin(12)
    await worker.change(many[5], **change)

    results = await asyncio.gather(*map(worker.end_step, many))

    assert [place for place, result in enumerate(results) if result is None] == [5]


@pytest.mark.parametrize("change", [{"note": "a note", "version": 9}])
async def test_a_note_beside_the_step_is_kept(worker: Worker, change: dict[str, Any]) -> None:
    many = await worker.begin(12)
    await worker.change(many[5], **change)

    results = await asyncio.gather(*map(worker.end_step, many))

    assert [place for place, result in enumerate(results) if result is None] == []
    assert (results[5].process.note, results[5].process.version) == ("a note", 10)  # type: ignore[union-attr]


@pytest.mark.parametrize("change", [{"epoch": 7}, {"seq": 70}])
async def test_a_process_in_other_hands_does_not_undo_the_transaction_that_the_others_share(
    worker: Worker, change: dict[str, Any]
) -> None:
    many = await worker.begin(12)
    await worker.change(many[5], **change)
    worker.statements.taken()
    shared: list[Process] = []

    results = await asyncio.gather(*(worker.end_step(each, on_shared=shared.append) for each in many))

    assert [place for place, result in enumerate(results) if result is None] == [5]
    assert len(shared) >= 6  # the first is committed alone
    assert many[5] not in shared
    assert worker.statements.taken().count("ROLLBACK") == 1  # that of the process in other hands


async def test_a_step_whose_commit_is_not_plain_shares_no_transaction(worker: Worker) -> None:
    many = await worker.begin(12)
    shared: list[Process] = []
    hands_over = context_of(hands_over=True)

    last = worker.end_step(many[-1], on_shared=shared.append, context=hands_over)
    results = await asyncio.gather(*map(worker.end_step, many[:-1]), last)

    assert None not in results
    assert shared == []


async def test_no_step_waits_for_a_process_that_another_transaction_holds(worker: Worker) -> None:
    many = await worker.begin(12)
    is_held, may_end = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        assert isinstance(worker.database, PostgresDatabase)
        async with worker.database.engine.connect() as conn, conn.begin():
            await conn.run_sync(lambda sync: processes.WAIT_FOR_LOCKS.first(sync, {"key": str(many[5].id)}))
            is_held.set()
            await may_end.wait()

    holding = asyncio.create_task(hold())
    await is_held.wait()
    ending = [asyncio.create_task(worker.end_step(process)) for process in many]
    async with asyncio.timeout(60):
        await asyncio.gather(*ending[:5], *ending[6:])
    was_done = ending[5].done()
    may_end.set()
    await holding

    assert not was_done
    assert await ending[5] is not None


async def test_nothing_is_shared_while_the_engine_is_paused(worker: Worker) -> None:
    many = await worker.begin(12)
    pause = update(tables.engine_state).values(state=EngineState.PAUSING)
    await worker.database.transaction(lambda conn: conn.execute(pause).rowcount)

    assert await asyncio.gather(*map(worker.end_step, many)) == [None] * 12


async def test_a_unit_that_fails_in_a_shared_transaction_takes_nothing_from_the_others(worker: Worker) -> None:
    many = await worker.begin(12)

    def fail() -> None:
        raise RuntimeError("odd")

    ending = [
        worker.end_step(process, fail) if place == 5 else worker.end_step(process) for place, process in enumerate(many)
    ]
    results = await asyncio.gather(*ending)

    assert [place for place, result in enumerate(results) if result is None] == [5]


EFFECTS = [each.name for each in fields(Transition) if each.name not in ("process", "executions", "events")]


@pytest.mark.parametrize("name", EFFECTS)
async def test_a_transition_with_an_effect_is_committed_alone(worker: Worker, name: str) -> None:
    (process,) = await worker.begin(1)
    pending = PendingTransitions(process).then(decide(process, works.steps, Success({}), NOW))
    (transition,) = pending.transitions

    effect: dict[str, Any] = {name: "an effect"}

    assert is_plain(pending, context_of())
    assert not is_plain(replace(pending, transitions=(replace(transition, **effect),)), context_of())


@step("Judge")
async def judge() -> None:
    """Accept everything."""


FOLLOWING = {
    "a callback": begin >> work >> callback_step("Playbook", Remote().action(), judge),
    "a condition": begin >> work >> conditional(lambda state: True)(begin >> work),
    "nothing": begin >> work,
}


@pytest.mark.parametrize("name", FOLLOWING)
async def test_a_step_before_one_that_reads_or_hands_out_is_committed_alone(worker: Worker, name: str) -> None:
    (process,) = await worker.begin(1)
    following = FOLLOWING[name]
    pending = PendingTransitions(process).then(decide(process, following, Success({}), NOW))

    assert not is_plain(pending, context_of(steps=following))
    assert not is_plain(pending, context_of(steps=works.steps, hands_over=True))


async def test_a_step_that_failed_is_committed_alone(worker: Worker) -> None:
    (process,) = await worker.begin(1)
    failed = decide(process, works.steps, Failed(Failure("odd", "It is odd.", NOW)), NOW)

    assert not is_plain(PendingTransitions(process).then(failed), context_of())


@cuts
async def test_a_shared_commit_whose_connection_is_lost_loses_nothing_and_repeats_nothing(
    postgres: PostgresServer, clock: TurnableClock, cut: Cut
) -> None:
    ran: list[tuple[str, str]] = []
    all_wait, waiting = asyncio.Event(), list[str]()

    with postgres.database() as url:
        async with lossy_wire(url) as (wire, near):

            @step("Meet")
            async def meet(process_id: Any) -> State:
                ran.append(("meet", str(process_id)))
                waiting.append(str(process_id))
                if len(waiting) == 12:
                    wire.cut_commit(cut, "is_last")
                    all_wait.set()
                await all_wait.wait()
                return {"is_last": True} if waiting[-1] == str(process_id) else {}

            @step("Finish", on_crash="hold")
            async def finish(process_id: Any) -> None:
                ran.append(("finish", str(process_id)))

            @workflow("Meets")
            def meets() -> StepList:
                return begin >> meet >> finish

            async with engine_of(near, meets, clock=clock, heartbeat=0.1, authors_loop="server") as engine:
                ids = [await engine.start(meets) for _ in range(12)]
                for id in ids:
                    await engine.reaches(id, COMPLETED)

    assert wire.cuts == 1
    assert sorted(ran) == sorted((name, str(id)) for name in ("meet", "finish") for id in ids)
