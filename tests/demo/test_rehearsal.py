"""The stories of the page on recovery, told by its own commands to the running demo."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from support.command_line import orchestrator, running, until
from test_demo_end_to_end import free_port

PAGE = (Path(__file__).parents[2] / "docs/howto/recover-a-stuck-process.md").read_text()
START = """mutation($pages: [JSON!]!) { startWorkflow(input: {workflowName: "rehearse_recovery", pages: $pages}) {
  ... on StartWorkflowSuccess { process { id } } } }"""
STATUS = """query($id: ID!) { process(id: $id) { status
  callbacks { attempts { nodes { outcome } } } steps { name attempt } } }"""


def stories(name: str) -> list[tuple[str, str]]:
    """The commands of the page that are about the process of that name, each with what it prints."""
    blocks = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    (block,) = [one for one in blocks if f"${name}" in one]
    return [(one.partition("\n")[0], one.partition("\n")[2]) for one in block.split("$ ")[1:]]


def as_pattern(printed: str) -> str:
    """What a command may print: an ellipsis stands for anything in its line, alone in a line for any lines."""
    lines = [
        "(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + "\n" for line in printed.splitlines()
    ]
    return "".join(lines)


def ask(address: str, query: str, **variables: Any) -> Any:
    said = httpx.post(f"{address}/graphql", json={"query": query, "variables": variables}, timeout=30).json()
    assert "errors" not in said, said
    return next(iter(said["data"].values()))


def test_what_goes_wrong_is_mended_without_running_the_playbook_again(tmp_path: Path) -> None:
    result = {"status": "successful", "job_id": str(uuid4()), "output": ["ok: [paris-1]"], "return_code": 0}
    (tmp_path / "result.json").write_text(json.dumps(result))
    freeze = tmp_path / ".demo" / "freeze"
    ports = ("--port", free_port(), "--proxy-port", free_port())
    with running(tmp_path, "demo", *ports, ANSIBLE_PROXY_DELAY="0") as server:

        def start(trouble: str) -> str:
            page = {"node_name": "paris-1", "trouble": trouble}
            id: str = ask(server.address, START, pages=[page])["process"]["id"]
            return id

        def stands(id: str) -> Any:
            return ask(server.address, STATUS, id=id)

        def plays(name: str, id: str, number: int) -> "subprocess.CompletedProcess[str]":
            command, printed = stories(name)[number]
            words = command.replace(f"${name}", id).split('"')
            arguments = [word for place, part in enumerate(words) for word in ([part] if place % 2 else part.split())]
            said = orchestrator(tmp_path, *arguments[1:], "--url", server.address)
            assert said.returncode == 0, said.stderr
            assert re.match(as_pattern(printed), said.stdout), (printed, said.stdout)
            return said

        late, never = start("late"), start("never")
        until(lambda: True if {stands(id)["status"] for id in (late, never)} == {"FAILED"} else None)
        freeze.touch()
        frozen = start("none")
        until(lambda: True if stands(frozen)["status"] == "FAILED" else None)
        plays("FROZEN", frozen, 0)
        freeze.unlink()
        plays("FROZEN", frozen, 1)
        plays("NEVER", never, 0)
        until(lambda: True if stands(late)["callbacks"][0]["attempts"]["nodes"] else None)
        plays("LATE", late, 0)
        plays("LATE", late, 1)
        for id in (late, never, frozen):
            until(lambda id=id: True if stands(id)["status"] == "SUSPENDED" else None)  # type: ignore[misc]
        plays("LATE", late, 2)
        until(lambda: True if stands(late)["status"] == "COMPLETED" else None)
        steps = [step for id in (late, never, frozen) for step in stands(id)["steps"]]

    assert [step["attempt"] for step in steps if step["name"] == "Run the playbook"] == [1, 1, 1]
