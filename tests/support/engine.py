"""A whole server without its APIs: database, engine and clock, put together as in `app`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection, func, select

from orchestrator_gql.callbacks.rules import Callback
from orchestrator_gql.commands.workflow_starts import Started, start_workflow
from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.events.stream import follow
from orchestrator_gql.process import Process, StepExecution
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import callbacks, processes, steps
from orchestrator_gql.storage.callback_attempts import Attempt
from orchestrator_gql.storage.events import EventFilter
from orchestrator_gql.storage.tables import events
from orchestrator_gql.testing.engine import at_work
from orchestrator_gql.types import Event, EventKind, Json, ProcessStatus
from orchestrator_gql.workflow.model import Workflow
from support.callback_logs import attempts_of
from support.clock import TurnableClock
from support.until import PATIENCE, until

T = TypeVar("T")

BEGINNING = "MC4w"
"""The cursor before the first event (transaction 0, event 0)."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine, with short methods for what tests do."""

    runtime: Runtime
    clock: TurnableClock

    async def read(self, unit: Callable[[Connection], T]) -> T:
        """Run the unit of work as a read of the database."""
        return await self.runtime.database.read(unit)

    async def until(self, condition: Callable[[], Awaitable[T | None]], *, awaited: str) -> T:
        """See `support.until`."""
        return await until(self.runtime, condition, awaited=awaited)

    def turn(self, seconds: float) -> None:
        """Turn the clock forward and wake the timers."""
        self.clock.turn(seconds)
        self.runtime.timers.set()

    async def start(self, workflow: Workflow, page: Json = None, **options: Any) -> UUID:
        """Start the workflow with one page, or with none."""
        pages = [] if page is None else [page]
        result = await start_workflow(self.runtime, LOCAL_OPERATOR, workflow_name=workflow.name, pages=pages, **options)
        assert isinstance(result, Started), result
        return result.process.id

    async def process(self, process_id: UUID) -> Process:
        """The process as it is stored now."""
        process = await self.read(lambda conn: processes.load(conn, process_id))
        assert process is not None
        return process

    async def reaches(self, process_id: UUID, status: ProcessStatus) -> Process:
        """Wait until the process has the status; the process."""

        async def look() -> Process | None:
            process = await self.process(process_id)
            return process if process.status is status else None

        return await self.until(look, awaited=f"process {process_id} to become {status}")

    async def steps(self, process_id: UUID) -> list[StepExecution]:
        """The step executions of the process."""
        return await self.read(lambda conn: steps.of_process(conn, process_id))

    async def callback(self, process_id: UUID) -> Callback:
        """The latest callback of the process."""
        return (await self.read(lambda conn: callbacks.of_processes(conn, [process_id])))[process_id][-1]

    async def attempts(self, process_id: UUID) -> list[Attempt]:
        """The attempts of the latest callback, in order."""
        callback = await self.callback(process_id)
        return (await self.read(lambda conn: attempts_of(conn, callback.id)))[0]

    async def events(self, process_id: UUID | None = None, kind: EventKind | None = None) -> list[Event]:
        """The event log from its beginning until now, as a subscriber reads it.

        On PostgreSQL the snapshot gate may hold committed events back for a moment, because of any open transaction of
        the whole server.
        """
        committed = await self.read(lambda conn: conn.execute(select(func.count()).select_from(events)).scalar_one())
        received: list[Event] = []
        stream = follow(self.runtime.database, self.runtime.notifier, after=BEGINNING, wanted=EventFilter())
        async with asyncio.timeout(PATIENCE):
            async for batch in stream:
                received += batch.events
                if batch.caught_up and len(received) >= committed:
                    break
        await stream.aclose()
        return [event for event in received if process_id in (None, event.process_id) and kind in (None, event.kind)]


@asynccontextmanager
async def engine_of(
    database_url: str, *workflows: Workflow, clock: TurnableClock | None = None, **settings: Any
) -> AsyncIterator[Engine]:
    """A running engine on the database, with these workflows deployed."""
    clock = clock or TurnableClock()
    settings = {"grace": 5.0, "heartbeat": 0.5, **settings}
    settings = {"lease": max(30.0, 3 * settings["heartbeat"]), **settings}
    all_settings = read_settings(database_url=database_url, **settings)
    async with at_work(all_settings, workflows, clock) as runtime:
        yield Engine(runtime, clock)
