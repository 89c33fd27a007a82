"""How many round trips to PostgreSQL a request makes, one after the other: they are most of its latency.

Each bound is today's number. A change that makes it smaller lowers the bound; no change raises it without a reason.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, event
from support.database import PostgresServer
from support.web import Site, site_of
from test_statements_of_a_lifecycle import START, SUBMIT, Stage

from orchestrator_gql.storage.database.link import Link
from orchestrator_gql.types import ProcessStatus

POLL = (
    """query ($id: ID!) { process(id: $id) { status openInputRequest { id form { ... on FormPage { schema } } } } }"""
)
PAGE = """query ($id: ID!) { process(id: $id) { status whyWaiting { kind } steps { name status callbacks { status }
  inputRequests { id decisions { verdict } } } pendingCallbacks { id } openInputRequest { canSubmit ...Form } } }
  fragment Form on InputRequest { form { ... on FormPage { schema } } decisions { verdict } }"""

TRIPS = {
    "start": 1,  # the engine runs, what is stored, and the COMMIT
    "poll of a waiting process": 1,
    "page of a waiting process": 1,
    "POST": 2,  # the token, the lock, and what is read under it; what is stored, with the claim and the COMMIT
    "POST in two packets": 2,  # most libraries send the body behind the head
    "receiveCallback": 2,
    "poll of an open form": 1,
    "page of an open form": 1,
    "submit": 2,  # the request; what is stored, if nothing has changed since, with the COMMIT
}

MADE: ContextVar[list[int] | None] = ContextVar("MADE", default=None)


@contextmanager
def counting() -> Iterator[list[int]]:
    """The round trips that the block itself makes, each with the number of its statements: not those of the engine."""
    made = list[int]()
    token = MADE.set(made)
    try:
        yield made
    finally:
        MADE.reset(token)


@pytest.fixture(autouse=True)
def noted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    run = Link.run

    async def noting(link: Link, statements: Any) -> Any:
        if (made := MADE.get()) is not None:
            made.append(len(statements))
        return await run(link, statements)

    def note(*_: object) -> None:
        if (made := MADE.get()) is not None:
            made.append(1)

    monkeypatch.setattr(Link, "run", noting)
    event.listen(Engine, "after_cursor_execute", note)
    yield
    event.remove(Engine, "after_cursor_execute", note)


async def test_a_request_makes_no_more_round_trips_than_this(postgres: PostgresServer) -> None:
    """The worker is another server: a commit wakes it, and its own round trips do not count."""
    trips: dict[str, int] = {}
    stage = Stage()
    async with AsyncExitStack() as stack:
        url = stack.enter_context(postgres.database())
        options = {"public_url": "http://testserver"}
        site = await stack.enter_async_context(site_of(url, stage.workflow, role="api", **options))
        await stack.enter_async_context(site_of(url, stage.workflow, role="worker", **options))
        for name in ("POST", "POST in two packets", "receiveCallback"):
            trips |= await _lifecycle(site, stage, name)

    assert trips == TRIPS


async def _behind_the_head(body: bytes) -> AsyncIterator[bytes]:
    await asyncio.sleep(0.001)
    yield body


async def _lifecycle(site: Site, stage: Stage, delivery: str) -> dict[str, int]:
    trips: dict[str, int] = {}

    async def ask(name: str, query: str, **variables: Any) -> Any:
        with counting() as made:
            data = await site.ask(query, **variables)
        trips[name] = len(made)
        return data

    id = (await ask("start", START))["startWorkflow"]["process"]["id"]
    route = await stage.routes.get()
    await site.engine.reaches(UUID(id), ProcessStatus.AWAITING_CALLBACK)
    await ask("poll of a waiting process", POLL, id=id)
    await ask("page of a waiting process", PAGE, id=id)
    if delivery.startswith("POST"):
        body = b'{"return_code":0}'
        headers = {"content-type": "application/json", "content-length": str(len(body))}
        content = body if delivery == "POST" else _behind_the_head(body)
        with counting() as made:
            (await site.http.post(route, content=content, headers=headers)).raise_for_status()
        trips[delivery] = len(made)
    else:
        document = "mutation ($input: ReceiveCallbackInput!) { receiveCallback(input: $input) { __typename } }"
        token = route.rsplit("/", 1)[1]
        data = await ask("receiveCallback", document, input={"token": token, "result": {"return_code": 0}})
        assert data["receiveCallback"]["__typename"] == "ReceiveCallbackSuccess"
    await site.engine.reaches(UUID(id), ProcessStatus.SUSPENDED)
    form = (await ask("poll of an open form", POLL, id=id))["process"]["openInputRequest"]
    assert form["form"]["schema"]
    await ask("page of an open form", PAGE, id=id)
    assert (await ask("submit", SUBMIT, id=form["id"]))["submitForm"]["__typename"] == "SubmitFormSuccess"
    await site.engine.reaches(UUID(id), ProcessStatus.COMPLETED)
    return trips
