"""The audit log as a file: whole, verified without the server, and for those alone who may read it."""

import hashlib
import json
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, select
from support.database import sqlite_url
from support.web import Site, site_of

from orchestrator_gql.audit.judging import Judge, Judgement
from orchestrator_gql.audit.lines import read_lines
from orchestrator_gql.engine.audit_log import write_down
from orchestrator_gql.engine.workers.audit_sealer import seal_new
from orchestrator_gql.storage import audit as log
from orchestrator_gql.storage.audit import BATCH
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


async def exported(site: Site, **query: str) -> list[bytes]:
    said = await site.http.get(EXPORT, params=query)
    assert said.status_code == 200, said.text
    assert said.headers["content-type"] == "application/x-ndjson"
    assert said.headers["cache-control"] == "no-store"
    return said.content.splitlines(keepends=True)


def judged(*exports: list[bytes], key: str | None = KEY) -> Judgement:
    return Judge(key.encode() if key else None).judge(read_lines(line for lines in exports for line in lines))


def kinds(lines: list[bytes]) -> list[str]:
    return [json.loads(line)["kind"] for line in lines]


async def test_the_export_is_verified_with_the_key_alone(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), audit_key=KEY) as site:
        await decide(site, UUID(int=7), UUID(int=7), None)
        await seal(site)
        await decide(site, None)
        lines = await exported(site)

    whole = judged(lines)

    assert (whole.fault, whole.entries, whole.has_end) == (None, 4, True)
    assert judged(lines, key=None).fault is not None
    assert judged([line.replace(b"ada", b"eve") for line in lines]).fault is not None
    first = next(json.loads(line) for line in lines if b'"kind":"entry"' in line)
    assert set(first) == {*(column.name for column in audit.c), "kind"}


async def test_exports_that_follow_one_another_are_one_log(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), audit_key=KEY) as site:
        await decide(site, UUID(int=7), UUID(int=8))
        await seal(site)
        first = await exported(site)
        await decide(site, UUID(int=7), UUID(int=9))
        await seal(site)
        second = await exported(site, after=json.loads(first[-1])["cursor"])
        nothing = await exported(site, after=json.loads(second[-1])["cursor"])

    said = judged(first, second, nothing)

    assert kinds(second) == ["seal", "entry", "entry", "end"]
    assert kinds(nothing) == ["end"]
    assert (said.fault, said.entries, said.seals) == (None, 4, 2)
    assert judged(second).fault is not None


async def test_what_was_removed_from_the_database_shows_in_the_export(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), audit_key=KEY) as site:
        await decide(site, UUID(int=7), UUID(int=8))
        await seal(site)
        gone = delete(audit).where(audit.c.chain == UUID(int=8))
        await site.engine.runtime.database.transaction(lambda conn: conn.execute(gone) and None)
        lines = await exported(site)

    said = judged(lines).fault

    assert said is not None
    assert said.words == f"Entry 1 of the chain {UUID(int=8)}, which seal 1 covers, is missing."


async def test_a_log_of_many_seals_and_batches_comes_whole(tmp_path: Path) -> None:
    async with site_of(sqlite_url(tmp_path), audit_key=KEY) as site:
        await decide(site, *(UUID(int=number % 300 + 1) for number in range(3 * BATCH + 11)))
        await seal(site)
        for number in range(12):
            await decide(site, UUID(int=number + 1))
            await seal(site)
        lines = await exported(site)
        stored = await site.engine.read(lambda conn: len(conn.execute(select(audit.c.id)).all()))

    said = judged(lines)

    assert (said.fault, said.entries, said.has_end) == (None, stored, True)


async def test_the_log_is_for_those_who_may_read_it(tmp_path: Path) -> None:
    def token(name: str, role: str) -> dict[str, Any]:
        return {"name": name, "sha256": hashlib.sha256(name.encode()).hexdigest(), "roles": [role]}

    tokens = [token("carl", "operator"), token("audrey", "auditor")]
    async with site_of(sqlite_url(tmp_path), api_tokens=tokens) as site:
        said = {
            name: await site.http.get(EXPORT, headers={"authorization": f"Bearer {name}"} if name else {})
            for name in ("", "mallory", "carl", "audrey")
        }
        cursor = await site.http.get(EXPORT, params={"after": "x"}, headers={"authorization": "Bearer audrey"})

    assert [one.status_code for one in said.values()] == [401, 401, 403, 200]
    refused = [one.json()["code"] for one in said.values() if one.status_code != 200]
    assert refused == ["unauthenticated", "unauthenticated", "forbidden"]
    assert said[""].headers["content-type"] == "application/problem+json"
    assert said[""].headers["www-authenticate"].startswith("Bearer")
    assert (cursor.status_code, cursor.json()["code"]) == (400, "cursor-invalid")
