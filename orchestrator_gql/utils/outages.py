"""Logs an outage of the database: one line a minute for a server, whatever fails, and one line when it is over."""

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from orchestrator_gql.utils.errors import StorageUnavailable

logger = logging.getLogger("orchestrator_gql.storage.database")

EVERY = 60.0
"""Seconds between two lines; also the seconds without a failure after which any success ends the outage."""

CALM = 6.0
"""Seconds without a failure after which a success of the same kind ends the outage. On a full disk a transaction that
writes nothing succeeds between those that fail; the heartbeat, which writes, comes more often than this."""

DISK_FULL = "53100"
"""The SQLSTATE of PostgreSQL."""

READS, WRITES, WAKE_UPS, QUEUE = "reads", "writes", "wake-ups", "queue"
"""The kinds of work that can fail."""


class Outage:
    """Counts what fails and notices what works again; a server has a single one."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self.error = ""
        """What failed last, as the log names it."""
        self.failed_at: dict[str, float] = {}
        """When each kind of work failed last. Empty: nothing fails, so a success needs no call of `worked`."""
        self.is_disk_full = False
        """True if something failed in this outage because the disk of PostgreSQL is full. There a write that needs no
        new page still succeeds; SQLite writes new pages for each commit."""
        self._began = self._last = 0.0
        self._failures = 0
        self._next_line = 0.0
        self._is_logged = False

    def failed(self, kind: str, error: BaseException) -> None:
        """Count a failure; log a line if the last line is a minute old."""
        now, self.error = self._now(), _named(error)
        if not self.failed_at:
            self._began, self._failures = now, 0
        self.failed_at[kind] = self._last = now
        self.is_disk_full = self.is_disk_full or _is_of_full_disk(error)
        self._failures += 1
        if now < self._next_line:
            return
        self._next_line, self._is_logged = now + EVERY, True
        logger.warning(
            "the database is unavailable; what failed is tried again, and clients are asked to try again",
            extra={
                "failing": ",".join(sorted(self.failed_at)),
                "failures": self._failures,
                "seconds": round(now - self._began),
                "error": self.error,
            },
        )

    def worked(self, kind: str, *, is_sure: bool = False) -> None:
        """Note a success; log the end of the outage if nothing fails any more. ``is_sure``: this kind works again."""
        if not self.failed_at:
            return
        now = self._now()
        self.failed_at = {
            name: at
            for name, at in self.failed_at.items()
            if now - at < (CALM if name == kind else EVERY) and not (is_sure and name == kind)
        }
        if not self.failed_at:
            self.is_disk_full = False
        if not self.failed_at and self._is_logged:
            self._is_logged = False
            facts = {"failures": self._failures, "seconds": round(self._last - self._began)}
            logger.info("the database is available again", extra=facts)


@contextmanager
def tried_again(log: logging.Logger, failed: str) -> Iterator[None]:
    """Contain what fails in one round of a task, and log it as ``failed``: the next round tries it again.

    If the task ended silently, nobody would ever do its work again. The database logs its own outages.
    """
    try:
        yield
    except StorageUnavailable:
        pass
    except Exception:
        log.exception(failed)


def _is_of_full_disk(error: BaseException) -> bool:
    while error.__cause__ is not None:
        error = error.__cause__
    return getattr(error, "sqlstate", None) == DISK_FULL


def _named(error: BaseException) -> str:
    """The kind of the error, with the text of SQLite, or with the reason why PostgreSQL refused a connection or a
    statement, such as the table for which a right is missing.

    The rest of the text of PostgreSQL's driver is left out: it may hold the address.
    """
    while error.__cause__ is not None:
        error = error.__cause__
    kind = type(error).__name__
    if isinstance(error, sqlite3.Error):
        return f"{kind}: {error}"
    first_line = str(error).partition("\n")[0]
    is_of_statement = str(getattr(error, "sqlstate", None) or "").startswith(("42", "3F"))
    reason = (
        first_line if is_of_statement else first_line.rpartition(" failed: ")[2] if " failed: " in first_line else ""
    )
    return f"{kind}: {reason}" if reason else kind
