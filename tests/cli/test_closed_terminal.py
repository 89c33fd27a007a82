"""A terminal that closes ends the server as SIGTERM does, and what its steps print then fails no step."""

import fcntl
import os
import sqlite3
import subprocess
import termios
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from support.command_line import SECONDS, command, environment_of, until
from support.ports import free_port

FLOWS = """
import sys, time
from pathlib import Path
from orchestrator_gql import begin, step
from orchestrator_gql.workflow import workflow

@step("Print")
def say():
    print("It begins.")
    Path("began").touch()
    while not Path("closed").exists():
        time.sleep(0.02)
    for stream in (sys.stdout, sys.stderr):
        print("It ends.", file=stream, flush=True)

@workflow("Print")
def printing():
    return begin >> say
"""
START = 'mutation { startWorkflow(input: {workflowName: "printing"}) { __typename } }'


def started(port: str) -> bool | None:
    """Start the workflow; None while the server does not answer."""
    try:
        httpx.post(f"http://127.0.0.1:{port}/graphql", json={"query": START}, trust_env=False, timeout=SECONDS)
    except httpx.ConnectError:
        return None
    return True


@pytest.mark.parametrize("option", ["--no-reload", "--reload"])
def test_a_server_whose_terminal_closes_ends_in_order_and_a_step_that_prints_succeeds(
    tmp_path: Path, option: str
) -> None:
    (tmp_path / "flows.py").write_text(FLOWS)
    port = free_port()
    terminal, its_side = os.openpty()
    process = subprocess.Popen(
        command(("serve", "--workflows", "flows", "--port", port, option)),
        cwd=tmp_path,
        env=environment_of({}),
        stdin=its_side,
        stdout=its_side,
        stderr=its_side,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - it makes the terminal that of the session
    )
    os.close(its_side)
    try:
        until(lambda: started(port))
        until(lambda: (tmp_path / "began").exists() or None)
        os.close(terminal)
        (tmp_path / "closed").touch()

        assert process.wait(SECONDS) == 0
    finally:
        process.kill()
        process.wait()
    with closing(sqlite3.connect(tmp_path / "orchestrator.db")) as conn:
        assert conn.execute("SELECT status FROM process_steps WHERE name = 'Print'").fetchall() == [("SUCCESS",)]
