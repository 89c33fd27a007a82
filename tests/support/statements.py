"""Counts the statements that a test's servers send to their database, below every library."""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, groupby
from pathlib import Path
from typing import Any, TextIO

import psycopg
import pytest
from psycopg.pq import Trace

_MESSAGE = re.compile(r"^(?=[FB]\t\d+\t)", re.MULTILINE)
_PARSED = re.compile(r'F\t\d+\tParse\t "(\w*)" "(.*)" \d', re.DOTALL)
_BOUND = re.compile(r'F\t\d+\tBind\t "\w*" "(\w*)"')
_QUERY = re.compile(r'F\t\d+\tQuery\t "(.*)"', re.DOTALL)
_SYNC = re.compile(r"F\t\d+\tSync")

_KINDS = (
    ("procrastinate", "queue"),
    ("pg_notify", "notify"),
    ("LISTEN", "notify"),
    ("pg_advisory", "lock"),
)
_TABLE = re.compile(r'(?:FROM|INTO|UPDATE) "?([a-z_]+)')


@dataclass(slots=True)
class _Connection:
    """The file to which libpq writes all messages of a connection, and the statements that it has prepared."""

    path: Path
    file: TextIO
    read: int = 0
    prepared: dict[str, str] = field(default_factory=dict)


class Statements:
    """The statements that were sent since `reset`, in order per connection."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names = count()
        self._connections: list[_Connection] = []
        self._sqlite: list[str] = []
        self.round_trips = 0
        """How often a server waited for PostgreSQL, as far as `taken` has read."""

    def trace(self, connection: Any) -> None:
        """Trace the connection of psycopg."""
        path = self._folder / f"connection-{next(self._names)}.trace"
        file = path.open("w")
        connection.pgconn.trace(file.fileno())
        connection.pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
        self._connections.append(_Connection(path, file))

    def trace_sqlite(self, connection: sqlite3.Connection) -> None:
        """Trace the connection of sqlite3."""
        connection.set_trace_callback(self._sqlite.append)

    def taken(self) -> list[str]:
        """The statements since the last call."""
        taken = [statement for connection in self._connections for statement in self._of(connection)]
        own = (statement for statement in self._sqlite if not statement.startswith("--"))  # those are of triggers
        taken += [statement for statement, _ in groupby(own)]  # SQLite names a statement again for each of its triggers
        self._sqlite.clear()
        return taken

    def _of(self, connection: _Connection) -> Iterator[str]:
        text = connection.path.read_text(errors="replace")
        new, connection.read = text[connection.read :], len(text)
        for line in _MESSAGE.split(new):
            if parsed := _PARSED.match(line):
                connection.prepared[parsed[1]] = parsed[2]
            elif bound := _BOUND.match(line):
                yield connection.prepared.get(bound[1], "?")
            elif query := _QUERY.match(line):
                self.round_trips += 1
                yield query[1]
            elif _SYNC.match(line):
                self.round_trips += 1

    def close(self) -> None:
        """Close the files."""
        for connection in self._connections:
            connection.file.close()


def by_kind(statements: list[str]) -> Counter[str]:
    """The number of the statements by what they are for."""
    return Counter(map(kind_of, statements))


def kind_of(statement: str) -> str:
    """BEGIN, COMMIT and the like, what the statement is for, or its verb with its first table."""
    for part, kind in _KINDS:
        if part in statement:
            return kind
    words = statement.split()
    verb = words[0].upper() if words else "is the connection alive?"
    if verb == "WITH":
        return f"WITH {' '.join(dict.fromkeys(_TABLE.findall(' '.join(words))))}"
    table = _TABLE.search(" ".join(words)) if verb in ("SELECT", "INSERT", "UPDATE", "DELETE") else None
    return f"{verb} {table[1]}" if table else verb


@contextmanager
def counted(folder: Path) -> Iterator[Statements]:
    """Count the statements of all connections that are opened in the block."""
    statements = Statements(folder)
    connect_async, connect_sync, connect_file = (
        psycopg.AsyncConnection.connect,
        psycopg.Connection.connect,
        sqlite3.connect,
    )

    async def opened(*arguments: Any, **options: Any) -> Any:
        connection = await connect_async(*arguments, **options)
        statements.trace(connection)
        return connection

    def opened_here(*arguments: Any, **options: Any) -> Any:
        connection = connect_sync(*arguments, **options)
        statements.trace(connection)
        return connection

    def opened_file(*arguments: Any, **options: Any) -> Any:
        connection = connect_file(*arguments, **options)
        statements.trace_sqlite(connection)
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.AsyncConnection, "connect", opened)
        patch.setattr(psycopg.Connection, "connect", opened_here)
        patch.setattr(sqlite3, "connect", opened_file)
        patch.setattr(sqlite3.dbapi2, "connect", opened_file)
        try:
            yield statements
        finally:
            statements.close()
