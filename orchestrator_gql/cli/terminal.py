"""Printing: text from outside never controls the terminal, and the reader of the output may go away."""

import os
import sys


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
        drop_output()


def drop_output() -> None:
    """Discard all later output: Python flushes stdout when it exits, and would report the error again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
