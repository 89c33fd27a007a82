"""Connections of psycopg whose sessions no forked child keeps, also if it is forked while they are opened.

Until a connection is open, only libpq knows it. A process that another thread forks meanwhile has a copy that nobody
finds, and would keep the session, with its locks, after the server has ended. So the server closes such a connection,
which ends the session in spite of the copy, and opens another connection.
"""

from typing import Any

import psycopg

from orchestrator_gql.storage.database.postgres import keep_own
from orchestrator_gql.utils.forks import count_forks

TRIES = 10
"""A server that forks all the time takes the last of so many connections as it is."""


class OwnConnection(psycopg.AsyncConnection[Any]):
    """A connection in asyncio."""

    @classmethod
    async def connect(cls, conninfo: str = "", **options: Any) -> "OwnConnection":
        """See `psycopg.AsyncConnection.connect`."""
        for left in reversed(range(TRIES)):
            forks = count_forks()
            connection = await super().connect(conninfo, **options)
            keep_own(connection)
            if count_forks() == forks or not left:
                break
            await connection.close()
        return connection


def connect_own(**options: Any) -> "psycopg.Connection[Any]":
    """A connection for threads; see `psycopg.connect`."""
    for left in reversed(range(TRIES)):
        forks = count_forks()
        connection = psycopg.connect(**options)
        keep_own(connection)
        if count_forks() == forks or not left:
            break
        connection.close()
    return connection
