"""A verb on many processes is sent for several at once; what became of each process is said, also after Ctrl-C."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGTERM, Signals
from threading import Condition, Event, Lock, Thread, Timer
from typing import Any

import pytest
from support.command_line import SECONDS, running, until

from orchestrator_gql.cli.failure import DECLINED, DONE, INTERRUPTED, REFUSED
from orchestrator_gql.cli.main import main
from orchestrator_gql.cli.operator.sending import AT_ONCE

MANY = 200
IDS = [f"019306a1-7d1e-7c3a-9c8e-{number:012d}" for number in range(MANY)]
ABORT = ("abort", "--status", "SUSPENDED", "--yes")


class Server:
    """Answers `abortProcess` for each process in its own way, and counts the requests that are open together."""

    def __init__(self) -> None:
        self.refused: set[str] = set()
        self.dropped: set[str] = set()
        """The processes for which the connection ends without an answer."""
        self.waits_for = 1
        """Requests that must be open together before an answer is given."""
        self.holds_from = MANY
        """The number of aborts after which no answer is given until `released`."""
        self.released = Event()
        self.aborted: list[str] = []
        self.most, self.connections = 0, 0
        self._open, self._lock = 0, Condition(Lock())

    def abort(self, id: str) -> dict[str, Any] | None:
        with self._lock:
            self._open += 1
            self.most = max(self.most, self._open)
            self._lock.notify_all()
            assert self._lock.wait_for(lambda: self.most >= self.waits_for, SECONDS)
            self.aborted.append(id)
            is_held = len(self.aborted) > self.holds_from
        if is_held:
            self.released.wait(SECONDS)
        with self._lock:
            self._open -= 1
        if id in self.dropped:
            Timer(0.5, self.released.set).start()
            return None
        if id in self.refused:
            return {"__typename": "ConflictError", "message": "It is COMPLETED.", "by": None, "at": None}
        return {"__typename": "ProcessActionSuccess", "process": {"id": id, "status": "ABORTED"}}

    def listed(self, after: str | None) -> dict[str, Any]:
        start = int(after or 0)
        nodes: list[dict[str, Any]] = [
            {"id": id, "status": "SUSPENDED", "workflowName": "asking", "subject": "x", "currentStep": None}
            | {"startedAt": "2026-03-02T09:00:00Z", "failure": None, "availableActions": ["ABORT"]}
            for id in IDS[start : start + 200]
        ]
        more = {"hasNextPage": start + 200 < MANY, "endCursor": str(start + 200)}
        return {"nodes": nodes, "pageInfo": more}


@contextmanager
def served(server: Server) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            server.connections += 1
            super().setup()

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            variables = asked["variables"]
            if "abortProcess" in asked["query"]:
                answer = server.abort(variables["input"]["processId"])
                if answer is None:
                    self.close_connection = True
                    return
                data = {"abortProcess": answer}
            else:
                data = {"processes": server.listed(variables.get("after"))}
            body = json.dumps({"data": data}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *_: object) -> None:
            return

    class Http(ThreadingHTTPServer):
        request_queue_size = 128  # by default 5 connections may be waiting, and the others are lost

    http = Http(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    http.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that is killed
    Thread(target=http.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{http.server_port}"
    finally:
        server.released.set()
        http.shutdown()
        http.server_close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server()
    with served(server) as url:
        monkeypatch.setenv("ORCHESTRATOR_URL", url)
        monkeypatch.delenv("ORCHESTRATOR_TOKEN", raising=False)
        yield server


def test_many_are_sent_together_over_few_connections(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.waits_for = 20  # a client that sends one after the other waits for ever

    code = main([*ABORT, "--json"])

    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert code == DONE
    assert [node["id"] for node in result["done"]] == IDS
    assert (result["refused"], result["unknown"], result["left"]) == ([], [], [])
    assert server.most == AT_ONCE >= 20
    assert server.connections <= 2 * AT_ONCE < MANY  # on a slow machine some are opened again, after seconds of rest
    assert sorted(server.aborted) == IDS


def test_each_refusal_is_a_line_and_the_others_are_done(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.refused = {IDS[3], IDS[150]}

    code = main(ABORT)

    out, err = capsys.readouterr()
    assert code == DECLINED
    assert out.splitlines()[-1] == "198 of 200 processes were aborted."
    assert sorted(err.splitlines()) == [f"{IDS[3]}: It is COMPLETED.", f"{IDS[150]}: It is COMPLETED."]


@pytest.mark.parametrize("is_json", [False, True])
def test_a_lost_answer_ends_the_work_and_the_process_may_be_done(
    is_json: bool, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.dropped, server.refused = {IDS[60]}, {IDS[1]}
    server.holds_from = 100  # on a busy machine all others could be done before the client sees that one was lost

    code = main([*ABORT, *(["--json"] if is_json else [])])

    out, err = capsys.readouterr()
    assert code == REFUSED
    assert f"{IDS[60]}: no answer came, so it may be aborted: see `orchestrator-gql show {IDS[60]}`." in err
    assert "were left as before: repeat the command for the others." in err
    assert "orchestrator-gql: The server cannot be reached at http://127.0.0.1" in err
    if is_json:
        result = json.loads(out)
        parts = [[node["id"] for node in result["done"]], [IDS[1]], result["unknown"], result["left"]]
        assert [node["id"] for node in result["refused"]] == [IDS[1]]
        assert sorted(id for part in parts for id in part) == IDS  # each process is in exactly one part
        assert result["unknown"] == [IDS[60]] and result["left"]
        assert set(result["left"]).isdisjoint(server.aborted)


@pytest.mark.parametrize(("number", "expected"), [(SIGINT, INTERRUPTED), (SIGTERM, 143), (SIGHUP, 129)])
def test_a_signal_awaits_what_was_sent_and_says_what_is_left(
    number: Signals, expected: int, server: Server, tmp_path: Path
) -> None:
    server.holds_from = 30
    with served(server) as url, running(tmp_path, *ABORT, "--json", ORCHESTRATOR_URL=url) as command:
        until(lambda: len(server.aborted) >= 30 + AT_ONCE or None)
        command.process.send_signal(number)
        until(lambda: "awaiting the last answers" in command.err.read_text() or None)
        server.released.set()
        code = command.process.wait(SECONDS)

    result = json.loads(command.out.read_text().splitlines()[-1])
    assert code == expected
    assert sorted(node["id"] for node in result["done"]) == sorted(server.aborted)
    assert len(server.aborted) == 30 + AT_ONCE
    assert (result["unknown"], len(result["left"])) == ([], MANY - 30 - AT_ONCE)
    assert f"Interrupted: {MANY - 30 - AT_ONCE} processes were left as before" in command.err.read_text()


def test_a_second_ctrl_c_does_not_wait_and_names_what_may_be_done(server: Server, tmp_path: Path) -> None:
    server.holds_from = 30
    with served(server) as url, running(tmp_path, *ABORT, ORCHESTRATOR_URL=url) as command:
        until(lambda: len(server.aborted) >= 30 + AT_ONCE or None)
        command.process.send_signal(SIGINT)
        until(lambda: "awaiting the last answers" in command.err.read_text() or None)
        command.process.send_signal(SIGINT)
        code = command.process.wait(SECONDS)
        server.released.set()

    err = command.err.read_text()
    assert code == INTERRUPTED
    assert "30 of 200 processes were aborted." in command.out.read_text()
    assert err.count("no answer came, so it may be aborted") == AT_ONCE
    assert "Traceback" not in err
