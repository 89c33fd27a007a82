"""The real, published LSO runs our jobs and calls us back.

With ``TESTING=true`` it answers an order only after the end of the job, so its callback comes during our own request.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import lso_orders
import pytest
from support.command_line import SECONDS, running, until

HERE = Path(__file__).parent
START = """mutation ($name: String!) { startWorkflow(input: {workflowName: $name}) {
  ... on StartWorkflowSuccess { process { id } } } }"""
PROCESS = """query ($id: ID!) { process(id: $id) { status state failure { message details }
  callbacks { status isEarly result progressLog(first: 200) { totalCount nodes { message data } }
    attempts { nodes { outcome error } } } } }"""


@dataclass(frozen=True, slots=True)
class Site:
    """A server and its LSO; ``calls_inside`` is true if the LSO calls back before it answers the order."""

    address: str
    calls_inside: bool

    def run(self, workflow: str, status: str) -> Any:
        """Start the workflow, and return the process after it has reached the status."""
        process_id = self._ask(START, name=workflow)["startWorkflow"]["process"]["id"]

        def look() -> Any:
            process = self._ask(PROCESS, id=process_id)["process"]
            assert process["status"] not in {"COMPLETED", "FAILED"} - {status}, process
            return process if process["status"] == status else None

        return until(look)

    def _ask(self, query: str, **variables: Any) -> Any:
        body = {"query": query, "variables": variables}
        response = httpx.post(f"{self.address}/graphql", json=body, trust_env=False, timeout=SECONDS).json()
        assert "errors" not in response, response
        return response["data"]


@pytest.fixture(scope="module", params=[False, True], ids=["TESTING=false", "TESTING=true"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server and its LSO."""
    folder = tmp_path_factory.mktemp("lso")
    with lso(folder, TESTING=str(request.param).lower()) as address:
        orders = ("serve", "--workflows", lso_orders.__file__, "--port", "0")
        with running(folder, *orders, LSO_URL=address) as server:
            yield Site(server.address, calls_inside=request.param)
    log_text = (folder / "lso.log").read_text()
    assert "Callback failed" not in log_text
    assert "Traceback" not in log_text


@contextmanager
def lso(folder: Path, **environment: str) -> Iterator[str]:
    """The address of an LSO that runs until the block ends."""
    python = interpreter()
    settings = {
        "ANSIBLE_PLAYBOOKS_ROOT_DIR": str(HERE / "playbooks"),
        "EXECUTABLES_ROOT_DIR": str(HERE / "executables"),
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",  # the folder of ansible-playbook
        "NO_PROXY": "*",
        "LC_ALL": "C.UTF-8",
        "TERM": "xterm-256color",  # LSO's runner is a terminal, for which Ansible colours its lines
        "HOME": str(folder),
    }
    log = folder / "lso.log"
    command = [str(python), "-m", "uvicorn", "lso.app:app", "--host", "127.0.0.1", "--port", "0"]
    with log.open("wb") as log_file:
        process = subprocess.Popen(command, cwd=folder, env=settings | environment, stdout=log_file, stderr=log_file)
    try:
        yield until(lambda: _address(process, log))
    finally:
        process.terminate()
        process.wait(SECONDS)


def interpreter() -> Path:
    """The Python of the virtual environment of the LSO."""
    chosen = os.environ.get("ORCHESTRATOR_TEST_LSO")
    python = Path(chosen or Path(sys.prefix) / "lso") / "bin" / "python"
    assert python.exists(), f"There is no LSO in {python.parent.parent}: run `make test`, which installs one."
    return python


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str | None:
    assert process.poll() is None, log.read_text()
    match = re.search(r"Uvicorn running on (http://\S+)", log.read_text())
    return match[1] if match else None


@pytest.mark.each_value
@pytest.mark.parametrize("workflow", ["playbook_line_by_line", "playbook_as_a_whole"])
def test_a_playbook_reports_its_progress_and_its_end(site: Site, workflow: str) -> None:
    process = site.run(workflow, "COMPLETED")
    (callback,) = process["callbacks"]
    output = callback["result"]["output"]
    reports = [report["data"]["progress"] for report in callback["progressLog"]["nodes"]]

    assert process["state"]["is_ours"] is True
    assert callback["status"] == "VALIDATED"
    assert callback["isEarly"] or not site.calls_inside
    assert [attempt["outcome"] for attempt in callback["attempts"]["nodes"]] == ["ACCEPTED"]
    assert (callback["result"]["status"], callback["result"]["return_code"]) == ("successful", 0)
    assert "hello from ams-2 in VLAN 100" in "".join(output)
    assert any("\x1b[0;" in line for line in output), "its lines carry ANSI colours"
    assert len(reports) >= 4
    assert callback["progressLog"]["nodes"][-1]["message"] == reports[-1][-1]
    if workflow == "playbook_as_a_whole":
        assert all(later[: len(earlier)] == earlier for earlier, later in pairwise(reports))
        assert len(reports[-1]) >= process["state"]["lines"]


def test_a_playbook_that_fails_stops_its_process_with_its_result_kept(site: Site) -> None:
    process = site.run("playbook_that_fails", "FAILED")
    (callback,) = process["callbacks"]

    assert process["failure"] == {"message": "The playbook failed.", "details": {"return_code": 2}}
    assert callback["status"] == "REJECTED"
    assert "There is no VLAN 5000." in "".join(callback["result"]["output"])


def test_a_program_reports_its_end_in_a_nested_object(site: Site) -> None:
    process = site.run("program", "COMPLETED")
    (callback,) = process["callbacks"]

    assert process["state"]["is_ours"] is True
    assert callback["result"]["result"] == {
        "output": "\x1b[0;32mams-1 answers\x1b[0m\na word of warning\n",
        "return_code": 0,
        "status": "successful",
    }


def test_a_program_that_fails_stops_its_process(site: Site) -> None:
    process = site.run("program_that_fails", "FAILED")

    assert process["failure"] == {"message": "The program failed.", "details": {"return_code": 3}}
