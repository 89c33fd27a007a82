"""Runs the command in forks of a process that has imported everything: a server then starts in a fifth of the time.

A fork runs the same `__main__` with its own arguments, environment, folder and standard streams. At its end it does
what every Python process does, except for the release of what was imported before the fork. So it saves only the second
in which Python imports a server and Strawberry builds the schema, and a tenth of a second at the end.
`support.forked` starts this program and sends the commands; `support.shell_command` sends those of shells.
"""

import atexit
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import Any, TextIO

import orchestrator_gql.cli
from orchestrator_gql.config.settings import Settings
from orchestrator_gql.graphql import app
from orchestrator_gql.utils.json.redaction import Redactor
from support.sharing import share_certificates, share_schemas
from support.tree import ROOT

MESSAGE = 256 * 1024
"""Bytes, as a limit: a command with its environment."""

FOLDER = ROOT / "tests"
"""Where this program finds its modules. The commands do not look there."""

NOT_IMPORTED = "orchestrator_gql.cli.demo"
"""The demo imports modules with workflows, and a user may have other workflows in modules of the same names."""


def prepare() -> None:
    """Import what the commands import, and build the schema of most servers."""
    for module in pkgutil.walk_packages(orchestrator_gql.cli.__path__, "orchestrator_gql.cli."):
        if not module.name.startswith(NOT_IMPORTED):
            importlib.import_module(module.name)
    importlib.import_module("orchestrator_gql.storage.database.postgres")
    importlib.import_module("orchestrator_gql.engine.workers.distributed")
    share_schemas()
    share_certificates()
    redact = Redactor(Settings.model_fields["redact"].get_default(call_default_factory=True))
    for is_development in (True, False):
        app.build_schema(is_development=is_development, redact=redact)  # type: ignore[attr-defined]
    gc.collect()
    gc.freeze()  # shared pages stay shared: no fork pays for a collection that touches every page


class ForkServer:
    """Reads commands from the socket until it is closed, and one from each client of ``shells``; knows the forks."""

    def __init__(self, commands: socket.socket, shells: socket.socket) -> None:
        self._commands = commands
        self._shells = shells
        self._reports = dict[int, int]()
        """The socket to report the end of each fork to, as a descriptor: a fork closes it by its number."""
        self._woken, waker = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(waker, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only with a handler does it wake the loop

    def serve(self) -> dict[str, Any] | None:
        """Fork for each command. The result is the command in each fork, and None here at the end."""
        sources: list[Any] = [self._commands, self._shells, self._woken]
        while True:
            ready, _, _ = select.select(sources, [], [])
            if self._woken in ready:
                os.read(self._woken, 4096)
                self._report_ends()
            if self._commands in ready:
                message, descriptors, _, _ = socket.recv_fds(self._commands, MESSAGE, 4)
                if not message:
                    self._kill()
                    return None
                if (command := self._fork(message, descriptors)) is not None:
                    return command
            if self._shells in ready:
                shell, _ = self._shells.accept()
                message, descriptors, _, _ = socket.recv_fds(shell, MESSAGE, 3)
                if (command := self._fork(message, [*descriptors, shell.detach()])) is not None:
                    return command

    def _fork(self, message: bytes, descriptors: list[int]) -> dict[str, Any] | None:
        *streams, report = descriptors
        fork = os.fork()
        if fork == 0:
            command: dict[str, Any] = json.loads(message)
            self._leave(streams)
            return command
        for stream in streams:
            os.close(stream)
        self._reports[fork] = report
        os.write(report, str(fork).encode())
        return None

    def _leave(self, streams: list[int]) -> None:
        """Keep nothing of this process but the standard streams of the command."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._commands.detach()
        self._shells.detach()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))

    def _report_ends(self) -> None:
        while self._reports:
            fork, status = os.waitpid(-1, os.WNOHANG)
            if fork == 0:
                return
            report = self._reports.pop(fork)
            with suppress(OSError):  # nobody waits for it any more
                os.write(report, str(os.waitstatus_to_exitcode(status)).encode())
            os.close(report)

    def _kill(self) -> None:
        for fork in self._reports:
            os.kill(fork, signal.SIGKILL)


def run(command: dict[str, Any]) -> None:
    """Become the process of the command, run it, and end."""
    last = next(reversed(sys.modules))
    os.environ.clear()
    os.environ.update(command["environment"])
    time.tzset()
    os.chdir(command["folder"])
    sys.path[:] = [command["first"], *(path for path in sys.path[1:] if Path(path) != FOLDER)]
    importlib.invalidate_caches()
    sys.argv = ["", *command["arguments"]]
    sys.stdin = sys.__stdin__ = _reopened(sys.stdin)  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = _reopened(sys.stdout)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = _reopened(sys.stderr)  # type: ignore[misc]
    gc.enable()
    try:
        exec(command["change"], {})
        runpy.run_module("orchestrator_gql", run_name="__main__", alter_sys=True)
    except SystemExit as wanted:
        if not isinstance(wanted.code, int):
            raise  # Python prints the reason
        code = wanted.code
    end(code, last)


def end(code: int, last: str) -> None:
    """End as Python does, in the same order, but keep the modules that are shared: those up to the ``last`` of them.

    To release them takes ten times as long as the whole rest of a short command: it writes to each page of memory, and
    Linux copies each page for the fork. To list them counts a reference to each, which is half of a short command.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for name in list(takewhile(last.__ne__, reversed(sys.modules))):
        del sys.modules[name]
    gc.collect()  # what the command leaves behind may complain
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        sys.exit(code)  # Python knows what to say and which code to give
    os._exit(code)


def _reopened(stream: TextIO) -> "io.TextIOWrapper[Any]":
    """A new stream on the descriptor: whether it is a terminal decides when lines are written."""
    assert isinstance(stream, io.TextIOWrapper)
    number = stream.fileno()
    file = open(  # noqa: SIM115 - it is open until the end
        number, "rb" if number == 0 else "wb", buffering=0 if stream.write_through else -1, closefd=False
    )
    return io.TextIOWrapper(
        file,
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=number == 2 or os.isatty(number),
        write_through=stream.write_through,
    )


if __name__ == "__main__":
    gc.disable()
    prepare()
    with socket.socket(fileno=int(sys.argv[1])) as commands, socket.socket(fileno=int(sys.argv[2])) as shells:
        received = ForkServer(commands, shells).serve()
    if received is not None:
        run(received)
