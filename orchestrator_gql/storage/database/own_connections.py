"""Connections of psycopg whose sessions no forked child keeps, also if it is forked while they are opened.

Until a connection is open, only libpq knows it. A process that another thread forks meanwhile has a copy that nobody
finds, and would keep the session, with its locks, after the server has ended. So the server closes such a connection,
which ends the session in spite of the copy, and opens another connection.
"""

import os
from collections.abc import Iterator
from typing import Any
from weakref import WeakSet

import psycopg
from psycopg.conninfo import conninfo_to_dict

from orchestrator_gql.utils.forks import count_forks, has_forked, keep_from_children

TRIES = 10
"""A server that forks all the time takes the last of so many connections as it is."""

THRESHOLD = "prepare_threshold"
"""An argument of psycopg in the URL: ``none`` for a pooler that cannot keep prepared statements."""

FORMAT = "-c datestyle=ISO -c standard_conforming_strings=on -c extra_float_digits=1"
"""The only dates that psycopg reads, the only bytes that it writes, and all digits of floats, whatever the defaults of
the database are."""


_connections: "WeakSet[Any]" = WeakSet()
"""All connections of psycopg in this process."""


def _keep_own(connection: Any) -> None:
    """Keep a new connection of psycopg to this process: a forked child that holds it also holds the session and its
    locks, and ends the session when it exits."""
    _connections.add(connection)


def _descriptors() -> Iterator[int]:
    return (connection.fileno() for connection in list(_connections) if not connection.closed)


def _begin() -> None:
    """A process, which may be a fork of a process that had imported this module, has no connection yet."""
    _connections.clear()
    keep_from_children(_descriptors)


_begin()
os.register_at_fork(after_in_child=_begin)


def _complete(conninfo: str, options: dict[str, Any]) -> dict[str, Any]:
    """The options, with what each connection needs whatever the environment and the database say."""
    further = options.get("options") or conninfo_to_dict(conninfo).get("options") or ""
    completed = {**options, "client_encoding": "utf8", "options": f"{further} {FORMAT}".strip()}
    if isinstance(threshold := options.get(THRESHOLD), str):
        completed[THRESHOLD] = int(threshold) if threshold.isdecimal() else None
    return completed


class OwnConnection(psycopg.AsyncConnection[Any]):
    """A connection in asyncio."""

    @classmethod
    async def connect(cls, conninfo: str = "", **options: Any) -> "OwnConnection":
        """See `psycopg.AsyncConnection.connect`."""
        options = _complete(conninfo, options)
        for left in reversed(range(TRIES)):
            forks = count_forks()
            connection = await super().connect(conninfo, **options)
            _keep_own(connection)
            if not has_forked(forks) or not left:
                break
            await connection.close()
        return connection


def connect_own(conninfo: str = "", **options: Any) -> "psycopg.Connection[Any]":
    """A connection for threads; see `psycopg.connect`."""
    options = _complete(conninfo, options)
    for left in reversed(range(TRIES)):
        forks = count_forks()
        connection = psycopg.connect(conninfo, **options)
        _keep_own(connection)
        if not has_forked(forks) or not left:
            break
        connection.close()
    return connection
