"""Starts the command as a fork of `support.fork_server`, with the methods of `subprocess.Popen`."""

import atexit
import functools
import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.fork_server import FOLDER

READ_AT_START = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_", "GLIBC_")
"""How the variables begin that Python and libc read only when a process starts."""


def can_be_forked(extra: Mapping[str, str]) -> bool:
    """True if a fork with these variables behaves as a new process would."""
    return sys.platform == "linux" and not any(name.startswith(READ_AT_START) for name in extra)


class Fork(subprocess.Popen[Any]):
    """A command that runs as a fork; ``args`` are the arguments of `orchestrator-gql`.

    ``change`` is Python code that the fork executes before the command.
    """

    def __init__(self, args: Any, *, change: str = "", **options: Any) -> None:
        self._change = change
        super().__init__(args, **options)

    def _execute_child(self, args: Any, *rest: Any) -> None:
        """See `subprocess.Popen`: its arguments, with the descriptors of the three pipes."""
        folder, environment, pipes = rest[4], rest[5], rest[9:15]
        streams = [own if given < 0 else given for own, given in enumerate((pipes[0], pipes[3], pipes[5]))]
        command = {
            "arguments": [*args],
            "environment": dict(environment),
            "folder": str(folder or Path.cwd()),
            "change": self._change,
        }
        self._report, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        with theirs:
            _fork_server().send(json.dumps(command).encode(), [*streams, theirs.fileno()])
        self.pid = int(self._report.recv(64))
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]

    def _internal_poll(self, *_: Any, **__: Any) -> int | None:
        return self._collected(0)

    def _wait(self, timeout: float | None) -> int:
        code = self._collected(timeout)
        if code is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired(self.args, timeout)
        return code

    def _collected(self, timeout: float | None) -> int | None:
        """The exit code, once the process has ended."""
        if self.returncode is None and select.select([self._report], [], [], timeout)[0]:
            self.returncode = int(self._report.recv(64))
            self._report.close()
        code: int | None = self.returncode
        return code


class _ForkServer:
    """The running program of `support.fork_server`."""

    def __init__(self) -> None:
        self._commands, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        self._one_at_a_time = threading.Lock()
        path = os.pathsep.join([str(FOLDER), *filter(None, [os.environ.get("PYTHONPATH")])])
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "support.fork_server", str(theirs.fileno())],
                cwd=FOLDER,
                env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": ""},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def send(self, command: bytes, descriptors: list[int]) -> None:
        """Send a command with the descriptors of its standard streams and of its report."""
        with self._one_at_a_time:
            socket.send_fds(self._commands, [command], descriptors)

    def close(self) -> None:
        """End it, and kill the forks that still run."""
        self._commands.close()
        self._process.wait()


@functools.cache
def _fork_server() -> _ForkServer:
    server = _ForkServer()
    atexit.register(server.close)
    return server
