"""Colours on a terminal: whether a stream shows them, and the colour of each status."""

import os
from typing import TextIO

from orchestrator_gql.cli import context

STATUSES = {
    "COMPLETED": "green",
    "SUCCESS": "green",
    "FAILED": "red",
    "ABORTED": "magenta",
    "SUSPENDED": "yellow",
    "WAITING": "yellow",
    "AWAITING_CALLBACK": "cyan",
    "RUNNING": "bright_blue",
    "ANSWERING": "green",
    "FAILING": "red",
    "SILENT": "red",
}
"""The colour of a status of processes and steps, or of a state of remote services; another one has none. Plain blue is
unreadable on black."""

_CODES = {"red": 31, "green": 32, "yellow": 33, "bright_blue": 94, "magenta": 35, "cyan": 36, "bold": 1, "dim": 2}


def is_colored(stream: TextIO) -> bool:
    """Whether the stream shows colours: a terminal does, unless NO_COLOR is set; ``--color`` wins over both."""
    choice = context.color()
    if choice != "auto":
        return choice == "always"
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def styled(text: str, style: str | None, stream: TextIO) -> str:
    """The text in the colour if the stream shows colours."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if style and is_colored(stream) else text
