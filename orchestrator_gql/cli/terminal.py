"""Printing: text from outside never controls the terminal, and the reader of the output may go away."""

import codecs
import io
import os
import sys
from typing import TextIO

PLAIN = {
    "…": "...",
    "→": "->",
    "·": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
}
"""What stands for a sign of ours on a terminal whose encoding lacks it, such as one of Latin-1."""


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    escaped = (PLAIN.get(each) or each.encode("ascii", "backslashreplace").decode() for each in lacking)
    return "".join(escaped), error.end


codecs.register_error("orchestrator-plain", _replaced)


def process_count(number: int) -> str:
    """The number with its noun.

    >>> process_count(1), process_count(1200)
    ('1 process', '1,200 processes')
    """
    return "1 process" if number == 1 else f"{number:,} processes"


def printable(text: str) -> str:
    r"""The text in one line; characters that control a terminal or change the writing direction are escaped.

    >>> printable("done\r\n\x1b[2Jroot \u202e")
    'done\\r\\n\\x1b[2Jroot \\u202e'
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def say(text: str) -> None:
    """Print the text if somebody reads it: `serve | head` stops reading, but the server must go on."""
    try:
        print(text, end="", flush=True)
    except OSError:
        drop_output(sys.stdout)


def prepare_output() -> None:
    """Make stdout and stderr accept every text: a character that their encoding lacks is escaped.

    A closed descriptor becomes ``/dev/null``: otherwise the next file, such as a database, would become stdout.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest free number, this one
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 - it is open until the end
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="orchestrator-plain")


def drop_output(*broken: TextIO) -> None:
    """Discard all later output of the ``broken`` streams and of every stream that cannot be flushed.

    Python flushes stdout when it exits, and would report the error again. An unbuffered stream keeps nothing to flush,
    so only a write shows that it is broken.
    """
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
            is_broken = stream in broken
        except OSError:
            is_broken = True
        if is_broken:
            os.dup2(null, stream.fileno())
    os.close(null)
