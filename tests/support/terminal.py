"""A person at a terminal: runs the real command on a pseudo-terminal and types answers."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.command_line import SECONDS, started


class Terminal:
    """A running command, with its screen and a keyboard."""

    def __init__(self, process: "subprocess.Popen[Any]", screen: int) -> None:
        self._process, self._screen = process, screen
        self._printed, self._position = b"", 0

    def answers(self, question: str, typed: str) -> None:
        """Type a line once the command waits after the question: a page above may show the same text."""
        deadline = time.monotonic() + SECONDS
        while not self._printed[self._position :].endswith(question.encode()):
            assert time.monotonic() < deadline, self._printed.decode()
            assert self._read(), self._printed.decode()
        self._position = len(self._printed)
        os.write(self._screen, typed.encode() + b"\n")

    def waits_for(self, question: str) -> int:
        """Wait until the question is printed; the position after it."""
        deadline = time.monotonic() + SECONDS
        while (start := self._printed.find(question.encode(), self._position)) < 0:
            assert time.monotonic() < deadline, self._printed.decode()
            assert self._read(), self._printed.decode()
        return start + len(question.encode())

    def end(self) -> tuple[int, str]:
        """Wait until the command ends; its exit code and the whole screen."""
        while self._read():
            pass
        return self._process.wait(SECONDS), self._printed.decode().replace("\r\n", "\n")

    def _read(self) -> bool:
        """Read new output; False if no more will come."""
        ready, _, _ = select.select([self._screen], [], [], SECONDS)
        try:
            new = os.read(self._screen, 65536) if ready else b""
        except OSError:  # Linux raises this when the other side is closed
            new = b""
        self._printed += new
        return bool(new)


@contextmanager
def terminal(folder: Path, *arguments: str, **environment: str) -> Iterator[Terminal]:
    """The command in the folder on a terminal, until the block ends."""
    screen, inside = pty.openpty()
    process = started(arguments, environment, cwd=folder, stdin=inside, stdout=inside, stderr=inside)
    os.close(inside)
    try:
        yield Terminal(process, screen)
    finally:
        process.kill()
        process.wait(SECONDS)
        os.close(screen)
