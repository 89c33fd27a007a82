"""Ports for servers that need their port before they start, or that start again at the same port."""

import os
from collections.abc import Iterator
from itertools import count
from socket import create_server

FIRST, LAST = 10_000, 30_000
"""Below the ports that a system chooses itself (from 32768 or 49152 on), so that no other test gets a port before it is
used."""

_numbers: Iterator[int] = count(os.getpid() * 37)  # parallel test processes begin at different numbers


def free_port() -> str:
    """A port that nobody listens on, a different one each time."""
    for number in _numbers:
        port = FIRST + number % (LAST - FIRST)
        try:
            create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return str(port)
    raise AssertionError("numbers do not end")
