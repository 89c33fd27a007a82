"""The commands on the documentation page about recovery, run against the demo."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from support.command_line import orchestrator, running, until
from support.ports import free_port

PAGE = (Path(__file__).parents[2] / "docs/howto/recover-a-stuck-process.md").read_text()
START = """mutation($pages: [JSON!]!) { startWorkflow(input: {workflowName: "rehearse_recovery", pages: $pages}) {
  ... on StartWorkflowSuccess { process { id } } } }"""
STATUS = """query($id: ID!) { process(id: $id) { status
  callbacks { attempts { nodes { outcome } } } steps { name attempt } } }"""


def commands_about(name: str) -> list[tuple[str, str]]:
    """The commands on the page about the process with that name, each with its output."""
    blocks = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    (block,) = [block for block in blocks if f"${name}" in block]
    return [(command.partition("\n")[0], command.partition("\n")[2]) for command in block.split("$ ")[1:]]


def as_pattern(printed: str) -> str:
    """A regular expression for the output: an ellipsis stands for any text; alone in a line, for any lines."""
    lines = [
        "(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + "\n" for line in printed.splitlines()
    ]
    return "".join(lines)


def ask(address: str, query: str, **variables: Any) -> Any:
    response = httpx.post(f"{address}/graphql", json={"query": query, "variables": variables}, timeout=30).json()
    assert "errors" not in response, response
    return next(iter(response["data"].values()))


def test_failures_are_repaired_without_running_the_playbook_again(tmp_path: Path) -> None:
    result = {"status": "successful", "job_id": str(uuid4()), "output": ["ok: [paris-1]"], "return_code": 0}
    (tmp_path / "result.json").write_text(json.dumps(result))
    freeze = tmp_path / ".demo" / "freeze"
    ports = ("--port", free_port(), "--proxy-port", free_port())
    with running(tmp_path, "demo", *ports, "--no-examples", ANSIBLE_PROXY_DELAY="0") as server:

        def start(trouble: str) -> str:
            page = {"node_name": "paris-1", "trouble": trouble}
            id: str = ask(server.address, START, pages=[page])["process"]["id"]
            return id

        def process_of(id: str) -> Any:
            return ask(server.address, STATUS, id=id)

        def run_command(name: str, id: str, number: int) -> "subprocess.CompletedProcess[str]":
            command, printed = commands_about(name)[number]
            words = command.replace(f"${name}", id).split('"')
            arguments = [word for index, part in enumerate(words) for word in ([part] if index % 2 else part.split())]
            result = orchestrator(tmp_path, *arguments[1:], "--url", server.address)
            assert result.returncode == 0, result.stderr
            assert re.match(as_pattern(printed), result.stdout), (printed, result.stdout)
            return result

        late, never = start("late"), start("never")
        until(lambda: True if {process_of(id)["status"] for id in (late, never)} == {"FAILED"} else None)
        freeze.touch()
        frozen = start("none")
        until(lambda: True if process_of(frozen)["status"] == "FAILED" else None)
        run_command("FROZEN", frozen, 0)
        freeze.unlink()
        run_command("FROZEN", frozen, 1)
        run_command("NEVER", never, 0)
        until(lambda: True if process_of(late)["callbacks"][0]["attempts"]["nodes"] else None)
        run_command("LATE", late, 0)
        run_command("LATE", late, 1)
        for id in (late, never, frozen):
            until(lambda id=id: True if process_of(id)["status"] == "SUSPENDED" else None)  # type: ignore[misc]
        run_command("LATE", late, 2)
        until(lambda: True if process_of(late)["status"] == "COMPLETED" else None)
        steps = [step for id in (late, never, frozen) for step in process_of(id)["steps"]]

    assert [step["attempt"] for step in steps if step["name"] == "Run the playbook"] == [1, 1, 1]
