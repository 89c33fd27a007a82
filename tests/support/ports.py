"""Ports for servers that must be told theirs before they start, or that start again at the same one."""

import os
from collections.abc import Iterator
from itertools import count
from socket import create_server

FIRST, LAST = 10_000, 30_000
"""Below those that a system gives to whoever asks for any (from 32768 or 49152 on): while a port waits to be used, no
other test is given it."""

_numbers: Iterator[int] = count(os.getpid() * 37)  # tests that run side by side begin at other places


def free_port() -> str:
    """A port that nobody listens on, each time another."""
    for number in _numbers:
        port = FIRST + number % (LAST - FIRST)
        try:
            create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return str(port)
    raise AssertionError("numbers do not end")
