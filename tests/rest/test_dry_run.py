"""`?dryRun=true`: the response is that of the real delivery, and nothing is changed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel
from sqlalchemy import select
from support.database import sqlite_url
from support.remote import Remote
from support.web import site_of
from waits import Wait, judge, problem, waiting

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.commands.engine import set_engine_state
from orchestrator_gql.commands.processes import abort_process
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage.tables import metadata
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.workflow import workflow

RESULT = b'{"rc": 0}'
REPORT = b'{"rc": 0, "message": "ams-1 is down"}'


class Report(BaseModel):
    rc: int


Situation = Callable[[Wait], Awaitable[Wait]]


async def waits(wait: Wait) -> Wait:
    return wait


async def is_paused(wait: Wait) -> Wait:
    await set_engine_state(wait.site.engine.runtime, LOCAL_OPERATOR, paused=True)
    return wait


async def has_this_result(wait: Wait) -> Wait:
    await wait.send(REPORT)
    await wait.reaches(ProcessStatus.COMPLETED)
    return wait


async def has_this_failure(wait: Wait) -> Wait:
    await wait.send(REPORT, behind="/fail")
    await wait.reaches(ProcessStatus.FAILED)
    return wait


async def has_another_result(wait: Wait) -> Wait:
    await wait.send(b'{"rc": 7}')
    await wait.reaches(ProcessStatus.COMPLETED)
    return wait


async def is_expired(wait: Wait) -> Wait:
    wait.site.engine.turn(61)
    await wait.reaches(ProcessStatus.FAILED)
    return wait


async def is_aborted(wait: Wait) -> Wait:
    await abort_process(wait.site.engine.runtime, LOCAL_OPERATOR, process_id=wait.process_id)
    return wait


async def is_elsewhere(wait: Wait) -> Wait:
    return replace(wait, token="A" * 43)


SITUATIONS: dict[str, tuple[Situation, bytes, dict[str, str], tuple[int, int, int]]] = {
    "the first result": (waits, REPORT, {}, (200, 200, 200)),
    "while the engine is paused": (is_paused, REPORT, {}, (200, 200, 200)),
    "the same result again": (has_this_result, REPORT, {}, (200, 409, 409)),
    "the same failure again": (has_this_failure, REPORT, {}, (409, 409, 200)),
    "another result": (has_another_result, REPORT, {}, (409, 409, 409)),
    "after the deadline": (is_expired, REPORT, {}, (410, 409, 410)),
    "after an abort": (is_aborted, REPORT, {}, (410, 410, 410)),
    "against the contract": (waits, b'{"rc": "x"}', {}, (422, 200, 400)),
    "a name twice": (waits, b'{"rc": 0, "rc": 0}', {}, (400, 400, 400)),
    "no JSON": (waits, b"rc=0", {}, (400, 400, 400)),
    "too large": (waits, b"1" * 2000, {}, (413, 413, 413)),
    "another type": (waits, REPORT, {"media_type": "image/png"}, (415, 415, 415)),
    "compressed": (waits, REPORT, {"content_encoding": "gzip"}, (415, 415, 415)),
    "a wrong token": (is_elsewhere, REPORT, {}, (404, 404, 404)),
}


async def everything(wait: Wait) -> dict[str, Any]:
    """All rows of the database, and the metrics of deliveries and events."""
    metrics = (await wait.site.http.get("/metrics")).text.splitlines()
    rows: dict[str, Any] = await wait.site.engine.read(
        lambda conn: {table.name: conn.execute(select(table)).all() for table in metadata.sorted_tables}
    )
    return rows | {"metrics": [line for line in metrics if "deliver" in line or "commit" in line or "event" in line]}


async def settled(wait: Wait) -> dict[str, Any]:
    """`everything`, as soon as two looks in a row see the same: what was committed before is counted a little later."""
    seen = await everything(wait)
    while (again := await everything(wait)) != seen:
        seen = again
    return seen


async def both(wait: Wait, behind: str, body: bytes, options: dict[str, str]) -> tuple[httpx.Response, httpx.Response]:
    """The response to the dry run, which changes nothing, and the response to the real delivery after it."""
    before = await settled(wait)
    dry = await wait.send(body, behind=f"{behind}?dryRun=true", **options)
    assert await settled(wait) == before
    return dry, await wait.send(body, behind=behind, **options)


@pytest.mark.each_value
@pytest.mark.parametrize("name", SITUATIONS)
@pytest.mark.parametrize("path_index", [0, 1, 2], ids=["result", "progress", "fail"])
async def test_a_dry_run_gets_the_response_of_the_real_delivery_and_changes_no_row(
    tmp_path: Path, name: str, path_index: int
) -> None:
    situation, body, options, expected = SITUATIONS[name]
    settings = {"max_callback_bytes": 1024, "misses_per_minute": 100}

    async with waiting(tmp_path, contract=Report, timeout=60, settings=settings) as wait:
        prepared = await situation(wait)
        dry, real = await both(prepared, ("", "/progress", "/fail")[path_index], body, options)

    assert (dry.status_code, real.status_code) == (expected[path_index],) * 2
    if real.status_code == 200:
        assert dry.json().pop("dryRun") is True
        assert dry.json()["status"] == real.json()["status"]
        assert dry.json().get("duplicate") == real.json().get("duplicate")
        assert "receipt" not in dry.json() or dry.json()["receipt"] == real.json()["receipt"]
    else:
        assert problem(dry) == problem(real)
        assert dry.content == real.content


async def test_a_dry_run_before_the_action_has_returned_is_accepted_and_changes_no_row(tmp_path: Path) -> None:
    async with early(tmp_path) as wait:
        for behind in ("/progress", ""):
            dry, real = await both(wait, behind, RESULT, {})
            assert (dry.status_code, real.status_code) == (200, 200)


@asynccontextmanager
async def early(folder: Path) -> AsyncIterator[Wait]:
    """A process whose action has sent the URL to the service and has not returned."""
    remote, may_return = Remote(), asyncio.Event()

    @step("Call a fast service")
    async def call(callback_route: str) -> None:
        remote.take(callback_route)
        await may_return.wait()

    @workflow("Call")
    def fast() -> Any:
        return begin >> callback_step("Playbook", call, judge)

    async with site_of(sqlite_url(folder), fast, lease=3600.0) as site:
        process_id = await site.engine.start(fast)
        yield Wait(site, process_id, await remote.asked())
        may_return.set()
        await site.engine.reaches(process_id, ProcessStatus.COMPLETED)


@pytest.mark.parametrize("query", ["dryRun=1", "dryrun=true", "dry_run=true", "dry-run=true", "dryRun=true&x=1"])
async def test_a_dry_run_may_be_spelled_in_several_ways(tmp_path: Path, query: str) -> None:
    async with waiting(tmp_path) as wait:
        response = await wait.send(RESULT, behind=f"?{query}")

    assert response.json() == {"status": "accepted", "dryRun": True}


@pytest.mark.parametrize("query", ["dryRun", "dryRun=", "dryRun=yes", "dryRun=TRUE", "dryRun=true&dryRun=false"])
async def test_a_dry_run_that_is_not_understood_is_refused_and_the_url_stays_valid(tmp_path: Path, query: str) -> None:
    async with waiting(tmp_path) as wait:
        refused = await wait.send(RESULT, behind=f"?{query}")
        attempts = await wait.attempts()
        real = await wait.send(RESULT, behind="?dryRun=false")

    assert problem(refused)[0] == 400
    assert attempts == []
    assert real.json()["receipt"]


async def test_a_wrong_token_has_one_answer_whatever_the_query_says(tmp_path: Path) -> None:
    async with waiting(tmp_path, settings={"misses_per_minute": 2}) as wait:
        unknown = await is_elsewhere(wait)
        responses = [await unknown.send(RESULT, behind="?dryRun=yes") for _ in range(3)]

    assert [response.status_code for response in responses] == [404, 404, 429]


async def test_guesses_are_counted_in_a_dry_run_too(tmp_path: Path) -> None:
    async with waiting(tmp_path, settings={"misses_per_minute": 2}) as wait:
        unknown = await is_elsewhere(wait)
        responses = [await unknown.send(RESULT, behind="?dryRun=true") for _ in range(3)]

    assert [response.status_code for response in responses] == [404, 404, 429]
