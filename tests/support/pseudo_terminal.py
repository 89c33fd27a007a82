"""A pseudo terminal: what a command writes to a person, and the keys of that person."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence

from support.command_line import SECONDS, command, environment_of

ROWS = 30


def on_terminal(arguments: Sequence[str], columns: int = 80, *, keys: str = "", **environment: str) -> tuple[int, str]:
    """Run the command at a terminal of this width, type the keys, and return the exit code and all that it wrote."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    os.write(ours, keys.encode())
    process = subprocess.Popen(
        command(arguments),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env=_environment({"TERM": "xterm-256color", **environment}),
    )
    os.close(theirs)
    try:
        written = _read(ours)
        return process.wait(SECONDS), written
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    given = environment_of(extra)
    return {name: value for name, value in given.items() if name not in ("COLUMNS", "LINES") or name in extra}


def _read(terminal: int) -> str:
    """Everything until the command closes the terminal."""
    written, until = b"", time.monotonic() + SECONDS
    while time.monotonic() < until:
        ready, _, _ = select.select([terminal], [], [], 1)
        if not ready:
            continue
        try:
            part = os.read(terminal, 65536)
        except OSError:  # Linux says so at the end
            break
        if not part:
            break
        written += part
    return written.decode(errors="replace").replace("\r\n", "\n")
