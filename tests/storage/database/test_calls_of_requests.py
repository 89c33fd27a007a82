"""How many functions a request calls: after a pause the caches of the processor are cold, and each function costs more.

Each bound is today's number and a tenth. A change that makes it smaller lowers the bound; no change raises it without a
reason.
"""

import asyncio
import json
import sys
from typing import Any
from uuid import UUID

import pytest
from starlette.types import Message, Scope
from support.web import PlainReceive, Site, site_of
from test_statements_of_a_lifecycle import START, SUBMIT, Stage

from orchestrator_gql.storage.database.sqlite import SqliteDatabase
from orchestrator_gql.types import ProcessStatus

POLL = (
    """query ($id: ID!) { process(id: $id) { status openInputRequest { id form { ... on FormPage { schema } } } } }"""
)
OPEN = "{ inputRequests { nodes { id process { id } } } }"
WAITING = "{ processes(filter: {statuses: [AWAITING_CALLBACK]}) { nodes { id } } }"

CALLS = {
    "sqlite": {
        "health": 96,
        "typename": 370,
        "poll": 765,
        "poll of a form": 1400,
        "start": 1730,
        "submit": 2050,
        "callback": 1480,
        "callback that came before": 720,
    },
    "postgresql": {
        "health": 96,
        "typename": 365,
        "poll": 1090,
        "poll of a form": 1765,
        "start": 2330,
        "submit": 3400,
        "callback": 2510,
        "callback that came before": 1280,
    },
}
"""Of the application, without the HTTP server."""

TIMES, LIVES = 20, 8
"""Requests, and processes, that are counted; the fewest calls count, because the engine works beside them."""


@pytest.mark.one_dispatcher
async def test_a_request_calls_no_more_functions_than_this(storage: str) -> None:
    stage = Stage()
    async with site_of(storage, stage.workflow, public_url="http://testserver") as site:
        lives = [await _calls_of_a_life(site, stage) for _ in range(LIVES)]
        id = (await site.ask(START))["startWorkflow"]["process"]["id"]
        route = await stage.routes.get()
        await site.engine.reaches(UUID(id), ProcessStatus.AWAITING_CALLBACK)
        found = {
            "health": await calls_of(site, "GET", "/health/live"),
            "typename": await calls_of(site, "POST", "/graphql", {"query": "{ __typename }"}),
            "poll": await calls_of(site, "POST", "/graphql", {"query": POLL, "variables": {"id": id}}),
            "callback that came before": await calls_of(site, "POST", route, {"return_code": 0}),
        }
        found |= {name: min(calls[name] for calls in lives) for name in lives[0]}
        bounds = CALLS["sqlite" if isinstance(site.engine.runtime.database, SqliteDatabase) else "postgresql"]
    assert {name: calls for name, calls in found.items() if calls > bounds[name]} == {}, found


async def _calls_of_a_life(site: Site, stage: Stage) -> dict[str, int]:
    """The calls of the requests of one process, each after the engine has come to rest."""
    found = {"start": await _calls(site, "POST", "/graphql", {"query": START})}
    route = await stage.routes.get()

    async def waiting() -> Any:
        return (await site.ask(WAITING))["processes"]["nodes"] or None

    await site.engine.until(waiting, awaited="the wait for the callback")
    found["callback"] = await _calls(site, "POST", route, {"return_code": 0})

    async def look() -> Any:
        return (await site.ask(OPEN))["inputRequests"]["nodes"] or None

    (asked,) = await site.engine.until(look, awaited="the form")
    process_id = asked["process"]["id"]
    await site.engine.reaches(UUID(process_id), ProcessStatus.SUSPENDED)
    poll, submit = {"query": POLL, "variables": {"id": process_id}}, {"query": SUBMIT, "variables": {"id": asked["id"]}}
    found["poll of a form"] = await calls_of(site, "POST", "/graphql", poll)
    found["submit"] = await _calls(site, "POST", "/graphql", submit)
    await site.engine.reaches(UUID(process_id), ProcessStatus.COMPLETED)
    return found


async def calls_of(site: Site, method: str, path: str, body: Any = None) -> int:
    """The fewest calls of such a request."""
    return min([await _calls(site, method, path, body) for _ in range(TIMES)])


async def _calls(site: Site, method: str, path: str, body: Any) -> int:
    sent: list[Message] = []
    calls, encoded = 0, json.dumps(body).encode()
    is_read = asyncio.get_running_loop().create_future()

    async def receive() -> Message:
        if is_read.done():
            await asyncio.Future[None]()  # the client stays
        is_read.set_result(None)
        return {"type": "http.request", "body": encoded}

    async def send(message: Message) -> None:
        sent.append(message)

    def count(_: object, event: str, __: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    await asyncio.sleep(0)
    sys.setprofile(count)
    try:
        await site.app(_scope(method, path, len(encoded)), PlainReceive(receive).receive, send)
    finally:
        sys.setprofile(None)
    assert sent[0]["status"] == 200
    assert b"errors" not in sent[1]["body"]
    return calls


def _scope(method: str, path: str, length: int) -> Scope:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "http_version": "1.1",
        "scheme": "http",
        "server": ("testserver", 80),
        "client": ("192.0.2.7", 4711),
        "headers": [
            (b"host", b"testserver"),
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % length),
        ],
    }
