"""A stage on which workflows of a test run for real: the whole engine over an SQLite file."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from orchestrator_gql import forms
from orchestrator_gql.app import _assemble, running
from orchestrator_gql.callbacks.mailbox import Receipt
from orchestrator_gql.commands.callbacks.receive_callback import receive_callback
from orchestrator_gql.commands.input_requests.submit_form import submit_form
from orchestrator_gql.commands.processes.retry_process import retry_process
from orchestrator_gql.commands.processes.start_workflow import Started, start_workflow
from orchestrator_gql.config.settings import Settings
from orchestrator_gql.domain import SubscriptionModel
from orchestrator_gql.engine.embedded import EmbeddedDispatcher
from orchestrator_gql.process import Process, StepRecord
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import input_requests, processes, product_subscriptions, steps
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.utils.clock import WallClock
from orchestrator_gql.workflow import Step, StepList, Workflow, begin, workflow
from orchestrator_gql.workflows.registry import Registry

MOVING = (ProcessStatus.CREATED, ProcessStatus.RUNNING)
PATIENCE = 10.0
"""Seconds; a test that waits longer for a process is broken."""


@dataclass
class Engine:
    """What a test asks of a running server."""

    runtime: Runtime

    async def begin(self, name: str, *pages: Any) -> Started | forms.NextPage | forms.PageInvalid:
        """One turn of the start form."""
        return await start_workflow(self.runtime, LOCAL_OPERATOR, workflow_name=name, pages=list(pages))

    async def run(self, name: str, *pages: Any) -> Process:
        """Start the workflow with all its pages and see where it comes to rest."""
        started = await self.begin(name, *pages)
        assert isinstance(started, Started), started
        return await self.rest(started.process.id)

    async def rest(self, process_id: UUID, *passing: ProcessStatus) -> Process:
        """The process once it rests; in the statuses named it only passes through."""
        async with asyncio.timeout(PATIENCE):
            while True:
                ticket = self.runtime.notifier.ticket()
                process = await self.runtime.database.read(lambda conn: processes.load(conn, process_id))
                assert process is not None
                if process.status not in (*MOVING, *passing):
                    return process
                await self.runtime.notifier.wait(ticket, PATIENCE)

    async def log(self, process: Process) -> list[StepRecord]:
        """Every visit of a step."""
        return await self.runtime.database.read(lambda conn: steps.of_process(conn, process.id))

    async def told(self, process: Process) -> list[tuple[str, str]]:
        """Name and status of every visit."""
        return [(record.name, str(record.status)) for record in await self.log(process)]

    async def answer(self, route: str, letter: Any) -> Receipt:
        """Deliver a result at a callback's route."""
        return await receive_callback(self.runtime, token=route.rpartition("/")[2], letter=letter)

    async def submit(self, process: Process, *pages: Any) -> Any:
        """Answer the form that the process asks."""
        asked = await self.runtime.database.read(lambda conn: input_requests.open_of_process(conn, process.id))
        assert asked is not None
        return await submit_form(self.runtime, LOCAL_OPERATOR, input_request_id=asked.id, pages=list(pages))

    async def retry(self, process: Process) -> Process:
        """Enter again at the step that failed, and see where it comes to rest."""
        await retry_process(self.runtime, LOCAL_OPERATOR, process_id=process.id)
        return await self.rest(process.id)

    async def subscription(self, subscription_id: UUID | str) -> dict[str, Any]:
        """A product subscription as it is stored."""
        named = UUID(str(subscription_id))
        stored = await self.runtime.database.read(lambda conn: product_subscriptions.models(conn, [named]))
        found: dict[str, Any] = stored[named]
        return found

    async def keep(self, model: SubscriptionModel) -> None:
        """Store a product subscription that some earlier process left."""
        await self.run("keep_model", {"model": model.dump()})


@dataclass
class Stage:
    """Where the workflows of a test are put on."""

    folder: Path
    seen: list[Any] = field(default_factory=list)
    """What the steps of a test wrote down."""

    @asynccontextmanager
    async def __call__(self, *workflows: Workflow, **settings: Any) -> AsyncIterator[Engine]:
        """A server that offers the workflows, as long as the context lasts."""
        database_url = f"sqlite+aiosqlite:///{self.folder / 'orchestrator.db'}"
        chosen = Settings(database_url=database_url, public_url="https://orchestrator.example", **settings)
        dispatcher = EmbeddedDispatcher()
        runtime = _assemble(chosen, Registry(workflows), dispatcher, WallClock())
        async with running(runtime, dispatcher):
            yield Engine(runtime)

    async def play(self, steps: Step | StepList, **state: Any) -> Process:
        """Run the steps as a workflow that begins with the state; where it comes to rest."""
        async with self(named("play", steps)) as engine:
            return await engine.run("play", state)


def named(name: str, steps: Step | StepList, **rules: Any) -> Workflow:
    """A workflow of the steps that begins with whatever its one page says."""

    def body() -> StepList:
        return begin >> steps

    body.__name__ = name
    return workflow(initial_input_form=_anything, **rules)(body)


class Anything(forms.FormPage, extra="allow"):
    """A page that takes every field."""


def _anything() -> Any:
    answer = yield Anything
    return answer.model_dump()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage with an empty database."""
    return Stage(tmp_path)
