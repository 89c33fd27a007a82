"""Bad input of every command that calls a server: each is one sentence and an exit code, and never a trace."""

import hashlib
import json
import re
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from support.command_line import SECONDS, command, environment_of, running, serving

from orchestrator_gql.cli import request
from orchestrator_gql.cli.catalog import entries
from orchestrator_gql.cli.failure import DECLINED, DONE, REFUSED
from orchestrator_gql.cli.help_text import page_of
from orchestrator_gql.cli.main import main
from orchestrator_gql.version import __version__

ID = "019306a1-7d1e-7c3a-9c8e-2f0a1b2c3d4e"
READS: tuple[tuple[str, ...], ...] = (
    ("processes", "--all"),
    ("processes", "--mine"),
    ("workflows",),
    ("workflows", "greeting"),
    ("products",),
    ("products", "Node"),
    ("waits",),
    ("services",),
    ("show", ID),
    ("show", "1b2c3d4e"),
    ("notifications",),
    ("audit", "list"),
    ("audit", "verify"),
    ("audit", "export"),
)
ACTS: tuple[tuple[str, ...], ...] = (
    ("start", "greeting", "--yes"),
    ("start", "greeting", "--yes", "--wait"),
    ("confirm", ID, "--yes"),
    ("confirm", ID, "--reject", "--comment", "No.", "--yes"),
    ("claim", ID),
    ("release", ID),
    ("assign", ID, "NOC"),
    ("retry", ID),
    ("retry", "--status", "FAILED", "--yes"),
    ("abort", ID),
    ("abort", "--status", "FAILED", "--yes"),
    ("adopt", ID, "--reason", "A test."),
    ("reissue", ID),
    ("continue", ID, "--reason", "A test."),
    ("reawait", ID, "--for", "5m"),
    ("complete", ID, "--result", "result.json", "--reason", "A test."),
    ("resend", ID),
    ("resend", "1b2c3d4e"),
    ("pause",),
    ("resume",),
    ("prune", "--older-than", "1", "--yes"),
)
STREAMS: tuple[tuple[str, ...], ...] = (("tail",), ("processes", "--watch"))
"""The commands that wait for a server that is away."""

CALLS = READS + ACTS
WRONG_URLS = (
    ("127.0.0.1:8000", "did you mean http://127.0.0.1:8000?"),
    ("ftp://127.0.0.1", "'ftp://127.0.0.1' is not the address of a server"),
    ("http://", "is not the address of a server"),
    ("http://127.0.0.1:port", "is not the address of a server"),
    ("http://[::1", "is not the address of a server"),
    ("http://ada:s3cr3t@127.0.0.1:0", "'http://127.0.0.1:0' is not the address of a server"),
    (f"http://{'a' * 70}.example", "is not the address of a server"),
    ("http://a..example", "is not the address of a server"),
    ("http://a b.example", "is not the address of a server"),
)
"""Each with a part of the sentence about it."""

PAGE = b"<!doctype html><title>Another service</title>"
OLD = {"message": "Cannot query field 'x' on type 'Query'.", "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}
TOKENS = json.dumps(
    [
        {"name": "ada", "sha256": hashlib.sha256(b"of-ada").hexdigest(), "roles": ["operator"]},
        {"name": "eve", "sha256": hashlib.sha256(b"of-eve").hexdigest(), "roles": []},
    ]
)


def named(words: tuple[str, ...]) -> str:
    return " ".join(words)


@contextmanager
def answering(status: int, body: bytes, kind: str = "text/html", tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server that gives this answer to everything but the question for its version; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(body)

        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers.get("content-length", 0)))
            is_of_version = b"engine { version }" in asked and kind != "text/html"
            self._answer(b'{"data": {"engine": {"version": "0.0.9"}}}' if is_of_version else body)

        def _answer(self, answer: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client may refuse the certificate
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder with a result, and no variables of the developer."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "result.json").write_text("{}")
    for name in ("ORCHESTRATOR_URL", "ORCHESTRATOR_TOKEN", "ORCHESTRATOR_TOKEN_FILE", "ORCHESTRATOR_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


def ended(words: tuple[str, ...], url: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit code, and the one line on standard error without the name of the program."""
    code = main([*words, "--url", url])
    out, err = capsys.readouterr()
    assert out == "", words
    assert err.count("\n") == 1 and err.startswith("orchestrator-gql: "), (words, err)
    assert "Traceback" not in err and "Error(" not in err
    return code, err.removeprefix("orchestrator-gql: ").rstrip("\n")


def test_the_table_has_every_command_that_calls_a_server() -> None:
    calling = {entry.name for entry in entries() if any("--url" in row.label for row in page_of(entry.name).options)}
    tested = {named(words) for words in CALLS + STREAMS}

    assert len(calling) > 10
    assert all(any(words == name or words.startswith(f"{name} ") for words in tested) for name in calling), calling


@pytest.mark.parametrize("words", CALLS + STREAMS, ids=named)
def test_wrong_urls(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    for url, message in WRONG_URLS:
        code, err = ended(words, url, capsys)

        assert code == REFUSED, url
        assert message in err, url


@pytest.mark.parametrize("words", CALLS, ids=named)
def test_no_server(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    code, err = ended(words, "http://127.0.0.1:1", capsys)

    assert code == REFUSED
    assert err.startswith("The server cannot be reached at http://127.0.0.1:1: ")
    assert err.endswith("Another address is given by --url or ORCHESTRATOR_URL.")


def test_a_server_that_does_not_answer(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request, "SECONDS", 0.05)
    monkeypatch.setattr(request.request, "__kwdefaults__", {"seconds": 0.05})
    with socket.create_server(("127.0.0.1", 0)) as silent:
        code, err = ended(("waits",), f"http://127.0.0.1:{silent.getsockname()[1]}", capsys)

    assert (code, "no answer came in time" in err) == (REFUSED, True), err


@pytest.mark.parametrize("words", CALLS + STREAMS, ids=named)
@pytest.mark.parametrize("status", [200, 404])
def test_another_service(words: tuple[str, ...], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(status, PAGE) as url:
        code, err = ended(words, url, capsys)

    assert code == REFUSED
    assert f"answered {status}" in err
    assert "html" not in err


@pytest.mark.parametrize("words", [each for each in CALLS if each != ("audit", "export")], ids=named)
def test_an_old_server_that_lacks_a_field(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with answering(400, json.dumps({"errors": [OLD]}).encode(), "application/json") as url:
        code, err = ended(words, url, capsys)

    assert code == REFUSED
    assert f"This command is version {__version__} and the server is version 0.0.9" in err
    assert f"use a server of version {__version__} or later" in err


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b'{"errors": 1}', b'{"data": 1}', b"{" * 100_000, b'{"errors": ["x"]}']
)
def test_json_that_is_no_answer(body: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(200, body, "application/json") as url:
        code, err = ended(("waits",), url, capsys)

    assert (code, "orchestrator" in err) == (REFUSED, True)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that demands a sign-in."""
    with serving(tmp_path_factory.mktemp("guarded"), ORCHESTRATOR_API_TOKENS=TOKENS) as server:
        yield server.address


@pytest.mark.parametrize("words", CALLS + STREAMS, ids=named)
def test_a_wrong_token_and_no_token(
    words: tuple[str, ...], guarded: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ended(words, guarded, capsys) == (
        REFUSED,
        "The server asks who you are: set ORCHESTRATOR_TOKEN to your token in the environment.",
    )
    monkeypatch.setenv("ORCHESTRATOR_TOKEN", "s3cr3t-t0ken")

    code, err = ended(words, guarded, capsys)

    assert (code, "does not know the token in ORCHESTRATOR_TOKEN" in err) == (REFUSED, True), err
    assert "s3cr3t" not in err


@pytest.mark.parametrize("words", CALLS + STREAMS, ids=named)
def test_no_rights(
    words: tuple[str, ...], guarded: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORCHESTRATOR_TOKEN", "of-eve")

    code = main([*words, "--url", guarded])

    out, err = capsys.readouterr()
    assert (code in (DECLINED, REFUSED), out) == (True, ""), err
    assert re.fullmatch(r"orchestrator-gql: .*\.\n", err), err
    assert "of-eve" not in err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"of-ada\n", ""),
        (b"wrong\n", "does not know the token in ORCHESTRATOR_TOKEN_FILE"),
        (b"two\nlines", "ORCHESTRATOR_TOKEN_FILE is not one line of plain ASCII"),
        (b"\xff", "ORCHESTRATOR_TOKEN_FILE is not one line of plain ASCII"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_the_token_of_a_file(
    content: bytes | None,
    message: str,
    guarded: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("ORCHESTRATOR_TOKEN_FILE", str(file))

    code = main(["waits", "--url", guarded])

    err = capsys.readouterr().err
    assert (code, message in err) == (REFUSED if message else DONE, True), err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("procezzes",), 'Unknown command "procezzes". Did you mean "processes"?'),
        (("audit", "verifyy"), 'Unknown command "verifyy". Did you mean "verify"?'),
        (("audit",), ""),
        (("show", ID, "--jsn"), "Unknown option: --jsn. Did you mean --json?"),
        (("processes", "--statuss", "FAILED"), "Unknown option: --statuss. Did you mean --status?"),
        (("processes", "--status", "FAILDX"), 'Did you mean "FAILED"?'),
        (("processes", "--status"), "--status"),
        (("processes", "--limit", "0"), "'0' is not a number of rows from 1"),
        (("processes", "--since", "yesterday"), "'yesterday' is not a moment"),
        (("processes", "--color", "pink"), "'pink' is not a choice of colours"),
        (("start",), "WORKFLOW"),
        (("start", "x", "--timeout", "1y"), "'1y' is not a duration"),
        (("adopt", ID), "--reason"),
        (("abort",), "Give the ID of a process, or options that select processes"),
        (("abort", ID, "--status", "FAILED"), "not both"),
        (("confirm", ID, "--reject", "--send-back", "Draft"), "Give --reject or --send-back, not both."),
        (("processes", "--subscription", "1"), "'1' is not the whole id of a product subscription."),
        (("completion", "tcsh"), 'Choose from: "bash", "zsh", "fish"'),
    ],
)
def test_a_wrong_word_is_named_with_the_nearest(
    words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == REFUSED

    out, err = capsys.readouterr()
    assert message in err and "Traceback" not in err
    assert err or out.startswith("Usage: orchestrator-gql audit WHAT")


def test_a_closed_stderr_is_no_error_of_its_own(tmp_path: Path) -> None:
    given = command(("waits", "--url", "http://127.0.0.1:1"))

    done = subprocess.run(
        ["sh", "-c", 'exec "$@" 2>&-', "sh", *given],
        cwd=tmp_path,
        env=environment_of({}),
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )

    assert (done.returncode, done.stdout) == (REFUSED, b"")


def test_a_new_server_may_have_values_that_this_command_does_not_know(
    capsys: pytest.CaptureFixture[str],
) -> None:
    node = {"id": ID, "status": "PAUSED_BY_MOON", "workflowName": "greeting", "subject": "x", "note": None}
    node |= {"startedAt": "2031-04-05T06:07:08+00:00", "updatedAt": "2031-04-05T06:07:08+00:00", "endedAt": None}
    node |= {"createdBy": None, "assignee": None, "currentStep": None, "failure": None, "whyWaiting": None}
    data = {"processes": {"nodes": [node], "pageInfo": {"hasNextPage": False, "endCursor": None}}}
    with answering(200, json.dumps({"data": data}).encode(), "application/json") as url:
        assert main(["processes", "--url", url]) == DONE

    assert "PAUSED_BY_MOON" in capsys.readouterr().out


def test_ctrl_c_ends_a_command_without_a_trace(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with running(tmp_path, "waits", "--url", url) as waiting:
            connection, _ = silent.accept()
            code = waiting.end(signal.SIGINT)
            connection.close()

    assert (code, waiting.err.read_text()) == (130, "")


@pytest.mark.parametrize("words", [("waits",), ("audit", "export"), *STREAMS], ids=named)
def test_a_service_that_does_not_speak_http(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    def greet(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
                connection.recv(1000)
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=greet, args=(server,), daemon=True).start()
        code, err = ended(words, f"http://127.0.0.1:{server.getsockname()[1]}", capsys)
        server.shutdown(socket.SHUT_RDWR)

    assert (code, "SSH" in err) == (REFUSED, False)
