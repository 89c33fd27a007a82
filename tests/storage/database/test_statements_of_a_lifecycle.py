"""How many statements a whole lifecycle costs: form, step, callback, validation, confirmation, two steps.

Each bound is today's number. A change that makes it smaller lowers the bound; no change raises it without a reason.
"""

import asyncio
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import make_url
from support.database import PostgresServer, sqlite_url
from support.statements import by_kind, counted
from support.until import PATIENCE
from support.web import Site, site_of

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.forms import FormPage, ReadOnly
from orchestrator_gql.types import FormGenerator, State
from orchestrator_gql.workflow import StepList, workflow

START = """mutation { startWorkflow(input: {workflowName: "measured", pages: [{node: "ams-1"}]}) {
  __typename ... on StartWorkflowSuccess { process { id } } } }"""
SUBMIT = """mutation($id: ID!) { submitForm(input: {inputRequestId: $id, pages: [{}]}) { __typename } }"""

STATEMENTS = {"sqlite": 113, "postgres, two servers": 62, "postgres, one server": 46, "postgres, embedded": 46}
"""Without NOTIFY: on a fast machine, one wake-up of the other servers serves several commits. What triggers do is not
counted: a statement that runs one costs no more calls of the driver."""

COMMITS = {"sqlite": 8, "postgres, two servers": 11, "postgres, one server": 8, "postgres, embedded": 8}

ROUND_TRIPS = {"sqlite": 0, "postgres, two servers": 17, "postgres, one server": 11, "postgres, embedded": 11}
"""How often a server waits for PostgreSQL, which takes longer than the statements; without NOTIFY."""

QUIET = (
    ("engine.workers.timers.LONGEST_SLEEP", 60.0),
    ("engine.workers.audit_sealer.EVERY", 60.0),
    ("engine.workers.search_index.EVERY", 600.0),
)
"""What a server looks at now and then: on a slow machine it would look during each lifecycle. The queue is polled,
because a job may be inserted before a new worker listens."""

TIMES = 6
"""Lifecycles that are counted; the cheapest counts, because the timers of a server also read now and then."""


def _form() -> FormGenerator:
    class Start(FormPage):
        node: str

    answer = yield Start
    data: State = answer.model_dump()
    return data


@inputstep("Confirm")
def confirm(state: State) -> FormGenerator:
    class Confirm(FormPage):
        result: ReadOnly[str] = str(state["callback_result"])

    yield Confirm
    return {}


class Stage:
    """The workflow, and its events that a remote service or an operator waits for."""

    def __init__(self) -> None:
        self.routes: asyncio.Queue[str] = asyncio.Queue()

        @step("Prepare")
        async def prepare(node: str) -> State:
            return {"prepared": node}

        @step("Ask")
        async def ask(callback_route: str) -> None:
            self.routes.put_nowait(callback_route)

        @step("Judge")
        async def judge(callback_result: dict[str, Any]) -> State:
            return {"judged": callback_result["return_code"] == 0}

        @step("Apply")
        async def apply() -> State:
            return {"applied": True}

        @step("Report")
        async def report() -> State:
            return {"reported": True}

        @workflow("Measured", initial_input_form=_form)
        def measured() -> StepList:
            return begin >> prepare >> callback_step("Job", ask, judge) >> confirm >> apply >> report

        self.workflow = measured


Look = Callable[[str], Any]
"""Reads one value past the servers, on a connection that is not counted."""


@pytest.fixture
def database(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, Look]]:
    """The URL of a new database of the kind; the environment has the dispatcher."""
    if kind == "sqlite":
        url = sqlite_url(tmp_path)
        path = tmp_path / "orchestrator.db"
        with closing(sqlite3.connect(path, check_same_thread=False, isolation_level=None)) as file:
            yield url, lambda query: (file.execute(query).fetchone() or [None])[0]
        return
    monkeypatch.setenv("ORCHESTRATOR_DISPATCHER", "embedded" if kind == "postgres, embedded" else "distributed")
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as conn:
            yield url, lambda query: (conn.execute(query.encode()).fetchone() or [None])[0]


async def _found(look: Look, query: str) -> Any:
    for _ in range(int(PATIENCE / 0.005)):
        if (value := await asyncio.to_thread(look, query)) is not None:
            return value
        await asyncio.sleep(0.005)
    raise AssertionError(f"nothing was found: {query}")


async def _lifecycle(site: Site, stage: Stage, look: Look) -> None:
    """Run one lifecycle through the APIs of remote services and operators."""
    started = await site.ask(START)
    process_id = started["startWorkflow"]["process"]["id"]
    written = UUID(process_id).hex
    is_process = "FROM processes WHERE replace(CAST(id AS TEXT), '-', '')"
    route = await asyncio.wait_for(stage.routes.get(), PATIENCE)
    await _found(look, f"SELECT 1 {is_process} = '{written}' AND status = 'AWAITING_CALLBACK'")
    (await site.http.post(route, json={"return_code": 0, "output": ["ok"] * 20})).raise_for_status()
    request = "SELECT CAST(id AS TEXT) FROM input_requests WHERE replace(CAST(process_id AS TEXT), '-', '')"
    request_id = await _found(look, f"{request} = '{written}'")
    await site.ask(SUBMIT, id=str(UUID(request_id)))
    await _found(look, f"SELECT 1 {is_process} = '{written}' AND status = 'COMPLETED'")


@pytest.mark.parametrize("kind", STATEMENTS)
async def test_a_lifecycle_costs_no_more_statements_than_this(
    kind: str, database: tuple[str, Look], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, seconds in QUIET:
        monkeypatch.setattr(f"orchestrator_gql.{module}", seconds)
    (url, look), stage, options = (
        database,
        Stage(),
        {"heartbeat": 60.0, "lease": 180.0, "public_url": "http://testserver"},
    )
    cheapest: Counter[str] = Counter({"none": 10_000})
    round_trips = 10_000
    with counted(tmp_path) as statements:
        async with AsyncExitStack() as stack:
            role = "api" if kind == "postgres, two servers" else "all"
            site = await stack.enter_async_context(site_of(url, stage.workflow, role=role, **options))
            if role == "api":
                await stack.enter_async_context(site_of(url, stage.workflow, role="worker", **options))
            for _ in range(TIMES):
                statements.taken()
                before = statements.round_trips
                await _lifecycle(site, stage, look)
                await asyncio.sleep(0.1)
                found = by_kind(statements.taken())
                cheapest = min(cheapest, found, key=Counter.total)
                round_trips = min(round_trips, statements.round_trips - before - found["notify"])
    figures = [
        f"\n{kind}: {cheapest.total()} statements in {round_trips} round trips",
        *(f"{n:4} {name}" for name, n in cheapest.most_common()),
    ]
    sys.stdout.write("\n".join(figures))
    assert cheapest.total() - cheapest["notify"] <= STATEMENTS[kind]
    assert cheapest["COMMIT"] <= COMMITS[kind]
    assert round_trips <= ROUND_TRIPS[kind]
    assert cheapest["notify"] <= cheapest["COMMIT"]
