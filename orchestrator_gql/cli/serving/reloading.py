"""`serve --reload`: run the server as a process of its own, and start it again when a file of the workflows changes.

A new process, and not new modules in the old one: only so does nothing stay of the code before the change. The server
ends as it does at SIGTERM: running steps may finish, and the port and the lock of the SQLite file are free again before
the next start. A server that cannot start says why, and the next change is its next chance.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from orchestrator_gql.cli.catalog import PROGRAM
from orchestrator_gql.cli.serving.ending import SECOND, SIGNALS
from orchestrator_gql.cli.serving.watched_files import Snapshot, changed, roots_of, snapshot
from orchestrator_gql.cli.terminal import drop_unwritable_output

INTERVAL = 0.3
"""Seconds between two looks at the files; a look that takes long is followed by a longer pause."""

END_SECONDS = 60.0
"""The time for the server to end, which is more than its steps get; after that it is killed."""

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


def serve_reloading(arguments: Sequence[str], modules: Sequence[str], *, host: str | None, port: int | None) -> int:
    """Run the command with these arguments until a signal, and again after each change; the exit code.

    ``modules``, ``host`` and ``port`` are what the arguments say. Port 0 takes a free port, and keeps it.
    """
    drop_unwritable_output()
    # of several options of one name the last counts
    fixed = ("--port", str(_free_port(host or "127.0.0.1"))) if port == 0 else ()
    command = [sys.executable, "-m", "orchestrator_gql", *arguments, "--no-reload", *fixed]
    return _Reloader(command, roots_of(modules)).run()


class _Reloader:
    """The server's process, the files that it was started with, and the signals that ended it."""

    def __init__(self, command: Sequence[str], roots: Sequence[Path]) -> None:
        self._command = command
        self._roots = roots
        self._signals: list[int] = []
        self._wake = threading.Event()

    def run(self) -> int:
        for number in SIGNALS:
            if number in SECOND or signal.getsignal(number) != signal.SIG_IGN:  # nohup ignores SIGHUP
                signal.signal(number, self._on_signal)
        _say(f"watching {', '.join(map(str, self._roots))}; --reload is for development")
        while True:
            files = snapshot(self._roots)
            server = self._start()
            now = self._watch(files, server)
            if self._signals:
                return self._end(server, self._signals[0])
            if server.poll() is not None:
                _say(f"the server ended with code {server.returncode}; it starts again when a file changes")
                now = self._watch(files, None)
                if self._signals:
                    return int(server.returncode)
            _say(f"{', '.join(map(_shown, changed(files, now)))} changed: the server starts again")
            self._end(server, signal.SIGTERM)
            if self._signals:
                return int(server.returncode)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number in SECOND or not self._signals:
            self._signals.append(number)
        self._wake.set()

    def _start(self) -> "subprocess.Popen[bytes]":
        """Start the server. Ctrl-C reaches only us, or the server would get it twice."""
        # A cached .pyc has the time of its source in whole seconds: a file that is saved twice within one second, with
        # the same size, would be loaded as it was first.
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.Popen(  # noqa: S603 - our own command
            self._command,
            env=environment,
            start_new_session=True,
            preexec_fn=_end_with_us,  # noqa: PLW1509 - this process has one thread
        )

    def _watch(self, files: Snapshot, server: "subprocess.Popen[bytes] | None") -> Snapshot:
        """Wait for a change that has come to rest, a signal or the end of the server; the files as they are then."""
        before = files
        while not self._signals and (server is None or server.poll() is None):
            began = time.monotonic()
            now = snapshot(self._roots)
            if now != files and now == before:  # an editor or `git checkout` writes many files: not in the midst of it
                return now
            before = now
            self._wake.wait(max(INTERVAL, 10 * (time.monotonic() - began)))
        return files

    def _end(self, server: "subprocess.Popen[bytes]", number: int) -> int:
        """End the server by the signal, and kill it after `END_SECONDS` or a second signal of the user."""
        until = time.monotonic() + END_SECONDS
        if server.poll() is None:
            server.send_signal(number)
        while server.poll() is None:
            self._wake.clear()
            if time.monotonic() > until or len(self._signals) > 1:
                server.kill()
            self._wake.wait(0.05)
        return int(server.returncode)


def _end_with_us() -> None:
    """End the server if this process is killed: it would keep the port and the database. Linux only."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _free_port(host: str) -> int:
    family, _, _, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.bind(address)
        return int(listener.getsockname()[1])


def _shown(path: str) -> str:
    return os.path.relpath(path)


def _say(text: str) -> None:
    print(f"{PROGRAM}: {text}", file=sys.stderr, flush=True)
