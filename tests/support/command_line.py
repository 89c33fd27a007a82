"""Runs the real command in its own process, for tests."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM, Signals
from subprocess import PIPE
from typing import Any, TypeVar

import httpx

from support.forked import Fork, can_be_forked

SECONDS = 60.0
"""A limit, not an expectation: a slow machine is no failure."""

OF_DEVELOPER = ("ORCHESTRATOR_", "ANSIBLE_", "PYTHONUNBUFFERED")
"""How the variables begin that a developer may have set, and most users have not."""

RUN = "\nimport runpy; runpy.run_module('orchestrator_gql', run_name='__main__', alter_sys=True)"
"""Runs the command behind a change of it."""

T = TypeVar("T")

FLOWS = """
from orchestrator_gql import begin, step
from orchestrator_gql.workflow import workflow


@step("Say hello")
def greet():
    return {"greeting": "hello"}


@workflow("Greet")
def greeting():
    return begin >> greet
"""


def until(find: Callable[[], T | None], *, seconds: float = SECONDS, pause: float = 0.02) -> T:
    """Call ``find`` until its result is not None; that result. Between two calls are ``pause`` seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (result := find()) is not None:
            return result
        time.sleep(pause)
    raise AssertionError("it never happened")


def orchestrator(folder: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, in the folder."""
    return finished(arguments, environment, cwd=folder, stdout=PIPE, text=True)


def finished(arguments: Sequence[str], extra: Mapping[str, str], **options: Any) -> "subprocess.CompletedProcess[Any]":
    """Run a command to its end, with these options of `subprocess.Popen`; its stderr is captured."""
    with started(arguments, extra, stderr=PIPE, **options) as process:
        try:
            out, err = process.communicate(timeout=SECONDS)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


@dataclass(frozen=True, slots=True)
class Running:
    """A command that runs: its process, and the files with its output."""

    process: "subprocess.Popen[Any]"
    out: Path
    err: Path

    @property
    def address(self) -> str:
        """The address of the server, from its banner."""
        return until(self._address)

    def _address(self) -> str | None:
        assert self.process.poll() is None, self.err.read_text()
        match = re.search(r"Dashboard +(\S+)/\n", self.out.read_text())
        return match[1] if match else None

    def end(self, signal: Signals = SIGTERM) -> int:
        """Send the signal and wait for the exit code."""
        self.process.send_signal(signal)
        return self.process.wait(SECONDS)


@contextmanager
def running(folder: Path, *arguments: str, change: str = "", **environment: str) -> Iterator[Running]:
    """The command in the folder, until the block ends; ``change`` as in `started`."""
    name = f"{arguments[0]}-{len(list(folder.glob('*.out')))}"
    out, err = folder / f"{name}.out", folder / f"{name}.err"
    with out.open("wb") as to_out, err.open("wb") as to_err:
        process = started(arguments, environment, change=change, cwd=folder, stdout=to_out, stderr=to_err)
    try:
        yield Running(process, out, err)
    finally:
        process.terminate()  # not killed, so that the demo also stops its proxy
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def serving(folder: Path, *arguments: str, **environment: str) -> Iterator[Running]:
    """A server in the folder with one workflow, on a free port, ready for requests."""
    (folder / "flows.py").write_text(FLOWS)
    defaults = ("serve", "--workflows", "flows", *(() if "--port" in arguments else ("--port", "0")))
    with running(folder, *defaults, *arguments, **environment) as server:
        assert get(server.address + "/health/ready").status_code == 200
        yield server


def started(
    arguments: Sequence[str], extra: Mapping[str, str], *, is_new: bool = False, change: str = "", **options: Any
) -> "subprocess.Popen[Any]":
    """The command, which runs: a fork behaves the same and starts much faster.

    ``is_new`` demands a new process of Python's own, for tests of what happens when it starts, or of its memory.
    ``change`` is Python code that runs in the process before the command, for example to make a moment last.
    """
    environment = environment_of(extra)
    if can_be_forked(extra) and not is_new:
        return Fork(arguments, change=change, env=environment, **options)
    words = [sys.executable, "-c", change + RUN, *arguments] if change else command(arguments)
    return subprocess.Popen(words, env=environment, **options)


def get(url: str) -> httpx.Response:
    """The response to a GET, without any web proxy of the environment."""
    return httpx.get(url, trust_env=False, timeout=SECONDS)


def command(arguments: Sequence[str]) -> list[str]:
    """The command line of the command, as a list of words."""
    return [sys.executable, "-m", "orchestrator_gql", *arguments]


def environment_of(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of the test with ``extra``, but without the settings of the developer."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OF_DEVELOPER)}
    return {**inherited, **extra}
