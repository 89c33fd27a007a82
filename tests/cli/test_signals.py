"""A signal ends `audit export` without a part of the file."""

import socket
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGTERM, Signals

import pytest
from support.command_line import running, until

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nContent-Length: 1000\r\n\r\n"


@pytest.mark.parametrize(("signal", "code"), [(SIGINT, 130), (SIGTERM, 143), (SIGHUP, 129)])
def test_a_signal_leaves_no_part_of_an_export(tmp_path: Path, signal: Signals, code: int) -> None:
    file = tmp_path / "audit.ndjson"
    with socket.create_server(("127.0.0.1", 0)) as stalled:
        url = f"http://127.0.0.1:{stalled.getsockname()[1]}"
        with running(tmp_path, "audit", "export", "--url", url, "--output", file.name) as command:
            connection, _ = stalled.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(HEAD + b"{}\n")
                until(lambda: file.exists() or None)
                ended = command.end(signal)

    assert (ended, command.err.read_text(), file.exists()) == (code, "", False)
