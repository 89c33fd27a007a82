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
from support.web import Site, site_of
from test_statements_of_a_lifecycle import START, Stage

from orchestrator_gql.storage.database.sqlite import SqliteDatabase
from orchestrator_gql.types import ProcessStatus

POLL = "query ($id: ID!) { process(id: $id) { status openInputRequest { id } } }"

CALLS = {
    "sqlite": {"health": 96, "typename": 385, "poll": 830, "callback that came before": 720, "callback": 1480},
    "postgresql": {"health": 96, "typename": 365, "poll": 1090, "callback that came before": 1280, "callback": 2510},
}
"""Of the application, without the HTTP server."""

TIMES = 20
"""Requests that are counted; the one with the fewest calls counts, because the engine works beside them."""

DELIVERIES = 6
"""Deliveries that are counted likewise: each needs a process of its own."""


@pytest.mark.one_dispatcher
async def test_a_request_calls_no_more_functions_than_this(storage: str) -> None:
    stage = Stage()
    async with site_of(storage, stage.workflow, public_url="http://testserver") as site:
        id = (await site.ask(START))["startWorkflow"]["process"]["id"]
        route = await stage.routes.get()
        await site.engine.reaches(UUID(id), ProcessStatus.AWAITING_CALLBACK)
        found = {
            "health": await calls_of(site, "GET", "/health/live"),
            "typename": await calls_of(site, "POST", "/graphql", {"query": "{ __typename }"}),
            "poll": await calls_of(site, "POST", "/graphql", {"query": POLL, "variables": {"id": id}}),
            "callback that came before": await calls_of(site, "POST", route, {"return_code": 0}),
            "callback": await _calls_of_first_deliveries(site, stage),
        }
        bounds = CALLS["sqlite" if isinstance(site.engine.runtime.database, SqliteDatabase) else "postgresql"]
    assert {name: calls for name, calls in found.items() if calls > bounds[name]} == {}, found


async def _calls_of_first_deliveries(site: Site, stage: Stage) -> int:
    """The fewest calls of a delivery that is accepted."""
    counted = []
    for _ in range(DELIVERIES):
        id = (await site.ask(START))["startWorkflow"]["process"]["id"]
        route = await stage.routes.get()
        await site.engine.reaches(UUID(id), ProcessStatus.AWAITING_CALLBACK)
        counted.append(await _calls(site, "POST", route, b'{"return_code":0}'))
    return min(counted)


async def calls_of(site: Site, method: str, path: str, body: Any = None) -> int:
    """The fewest calls of such a request."""
    counted = [await _calls(site, method, path, json.dumps(body).encode()) for _ in range(TIMES)]
    return min(counted)


async def _calls(site: Site, method: str, path: str, body: bytes) -> int:
    sent: list[Message] = []
    calls = 0

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    async def send(message: Message) -> None:
        sent.append(message)

    def count(_: object, event: str, __: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    await asyncio.sleep(0)
    sys.setprofile(count)
    try:
        await site.app(_scope(method, path, len(body)), receive, send)
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
