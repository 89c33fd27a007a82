"""A client that openapi-python-client generates from `/openapi.json` imports, and delivers results to a real server."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import generated_flows
import httpx
import pytest
from support.command_line import SECONDS, running, until

START = """mutation { startWorkflow(input: {workflowName: "lay_cable"}) {
  ... on StartWorkflowSuccess { process { id } } } }"""
PROCESS = "query ($id: ID!) { process(id: $id) { status state } }"
NOT_GENERATED = ("Unsupported content type text/plain", "Unsupported content_type application/x-ndjson")
"""What the generator leaves out; it says so, and generates the rest of the operation."""

MODELS = {
    "CreateL2VpnDryRun",
    "CreateL2VpnProvisioning",
    "LayCableDig",
    "LayCableDigHost",
    "LayCableDigCopper",
    "LayCableDigFibre",
    "AgainRun",
    "AgainRun2",
    "AgainRun3",
    "AgainRUN4",
    "AgainRUN4Host",
    "AgainHost",
    "AgainHostHost",
    "Problem",
}

CLIENT = """
import importlib, json, pkgutil, sys
from uuid import UUID

import generated
from generated import Client, models
from generated.api.callbacks import ask_receipt, deliver_result, report_failure, report_progress
from generated.api.health import is_live, is_ready

for module in pkgutil.walk_packages(generated.__path__, "generated."):
    importlib.import_module(module.name)

base, process_id, token = sys.argv[1:]
client, address = Client(base_url=base), (UUID(process_id), token)
host = models.LayCableDigHost(name="ams-1", neighbours=[models.LayCableDigHost(name="ams-2", title="second")])
result = models.LayCableDig(hosts=[host], cable=models.LayCableDigFibre(kind="fibre"), is_done=True)
read = models.LayCableDig.from_dict(result.to_dict())

dry = deliver_result.sync_detailed(*address, client=client, body=result.to_dict(), dry_run=True)
report_progress.sync_detailed(*address, client=client, body=models.Progress.from_dict({"percent": 40}))
broken = deliver_result.sync_detailed(*address, client=client, body={"hosts": 1})
first = deliver_result.sync_detailed(*address, client=client, body=result.to_dict())
again = deliver_result.sync_detailed(*address, client=client, body=result.to_dict())
other = report_failure.sync_detailed(*address, client=client, body=models.FailureReport(message="no"))
fate = ask_receipt.sync_detailed(first.parsed.receipt, client=client)
print(json.dumps({
    "models": [name for name in dir(models) if name[0].isupper()],
    "read": read == result,
    "live": is_live.sync(client=client).status,
    "ready": is_ready.sync(client=client).status,
    "dry": [dry.status_code, dry.parsed.dry_run, dry.parsed.status.value],
    "broken": [broken.status_code, broken.parsed.code],
    "first": [first.status_code, first.parsed.status.value, bool(first.parsed.duplicate)],
    "again": [again.status_code, again.parsed.duplicate, again.parsed.receipt == first.parsed.receipt],
    "other": [other.status_code, other.parsed.code],
    "fate": fate.status_code,
}))
"""


@dataclass(frozen=True, slots=True)
class Site:
    """A server, and the folder of its remote service."""

    address: str
    folder: Path

    def ask(self, query: str, **variables: Any) -> Any:
        body = {"query": query, "variables": variables}
        response = httpx.post(f"{self.address}/graphql", json=body, trust_env=False, timeout=SECONDS).json()
        assert "errors" not in response, response
        return response["data"]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A server with the workflows of the demo and with hard contracts."""
    flows = ("--workflows", "orchestrator_gql.demo.workflows", generated_flows.__file__)
    with running(tmp_path, "serve", *flows, "--port", "0", URL_FILE=str(tmp_path / "url")) as server:
        yield Site(server.address, tmp_path)


def generator() -> Path:
    """The folder of the programs in the virtual environment of the generator."""
    chosen = os.environ.get("ORCHESTRATOR_TEST_GENERATOR")
    folder = Path(chosen or Path(sys.prefix) / "generator") / "bin"
    assert folder.exists(), f"There is no generator in {folder.parent}: run `make test`, which installs one."
    return folder


def run(folder: Path, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a program of the generator's environment to its end."""
    programs = generator()
    environment = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "NO_PROXY": "*", "HOME": str(folder)}
    command = [str(programs / program), *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def test_the_generated_client_imports_and_delivers(site: Site) -> None:
    (site.folder / "openapi.json").write_bytes(httpx.get(f"{site.address}/openapi.json", trust_env=False).content)
    (site.folder / "client.py").write_text(CLIENT)
    made = run(
        site.folder, "openapi-python-client", "generate", "--path", "openapi.json", "--output-path", "generated",
        "--meta", "none",
    )  # fmt: skip
    process_id = site.ask(START)["startWorkflow"]["process"]["id"]
    url = until(lambda: file.read_text() if (file := site.folder / "url").exists() else None)
    used = run(site.folder, "python", "client.py", site.address, process_id, url.rsplit("/", 1)[1])

    output = made.stdout + made.stderr
    assert made.returncode == 0, output
    assert "Unable to" not in output
    assert sum(output.count(text) for text in NOT_GENERATED) == output.count("WARNING"), output
    assert used.returncode == 0, used.stderr
    received = json.loads(used.stdout)
    assert set(received.pop("models")) >= MODELS
    assert received == {
        "read": True,
        "live": "live",
        "ready": "ready",
        "dry": [200, True, "accepted"],
        "broken": [422, "payload-invalid"],
        "first": [200, "accepted", False],
        "again": [200, True, True],
        "other": [409, "callback-already-received"],
        "fate": 200,
    }
    process = until(lambda: found if (found := site.ask(PROCESS, id=process_id)["process"])["state"] else None)
    assert process["state"]["hosts"] == 1
