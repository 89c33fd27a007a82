"""A query ends if its client leaves; a mutation is completed (SQLite)."""

import asyncio
import json
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Connection
from starlette.types import Message, Scope
from support.database import sqlite_url
from support.until import PATIENCE, becomes
from support.web import Site, site_of

from orchestrator_gql import begin, step
from orchestrator_gql.engine.audit_log import write_down
from orchestrator_gql.graphql.transport import presence
from orchestrator_gql.storage.database.sqlite import SqliteDatabase
from orchestrator_gql.workflow import StepList, workflow

ENTRIES = 2_000


@step("Say hello")
def greet() -> None:
    """Do nothing."""


@workflow("Greet")
def greetings() -> StepList:
    """Return the steps."""
    return begin >> greet


async def post_and_leave(site: Site, query: str, *, leaves: bool = True) -> list[Message]:
    """Send the operation and leave at once, or stay; the messages that the server sent."""
    sent: list[Message] = []
    body: list[Message] = [{"type": "http.request", "body": json.dumps({"query": query}).encode()}]

    async def receive() -> Message:
        if body:
            return body.pop()
        if not leaves:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    async with asyncio.timeout(PATIENCE):
        await site.app(_request(), receive, send)
    return sent


async def write_entries(site: Site) -> None:
    """Write entries to the audit log."""

    def unit(conn: Connection) -> None:
        for number in range(ENTRIES):
            write_down(
                conn,
                site.engine.runtime,
                UUID(int=number % 40 + 1),
                actor="ada",
                action="retryProcess",
                now=site.engine.clock.now(),
            )

    await site.engine.runtime.database.transaction(unit)


async def test_a_verification_whose_client_leaves_ends_and_frees_its_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "PATIENCE", 0.0)
    verify = "{ verifyAudit(first: 100000) { entries } }"
    async with site_of(sqlite_url(tmp_path)) as site:
        database = site.engine.runtime.database
        assert isinstance(database, SqliteDatabase)
        reads = database._long_reads
        assert reads is not None
        await write_entries(site)
        left = await post_and_leave(site, verify)
        await becomes(lambda: not reads._sessions)
        stayed = await post_and_leave(site, verify, leaves=False)

    assert [message.get("status") for message in left] == [499, None]  # nobody reads it
    assert json.loads(stayed[-1]["body"])["data"]["verifyAudit"]["entries"] == ENTRIES


async def test_a_mutation_whose_client_leaves_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "PATIENCE", 0.0)
    async with site_of(sqlite_url(tmp_path), greetings) as site:
        await post_and_leave(site, 'mutation { startWorkflow(input: {workflowName: "greetings"}) { __typename } }')
        stored = await site.ask("{ processes { totalCount } }")

    assert stored == {"processes": {"totalCount": 1}}


def _request() -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "method": "POST",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"",
        "headers": [(b"host", b"testserver"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 4711),
        "server": ("testserver", 80),
        "scheme": "http",
        "http_version": "1.1",
        "root_path": "",
    }
