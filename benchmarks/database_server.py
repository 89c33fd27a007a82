"""Starts the PostgreSQL of the benchmarks, which waits for its disk as in production, and measures its CPU."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from benchmarks.server import TICKS


class PostgresSite:
    """A running PostgreSQL with databases that are empty or migrated."""

    def __init__(self, server: Any, stack: ExitStack, *, is_own: bool) -> None:
        self._server, self._stack = server, stack
        with psycopg.connect(plain(self.database()), autocommit=True) as conn:
            if is_own:
                conn.execute("ALTER SYSTEM SET fsync = on")  # the tests turn it off
                conn.execute("SELECT pg_reload_conf()")
            row = conn.execute("SELECT pg_backend_pid()").fetchone()
            self._postmaster = _parent(row[0]) if row else None

    def database(self, *, is_migrated: bool = True) -> str:
        """The URL of a new database."""
        url: str = self._stack.enter_context(self._server.database(is_migrated=is_migrated))
        return url

    def cpu(self) -> float:
        """Seconds of CPU that the server and its sessions used so far; 0 on another machine."""
        total = 0
        for stat in Path("/proc").glob("[0-9]*/stat") if self._postmaster else ():
            try:
                pid, fields = stat.parent.name, stat.read_text().rpartition(")")[2].split()
            except OSError:  # it has ended
                continue
            if int(pid) == self._postmaster:
                total += sum(map(int, fields[11:15]))  # with those of sessions that have ended
            elif int(fields[1]) == self._postmaster:
                total += sum(map(int, fields[11:13]))
        return total / TICKS


@asynccontextmanager
async def postgres_site() -> AsyncIterator[PostgresSite]:
    """The server that ``ORCHESTRATOR_TEST_DATABASE_URL`` names, or the tests' own, with fsync: the disk counts."""
    sys.path.append(str(Path(__file__).parent.parent / "tests"))
    from support.database import URL_VARIABLE, postgres_server

    with ExitStack() as stack:
        # In a thread: it migrates a database in an event loop of its own.
        server = await asyncio.to_thread(stack.enter_context, postgres_server())
        yield PostgresSite(server, stack, is_own=URL_VARIABLE not in os.environ)


def plain(url: str) -> str:
    """The URL as psycopg itself reads it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def session_seconds(url: str) -> Callable[[], float]:
    """A function that reads the seconds of CPU of all sessions of the server so far; 0 on another machine.

    It reads them to the microsecond, which `PostgresSite.cpu` does not: for the cost of a single request.
    """
    with psycopg.connect(plain(url)) as conn:
        row = conn.execute("SELECT pg_backend_pid()").fetchone()
    postmaster = _parent(row[0]) if row else None
    if postmaster is None:
        return lambda: 0.0
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children")

    def seconds() -> float:
        total = 0
        for pid in children.read_text().split():
            try:
                total += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
            except OSError:  # it has ended
                continue
        return total / 1e9

    return seconds


def _parent(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None
