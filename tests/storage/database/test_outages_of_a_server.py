"""A server logs an outage of its database in few lines, and a refused read has a sentence of its own."""

import asyncio
import json
import logging
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.command_line import SECONDS, Running, get, running, until
from support.database import sqlite_url
from support.postgres_cluster import postgres_cluster
from support.web import site_of
from test_sqlite_disk_full import files_away, full_disk

from orchestrator_gql import begin, step
from orchestrator_gql.workflow import workflow

BUSY = """
import asyncio, time
from orchestrator_gql import begin, step
from orchestrator_gql.workflow import workflow

@step("Wait")
async def wait():
    await asyncio.sleep(1)

@step("Block")
def block():
    time.sleep(1)

@workflow("Busy")
def busy():
    return begin >> wait >> block >> wait >> block
"""

START = 'mutation { startWorkflow(input: {workflowName: "busy"}) { __typename } }'
LIST = "{ processes { nodes { id } } }"
VERIFY = "{ verifyAudit { __typename } }"
REPORTS = "orchestrator_gql.storage.database: the database is "
OF_SLOW_MACHINE = " orchestrator_gql.utils.author_watch: "
"""A machine that is busy for a second looks like a step that blocks the event loop."""


def send(server: Running, query: str) -> dict[str, Any]:
    response = httpx.post(server.address + "/graphql", json={"query": query}, trust_env=False, timeout=SECONDS)
    return dict(response.json())


def is_back(server: Running) -> bool | None:
    is_ready = get(server.address + "/health/ready").status_code == 200
    return (is_ready and "available again" in server.err.read_text()) or None


def test_an_outage_of_postgresql_is_one_line_for_each_server(tmp_path: Path) -> None:
    """All loops of two servers meet it: timers, sealer, relay, sender, leases, clock, queue and wake-ups."""
    (tmp_path / "flows.py").write_text(BUSY)
    key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLw5sMfKQ9r8GKYo="
    hook = {"chat": {"url": "http://127.0.0.1:9/", "signature_key": key}}
    with ExitStack() as stack:
        cluster = stack.enter_context(postgres_cluster())
        url = stack.enter_context(cluster.server.database())
        environment = {
            "ORCHESTRATOR_DATABASE_URL": url,
            "ORCHESTRATOR_DISPATCHER": "distributed",
            "ORCHESTRATOR_WEBHOOKS": json.dumps(hook),
            "ORCHESTRATOR_HEARTBEAT": "0.5",
            "ORCHESTRATOR_GRACE": "10",  # longer than a step, also on a busy machine
        }
        words = ("serve", "--workflows", "flows", "--port", "0")
        servers = [stack.enter_context(running(tmp_path, *words, **environment)) for _ in range(2)]
        for server in servers:
            for _ in range(5):
                assert "errors" not in send(server, START)
        cluster.stop_immediately()
        refused = [send(servers[0], query)["errors"][0]["message"] for query in (LIST, VERIFY, START)]
        refused.append(get(servers[0].address + "/api/audit/export").json()["detail"])
        ends_at = time.monotonic() + 5
        while time.monotonic() < ends_at:
            for server in servers:
                send(server, LIST)
        cluster.start()
        for server in servers:
            until(partial(is_back, server))
            server.end()
        logs = [server.err.read_text() for server in servers]

    assert refused == [
        "The database cannot be read now: try again in a moment.",
        "The database cannot be read now: try again in a moment.",
        "The database cannot be written now, and nothing was changed: try again in a moment.",
        "The database cannot be read now: try again in a moment.",
    ]
    for log in logs:
        assert "Traceback" not in log
        logged = [line for line in log.splitlines() if " WARNING " in line or " ERROR " in line or REPORTS in line]
        logged = [line for line in logged if OF_SLOW_MACHINE not in line]
        assert [line.partition(REPORTS)[2].split(";")[0].split("  ")[0] for line in logged] == [
            "unavailable",
            "available again",
        ]


@pytest.mark.parametrize("trouble", [full_disk, files_away])
async def test_a_sqlite_file_that_cannot_be_used_is_one_line(
    tmp_path: Path, trouble: Any, caplog: pytest.LogCaptureFixture
) -> None:
    @step("Work")
    async def work() -> None:
        pass

    @workflow("Works")
    def works() -> Any:
        return begin >> work

    caplog.set_level(logging.WARNING, "orchestrator_gql")
    async with site_of(sqlite_url(tmp_path), works, heartbeat=0.05) as site:
        start = 'mutation { startWorkflow(input: {workflowName: "works"}) { __typename } }'
        with trouble(tmp_path):
            for _ in range(20):
                answer = await site.answer(start)
                assert "cannot be written" in answer["errors"][0]["message"]
                await asyncio.sleep(0.02)

    ours = [record.getMessage() for record in caplog.records]
    assert len([line for line in ours if line.startswith("the database is unavailable")]) == 1
    assert len(ours) <= 2, ours  # moved files are reported, too
    assert [record for record in caplog.records if record.exc_info] == []
