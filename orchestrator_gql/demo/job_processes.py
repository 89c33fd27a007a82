"""Ends the processes of a job with all that they started: none may go on after the job has its result."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")

EVERY = 0.1
"""Seconds between two questions whether a program should stop."""

MOST_SECONDS = 10.0
"""Seconds after which `end_all` gives up: a process that waits for the kernel does not end earlier."""


class StoppedError(Exception):
    """The program was killed because the job should stop."""


def output_of(
    command: Sequence[str], path: str, *, timeout: float, is_stopped: Callable[[], bool]
) -> tuple[bytes, int]:
    """Run the program to its end; return what it and its children wrote, and its return code.

    Raises ``TimeoutExpired`` or `StoppedError` after the program and its children are killed.
    """
    deadline = time.monotonic() + timeout
    with subprocess.Popen(  # noqa: S603 - the path comes from an allow-list, and no shell reads the arguments
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"PATH": path},
        start_new_session=True,  # the program and its children are one group, which one signal ends
    ) as process:
        try:
            while not is_stopped():
                with suppress(subprocess.TimeoutExpired):
                    output, _ = process.communicate(timeout=EVERY)
                    return output, process.returncode
                if time.monotonic() > deadline:
                    raise subprocess.TimeoutExpired(command, timeout)
            raise StoppedError
        finally:
            _kill_group(process.pid)


def end_all(arguments: str) -> None:
    """Kill every process that has these arguments in its command line, and the group of each that leads one.

    The processes are looked for until there are none: each of them may start another before it ends. A worker of
    Ansible has the command line of its parent, but a session of its own: a signal to the parent's group misses it.
    """
    deadline = time.monotonic() + MOST_SECONDS
    while (found := list(_with_arguments(arguments))) and time.monotonic() < deadline:
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                if os.getpgid(pid) == pid:
                    os.killpg(pid, signal.SIGKILL)
                else:
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # PermissionError: on macOS, if only zombies are left
        os.killpg(leader, signal.SIGKILL)


def _with_arguments(arguments: str) -> Iterator[int]:
    for pid, command_line in _command_lines():
        if arguments in command_line and pid != os.getpid():
            yield pid


def _command_lines() -> Iterator[tuple[int, str]]:
    folders = PROC.glob("[0-9]*")
    for folder in folders:
        with suppress(OSError):  # it has ended meanwhile
            yield int(folder.name), (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    if not (PROC / "self/cmdline").exists():  # macOS
        listed = subprocess.run(["ps", "-A", "-ww", "-o", "pid=,args="], stdout=subprocess.PIPE, check=False)  # noqa: S607
        for line in listed.stdout.decode(errors="replace").splitlines():
            pid, _, command_line = line.strip().partition(" ")
            yield int(pid), command_line
