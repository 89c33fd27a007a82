"""Functions of authors that hang in a running server, and the other people and services that must go on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.commands.callback_deliveries import receive_callback
from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.commands.workflow_starts import Started, start_workflow
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.engine.input_requests.requests import DecisionResult
from orchestrator_gql.forms import FormPage, NextPage
from orchestrator_gql.reads.input_requests import open_form, start_form
from orchestrator_gql.types import FormGenerator, ProcessStatus
from orchestrator_gql.workflow import Workflow, workflow
from support.database import sqlite_url
from support.holds import WAYS, Hold
from support.operator import ADA, open_request
from support.playbooks import judge
from support.remote import token_of
from support.web import Site, site_of

LIMIT = 2.0
"""Seconds that a form may take here; a form that returns takes some hundredths, or more on a busy machine."""

GENEROUS = 8.0
"""Seconds in which everything else must be done; it takes some hundredths."""

routes: list[str] = []


Function: TypeAlias = Callable[..., Any]
Make: TypeAlias = Callable[[Function, str], Workflow]
"""Makes a workflow of this name around a function that does not return."""


@step("Call the remote service")
def call_remote(callback_route: str) -> None:
    """Hand the URL out."""
    routes.append(callback_route)


@inputstep("Confirm")
def confirm() -> FormGenerator:
    """Ask a person."""
    yield FormPage
    return {}


def ask() -> FormGenerator:
    """Ask for nothing but a click."""
    yield FormPage
    return {}


@workflow("Quick", initial_input_form=ask)
def quick() -> Any:
    """A form at the start, and a form."""
    return begin >> confirm


@workflow("Job")
def job() -> Any:
    """A job of a remote service."""
    return begin >> callback_step("Job", call_remote, judge)


@step("Rest")
def rest() -> None:
    """Do nothing."""


@step("Fail")
def fail() -> None:
    """Fail."""
    raise ValueError("as it should")


def named(name: str, *steps: Any, **options: Any) -> Workflow:
    """A workflow of these steps, with options."""

    def listed() -> Any:
        found = begin
        for next_step in steps:
            found = found >> next_step
        return found

    listed.__name__ = name
    return workflow("Steps", **options)(listed)


def input_of(form: Function, **options: Any) -> Any:
    """An input step with this form."""
    return inputstep("Ask", assignee=Assignee("NOC"), **options)(form)


class Others:
    """Other people and remote services, whose work began before a function hangs."""

    def __init__(self, site: Site, request: Any, process_id: UUID, token: str) -> None:
        self._site, self._request, self._process_id, self._token = site, request, process_id, token

    @classmethod
    async def ready(cls, site: Site) -> "Others":
        """Start what the others are in the middle of."""
        routes.clear()
        engine = site.engine
        suspended = await engine.start(quick, {})
        request = await open_request(engine, suspended)
        await engine.reaches(await engine.start(job), ProcessStatus.AWAITING_CALLBACK)
        return cls(site, request, suspended, token_of(routes[-1]))

    async def go_on(self) -> None:
        """Query, look at a form and a start form, start, deliver, submit, ask for health and metrics: all in time."""
        runtime, request = self._site.engine.runtime, self._request
        async with asyncio.timeout(GENEROUS):
            assert (await self._site.ask("{ processes(first: 5) { nodes { id } } }"))["processes"]["nodes"]
            assert isinstance(await open_form(runtime, ADA, request, []), NextPage)
            assert isinstance(await start_form(runtime, ADA, workflow_name="quick", pages=[]), NextPage)
            await self.start()
            await receive_callback(runtime, token=self._token, payload={"rc": 0})
            done = await submit_form(runtime, ADA, input_request_id=request.id, pages=[{}])
            assert isinstance(done, DecisionResult)
            for path in ("/health/live", "/health/ready", "/metrics"):
                assert (await self._site.http.get(path)).status_code == 200

    async def start(self) -> None:
        """Start a workflow with a form."""
        started = await start_workflow(self._site.engine.runtime, ADA, workflow_name="quick", pages=[{}])
        assert isinstance(started, Started)


@dataclass(frozen=True)
class Hanging:
    """A function that does not return in one way, once it is armed, and the workflow around it."""

    way: str
    hold: Hold
    flow: Workflow
    arm: Callable[[], None]


def hanging(make: Make, result: Any, *, is_armed: bool = False) -> list[Hanging]:
    """One workflow for each way not to return."""
    found = []
    for index, way in enumerate(WAYS):
        hold = Hold()
        trigger = Trigger(hold, way, result, is_armed=is_armed)
        found.append(Hanging(way, hold, make(trigger.function, f"hangs_{index}"), trigger.arm))
    return found


class Trigger:
    """A function that returns its result, and does not return any more once it is armed."""

    def __init__(self, hold: Hold, way: str, result: Any, *, is_armed: bool) -> None:
        self._is_armed = is_armed
        hangs = hold.function(way, result)
        if asyncio.iscoroutinefunction(hangs):

            async def function() -> Any:
                return await hangs() if self._is_armed else result

            self.function: Function = function
        else:
            self.function = lambda: hangs() if self._is_armed else result

    def arm(self) -> None:
        """Return no more."""
        self._is_armed = not self._is_armed


@asynccontextmanager
async def site_with(
    tmp_path: Path, *ways: "Hanging", flows: Sequence[Workflow] = (), **settings: Any
) -> AsyncIterator[Site]:
    """A server with the workflows of the ways; in the end every function is let go."""
    settings = {"form_timeout": LIMIT, "authors_loop": "own", "grace": 0.1, **settings}
    all_flows = (quick, job, *(one.flow for one in ways), *flows)
    with ExitStack() as stack:
        for one in ways:
            stack.callback(one.hold.let_go)
        async with site_of(sqlite_url(tmp_path), *all_flows, **settings) as site:
            with ExitStack() as first:
                for one in ways:
                    first.callback(one.hold.let_go)
                yield site


async def entered(hold: Hold) -> None:
    """Wait until a function hangs."""
    assert await asyncio.to_thread(hold.entered.wait, GENEROUS)


async def stuck(site: Site, place: str, count: int) -> dict[str, float]:
    """Wait until the metrics show this number of functions that do not return; all metrics of the server."""
    async with asyncio.timeout(GENEROUS):
        while True:
            text = (await site.http.get("/metrics")).text
            rows = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
            shown = {name.removeprefix("orchestrator_"): float(value) for name, value in rows.items()}
            if shown[f'author_calls_stuck{{place="{place}"}}'] == count:
                return shown
            await asyncio.sleep(0.02)
