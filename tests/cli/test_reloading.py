"""`serve --reload` starts the server again when a file changes, at the same address and on the same database."""

import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.command_line import FLOWS, Running, running, until
from support.database import PostgresServer

WAITING = """
from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.workflow import workflow
from texts import GREETING


@step("Order")
def order(callback_url: str):
    print("URL", callback_url, flush=True)


@step("Judge")
def judge(callback_result: dict):
    return {"greeting": GREETING}


@workflow("Wait")
def waiting():
    return begin >> callback_step("Job", order, judge)
"""

ENDLESS = """
import threading

from orchestrator_gql import begin, step
from orchestrator_gql.workflow import workflow


@step("Never end")
def never_end():
    print("BEGAN", flush=True)
    threading.Event().wait()


@workflow("Endless")
def endless():
    return begin >> never_end
"""

START_ENDLESS = """mutation { startWorkflow(input: {workflowName: "endless"}) {
  ... on StartWorkflowSuccess { process { id } } } }"""
ABORT = """mutation { abortProcess(input: {processId: "%s"}) {
  ... on ProcessActionSuccess { process { status } } } }"""
START = """mutation { startWorkflow(input: {workflowName: "waiting"}) {
  ... on StartWorkflowSuccess { process { id } } } }"""


def ask(address: str, query: str) -> Any:
    """The data of an operation; None while the server does not answer."""
    try:
        return httpx.post(f"{address}/graphql", json={"query": query}, trust_env=False, timeout=5).json()["data"]
    except httpx.TransportError:
        return None


def offers(address: str, *names: str) -> bool | None:
    """True once the server offers exactly these workflows."""
    data = ask(address, "{ workflows { nodes { name } } }")
    return True if data and sorted(row["name"] for row in data["workflows"]["nodes"]) == sorted(names) else None


def is_ready(address: str) -> bool | None:
    return True if ask(address, "{ engine { state } }") else None


def says(server: Running, text: str, times: int = 1) -> bool | None:
    """True once stderr has the text that often."""
    return True if server.err.read_text().count(text) >= times else None


def starts(server: Running, times: int) -> bool | None:
    """True once the banner was printed that often."""
    return True if server.out.read_text().count(" is running") >= times else None


def save_at_once(path: Path, text: str) -> None:
    """Save the file as an editor does that replaces it, with the size and the time of the file before."""
    before, new = path.stat(), path.with_suffix(".new")
    new.write_text(text)
    assert new.stat().st_size == before.st_size
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    new.replace(path)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the workflow `greeting`."""
    (tmp_path / "flows.py").write_text(FLOWS)
    return tmp_path


def test_a_changed_file_is_served_at_the_same_address(project: Path) -> None:
    options = ("--workflows", "flows", "--port", "0", "--reload")
    with running(project, "serve", *options, PYTHONDONTWRITEBYTECODE="") as server:
        address = server.address
        assert until(lambda: offers(address, "greeting"))
        (project / "flows.py").write_text(FLOWS.replace("def greeting", "def welcome"))
        assert until(lambda: offers(address, "welcome"))
        save_at_once(project / "flows.py", FLOWS.replace("def greeting", "def goodbye"))
        assert until(lambda: offers(address, "goodbye"))
        code = server.end()

    assert code == 0
    assert "flows.py changed: the server starts again" in server.err.read_text()
    assert set(re.findall(r"Dashboard +(\S+)/\n", server.out.read_text())) == {address}
    with pytest.raises(httpx.ConnectError):
        httpx.get(address, trust_env=False)


def test_a_syntax_error_is_printed_and_the_server_comes_back_when_it_is_mended(project: Path) -> None:
    with running(project, "serve", "--workflows", "flows.py", "--port", "0", "--reload") as server:
        address = server.address
        assert until(lambda: is_ready(address))
        (project / "flows.py").write_text(FLOWS + "\ndef broken(:\n")
        assert until(lambda: says(server, "it starts again when a file changes"))
        with pytest.raises(httpx.ConnectError):
            httpx.get(address, trust_env=False)
        (project / "flows.py").write_text(FLOWS)
        assert until(lambda: offers(address, "greeting"))

    assert "cannot be loaded: invalid syntax (flows.py, line " in server.err.read_text()
    assert "Traceback" not in server.err.read_text()


def test_a_server_that_never_started_starts_when_its_module_is_there(tmp_path: Path) -> None:
    with running(tmp_path, "serve", "--workflows", "flows", "--port", "0", "--reload") as server:
        assert until(lambda: says(server, "it starts again when a file changes"))
        (tmp_path / "flows.py").write_text(FLOWS)
        assert until(lambda: offers(server.address, "greeting"))


def test_a_waiting_process_goes_on_with_the_changed_code_of_a_neighbour(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(WAITING)
    (tmp_path / "texts.py").write_text('GREETING = "hello"\n')
    with running(tmp_path, "serve", "--workflows", "flows.py", "--port", "0", "--reload") as server:
        assert until(lambda: is_ready(server.address))
        id = ask(server.address, START)["startWorkflow"]["process"]["id"]
        (url,) = until(lambda: re.findall(r"URL (\S+)", server.out.read_text()) or None)
        (tmp_path / "texts.py").write_text('GREETING = "howdy"\n')
        assert until(lambda: starts(server, 2))
        assert httpx.post(url, json={}, trust_env=False).status_code == 200
        look = f'{{ process(id: "{id}") {{ status state }} }}'
        state = until(
            lambda: (
                data["process"]["state"]
                if (data := ask(server.address, look)) and data["process"]["status"] == "COMPLETED"
                else None
            )
        )

    assert state["greeting"] == "howdy"


def test_a_change_does_not_wait_for_the_step_of_an_aborted_process(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(ENDLESS)
    options = ("--workflows", "flows", "--port", "0", "--reload")
    with running(tmp_path, "serve", *options, ORCHESTRATOR_GRACE="600") as server:
        assert until(lambda: is_ready(server.address))
        id = ask(server.address, START_ENDLESS)["startWorkflow"]["process"]["id"]
        assert until(lambda: "BEGAN" in server.out.read_text() or None)
        assert ask(server.address, ABORT % id)["abortProcess"]["process"] == {"status": "ABORTED"}
        (tmp_path / "flows.py").write_text(ENDLESS + "\n")
        assert until(lambda: starts(server, 2))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_while_the_server_cannot_start(project: Path, number: signal.Signals) -> None:
    (project / "flows.py").write_text("nonsense = ")
    with running(project, "serve", "--workflows", "flows", "--port", "0", "--reload") as server:
        assert until(lambda: says(server, "it starts again when a file changes"))

        assert server.end(number) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_no_server_is_left_if_the_watching_process_is_killed(project: Path) -> None:
    with running(project, "serve", "--workflows", "flows", "--port", "0", "--reload") as server:
        address = server.address
        assert until(lambda: is_ready(address))
        server.end(signal.SIGKILL)

        assert until(lambda: None if is_ready(address) else True)


def test_a_worker_on_postgresql_starts_again_too(project: Path, postgres: PostgresServer) -> None:
    with postgres.database() as url:
        options = ("--database", url, "--public-url", "http://127.0.0.1:1")
        with running(project, "worker", "--workflows", "flows", *options, "--reload") as worker:
            assert until(lambda: starts(worker, 1))
            (project / "flows.py").write_text(FLOWS.replace("hello", "goodbye"))
            assert until(lambda: starts(worker, 2))

            assert worker.end() == 0
