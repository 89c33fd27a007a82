"""Moves processes from transition to transition with the product's own commit, without an engine."""

import asyncio
import gc
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from orchestrator_gql import begin, step
from orchestrator_gql.cli.serve import SWITCH_INTERVAL
from orchestrator_gql.engine import commit
from orchestrator_gql.engine.commit import CommitResult
from orchestrator_gql.engine.pending_transitions import CommitContext, PendingTransitions
from orchestrator_gql.engine.shared_commits import Commit, commit_expecting
from orchestrator_gql.events.notifier import LocalNotifier
from orchestrator_gql.process import Process, Success, claim, create, decide
from orchestrator_gql.storage.database import Database, connect
from orchestrator_gql.storage.database.after_commit import CommitEffects, NoHooks
from orchestrator_gql.storage.database.batches import Batches
from orchestrator_gql.storage.database.schema import migrate
from orchestrator_gql.storage.expected_processes import expect
from orchestrator_gql.storage.processes import Standing
from orchestrator_gql.types import State
from orchestrator_gql.utils.clock import WallClock
from orchestrator_gql.utils.tokens import new_id
from orchestrator_gql.workflow import StepList, workflow

WORKER = "bench:1:abcdef"
LENGTH = 100
"""Steps of the workflow, and so the number of transitions of one process."""


@step("Step")
async def work(n: int = 0) -> State:
    """Give way to the event loop once, then add to the state."""
    await asyncio.sleep(0)
    return {"n": n + 1}


@workflow("A long way")
def course() -> StepList:
    """``LENGTH`` steps, one after the other."""
    steps = begin
    for _ in range(LENGTH):
        steps = steps >> work
    return steps


class CountingHooks(NoHooks):
    """Commit hooks like those of a server, without an engine: the benchmark itself moves the processes."""

    def __init__(self) -> None:
        super().__init__()
        self.notifier = LocalNotifier()

    def notify(self, effects: CommitEffects) -> None:
        """Wake the readers of the event log."""
        if effects.has_events:
            self.notifier.notify()


@dataclass(frozen=True, slots=True)
class Course:
    """An open database with its commit hooks."""

    database: Database
    hooks: CountingHooks
    commits: Batches[Any, Any] = field(default_factory=Batches)

    async def begin(self, count: int) -> list[Process]:
        """``count`` new processes, each claimed and on its first step."""
        return list(await asyncio.gather(*(self._begin_process() for _ in range(count))))

    async def _begin_process(self) -> Process:
        now = WallClock().now()
        state = {"node": "ams-1", "vlan": 205, "customer": "a name of some length", "n": 0}
        begun = create(course, id=new_id(), state=state, pages=[state], actor="operator", now=now)
        stored = await self.database.transaction(lambda conn: commit.begin_process(conn, begun, None))
        pending = PendingTransitions(stored).then(claim(stored, worker=WORKER, now=now))
        result = await self.database.transaction(lambda conn: commit.apply(conn, stored, pending, commit_context()))
        return result.process

    async def move(self, process: Process) -> Process:
        """Commit one transition as the runner does: the step has ended, the next step is open."""
        now = WallClock().now()
        pending = PendingTransitions(process).then(decide(process, course.steps, Success({"n": process.position}), now))
        context = commit_context()

        def write(conn: Connection, standing: Standing | None = None) -> CommitResult:
            if self.database.dialect == "postgresql":
                standing = standing or expect(conn, process)
            return commit.apply(conn, process, pending, context, standing=standing)

        if self.database.dialect == "sqlite":
            return (await self.database.transaction(write)).process
        result = await commit_expecting(self, Commit(process, pending, write), context)
        assert result is not None, "nobody else changes the process"
        return result.process

    async def drive(self, processes: Sequence[Process], times: int) -> float:
        """Move all processes at the same time, each ``times`` times; returns transitions a second."""

        async def drive_process(process: Process) -> None:
            for _ in range(times):
                process = await self.move(process)

        began = time.perf_counter()
        await asyncio.gather(*(drive_process(process) for process in processes))
        return len(processes) * times / (time.perf_counter() - began)


def commit_context() -> CommitContext:
    """The context of a commit now, like the runner's."""
    now = WallClock().now()
    return CommitContext(now, course.steps, timedelta(days=1), now + timedelta(seconds=30))


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Course]:
    """The database of the URL, migrated and open. The interpreter is tuned as that of a server."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    gc.collect()
    gc.freeze()
    database = connect(url)
    hooks = CountingHooks()
    database.hooks = hooks
    await database.open()
    try:
        await migrate(database)
        yield Course(database, hooks)
    finally:
        await database.close()


def sqlite_url(folder: Path, name: str) -> str:
    """The URL of a SQLite file with this name in the folder."""
    return f"sqlite+aiosqlite:///{folder / name}.db"
