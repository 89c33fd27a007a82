"""A request whose author's function does not return gets a typed error, and nothing changes."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from support.hanging import (
    GENEROUS,
    Function,
    Make,
    Others,
    ask,
    entered,
    fail,
    hanging,
    input_of,
    named,
    rest,
    site_with,
)
from support.operator import ADA, open_request
from support.playbooks import of
from support.web import Site

from orchestrator_gql.commands.input_requests import submit_form
from orchestrator_gql.commands.processes import retry_process
from orchestrator_gql.commands.workflow_starts import start_workflow
from orchestrator_gql.forms import FormPage
from orchestrator_gql.process import Process
from orchestrator_gql.reads.input_requests import open_form, start_form
from orchestrator_gql.security import AuthContext
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.utils.errors import FormTimeout

RESTING = (ProcessStatus.SUSPENDED, ProcessStatus.COMPLETED, ProcessStatus.FAILED)


def rule(function: Function) -> Function:
    """The function as an authorizer."""
    if asyncio.iscoroutinefunction(function):

        async def allows(context: AuthContext) -> Any:
            return await function()

        return allows
    return lambda context: function()


async def _look(site: Site, process_id: UUID) -> Any:
    return await open_form(site.engine.runtime, ADA, await open_request(site.engine, process_id), [])


async def _submit(site: Site, process_id: UUID) -> Any:
    request = await open_request(site.engine, process_id)
    return await submit_form(site.engine.runtime, ADA, input_request_id=request.id, pages=[{}])


async def _retry(site: Site, process_id: UUID) -> Any:
    return await retry_process(site.engine.runtime, ADA, process_id=process_id)


async def _start_form(site: Site, name: str) -> Any:
    return await start_form(site.engine.runtime, ADA, workflow_name=name, pages=[])


async def _start(site: Site, name: str) -> Any:
    return await start_workflow(site.engine.runtime, ADA, workflow_name=name, pages=[])


@dataclass(frozen=True)
class Request:
    """A request that calls an author's function: ``result`` is what the function returns in time."""

    make: Make
    result: Any
    send: Callable[[Site, Any], Coroutine[Any, Any, Any]]
    of_process: bool = True


REQUESTS = {
    "look": Request(lambda f, name: of(input_of(f), name=name), FormPage, _look),
    "submit": Request(lambda f, name: of(input_of(f), name=name), FormPage, _submit),
    "rule of a submit": Request(
        lambda f, name: of(input_of(ask, resume_auth_callback=rule(f)), name=name), True, _submit
    ),
    "rule of a retry": Request(lambda f, name: named(name, fail, retry_auth_callback=rule(f)), True, _retry),
    "start form": Request(lambda f, name: named(name, rest, initial_input_form=f), {}, _start_form, of_process=False),
    "start": Request(lambda f, name: named(name, rest, initial_input_form=f), {}, _start, of_process=False),
    "run_predicate": Request(lambda f, name: named(name, rest, run_predicate=f), None, _start, of_process=False),
    "rule of a start": Request(
        lambda f, name: named(name, rest, authorize_callback=rule(f)), True, _start, of_process=False
    ),
    "rule of a start form": Request(
        lambda f, name: named(name, rest, authorize_callback=rule(f)), True, _start_form, of_process=False
    ),
}


@pytest.mark.parametrize("kind", REQUESTS)
async def test_a_request_gets_a_typed_error_and_nothing_changes(tmp_path: Path, kind: str) -> None:
    request = REQUESTS[kind]
    ways = hanging(request.make, request.result)
    async with site_with(tmp_path, *ways) as site:
        others = await Others.ready(site)
        targets: list[Any] = [one.flow.name for one in ways]
        if request.of_process:
            targets = [await site.engine.start(one.flow) for one in ways]
        before = [await _rested(site, target) for target in targets if request.of_process]
        count = await _processes(site)
        asked: list[asyncio.Task[Any]] = []
        for one, target in zip(ways, targets, strict=True):
            one.arm()
            asked.append(asyncio.create_task(request.send(site, target)))
            await entered(one.hold)

        await others.go_on()

        async with asyncio.timeout(GENEROUS):
            refused = await asyncio.gather(*asked, return_exceptions=True)
        for error in refused:
            assert isinstance(error, FormTimeout), refused
            assert "took longer than its 2 seconds, and nothing was changed (error " in error.message
        assert [await _rested(site, target) for target in targets if request.of_process] == before
        assert await _processes(site) == count + 1  # the process that the others started
        for one, target in zip(ways, targets, strict=True):
            one.arm()
            one.hold.let_go()
            await request.send(site, target)  # as if nothing had happened


async def _rested(site: Site, process_id: UUID) -> Process:
    async def look() -> Process | None:
        process = await site.engine.process(process_id)
        return process if process.status in RESTING else None

    return await site.engine.until(look, awaited="the process to rest")


async def _processes(site: Site) -> int:
    return len((await site.ask("{ processes(first: 50) { nodes { id } } }"))["processes"]["nodes"])
