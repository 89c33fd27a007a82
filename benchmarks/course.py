"""Processes that a benchmark drives from transition to transition, by the product's own commit."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from orchestrator_gql import begin, step
from orchestrator_gql.engine import commit
from orchestrator_gql.engine.commit import CommitContext, PendingTransitions
from orchestrator_gql.events.notifier import LocalNotifier
from orchestrator_gql.process import Process, Success, claim, create, decide
from orchestrator_gql.storage.database import Database, connect
from orchestrator_gql.storage.database.after_commit import CommitEffects
from orchestrator_gql.storage.database.schema import migrate
from orchestrator_gql.types import State
from orchestrator_gql.utils.clock import WallClock
from orchestrator_gql.utils.tokens import new_id
from orchestrator_gql.workflow import StepList, workflow

WORKER = "bench:1:abcdef"
LENGTH = 100
"""Steps of the workflow: a process can be moved so often."""


@step("Step")
async def work(n: int = 0) -> State:
    """Let the loop turn once, then add to the state."""
    await asyncio.sleep(0)
    return {"n": n + 1}


@workflow("A long way")
def course() -> StepList:
    """So many steps, one after the other."""
    steps = begin
    for _ in range(LENGTH):
        steps = steps >> work
    return steps


class CountingHooks:
    """Bells as a server hangs them, but that no engine hears them: the benchmark itself moves the processes."""

    def __init__(self) -> None:
        self.notifier = LocalNotifier()

    def notify(self, effects: CommitEffects) -> None:
        """Tell the readers of the log."""
        if effects.has_events:
            self.notifier.notify()


@dataclass(frozen=True, slots=True)
class Course:
    """An open database, and its bells."""

    database: Database
    hooks: CountingHooks

    async def begin(self, count: int) -> list[Process]:
        """So many fresh processes, each claimed and on its first step."""
        return list(await asyncio.gather(*(self._one() for _ in range(count))))

    async def _one(self) -> Process:
        now = WallClock().now()
        state = {"node": "ams-1", "vlan": 205, "customer": "a name of some length", "n": 0}
        begun = create(course, id=new_id(), state=state, pages=[state], actor="operator", now=now)
        stored = await self.database.transaction(lambda conn: commit.begin_process(conn, begun))
        pending = PendingTransitions(stored).then(claim(stored, worker=WORKER, now=now))
        done = await self.database.transaction(lambda conn: commit.apply(conn, stored, pending, commit_context()))
        return done.process

    async def move(self, process: Process) -> Process:
        """One transition: the step is done, the next one is open."""
        now = WallClock().now()
        pending = PendingTransitions(process).then(decide(process, course.steps, Success({"n": process.position}), now))
        done = await self.database.transaction(lambda conn: commit.apply(conn, process, pending, commit_context()))
        return done.process

    async def drive(self, processes: Sequence[Process], times: int) -> float:
        """Move all of them at the same time, each so many times; transitions a second."""

        async def one(process: Process) -> None:
            for _ in range(times):
                process = await self.move(process)

        began = time.perf_counter()
        await asyncio.gather(*(one(process) for process in processes))
        return len(processes) * times / (time.perf_counter() - began)


def commit_context() -> CommitContext:
    """The terms of a commit now, as the runner makes them."""
    now = WallClock().now()
    return CommitContext(now, course.steps, timedelta(days=1), now + timedelta(seconds=30))


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Course]:
    """The database of the URL, migrated and open."""
    database: Any = connect(url)
    hooks = CountingHooks()
    database.hooks = hooks
    await database.open()
    try:
        await migrate(database)
        yield Course(database, hooks)
    finally:
        await database.close()


def sqlite_url(folder: Path, name: str) -> str:
    """A file of its own."""
    return f"sqlite+aiosqlite:///{folder / name}.db"
