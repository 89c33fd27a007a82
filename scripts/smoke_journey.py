"""What `smoke_test.py` runs inside the fresh environment: one workflow, as its users would see it.

A server starts in the current folder, a workflow pauses for a callback, the callback comes, a form is submitted, the
process completes. A subscription sees it, and the dashboard can be loaded.
"""

import asyncio
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

SECONDS = 60.0
"""A limit, not an expectation."""

SHOWN = ("strawberry-graphql", "graphql-core", "starlette", "uvicorn", "sqlalchemy", "pydantic", "websockets")

WORKFLOWS = """
from pathlib import Path

from orchestrator_gql import begin, callback_step, inputstep, step
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import SubmitFormPage
from orchestrator_gql.workflow import workflow


@step("Ask the remote service")
def ask(callback_url: str, node: str) -> None:
    Path("url.part").write_text(callback_url)
    Path("url.part").rename("url")


@step("Judge the result")
def judge(callback_result: dict) -> dict:
    return {"return_code": callback_result["return_code"]}


@inputstep("Confirm", assignee=Assignee("NOC"))
def confirm(state: dict):
    class Confirm(SubmitFormPage):
        is_right: bool

    answer = yield Confirm
    return answer.model_dump()


def which_node():
    class Node(SubmitFormPage):
        node: str

    answer = yield Node
    return answer.model_dump()


@workflow("Configure a node", initial_input_form=which_node)
def smoke():
    return begin >> callback_step("Configure", ask, judge) >> confirm
"""

START = """mutation { startWorkflow(input: {workflowName: "smoke", pages: [{node: "ams-1"}]}) {
  ... on StartWorkflowSuccess { process { id } } ... on UserError { code message } } }"""
SUBMIT = """mutation ($id: ID!) { submitForm(input: {inputRequestId: $id, pages: [{is_right: true}]}) {
  ... on SubmitFormSuccess { process { id } } ... on UserError { code message } } }"""
READ = "query ($id: ID!) { process(id: $id) { status state openInputRequest { id } } }"
WATCH = """subscription { processEvents { events { __typename processId
  ... on ProcessStatusChangedEvent { toProcessStatus } } } }"""

T = TypeVar("T")


def main(versions: str) -> None:
    """Run the journey; the last line that is printed says what has passed."""
    folder = Path.cwd()
    _demand_installed()
    (folder / "smoke_workflows.py").write_text(WORKFLOWS)
    command = [str(Path(sys.executable).with_name("orchestrator-gql"))]
    if os.environ.get("ORCHESTRATOR_DATABASE_URL"):
        subprocess.run([*command, "migrate"], check=True, stdout=subprocess.DEVNULL)
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        server = subprocess.Popen(
            [*command, "serve", "--workflows", "smoke_workflows", "--port", "0"], stdout=out, stderr=err
        )
    try:
        address = _until(lambda: _address(server, folder))
        events = asyncio.run(_story(address, folder))
        size = _dashboard(address)
    except BaseException:
        print((folder / "err").read_text())
        raise
    finally:
        server.terminate()
        code = server.wait(SECONDS)
    log = (folder / "err").read_text()
    assert code == 0, f"the server ended with {code}"
    assert "Traceback" not in log and "Warning" not in log, log
    print(_last_line(versions, events, size))


def _demand_installed() -> None:
    import orchestrator_gql

    assert Path(sys.prefix) in Path(orchestrator_gql.__file__).parents, orchestrator_gql.__file__


def _address(server: "subprocess.Popen[bytes]", folder: Path) -> str | None:
    assert server.poll() is None, "the server has ended"
    match = re.search(r"Dashboard +(\S+)/\n", (folder / "out").read_text())
    return match[1] if match else None


async def _story(address: str, folder: Path) -> int:
    """Start, deliver, submit, read, and watch; the number of events that the subscription brought."""
    from websockets.asyncio.client import connect

    async with connect(f"ws{address[4:]}/graphql", subprotocols=["graphql-transport-ws"], proxy=None) as socket:  # type: ignore[list-item]
        await socket.send('{"type": "connection_init"}')
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": WATCH}}))
        await socket.recv()  # the first message has no events: it says that the stream works
        process_id = await asyncio.to_thread(_lead, address, folder)
        events: list[dict[str, Any]] = []
        async with asyncio.timeout(SECONDS):
            while not any(event.get("toProcessStatus") == "COMPLETED" for event in events):
                message = json.loads(await socket.recv())
                if message["type"] == "next":
                    assert "errors" not in message["payload"], message
                    events += message["payload"]["data"]["processEvents"]["events"]
    assert {event["processId"] for event in events} == {process_id}
    return len(events)


def _lead(address: str, folder: Path) -> str:
    import httpx

    process_id: str = _ask(address, START)["startWorkflow"]["process"]["id"]
    url = _until(lambda: (folder / "url").read_text() if (folder / "url").exists() else None)
    delivered = httpx.post(url, json={"return_code": 0}, trust_env=False, timeout=SECONDS)
    assert delivered.status_code == 200, delivered.text
    form = _until(lambda: _ask(address, READ, id=process_id)["process"]["openInputRequest"])
    assert "process" in _ask(address, SUBMIT, id=form["id"])["submitForm"]
    _until(lambda: _ask(address, READ, id=process_id)["process"]["status"] == "COMPLETED" or None)
    state = _ask(address, READ, id=process_id)["process"]["state"]
    assert (state["return_code"], state["is_right"]) == (0, True), state
    return process_id


def _ask(address: str, query: str, **variables: str) -> dict[str, Any]:
    import httpx

    body = {"query": query, "variables": variables}
    response = httpx.post(f"{address}/graphql", json=body, trust_env=False, timeout=SECONDS).json()
    assert "errors" not in response, response
    return dict(response["data"])


def _dashboard(address: str) -> int:
    """Load the page and every file that it names; the number of bytes."""
    import httpx

    with httpx.Client(base_url=address, trust_env=False, timeout=SECONDS) as client:
        page = client.get("/").text
        names = re.findall(r'(?:src|href)="\./([^"]+)"', page)
        assert names, page
        files = [client.get(f"/{name}") for name in names]
    assert [file.status_code for file in files] == [200] * len(files)
    return len(page) + sum(len(file.content) for file in files)


def _until(find: Callable[[], T | None]) -> T:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if (found := find()) is not None:
            return found
        time.sleep(0.05)
    raise AssertionError("it never happened")


def _last_line(versions: str, events: int, size: int) -> str:
    from orchestrator_gql.graphql.libraries import are_tested

    database = "PostgreSQL" if os.environ.get("ORCHESTRATOR_DATABASE_URL") else "SQLite"
    shared = "shared" if are_tested() else "not shared"
    libraries = ", ".join(f"{name} {version(name)}" for name in SHOWN)
    return (
        f"smoke test passed: orchestrator-gql {version('orchestrator-gql')}, Python {platform.python_version()}, "
        f"{versions} versions ({libraries}), {database}: COMPLETED, {events} events over WebSocket "
        f"(subscriptions {shared}), dashboard {size // 1024} KiB"
    )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "installed")
