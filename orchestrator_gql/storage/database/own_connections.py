"""Connections of psycopg whose sessions no forked child keeps, also if it is forked while they are opened.

Until a connection is open, only libpq knows it. A process that another thread forks meanwhile has a copy that nobody
finds, and would keep the session, with its locks, after the server has ended. So the server closes such a connection,
which ends the session in spite of the copy, and opens another connection.
"""

from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from orchestrator_gql.storage.database.postgres import keep_own
from orchestrator_gql.utils.forks import count_forks, has_forked

TRIES = 10
"""A server that forks all the time takes the last of so many connections as it is."""

THRESHOLD = "prepare_threshold"
"""An argument of psycopg in the URL: ``none`` for a pooler that cannot keep prepared statements."""

FORMAT = "-c datestyle=ISO -c standard_conforming_strings=on -c extra_float_digits=1"
"""The only dates that psycopg reads, the only bytes that it writes, and all digits of floats, whatever the defaults of
the database are."""


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
            keep_own(connection)
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
        keep_own(connection)
        if not has_forked(forks) or not left:
            break
        connection.close()
    return connection
