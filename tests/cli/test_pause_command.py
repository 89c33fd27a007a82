"""The commands that pause and resume the engine; every refusal is a sentence."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from support.command_line import orchestrator, serving

STRANGER = (
    "The server answered 200, and not as an orchestrator does: is there another service at this address, or does its "
    "path lack a part? --url or ORCHESTRATOR_URL gives another address."
)


def test_the_engine_is_paused_and_resumed_with_who_and_why(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        to = ("--url", server.address + "/")
        paused = orchestrator(tmp_path, "pause", *to, "--reason", " router\nupgrade ")
        again = orchestrator(tmp_path, "pause", *to, "--reason", "another", "--json")
        without = orchestrator(tmp_path, "pause", *to)
        resumed = orchestrator(tmp_path, "resume", *to)
        late = orchestrator(tmp_path, "resume", *to, "--reason", "done")

    assert (paused.returncode, again.returncode, resumed.returncode, late.returncode) == (0, 0, 0, 0)
    assert (paused.stderr, without.stderr, resumed.stderr) == ("", "", "")
    assert paused.stdout.startswith("The engine is PAUSED since 20")
    assert paused.stdout.endswith(" by Local operator: router\\nupgrade (0 steps running, 0 processes waiting)\n")
    assert without.stdout == paused.stdout
    assert json.loads(again.stdout)["reason"] == "router\nupgrade"
    assert again.stderr == (
        "orchestrator-gql: The engine was paused already: who, when and why stay as they are. The new reason was not "
        "stored.\n"
    )
    assert late.stderr == "orchestrator-gql: The engine ran already. The new reason was not stored.\n"
    assert resumed.stdout.startswith("The engine is RUNNING since 20")


def test_a_reason_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        refused = orchestrator(tmp_path, "pause", "--url", server.address, "--reason", "x" * 1001)

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "orchestrator-gql: The reason has 1,001 characters; 1,000 are the most.\n"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.0.0.1:1", "The server cannot be reached at http://127.0.0.1:1: "),
        ("ftp://127.0.0.1", "'ftp://127.0.0.1' is not the address of a server"),
        ("http://127.0.0.1:none", "is not the address of a server"),
        ("http://[::1", "is not the address of a server"),
    ],
)
def test_a_missing_server_is_reported_in_a_sentence(tmp_path: Path, url: str, message: str) -> None:
    refused = orchestrator(tmp_path, "pause", "--url", url)

    assert refused.returncode == 2
    assert refused.stderr.startswith("orchestrator-gql: ")
    assert message in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (200, b"<h1>hello</h1>", STRANGER),
        (502, b"", "The server answered 502; a proxy in front of it may have said so. Try again; its log says more."),
        (200, b"[]", "The server at this address is not an orchestrator."),
        (200, b"{}", STRANGER),
        (400, b'{"errors": [{"message": "no \\u001b[2J"}]}', "The server refused: no \\x1b[2J"),
        (
            503,
            b'{"errors": [{"message": "later", "extensions": {"code": "STORAGE_UNAVAILABLE"}}]}',
            "The server cannot answer now: later",
        ),
    ],
)
def test_a_response_that_is_not_graphql_is_reported(tmp_path: Path, status: int, body: bytes, message: str) -> None:
    with _answering(status, body) as url:
        refused = orchestrator(tmp_path, "resume", "--url", url)

    assert (refused.returncode, refused.stderr) == (2, f"orchestrator-gql: {message}\n")


@contextmanager
def _answering(status: int, body: bytes) -> Iterator[str]:
    """A server of another kind, which gives this response to every request."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
