"""The limit of open files (``ulimit -n``): clients get what the server does not need for its own work.

Each connection of a client is an open file. If clients took them all, the server could open no database, and asyncio
would log each refused connection with a trace, thousands of times a second.
"""

import asyncio
import logging
import resource
import time
from collections.abc import Callable
from typing import Any

from orchestrator_gql.utils.errors import SettingsError

logger = logging.getLogger("orchestrator_gql.server")

LEAST = 128
"""Below this limit a server does not start."""

OWN = 64
"""Open files of the server itself: the database, the event loops of authors, the listener and what is read for a
moment."""

REFUSED = 32
"""Connections that get a response, 503; those beyond them are closed at once."""

EVERY = 60.0
"""Seconds between two lines about clients that were refused."""

ACCEPT = "socket.accept() out of system resource"
"""What asyncio says if no file is left for a new connection."""


def limit() -> int:
    """The number of files that this process may open now."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1 << 30 if soft == resource.RLIM_INFINITY else soft


def demand_enough() -> None:
    """Raise `SettingsError` if a server could not work."""
    if limit() < LEAST:
        raise SettingsError(
            f"This process may open only {limit()} files. A server needs {LEAST}, and one more for each client: raise "
            "`ulimit -n`, or LimitNOFILE of systemd."
        )


def places(most: int) -> int:
    """The number of connections that are served: at most ``most``."""
    return max(1, min(most, limit() - OWN - REFUSED))


class Shortage:
    """Logs that clients are refused because too few files may be opened: one line a minute."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._next_line = 0.0
        self._refused = 0

    def note(self) -> None:
        """Count a client that is refused."""
        self._refused += 1
        if self._now() < self._next_line:
            return
        self._next_line = self._now() + EVERY
        logger.warning(
            "clients are refused: this process may open too few files; raise `ulimit -n`, or LimitNOFILE of systemd",
            extra={"files": limit(), "refused": self._refused},
        )
        self._refused = 0

    def handle(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """The handler of the event loop for errors that no task awaits."""
        if context.get("message") == ACCEPT:
            self.note()
        else:
            loop.default_exception_handler(context)
