"""A person at a terminal: the real command, on a pseudo-terminal, reads what is typed and sees whom it speaks to."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.command_line import SECONDS, command, environment_of


class Terminal:
    """A command at work, what it has printed, and a keyboard."""

    def __init__(self, process: "subprocess.Popen[bytes]", screen: int) -> None:
        self._process, self._screen = process, screen
        self._printed, self._seen = b"", 0

    def answers(self, question: str, typed: str) -> None:
        """Type a line once the question stands behind all that was answered before."""
        self._seen = self.waits_for(question)
        os.write(self._screen, typed.encode() + b"\n")

    def waits_for(self, question: str) -> int:
        """The place behind the question, once it is printed."""
        patience = time.monotonic() + SECONDS
        while (found := self._printed.find(question.encode(), self._seen)) < 0:
            assert time.monotonic() < patience, self._printed.decode()
            assert self._read(), self._printed.decode()
        return found + len(question.encode())

    def end(self) -> tuple[int, str]:
        """The exit code and the whole screen, once the command is done."""
        while self._read():
            pass
        return self._process.wait(SECONDS), self._printed.decode().replace("\r\n", "\n")

    def _read(self) -> bool:
        """Take in what was printed meanwhile; False when nothing will come."""
        ready, _, _ = select.select([self._screen], [], [], SECONDS)
        try:
            new = os.read(self._screen, 65536) if ready else b""
        except OSError:  # Linux says so where the other side is closed
            new = b""
        self._printed += new
        return bool(new)


@contextmanager
def terminal(folder: Path, *arguments: str, **environment: str) -> Iterator[Terminal]:
    """The command in the folder, with a person before it, until the block ends."""
    screen, inside = pty.openpty()
    process = subprocess.Popen(
        command(arguments), cwd=folder, env=environment_of(environment), stdin=inside, stdout=inside, stderr=inside
    )
    os.close(inside)
    try:
        yield Terminal(process, screen)
    finally:
        process.kill()
        process.wait(SECONDS)
        os.close(screen)
