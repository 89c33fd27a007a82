"""Deliveries to an application that a host has embedded behind a middleware of its own, on both databases."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from uuid import UUID

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from support.database import sqlite_url
from support.operator import ADA
from support.playbooks import calls
from support.remote import Remote
from support.web import site_of

from orchestrator_gql.app import create_app
from orchestrator_gql.commands.workflow_starts import start_workflow
from orchestrator_gql.config.settings import read_settings
from orchestrator_gql.types import CallbackStatus, ProcessStatus

Wait = Callable[[Receive], Awaitable[Message]]


async def passes_on(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """A middleware function that only adds a header."""
    response = await call_next(request)
    response.headers["x-host"] = "1"
    return response


async def reads_before(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """A middleware function that reads the body before the application, to log or to sign it."""
    await request.body()
    return await call_next(request)


async def within_a_time(receive: Receive) -> Message:
    """Wait with a time limit of asyncio, and let other tasks run before the message is passed on."""
    async with asyncio.timeout(60):
        message = await receive()
        await asyncio.sleep(0)
        return message


async def within_a_scope(receive: Receive) -> Message:
    """Wait with a time limit of anyio, in a task group whose other task is cancelled."""
    with anyio.fail_after(60):
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep_forever)
            message = await receive()
            group.cancel_scope.cancel()
        return message


async def in_a_task(receive: Receive) -> Message:
    """Wait in another task."""
    return await asyncio.create_task(_awaited(receive))


async def _awaited(receive: Receive) -> Message:
    return await receive()


def waiting(wait: Wait) -> Callable[[ASGIApp], ASGIApp]:
    """A middleware that receives each message with ``wait``."""

    def around(app: ASGIApp) -> ASGIApp:
        async def waited(scope: Scope, receive: Receive, send: Send) -> None:
            async def received() -> Message:
                return await wait(receive)

            await app(scope, received, send)

        return waited

    return around


HEADERS = [(b"host", b"testserver"), (b"content-type", b"application/json")]

HOSTS: dict[str, Callable[[ASGIApp], ASGIApp]] = {
    "a function": lambda app: BaseHTTPMiddleware(app, dispatch=passes_on),
    "a function that reads": lambda app: BaseHTTPMiddleware(app, dispatch=reads_before),
    "two functions": lambda app: BaseHTTPMiddleware(BaseHTTPMiddleware(app, passes_on), reads_before),
    "a time limit": waiting(within_a_time),
    "a task group": waiting(within_a_scope),
    "a task": waiting(in_a_task),
}


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("host", HOSTS)
async def test_a_host_with_a_middleware_passes_deliveries_on(storage: str, host: str) -> None:
    remote = Remote()
    async with site_of(storage, flow := calls(remote), public_url="http://testserver/o") as site:
        hosted = HOSTS[host](Starlette(routes=[Mount("/o", site.app)]))
        process_id = await site.engine.start(flow)
        token = await remote.asked()
        url = f"/o/api/processes/{process_id}/callback/{token}"
        async with httpx.AsyncClient(transport=httpx.ASGITransport(hosted), base_url="http://testserver") as http:
            unknown = await http.post(f"{url[:-1]}!", json={})
            refused = await http.post(url, content=b"no JSON", headers={"content-type": "application/json"})
            report = await http.post(f"{url}/progress", json={"message": "half"})
            receipt = await http.post(url, json={"rc": 0, "changed": 3})
            again = await http.post(url, json={"rc": 0, "changed": 3})
        done = await site.engine.reaches(process_id, ProcessStatus.COMPLETED)
        callback = await site.engine.callback(process_id)

    statuses = [response.status_code for response in (unknown, refused, report, receipt, again)]
    assert statuses == [404, 400, 200, 200, 200]
    assert (receipt.json()["status"], again.json()["duplicate"]) == ("accepted", True)
    assert (done.state["changed"], callback.status) == (3, CallbackStatus.VALIDATED)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("path", ["/graphql", f"/api/processes/{UUID(int=0)}/callback/token", "/metrics"])
async def test_a_client_that_leaves_is_no_error_of_the_host(tmp_path: Path, host: str, path: str) -> None:
    """Else each of them would be a trace in the log of the host: a function of a middleware demands a response."""

    async def receive() -> Message:
        if messages:
            return messages.pop(0)
        await asyncio.Future[None]()
        raise AssertionError("nothing follows")

    async def send(message: Message) -> None:
        statuses.extend([message["status"]] if message["type"] == "http.response.start" else [])

    async with site_of(sqlite_url(tmp_path)) as site:
        hosted = HOSTS[host](site.app)
        for before in ([], [{"type": "http.request", "body": b'{"query"', "more_body": True}]):
            statuses = list[int]()
            messages: list[Message] = [*before, {"type": "http.disconnect"}]
            is_read = path != "/metrics"
            scope = {"type": "http", "method": "POST" if is_read else "GET", "path": path, "headers": HEADERS}
            with suppress(ClientDisconnect) if host != "a function" else nullcontext():  # of the host, which reads
                await asyncio.wait_for(hosted(scope, receive, send), 60)
                assert len(statuses) == 1


async def test_an_application_is_started_once_and_another_one_goes_on_with_its_file(tmp_path: Path) -> None:
    """A second start would answer, but its threads have ended, so no step and no form would run."""
    settings = read_settings(database_url=sqlite_url(tmp_path))
    remote = Remote()
    app = create_app(settings, [flow := calls(remote)])
    async with app.router.lifespan_context(app):
        pass

    with pytest.raises(RuntimeError, match="call create_app for each start"):
        async with app.router.lifespan_context(app):
            pass

    other = create_app(settings, [flow])
    async with other.router.lifespan_context(other):
        await start_workflow(other.state.runtime, ADA, workflow_name=flow.name, pages=[])
        await remote.asked()
