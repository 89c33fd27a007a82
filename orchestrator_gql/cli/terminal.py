"""What is printed: the text of others is shown and never obeyed, and a reader may go away."""

import os
import sys


def printable(text: str) -> str:
    r"""The text in one line, with whatever steers a terminal or turns its writing around as an escape.

    >>> printable("done\r\n\x1b[2Jroot \u202e")
    'done\\r\\n\\x1b[2Jroot \\u202e'
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def say(text: str) -> None:
    """Print the text if anybody reads it: `serve | head` ends the reading, and must not end the work."""
    try:
        print(text, end="", flush=True)
    except OSError:
        drop_output()


def drop_output() -> None:
    """Send what is printed from now on nowhere: Python flushes stdout on its way out, and would complain again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
