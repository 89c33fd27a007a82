"""The public judges: the audits of graphql-http, and the client of graphql-ws."""

import asyncio
import json
import shutil
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest
from toy_face import World, serving, toy_face

JUDGES = Path(__file__).parent / "judges"
GET_AUDITS = {"5A70", "D6D5", "6A70"}
"""Audits that a server MAY pass: they send queries by GET, which is off unless it is switched on."""


async def run(*command: str | Path) -> str:
    """The output of a command in the folder of the judges."""
    process = await asyncio.create_subprocess_exec(*command, cwd=JUDGES, stdout=PIPE, stderr=PIPE)
    try:
        async with asyncio.timeout(120):
            output, complaint = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, complaint.decode()
    return output.decode()


async def judge(script: str, url: str) -> Any:
    """What a judge says; its packages are fetched where they are missing."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.fail("Node.js with npm is missing: the judges of the GraphQL face run on it. Install Node 20 or later.")
    if not (JUDGES / "node_modules").is_dir():
        await run(npm, "ci", "--no-audit", "--no-fund")
    return json.loads(await run(node, script, url))


async def test_every_audit_of_graphql_over_http_is_passed() -> None:
    async with serving(toy_face(allows_get_queries=True)) as address:
        results = await judge("audits.mjs", f"http://{address}/")

    assert len(results) >= 61
    assert [one for one in results if one["status"] != "ok"] == []


async def test_without_queries_by_get_only_the_audits_that_send_them_notice() -> None:
    async with serving(toy_face()) as address:
        results = await judge("audits.mjs", f"http://{address}/")

    assert {one["id"] for one in results if one["status"] != "ok"} == GET_AUDITS
    assert {one["status"] for one in results} == {"ok", "notice"}


async def test_the_websocket_client_of_the_reference_is_content() -> None:
    world = World()
    face = toy_face(world)

    async with serving(face) as address:
        saw = await judge("client.mjs", f"ws://{address}/")
        await world.until_closed(1)

    hello = [{"data": {"hello": "world"}}]
    assert saw["lazily"]["query"] == hello
    assert saw["lazily"]["mutation"] == [{"data": {"rename": "x"}}]
    assert [one["data"]["countUp"]["number"] for one in saw["lazily"]["subscription"]] == [1, 2, 3]
    assert saw["eagerly"] == {"first": "connected", "query": hello}
    assert saw["refused"] == {"codes": ["GRAPHQL_VALIDATION_FAILED"], "after": hello}
    assert saw["completed"] == {"first": ["endless"], "after": hello}
    assert saw["resumed"] == {"seen": [1, 2, 3, 4]}
    assert saw["forbidden"] == {"code": 4403, "reason": "Forbidden"}
    assert (face.open_sockets, face.open_operations) == (0, 0)
