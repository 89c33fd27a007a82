"""The host of the page on embedding serves the orchestrator below its path, and runs processes."""

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.command_line import SECONDS

PAGE = (Path(__file__).parents[2] / "docs/howto/embed-the-application.md").read_text()
START = """mutation { startWorkflow(input: {workflowName: "greeting"}) {
  ... on StartWorkflowSuccess { process { id } } } }"""


async def test_the_host_of_the_page_runs_a_process_and_makes_urls_below_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "host"}
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(example, names)
    host = names["app"]

    async def ask(query: str) -> Any:
        response = await http.post("/orchestrator/graphql", json={"query": query})
        return response.json()["data"]

    transport = httpx.ASGITransport(host)
    async with (
        host.router.lifespan_context(host),
        httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as http,
    ):
        id = (await ask(START))["startWorkflow"]["process"]["id"]
        query = f'{{ process(id: "{id}") {{ status state }} }}'
        async with asyncio.timeout(SECONDS):
            while (process := (await ask(query))["process"])["status"] != "COMPLETED":
                assert process["status"] in ("CREATED", "RUNNING")
        health = await http.get("/orchestrator/health/ready")
        servers = (await http.get("/orchestrator/openapi.json")).json()["servers"]

    assert process["state"]["greeting"] == "hello"
    assert health.status_code == 200
    assert [server["url"] for server in servers] == ["http://localhost:8000/orchestrator"]
