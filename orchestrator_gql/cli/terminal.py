"""Printing: text from outside never controls the terminal, and the reader of the output may go away."""

import codecs
import io
import os
import sys
from contextlib import suppress
from typing import Any, TextIO

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


class _Unfailing(io.RawIOBase):
    """The file of a stream; it drops what cannot be written: no terminal or reader, a full disk, or a busy file."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream  # it closes its file if nothing refers to it
        self._file: Any = getattr(stream.buffer, "raw", stream.buffer)
        self.name: object = getattr(self._file, "name", None)

    def write(self, content: Any) -> int:
        """Write the bytes; how many of them were written or dropped."""
        try:
            return int(self._file.write(content) or len(content))
        except OSError:
            return len(content)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self._file.fileno())

    def isatty(self) -> bool:
        return bool(self._file.isatty())


class _Output(io.TextIOWrapper):
    """A stream of the whole server, which no step and no module may close."""

    def close(self) -> None:
        self.flush()


def drop_unwritable_output() -> None:
    """Discard from now on what stdout and stderr cannot write: a server outlives its terminal and its log's reader.

    A step that prints must not fail by the `OSError`, which would be its recorded outcome.
    """
    sys.stdout, sys.stderr = _unfailing(sys.stdout), _unfailing(sys.stderr)


def _unfailing(stream: TextIO) -> TextIO:
    if not isinstance(stream, io.TextIOWrapper):  # what a test or a program of another takes for the output
        return stream
    with suppress(OSError):
        stream.flush()
    file, has_buffer = _Unfailing(stream), hasattr(stream.buffer, "raw")
    return _Output(
        io.BufferedWriter(file) if has_buffer else file,
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def drop_output() -> None:
    """Discard all later output of every stream that cannot be flushed.

    Python flushes stdout when it exits, and would report the error again.
    """
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(null, stream.fileno())
    os.close(null)
