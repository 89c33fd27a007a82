"""A server is not ready if its background tasks ended, or if the disk of its database is full."""

from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, text
from starlette.types import Message, Receive, Scope, Send
from support.database import PostgresServer, sqlite_url
from support.until import until
from support.web import site_of

from orchestrator_gql import app, begin, step
from orchestrator_gql.rest.health import FULL
from orchestrator_gql.utils import outages
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.workflow import workflow


async def test_a_server_whose_timers_ended_is_not_ready_and_names_the_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def run_timers(_: object) -> None:
        raise RuntimeError("the clock fell off the wall")

    monkeypatch.setattr(app, "run_timers", run_timers)
    async with site_of(sqlite_url(tmp_path)) as site:

        async def faulty() -> bool | None:
            return bool(site.engine.runtime.faults) or None

        await until(site.engine.runtime, faulty, awaited="the fault to be noted")
        response = await site.http.get("/health/ready")
        live = await site.http.get("/health/live")

    assert (response.status_code, live.status_code) == (503, 200)
    assert response.json()["status"] == "work-ended"
    assert "run_timers" in response.json()["ended"][0]
    assert "the clock fell off the wall" in caplog.text


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics", "/graphql", "/unknown"])
async def test_what_a_host_adds_to_the_headers_of_a_response_is_in_no_other_response(path: str, tmp_path: Path) -> None:
    """Starlette's GZipMiddleware changes the list of headers that it gets."""
    async with site_of(sqlite_url(tmp_path), is_development=True) as site:

        async def hosted(scope: Scope, receive: Receive, send: Send) -> None:
            async def added(message: Message) -> None:
                if message["type"] == "http.response.start":
                    message["headers"].append((b"x-host", b"1"))
                await send(message)

            await site.app(scope, receive, added)

        client = httpx.AsyncClient(transport=httpx.ASGITransport(hosted), base_url="http://testserver")
        responses = [await client.get(path) for _ in range(3)]
        stream = {"accept": "text/event-stream"}
        operation = {"query": "{ __typename }"}
        responses += [await client.post("/graphql", json=operation, headers=stream) for _ in range(3)]
        await client.aclose()

    assert [response.headers.get_list("x-host") for response in responses] == [["1"]] * 6


async def test_a_server_whose_tasks_run_is_ready(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path)) as site:
        response = await site.http.get("/health/ready")

    assert (response.status_code, response.json()) == (200, {"status": "ready"})


@step("Work")
async def work() -> None: ...


@workflow("Works")
def works() -> Any:
    return begin >> work


FILL = (
    "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$",
    "CREATE TRIGGER no_room BEFORE INSERT ON processes FOR EACH ROW EXECUTE FUNCTION no_room()",
)
"""As on a full disk, a new row finds no page, and an update in its page succeeds."""


async def test_a_full_disk_of_postgresql_is_seen_although_small_writes_succeed(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(statement: str, conn: Connection) -> None:
        conn.execute(text(statement))

    with postgres.database() as url:
        async with site_of(url, works) as site:
            database = site.engine.runtime.database
            for statement in FILL:
                await database.alter(partial(run, statement))
            with pytest.raises(StorageUnavailable):
                await site.engine.start(works)
            full = await site.http.get("/health/ready")
            await database.alter(partial(run, "DROP TRIGGER no_room ON processes"))
            monkeypatch.setattr(outages, "CALM", 0.0)
            await site.engine.start(works)
            again = await site.http.get("/health/ready")

    assert (full.status_code, full.json()) == (503, {"status": "storage-unavailable", "detail": FULL})
    assert (again.status_code, again.json()) == (200, {"status": "ready"})
