"""The export of the audit log is complete, can be verified without the server, and needs the permission to read it."""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, delete, select
from starlette.types import Message, Scope
from support.database import sqlite_url
from support.until import PATIENCE, becomes
from support.web import Site, site_of

from orchestrator_gql.audit.judging import Judge, Judgement
from orchestrator_gql.audit.lines import read_lines
from orchestrator_gql.engine.audit_log import write_down
from orchestrator_gql.engine.workers.audit_sealer import seal_new
from orchestrator_gql.reads.audit import TURN, audit_parts
from orchestrator_gql.rest.audit import _lines
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import audit_seals as log
from orchestrator_gql.storage.audit_seals import BATCH
from orchestrator_gql.storage.database import snapshot
from orchestrator_gql.storage.database.sqlite import SqliteDatabase
from orchestrator_gql.storage.tables import audit

KEY = "a key of the deployment"
EXPORT = "/api/audit/export"


async def decide(site: Site, *chains: UUID | None) -> None:
    runtime = site.engine.runtime

    def unit(conn: Connection) -> None:
        now = site.engine.clock.now()
        for chain in chains:
            write_down(conn, runtime, chain, actor="ada", action="retryProcess", now=now, reason="é")

    await runtime.database.transaction(unit)


async def seal(site: Site) -> None:
    while await site.engine.read(log.has_unsealed):
        await seal_new(site.engine.runtime)


async def export(site: Site, **query: str) -> list[bytes]:
    response = await site.http.get(EXPORT, params=query)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/x-ndjson"
    assert response.headers["cache-control"] == "no-store"
    return response.content.splitlines(keepends=True)


def verified(*exports: list[bytes], key: str | None = KEY) -> Judgement:
    return Judge(key.encode() if key else None).judge(read_lines(line for lines in exports for line in lines))


def kinds(lines: list[bytes]) -> list[str]:
    return [json.loads(line)["kind"] for line in lines]


async def test_the_export_is_verified_with_the_key_alone(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), audit_key=KEY) as site:
        await decide(site, UUID(int=7), UUID(int=7), None)
        await seal(site)
        await decide(site, None)
        lines = await export(site)
        from_the_beginning = await export(site, after="")

    judgement = verified(lines)

    assert from_the_beginning == lines

    assert (judgement.fault, judgement.entries, judgement.has_end) == (None, 4, True)
    assert verified(lines, key=None).fault is not None
    assert verified([line.replace(b"ada", b"eve") for line in lines]).fault is not None
    first = next(json.loads(line) for line in lines if b'"kind":"entry"' in line)
    assert set(first) == {*(column.name for column in audit.c), "kind"}


async def test_exports_that_follow_one_another_are_verified_as_one_log(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), audit_key=KEY) as site:
        await decide(site, UUID(int=7), UUID(int=8))
        await seal(site)
        first = await export(site)
        await decide(site, UUID(int=7), UUID(int=9))
        await seal(site)
        second = await export(site, after=json.loads(first[-1])["cursor"])
        nothing = await export(site, after=json.loads(second[-1])["cursor"])

    judgement = verified(first, second, nothing)

    assert kinds(second) == ["seal", "entry", "entry", "end"]
    assert kinds(nothing) == ["end"]
    assert (judgement.fault, judgement.entries, judgement.seals) == (None, 4, 2)
    assert verified(second).fault is not None


async def test_an_entry_that_was_deleted_from_the_database_shows_in_the_export(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), audit_key=KEY) as site:
        await decide(site, UUID(int=7), UUID(int=8))
        await seal(site)
        gone = delete(audit).where(audit.c.chain == UUID(int=8))
        await site.engine.runtime.database.transaction(lambda conn: conn.execute(gone) and None)
        lines = await export(site)

    fault = verified(lines).fault

    assert fault is not None
    assert fault.words == f"Entry 1 of the chain {UUID(int=8)}, which seal 1 covers, is missing."


async def test_a_log_of_many_seals_and_batches_is_exported_completely(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), audit_key=KEY) as site:
        await decide(site, *(UUID(int=number % 300 + 1) for number in range(3 * BATCH + 11)))
        await seal(site)
        for number in range(12):
            await decide(site, UUID(int=number + 1))
            await seal(site)
        lines = await export(site)
        stored = await site.engine.read(lambda conn: len(conn.execute(select(audit.c.id)).all()))

    judgement = verified(lines)

    assert (judgement.fault, judgement.entries, judgement.has_end) == (None, stored, True)


async def test_the_export_needs_the_permission_to_read_the_log(tmp_path: Path) -> None:
    def token(name: str, role: str) -> dict[str, Any]:
        return {"name": name, "sha256": hashlib.sha256(name.encode()).hexdigest(), "roles": [role]}

    tokens = [token("carl", "operator"), token("audrey", "auditor")]
    async with site_of(sqlite_url(tmp_path), api_tokens=tokens) as site:
        responses = {
            name: await site.http.get(EXPORT, headers={"authorization": f"Bearer {name}"} if name else {})
            for name in ("", "mallory", "carl", "audrey")
        }
        cursor = await site.http.get(EXPORT, params={"after": "x"}, headers={"authorization": "Bearer audrey"})

    assert [response.status_code for response in responses.values()] == [401, 401, 403, 200]
    refused = [response.json()["code"] for response in responses.values() if response.status_code != 200]
    assert refused == ["unauthenticated", "unauthenticated", "forbidden"]
    assert responses[""].headers["content-type"] == "application/problem+json"
    assert responses[""].headers["www-authenticate"].startswith("Bearer")
    assert (cursor.status_code, cursor.json()["code"]) == (400, "cursor-invalid")


@pytest.mark.one_dispatcher
async def test_an_export_is_one_snapshot_of_the_log(storage: str) -> None:
    async with site_of(storage, audit_key=KEY) as site:
        await decide(site, *(UUID(int=number % 30 + 1) for number in range(3 * BATCH)))
        await seal(site)
        await decide(site, *(UUID(int=number % 40 + 1) for number in range(2 * BATCH + 7)))
        stored = await site.engine.read(lambda conn: len(conn.execute(select(audit.c.id)).all()))
        async with aclosing(_lines(audit_parts(site.engine.runtime, LOCAL_OPERATOR, None))) as parts:
            lines = []
            async for text in parts:
                lines += text.splitlines(keepends=True)
                if len(lines) < 3 * BATCH:
                    await decide(site, UUID(int=7), UUID(int=len(lines) + 1000))
                    await seal(site)

    judgement = verified(lines)

    assert (judgement.fault, judgement.entries, judgement.has_end) == (None, stored, True)


async def test_the_loop_runs_during_an_export(tmp_path: Path) -> None:
    turns, turns_at_part = 0, list[int]()

    async def turn() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async def note(message: Message) -> None:
        turns_at_part.append(turns)  # it never waits: a client that reads as fast as we send

    async with site_of(sqlite_url(tmp_path)) as site:
        await decide(site, *(UUID(int=number % 30 + 1) for number in range(5 * BATCH)))
        turning = asyncio.create_task(turn())
        await site.app(_request(), _stays, note)
        turning.cancel()

    assert len(turns_at_part) > 5 * BATCH / TURN
    assert all(before < after for before, after in pairwise(turns_at_part[1:-2]))  # the last two are the end


@pytest.mark.parametrize("leaves", ["while it reads slowly", "while we read"])
async def test_a_client_that_leaves_ends_its_export_and_frees_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leaves: str
) -> None:
    has_left, sent, kept = asyncio.Event(), list[Message](), list[AsyncGenerator[bytes, None]]()

    def keep(parts: AsyncGenerator[log.Part, None]) -> AsyncGenerator[bytes, None]:
        kept.append(_lines(parts))  # so that Python itself does not close it
        return kept[0]

    monkeypatch.setattr("orchestrator_gql.rest.audit._lines", keep)

    async def receive() -> Message:
        await has_left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)
        if message["type"] == "http.response.body":
            has_left.set()
            if leaves == "while it reads slowly":
                await asyncio.Event().wait()

    async with site_of(sqlite_url(tmp_path)) as site:
        database = site.engine.runtime.database
        assert isinstance(database, SqliteDatabase)
        reads = database._long_reads
        assert reads is not None
        await decide(site, *(UUID(int=number % 30 + 1) for number in range(20 * BATCH)))
        async with asyncio.timeout(PATIENCE):
            await site.app(_request(), receive, send)
        await becomes(lambda: not reads._sessions)
        monkeypatch.undo()
        lines = await export(site)

    assert len(sent) < 20
    assert verified(lines, key=None).entries == 20 * BATCH


async def test_an_export_too_many_is_refused_before_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "PATIENCE", 0.05)
    async with site_of(sqlite_url(tmp_path)) as site, AsyncExitStack() as stack:
        for _ in range(snapshot.SNAPSHOTS):
            await stack.enter_async_context(site.engine.runtime.database.snapshot())
        refused = await site.http.get(EXPORT)
        verification = await site.answer("{ verifyAudit { entries } }")

    assert (refused.status_code, refused.json()["code"]) == (503, "server-busy")
    assert refused.headers["retry-after"]
    assert verification["errors"][0]["extensions"]["code"] == "SERVER_BUSY"


def _request() -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},  # as uvicorn
        "method": "GET",
        "path": EXPORT,
        "raw_path": EXPORT.encode(),
        "query_string": b"",
        "headers": [(b"host", b"testserver")],
        "client": ("127.0.0.1", 4711),
        "server": ("testserver", 80),
        "scheme": "http",
        "http_version": "1.1",
        "root_path": "",
    }


async def _stays() -> Message:
    await asyncio.Event().wait()
    raise AssertionError
