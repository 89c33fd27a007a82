"""Starts the command as a fork of `support.fork_server`, with the methods of `subprocess.Popen`."""

import atexit
import functools
import json
import os
import select
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from support.fork_server import FOLDER

READ_AT_START = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_", "GLIBC_")
"""How the variables begin that Python and libc read only when a process starts."""


SHELL_COMMAND = FOLDER / "support" / "shell_command.py"


def path_of_shells(path: str) -> str:
    """The `PATH` of a shell whose `orchestrator-gql` is a fork; the other programs beside Python come next."""
    folders = [str(Path(sys.executable).parent), path]
    return os.pathsep.join([str(_fork_server().folder), *folders] if can_be_forked({}) else folders)


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
        folder, environment, pipes = str(rest[4] or Path.cwd()), rest[5], rest[9:15]
        streams = [own if given < 0 else given for own, given in enumerate((pipes[0], pipes[3], pipes[5]))]
        command = {
            "arguments": [*args],
            "environment": dict(environment),
            "folder": folder,
            "first": folder,
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
        self._folder = TemporaryDirectory(prefix="orchestrator-shells-")
        path = os.pathsep.join([str(FOLDER), *filter(None, [os.environ.get("PYTHONPATH")])])
        with theirs, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as shells:
            shells.bind(f"{self._folder.name}/socket")
            shells.listen(128)
            numbers = (theirs.fileno(), shells.fileno())
            self._process = subprocess.Popen(
                [sys.executable, "-m", "support.fork_server", *map(str, numbers)],
                cwd=FOLDER,
                env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": ""},
                stdin=subprocess.DEVNULL,
                pass_fds=numbers,
            )
        program = Path(self._folder.name) / "orchestrator-gql"
        words = [sys.executable, "-IS", SHELL_COMMAND, f"{self._folder.name}/socket", str(Path(sys.executable).parent)]
        program.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, words))} "$@"\n')
        program.chmod(0o755)

    @property
    def folder(self) -> Path:
        """The folder of the command for shells."""
        return Path(self._folder.name)

    def send(self, command: bytes, descriptors: list[int]) -> None:
        """Send a command with the descriptors of its standard streams and of its report."""
        with self._one_at_a_time:
            socket.send_fds(self._commands, [command], descriptors)

    def close(self) -> None:
        """End it, and kill the forks that still run."""
        self._commands.close()
        self._process.wait()
        self._folder.cleanup()


@functools.cache
def _fork_server() -> _ForkServer:
    server = _ForkServer()
    atexit.register(server.close)
    return server
