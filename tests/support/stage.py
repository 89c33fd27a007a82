"""Runs workflows of a test on a real engine, each with the initial state that the test wants."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from orchestrator_gql import forms
from orchestrator_gql.commands.callback_deliveries import receive_callback
from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.commands.processes import retry_process
from orchestrator_gql.commands.workflow_starts import Started, start_workflow
from orchestrator_gql.engine.input_requests.requests import DecisionResult
from orchestrator_gql.process import Process, StepExecution
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import input_requests, product_subscriptions
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.workflow import Step, StepList, Workflow, begin, workflow
from support.database import sqlite_url
from support.engine import Engine, engine_of
from support.until import until

MOVING = (ProcessStatus.CREATED, ProcessStatus.RUNNING)


class Play:
    """A running engine, with methods for one process."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.runtime = engine.runtime

    async def begin(self, name: str, *pages: Any) -> Started | forms.NextPage | forms.PageInvalid:
        """Send the pages to the start form, once."""
        return await start_workflow(self.runtime, LOCAL_OPERATOR, workflow_name=name, pages=list(pages))

    async def run(self, name: str, *pages: Any) -> Process:
        """Start the workflow with all its pages; the process once it no longer runs."""
        started = await self.begin(name, *pages)
        assert isinstance(started, Started), started
        return await self.rest(started.process.id)

    async def rest(self, process_id: UUID, *passing: ProcessStatus) -> Process:
        """The process once it no longer runs and has none of the ``passing`` statuses."""

        async def look() -> Process | None:
            process = await self.engine.process(process_id)
            return None if process.status in (*MOVING, *passing) else process

        return await until(self.runtime, look, awaited="a process to stop running")

    async def log(self, process: Process) -> list[StepExecution]:
        """The step executions of the process."""
        return await self.engine.steps(process.id)

    async def answer(self, route: str, payload: Any) -> None:
        """Deliver a result at a callback's route."""
        await receive_callback(self.runtime, token=route.rpartition("/")[2], payload=payload)

    async def submit(self, process: Process, *pages: Any) -> Process:
        """Answer the open form of the process; the process once it no longer runs."""
        request = await self.engine.read(lambda conn: input_requests.open_of_process(conn, process.id))
        assert request is not None
        result = await submit_form(self.runtime, LOCAL_OPERATOR, input_request_id=request.id, pages=list(pages))
        assert isinstance(result, DecisionResult), result
        return await self.rest(process.id)

    async def retry(self, process: Process) -> Process:
        """Retry the process; the process once it no longer runs."""
        await retry_process(self.runtime, LOCAL_OPERATOR, process_id=process.id)
        return await self.rest(process.id)

    async def subscription(self, subscription_id: UUID | str) -> dict[str, Any]:
        """A product subscription as it is stored."""
        id = UUID(str(subscription_id))
        models = await self.engine.read(lambda conn: product_subscriptions.models(conn, [id]))
        model: dict[str, Any] = models[id]
        return model


class Stage:
    """Deploys the workflows of a test; steps append to ``seen`` what they got."""

    def __init__(self, folder: Path) -> None:
        self.seen: list[Any] = []
        self._folder = folder

    @asynccontextmanager
    async def __call__(self, *workflows: Workflow, **settings: Any) -> AsyncIterator[Play]:
        """An engine with the workflows, which runs until the block ends."""
        async with engine_of(
            sqlite_url(self._folder), *workflows, public_url="https://orchestrator.example", **settings
        ) as engine:
            yield Play(engine)

    async def play(self, steps: Step | StepList, **state: Any) -> Process:
        """Run the steps as a workflow with the initial state; the process once it no longer runs."""
        async with self(named("play", steps)) as engine:
            return await engine.run("play", state)


def named(name: str, steps: Step | StepList) -> Workflow:
    """A workflow of the steps; the values of its start page are the initial state."""

    def body() -> StepList:
        return begin >> steps

    body.__name__ = name
    return workflow(initial_input_form=_anything)(body)


class Anything(forms.FormPage, extra="allow"):
    """A page that takes every field."""


def _anything() -> Any:
    answer = yield Anything
    return answer.model_dump()
