"""A process from its start to its end at a real server, seen in its log, its database file and `tail`."""

import signal
from pathlib import Path
from typing import Any

import httpx
from support.command_line import SECONDS, Running, running, serving, until
from support.ports import free_port

CALLING = """
from pathlib import Path

from orchestrator_gql import begin, callback_step, step
from orchestrator_gql.workflow import workflow


@step("Call the remote service")
def call(callback_url):
    Path("url.part").write_text(callback_url)
    Path("url.part").rename("url")


@step("Judge the answer")
def judge(callback_result):
    return {}


@workflow("Wait for an answer")
def asking():
    return begin >> callback_step("Ask", action_step=call, validate_step=judge)
"""

START = 'mutation { startWorkflow(input: {workflowName: "asking"}) { __typename } }'


def ask(server: Running, query: str) -> dict[str, Any]:
    """The data of the response to a GraphQL request."""
    response = httpx.post(server.address + "/graphql", json={"query": query}, trust_env=False, timeout=SECONDS).json()
    assert "errors" not in response, response
    return dict(response["data"])


def start_process(server: Running, folder: Path) -> str:
    """Start a process and return the callback URL that its step received."""
    assert ask(server, START)["startWorkflow"]["__typename"] == "StartWorkflowSuccess"
    return until(lambda: (folder / "url").read_text() if (folder / "url").exists() else None)


def post(url: str, body: object) -> int:
    return httpx.post(url, json=body, trust_env=False, timeout=SECONDS).status_code


def completed(server: Running) -> bool | None:
    nodes = ask(server, "{ processes { nodes { status } } }")["processes"]["nodes"]
    return True if {node["status"] for node in nodes} == {"COMPLETED"} else None


def test_a_callback_token_is_in_no_log_line_and_nowhere_in_the_database(tmp_path: Path) -> None:
    (tmp_path / "calls.py").write_text(CALLING)
    with serving(tmp_path, "--workflows", "calls", ORCHESTRATOR_LOG_LEVEL="DEBUG") as server:
        url = start_process(server, tmp_path)
        token = url.rpartition("/")[2]

        statuses = [
            post(url + "/progress", {"message": "half"}),
            post(url, {"answer": 42}),
            post(url, {"answer": 43}),
            post(url + "/fail", {"message": "too late"}),
        ]
        until(lambda: completed(server))
        server.end()

    database_bytes = b"".join(
        path.read_bytes() for path in tmp_path.iterdir() if path.name.startswith("orchestrator.db")
    )
    log_text = server.out.read_text() + server.err.read_text()
    assert statuses == [200, 200, 409, 409]
    assert len(token) == 43
    assert token not in log_text
    assert token.encode() not in database_bytes
    assert "route=/api/processes/{process_id}/callback/{token} status=200" in log_text


def test_tail_follows_a_process_over_a_restart_of_the_server_without_loss_or_repeat(tmp_path: Path) -> None:
    (tmp_path / "calls.py").write_text(CALLING)
    port = free_port()
    with (
        serving(tmp_path, "--workflows", "calls", "--port", port) as first,
        running(tmp_path, "tail", "--url", first.address) as tail,
    ):
        until(lambda: True if "Connected" in tail.err.read_text() else None)
        url = start_process(first, tmp_path)
        until(lambda: True if "AWAITING_CALLBACK" in tail.out.read_text() else None)
        first.end()
        until(lambda: True if "Reconnecting" in tail.err.read_text() else None)

        with serving(tmp_path, "--workflows", "calls", "--port", port):
            assert post(url, {"answer": 42}) == 200
            until(lambda: True if "callback ACCEPTED" in tail.out.read_text() else None)
            code = tail.end(signal.SIGINT)

    lines = tail.out.read_text().splitlines()
    changes = [line.split("  ", 3)[3] for line in lines]
    assert code == 0
    assert "--after " in tail.err.read_text()
    assert changes[0].startswith("process created")
    assert "process RUNNING → COMPLETED" in changes
    assert len([change for change in changes if change.startswith("callback received")]) == 1
    assert len(lines) == len(set(lines))
