"""What a machine does not give, such as open files or ports, is a sentence and an exit code, or a line in the log."""

import os
import resource
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from support.command_line import FLOWS, SECONDS, environment_of, get, orchestrator, serving, until

from orchestrator_gql.cli.serving.http_protocol import TimedHttp
from orchestrator_gql.cli.serving.open_files import LEAST, OWN, Shortage, places

FEW = 160


def _limited(*command: str, folder: Path, files: int) -> "subprocess.CompletedProcess[str]":
    limited = f"ulimit -n {files}; exec {sys.executable} -m orchestrator_gql {' '.join(command)}"
    return subprocess.run(
        ["sh", "-c", limited], cwd=folder, env=environment_of({}), timeout=SECONDS, text=True, capture_output=True,
        check=False,
    )  # fmt: skip


@pytest.mark.parametrize("files", [16, 64, LEAST - 1])
def test_a_server_that_may_open_too_few_files_is_refused(tmp_path: Path, files: int) -> None:
    (tmp_path / "flows.py").write_text(FLOWS)
    refused = _limited("serve", "--workflows", "flows", "--port", "0", folder=tmp_path, files=files)

    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1), refused.stderr
    assert f"may open only {files} files" in refused.stderr
    assert "LimitNOFILE" in refused.stderr


def test_more_clients_than_files_leave_the_server_its_own_and_are_one_line(tmp_path: Path) -> None:
    """Without the guard, the log of a minute was a hundred megabytes, and the server opened no database any more."""
    with serving(tmp_path) as server, ExitStack() as stack:
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (FEW, FEW))
        address = ("127.0.0.1", int(server.address.rpartition(":")[2]))
        for _ in range(3 * FEW):
            stack.enter_context(socket.create_connection(address, SECONDS))
        until(lambda: "clients are refused" in server.err.read_text() or None)
        files = Path(f"/proc/{server.process.pid}/fd")
        soon = TimedHttp.header_seconds / 2  # then silent clients are disconnected anyway
        until(lambda: len(list(files.iterdir())) <= FEW - OWN / 3 or None, seconds=soon)
        stack.close()
        until(lambda: _is_ready(server.address) or None)
        log = server.err.read_text()

    assert log.count("clients are refused: this process may open too few files") == 1
    assert "Traceback" not in log
    assert len(log) < 20_000


def _is_ready(address: str) -> bool:
    try:
        return get(address + "/health/ready").status_code == 200
    except httpx.TransportError:
        return False


def test_the_places_follow_the_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1000, hard))
        assert places(10_000) < 1000 - OWN
        assert places(10) == 10
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_shortage_is_a_line_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    now = 100.0
    shortage = Shortage(lambda: now)
    for now in (100.0, 100.5, 159.0, 161.0):  # noqa: B007 - the clock of the shortage
        shortage.note()

    assert [vars(record)["refused"] for record in caplog.records] == [1, 3]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--host", "203.0.113.5"), "with --host"),
        (("--host", "no.such.host.invalid"), "with --host"),
        (("--host", "2001:db8::5"), "with --host"),
    ],
)
def test_an_address_of_another_machine_is_refused_with_the_option_that_helps(
    tmp_path: Path, options: tuple[str, ...], sentence: str
) -> None:
    tokens = '[{"name": "a", "sha256": "%s", "roles": ["admin"]}]' % ("0" * 64)
    (tmp_path / "flows.py").write_text(FLOWS)
    words = ("serve", "--workflows", "flows", "--port", "0", *options)
    refused = orchestrator(tmp_path, *words, ORCHESTRATOR_API_TOKENS=tokens)

    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1), refused.stderr
    assert sentence in refused.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_port_below_1024_of_a_user_is_refused_with_the_right_that_it_needs(tmp_path: Path) -> None:
    program = (
        "import os, socket, sys; from orchestrator_gql.cli.serving.server import bind_socket; "
        "from orchestrator_gql.utils.errors import SettingsError; os.setuid(65534)\n"
        "try: bind_socket('127.0.0.1', 81)\nexcept SettingsError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], text=True, capture_output=True, check=False, timeout=SECONDS)

    assert "Permission denied. Ports below 1024 need root or the right CAP_NET_BIND_SERVICE" in done.stdout, done.stderr


HARD_PLACES = {
    "no locale": {"LANG": "C", "LC_ALL": "C", "LANGUAGE": "C"},
    "an unknown locale and time zone": {"LANG": "xx_YY.UTF-9", "LC_ALL": "xx_YY.UTF-9", "TZ": "Mars/Phobos"},
    "no home": {"HOME": "/nonexistent"},
}


@pytest.mark.parametrize("place", HARD_PLACES)
def test_a_server_starts_in_a_poor_environment(tmp_path: Path, place: str) -> None:
    with serving(tmp_path, "--host", "::1" if socket.has_ipv6 else "127.0.0.1", **HARD_PLACES[place]) as server:
        assert server.end() == 0
        assert "Traceback" not in server.err.read_text()
