"""Every command prints on every stdout: with a narrow encoding, closed, full, or with a reader that leaves."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from support.command_line import SECONDS, Running, command, environment_of, finished, running, until

from orchestrator_gql.cli.failure import CLOSED, DONE, UNWRITTEN
from orchestrator_gql.cli.terminal import prepare_output

FLOWS = """
from orchestrator_gql import begin, inputstep
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import FormPage
from orchestrator_gql.workflow import workflow


@inputstep("Prüfe → 😀", assignee=Assignee("NÖC"))
def ask():
    class Page(FormPage):
        größe: str = "⌀ 3 µm"
    yield Page


@workflow("Frage für Zoë → 😀")
def asking():
    return begin >> ask
"""

START = 'mutation { startWorkflow(input: {workflowName: "asking"}) { ... on StartWorkflowSuccess { process { id } } } }'

SHOW = ("show", "ID")
COMMANDS = (
    ("--help",),
    ("--version",),
    ("schema",),
    SHOW,
    ("show", "ID", "--json"),
    ("waits",),
    ("processes",),
    ("processes", "--json"),
    ("processes", "--color", "always"),
    ("workflows",),
    ("workflows", "asking"),
    ("products",),
    ("abort", "--status", "SUSPENDED", "--dry-run"),
    ("completion", "bash"),
    ("start", "asking", "--idempotency-key", "key"),
    ("pause", "--reason", "A test"),
    ("resume",),
    ("notifications",),
    ("audit", "list"),
    ("audit", "export"),
    ("audit", "verify"),
    ("migrate", "--database", "sqlite+aiosqlite:///plain.db"),
)
"""The commands that print and end by themselves."""

SAMPLE = (("--help",), SHOW, ("waits",), ("audit", "export"))
"""Commands of each way of printing: the help, tables, lists and lines. Each stdout is prepared before any command."""

ASCII = "import sys\nfor stream in (sys.stdout, sys.stderr): stream.reconfigure(encoding='ascii', errors=stream.errors)"
"""Makes streams as Python makes them for `PYTHONIOENCODING=ascii`, in a fork, which starts much faster."""

ENCODINGS = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "a narrow locale": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "UTF-8": {"PYTHONIOENCODING": "utf-8"},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, str]]:
    """A server with a process whose names need Unicode, and the id of the process."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "flows.py").write_text(FLOWS, encoding="utf-8")
    with running(folder, "serve", "--workflows", "flows", "--port", "0", PYTHONIOENCODING="ascii") as server:
        response = httpx.post(server.address + "/graphql", json={"query": START}, trust_env=False, timeout=SECONDS)
        process_id = response.json()["data"]["startWorkflow"]["process"]["id"]
        until(lambda: "ask" in printed(("waits",), server, process_id, {}).stdout.decode() or None)
        yield server, process_id


def printed(
    words: tuple[str, ...],
    server: Running,
    process_id: str,
    environment: dict[str, str],
    stdout: int = subprocess.PIPE,
    change: str = "",
) -> "subprocess.CompletedProcess[bytes]":
    """Run the command to its end."""
    reaches = words[0] in (
        "processes",
        "workflows",
        "products",
        "abort",
        "show",
        "waits",
        "start",
        "pause",
        "resume",
        "notifications",
        "audit",
        "tail",
    )
    url = ("--url", server.address) if reaches and "--help" not in words else ()
    given = (*(process_id if word == "ID" else word for word in words), *url)
    return finished(given, environment, stdout=stdout, cwd=server.out.parent, change=change)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_command_prints_in_every_encoding(server: tuple[Running, str], encoding: str) -> None:
    seen = {}
    for words in COMMANDS if encoding == "ascii" else SAMPLE:
        is_sample = words in SAMPLE
        environment = ENCODINGS[encoding] if is_sample else {}
        result = printed(words, *server, environment, change="" if is_sample else ASCII)
        seen[words] = result.stdout
        assert result.returncode == DONE, (words, result.stderr)
        assert b"Traceback" not in result.stderr, words
    text = seen[SHOW].decode("latin-1" if encoding == "latin-1" else "utf-8")
    assert ("→" in text) == (encoding == "UTF-8")
    is_plain = encoding != "UTF-8"
    assert ("Zoë -> " in text or "Zo\\xeb -> " in text) == is_plain, "our own signs have a plain form"
    assert ("\\U0001f600" in text) == is_plain, "a sign without a plain form is escaped"


@pytest.mark.parametrize("words", COMMANDS)
def test_no_command_ends_in_a_trace_if_stdout_is_full_or_its_reader_left(
    server: tuple[Running, str], words: tuple[str, ...]
) -> None:
    with Path("/dev/full").open("wb") as full:
        result = printed(words, *server, {}, full.fileno())
    assert (result.returncode, b"Traceback" in result.stderr) == (UNWRITTEN, False), result.stderr
    assert b"cannot be written: No space left on device" in result.stderr

    reader, writer = os.pipe()
    os.close(reader)
    try:
        result = printed(words, *server, {}, writer)
    finally:
        os.close(writer)
    assert (result.returncode, result.stderr) == (CLOSED, b"")


@pytest.mark.parametrize("words", [("--help",), ("serve", "--help"), ("audit", "export", "--help"), ("--version",)])
def test_a_help_that_cannot_be_written_without_a_buffer_is_no_success(
    server: tuple[Running, str], words: tuple[str, ...]
) -> None:
    with Path("/dev/full").open("wb") as full:
        result = printed(words, *server, {"PYTHONUNBUFFERED": "1"}, full.fileno())

    assert result.returncode == UNWRITTEN
    assert b"cannot be written: No space left on device" in result.stderr


@pytest.mark.parametrize("words", [SHOW, ("--version",), ("schema",), ("audit", "export")])
def test_a_closed_stdout_is_no_error(server: tuple[Running, str], words: tuple[str, ...]) -> None:
    url = ("--url", server[0].address) if words[0] in ("show", "audit") else ()
    given = command((*(server[1] if word == "ID" else word for word in words), *url))

    closed = subprocess.run(
        ["sh", "-c", 'exec "$@" >&- 2>closed.err', "sh", *given],
        cwd=server[0].out.parent,
        env=environment_of({}),
        timeout=SECONDS,
        check=False,
    )

    assert (closed.returncode, (server[0].out.parent / "closed.err").read_text()) == (DONE, "")


def test_a_server_without_stdout_and_stderr_writes_into_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(FLOWS, encoding="utf-8")
    given = command(("serve", "--workflows", "flows", "--port", "0"))
    process = subprocess.Popen(
        ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *given], cwd=tmp_path, env=environment_of({})
    )
    try:
        path = tmp_path / "orchestrator.db.lock"
        until(lambda: (path.exists() and path.read_text()) or None)
        links = [str(Path(f"/proc/{process.pid}/fd/{number}").readlink()) for number in range(3)]
    finally:
        process.terminate()
        code = process.wait(SECONDS)

    assert links == ["/dev/null"] * 3
    assert code == DONE


def test_an_argument_that_is_no_text_is_refused(server: tuple[Running, str]) -> None:
    given = [os.fsencode(word) for word in command(("start", "asking", "--url", server[0].address, "--set"))]

    refused = subprocess.run(
        [*given, b"x=\xff"], capture_output=True, env=environment_of({}), timeout=SECONDS, check=False
    )

    assert (refused.returncode, b"Traceback" in refused.stderr) == (2, False), refused.stderr


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ORCHESTRATOR_TOKN", "ORCHESTRATOR_TOKN is not a setting; the nearest name is ORCHESTRATOR_TOKEN"),
        ("orchestrator_URLS", "ORCHESTRATOR_URLS is not a setting; the nearest name is ORCHESTRATOR_URL"),
        (
            "ORCHESTRATOR_DATABSE_URL",
            "ORCHESTRATOR_DATABSE_URL is not a setting; the nearest name is ORCHESTRATOR_DATABASE_URL",
        ),
        ("ORCHESTRATOR_DATABASE_URL", ""),  # of a server on the same machine
        ("ORCHESTRATOR_TOKEN", ""),
    ],
)
@pytest.mark.parametrize("words", [("waits",), ("show", "ID")])
def test_a_misspelt_variable_of_the_client_is_named(
    server: tuple[Running, str], words: tuple[str, ...], name: str, message: str
) -> None:
    result = printed(words, *server, {name: "x"})

    assert result.returncode == DONE
    assert result.stderr.decode().splitlines() == ([f"orchestrator-gql: {message}"] if message else [])


PRINTS = """
import sys

from orchestrator_gql.cli.terminal import drop_unwritable_output

drop_unwritable_output()
for stream in (sys.stdout, sys.stderr):
    print("now", file=stream, flush=True)
    print("later" * 10_000, file=stream)
    stream.buffer.write(b"bytes")
    stream.buffer.flush()
    stream.writelines(["a", "b"])
    stream.fileno(), stream.isatty(), stream.name, repr(stream)
    stream.close()
    print("after a module closed it", file=stream)
"""


@contextmanager
def unwritable(why: str) -> Iterator[int]:
    """A descriptor that cannot be written."""
    if why == "a full disk":
        written = os.open("/dev/full", os.O_WRONLY)
    else:
        read, written = os.pipe() if why == "no reader" else os.openpty()
        os.close(read)
    try:
        yield written
    finally:
        os.close(written)


UNWRITABLE = ("no reader", "no terminal", "a full disk")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("why", UNWRITABLE)
def test_what_a_server_prints_is_dropped_if_it_cannot_be_written(why: str, unbuffered: str, tmp_path: Path) -> None:
    with unwritable(why) as descriptor:
        result = subprocess.run(
            [sys.executable, "-c", PRINTS],
            stdout=descriptor,
            stderr=descriptor,
            env=environment_of({"PYTHONUNBUFFERED": unbuffered}),
            cwd=tmp_path,
            timeout=SECONDS,
            check=False,
        )

    assert result.returncode == 0


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_what_a_server_prints_arrives_in_its_order(unbuffered: str, tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", PRINTS.replace("10_000", "2")],
        capture_output=True,
        env=environment_of({"PYTHONUNBUFFERED": unbuffered}),
        cwd=tmp_path,
        timeout=SECONDS,
        check=True,
    )

    assert {result.stdout.replace(b"bytes", b""), result.stderr.replace(b"bytes", b"")} == {
        b"now\nlaterlater\nabafter a module closed it\n"
    }


@pytest.mark.parametrize(
    ("encoding", "text", "written"),
    [
        ("latin-1", "Wait … a → b \u2013 é", b"Wait ... a -> b - \xe9"),
        ("ascii", "é … 東", b"\\xe9 ... \\u6771"),
        ("utf-8", "Wait …", "Wait …".encode()),
    ],
)
def test_a_terminal_that_lacks_our_signs_gets_plain_ones(
    encoding: str, text: str, written: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    monkeypatch.setattr("sys.stdout", stream)
    prepare_output()

    stream.write(text)
    stream.flush()

    assert raw.getvalue() == written
