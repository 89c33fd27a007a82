"""If the engine stands still, an operator at a terminal reads it where they look: no worker runs, or it is paused."""

import json
import socket
from pathlib import Path

from support.command_line import orchestrator, running, serving
from support.database import PostgresServer

from orchestrator_gql.cli.operator.standstill import standstill

NO_WORKER = "No worker is running: no step starts until somebody starts one with `orchestrator-gql worker`."


def test_a_missing_worker_is_named_until_one_runs(tmp_path: Path, postgres: PostgresServer) -> None:
    with postgres.database() as url, serving(tmp_path, "--role", "api", "--database", url) as api:
        to_api = ("--url", api.address)
        started = orchestrator(tmp_path, "start", "greeting", "--yes", "--wait", "--timeout", "1s", *to_api)
        id = started.stdout.split()[0]
        shown = orchestrator(tmp_path, "show", id, *to_api)
        waits = orchestrator(tmp_path, "waits", *to_api)
        quiet = orchestrator(tmp_path, "waits", "--json", *to_api)
        worker = ("worker", "--workflows", "flows", "--port", "0", "--database", url, "--public-url", api.address)
        with running(tmp_path, *worker):
            after = orchestrator(tmp_path, "start", "greeting", "--yes", "--wait", *to_api)
            waits_after = orchestrator(tmp_path, "waits", *to_api)

    assert NO_WORKER in started.stderr.splitlines()
    assert f"  {NO_WORKER}" in shown.stdout.splitlines()
    assert (waits.stdout, waits.stderr) == ("Nothing waits.\n", NO_WORKER + "\n")
    assert (quiet.stdout, quiet.stderr) == ("", "")
    assert after.stdout.splitlines()[-1].endswith("is COMPLETED")
    assert waits_after.stderr == ""


def test_a_pause_is_named_with_its_reason_and_its_end(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        to_server = ("--url", server.address)
        orchestrator(tmp_path, "pause", "--reason", "power work", *to_server)
        waits = orchestrator(tmp_path, "waits", *to_server)
        resumed = orchestrator(tmp_path, "resume", "--json", *to_server)
        waits_after = orchestrator(tmp_path, "waits", *to_server)

    assert "The engine is PAUSED since" in waits.stderr
    assert ": power work (0 steps running, 0 processes waiting): `orchestrator-gql resume --url" in waits.stderr
    assert json.loads(resumed.stdout)["state"] == "RUNNING"
    assert waits_after.stderr == ""


def test_a_server_that_died_takes_nothing_away_from_what_was_read() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    assert standstill(f"http://127.0.0.1:{port}") is None
