"""Signs of life on standard error while a command works for more than a second; nothing if it is no terminal."""

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

PATIENCE = 1.0
"""Seconds without any sign."""

INTERVAL = 0.2
FRAMES = "|/-\\"
BAR = 20


def is_shown() -> bool:
    """Whether a person sees standard error."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


@contextmanager
def working(text: str) -> Iterator[Callable[[], None]]:
    """Show the text with a spinner during the block; the function that the block gets ends the spinner earlier."""
    ended = threading.Event()
    spinner = threading.Thread(target=_spin, args=(text, ended), daemon=True)
    if is_shown():
        spinner.start()

    def end() -> None:
        if not ended.is_set():
            ended.set()
            if spinner.is_alive():
                spinner.join(2 * INTERVAL)

    try:
        yield end
    finally:
        end()


def _spin(text: str, ended: threading.Event) -> None:
    began = time.monotonic()
    if ended.wait(PATIENCE):
        return
    frame = 0
    while not ended.wait(INTERVAL):
        frame += 1
        _draw(f"{FRAMES[frame % len(FRAMES)]} {text}, {time.monotonic() - began:.0f} s")
    clear()


class Counter:
    """A bar of the work that is done, drawn after `PATIENCE`; without a total only the number."""

    def __init__(self, noun: str, total: int | None = None) -> None:
        self._noun, self._total = noun, total
        self._began = time.monotonic()
        self._is_drawn = False

    def show(self, done: int, total: int | None = None) -> None:
        """Draw how much is done."""
        self._total = total if total is not None else self._total
        if not is_shown() or (not self._is_drawn and time.monotonic() - self._began < PATIENCE):
            return
        self._is_drawn = True
        if self._total is None:
            _draw(f"{done:,} {self._noun}")
            return
        filled = BAR * min(done, self._total) // max(self._total, 1)
        _draw(f"[{'#' * filled}{'.' * (BAR - filled)}] {done:,} of {self._total:,} {self._noun}")

    def end(self) -> None:
        """Remove the bar."""
        if self._is_drawn:
            clear()
            self._is_drawn = False


def _draw(text: str) -> None:
    # The cursor goes back to the beginning of the line, so that a line of the log is not written behind the bar.
    with suppress(OSError, ValueError):
        print(f"\r\x1b[K{text[: shutil.get_terminal_size().columns - 1]}\r", end="", file=sys.stderr, flush=True)


def clear() -> None:
    """Clear the line."""
    with suppress(OSError, ValueError):
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
