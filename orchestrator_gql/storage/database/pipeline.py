"""Statements for PostgreSQL past SQLAlchemy: several in one round trip, and the writes of a unit in one statement.

A round trip takes longer than the work that PostgreSQL does in it. So a write waits until its table is read, or until
somebody opens a savepoint or commits; all writes that wait become one statement. The COMMIT is never sent together with
a write: if the connection is lost then, nobody would know whether the write failed or was committed.

Two statements of one round trip still have a snapshot each, so the second one sees what changed while the first one
waited for a lock. The parts of *one* statement have the same snapshot, and none sees the rows of another: so a write to
a table, or one that reads a table, for which another write waits is sent in the next statement, unless both are the
same insert, or the same change of two different rows.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.util import await_only

from orchestrator_gql.storage.database import row_arrays
from orchestrator_gql.storage.database.link import Link, Parameters, Result, Statement

if TYPE_CHECKING:
    from psycopg import AsyncConnection

PIPELINE = "orchestrator.pipeline"
"""The key of the pipeline in ``Connection.info``."""

_WORD = re.compile(r"\w+")
_PARAMETER = re.compile(r"%\((\w+)\)s")

ROWS = 8
"""Rows of an insert that have parameters of their own: every number of rows is another statement to prepare. The rows
of a longer insert come from arrays."""

MOST_ROWS = 1_000
"""Rows of one write from arrays."""

Refusal: TypeAlias = type[Exception] | Exception

_TO_TEXT: dict[type, Callable[[Any], Any]] = {
    type(None): lambda value: value,
    str: lambda value: value,
    bytes: lambda value: value,
    int: str,
    bool: lambda value: "t" if value else "f",
    UUID: lambda value: value.hex,
    datetime: datetime.isoformat,
    float: repr,
}
"""Values as text: the types of a statement are then the same for all values, so that it is prepared only once."""


def as_text(value: Any) -> Any:
    """The value as PostgreSQL reads it from text."""
    convert = _TO_TEXT.get(type(value))
    return value if convert is None else convert(value)


@dataclass(frozen=True, eq=False)
class Template:
    """The SQL of a statement for one dialect; its parameters are written ``%(name)s``.

    ``table`` is the table that it writes, None for a read. Of a statement that ``only_adds`` rows, several become one;
    so do several with a different ``key``: the parameters that name the row which the statement writes.
    """

    sql: str
    table: str | None = None
    only_adds: bool = False
    key: tuple[str, ...] = ()

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of the SQL; the names of its tables are among them."""
        return frozenset(_WORD.findall(self.sql))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters, in the order of the text."""
        return tuple(_PARAMETER.findall(self.sql))

    @cached_property
    def alone(self) -> str:
        """The SQL for one row; its parameters are the numbers from 1."""
        return self.numbered(1)

    def numbered(self, first: int, rows: int = 1) -> str:
        """The SQL for that number of rows; its parameters are the numbers from ``first``."""
        head, row, tail = self._parts if rows > 1 else (self.sql, "", "")
        number = first - 1

        def following(_: re.Match[str]) -> str:
            nonlocal number
            number += 1
            return f"${number}"

        text = head + ", ".join([row] * rows if row else []) + tail
        return _PARAMETER.sub(following, text).replace("%%", "%")

    @cached_property
    def columns(self) -> dict[str, int]:
        """The different parameters, and for each its first place in ``names``."""
        return {name: self.names.index(name) for name in self.names}

    @cached_property
    def is_insert(self) -> bool:
        """True for an insert of values."""
        return self.sql.startswith("INSERT") and " VALUES (" in self.sql

    def of_arrays(self, first: int) -> str:
        """The SQL for any number of rows; see `row_arrays`. Its parameters are one array for each of the columns."""
        columns = list(self.columns)
        text = (
            row_arrays.insert_of(*self._parts, columns, first)
            if self.is_insert
            else row_arrays.change_of(self.sql, columns, first)
        )
        return text.replace("%%", "%")

    def key_of(self, row: Parameters) -> tuple[Any, ...]:
        """The values that name the row which the statement writes with these parameters."""
        return tuple(row[self.columns[name]] for name in self.key)

    @cached_property
    def _parts(self) -> tuple[str, str, str]:
        """The SQL before the row of an insert, the row, and the SQL behind it."""
        begin = self.sql.index(" VALUES (") + len(" VALUES ")
        depth = 0
        for end in range(begin, len(self.sql)):
            depth += {"(": 1, ")": -1}.get(self.sql[end], 0)
            if depth == 0:
                return self.sql[:begin], self.sql[begin : end + 1], self.sql[end + 1 :]
        raise ValueError(f"no insert of a row: {self.sql}")


@dataclass(slots=True)
class _Write:
    """A write that waits; it raises ``refusal`` if it changes fewer rows than it has."""

    template: Template
    rows: list[Parameters]
    refusal: Refusal | None = None
    _keys: set[tuple[Any, ...]] = field(default_factory=set)
    _measured: int = 0
    _characters: int = 0

    @property
    def has_arrays(self) -> bool:
        """True if the values of the rows are sent as arrays."""
        return len(self.rows) > (ROWS if self.template.is_insert else 1)

    @property
    def values(self) -> list[Any]:
        """The parameters of the statement."""
        if not self.has_arrays:
            return [value for row in self.rows for value in row]
        return [row_arrays.array_of(row[place] for row in self.rows) for place in self.template.columns.values()]

    def takes(self, other: "_Write") -> bool:
        """True if the rows of the other write were added to this statement."""
        template, number = self.template, len(self.rows) + len(other.rows)
        if template is not other.template or self.refusal is not other.refusal or number > MOST_ROWS:
            return False
        if template.only_adds and number <= ROWS:
            self.rows += other.rows
            return True
        if not (template.only_adds or template.key):
            return False
        self._measure()
        keys = set(map(template.key_of, other.rows))
        characters = self._characters + row_arrays.characters_of(other.rows)
        if characters > row_arrays.MOST_CHARACTERS or (template.key and not self._keys.isdisjoint(keys)):
            return False
        self.rows += other.rows
        self._keys |= keys
        self._measured, self._characters = number, characters
        return True

    def _measure(self) -> None:
        new = self.rows[self._measured :]
        self._measured = len(self.rows)
        self._characters += row_arrays.characters_of(new)
        self._keys.update(map(self.template.key_of, new))


class Pipeline:
    """The statements of one connection that go past SQLAlchemy."""

    def __init__(self, connection: "AsyncConnection[Any]") -> None:
        self._connection = connection
        self._link = Link(connection)
        self._waiting: list[_Write] = []
        self._begin = ""

    def begin(self, command: str) -> None:
        """Begin a transaction with the next statement, in the same round trip; `end` ends it."""
        self._begin = command

    def end(self, conn: Connection, command: str) -> None:
        """End the transaction that `begin` began, if it had a statement."""
        self._waiting.clear()
        self._begin = ""
        if not self._link.is_idle:
            self._sent(conn, [(command, ())])

    def demand_intact(self, conn: Connection) -> None:
        """Raise PostgreSQL's error if a statement failed and the unit went on: a COMMIT would undo all silently."""
        if self._link.is_failed:
            self._sent(conn, [("SELECT 1", ())])

    def end_soon(self) -> None:
        """As `end`, for a transaction that only read: nobody waits for its end."""
        self._begin = ""
        if not self._link.is_idle:
            self._link.post(b"COMMIT")

    def make_ready(self, conn: Connection) -> None:
        """Send the waiting writes, and a BEGIN that is due: a statement of SQLAlchemy follows."""
        self.flush(conn)
        if self._begin or self._link.owes:
            self._sent(conn, [])

    def write(self, conn: Connection, template: Template, rows: Sequence[Parameters], refusal: Refusal | None) -> None:
        """Write the rows before the next read, savepoint or COMMIT. Raises ``refusal`` then if no row changed."""
        self._demand_transaction(conn)
        fits = len(rows) > ROWS and row_arrays.characters_of(rows) <= row_arrays.MOST_CHARACTERS
        most = MOST_ROWS if fits else ROWS
        for begin in range(0, len(rows), most):
            self._add(conn, _Write(template, list(rows[begin : begin + most]), refusal))

    def _add(self, conn: Connection, write: _Write) -> None:
        for waiting in self._waiting:
            if waiting.template.table not in write.template.words:  # neither written nor read by it
                continue
            if waiting.takes(write):
                return
            self.flush(conn)
            break
        self._waiting.append(write)

    def run(self, conn: Connection, statements: Sequence[tuple[Template, Parameters]]) -> list[Result]:
        """Send the statements in one round trip, behind the waiting writes if they write what is read; the results.

        A statement that writes is always behind them: its rows may refer to theirs.
        """
        is_concerned = any(
            template.table is not None or write.template.table in template.words
            for write in self._waiting
            for template, _ in statements
        )
        writes = self._take() if is_concerned else []
        texts: list[Statement] = [(template.alone, parameters) for template, parameters in statements]
        if not writes:
            return self._sent(conn, texts)
        results = self._sent(conn, [_combined(writes), *texts])
        _demand_changes(results[0], writes)
        return results[1:]

    def flush(self, conn: Connection) -> None:
        """Send the waiting writes."""
        if self._waiting:
            writes = self._take()
            _demand_changes(self._sent(conn, [_combined(writes)])[0], writes)

    def clear(self) -> None:
        """Forget the waiting writes: their transaction, or their savepoint, is rolled back."""
        self._waiting.clear()

    def _take(self) -> list[_Write]:
        """The waiting writes. They do not wait any more: after an error they must not be sent."""
        taken, self._waiting = self._waiting, []
        return taken

    def _sent(self, conn: Connection, statements: Sequence[Statement]) -> list[Result]:
        self._demand_transaction(conn)
        try:
            return self._send(statements)
        except BaseException as error:  # as SQLAlchemy does for its own statements
            conn._handle_dbapi_exception(error, statements[0][0] if statements else "BEGIN", None, None, None)
        raise AssertionError("SQLAlchemy raised")

    def _demand_transaction(self, conn: Connection) -> None:
        """If SQLAlchemy ends the transaction, it must know that the transaction began."""
        if not self._connection.autocommit and not conn.in_transaction():
            conn.begin()

    def _send(self, statements: Sequence[Statement]) -> list[Result]:
        begin = self._begin
        if not begin and not self._connection.autocommit and self._link.is_idle:
            begin = "BEGIN"  # psycopg would begin now, and will end the transaction
        if not begin:
            return await_only(self._link.run(statements))
        try:
            return await_only(self._link.run([(begin, ()), *statements]))[1:]
        finally:
            if not self._link.is_idle:  # else nothing has begun, and the next statement begins
                self._begin = ""


def pipeline_of(conn: Connection) -> Pipeline | None:
    """The pipeline of the connection; None for SQLite, and for connections of threads."""
    found: Pipeline | None = conn.info.get(PIPELINE)
    return found


def demand_pipeline(conn: Connection) -> Pipeline:
    """The pipeline of a connection of `PostgresDatabase`."""
    pipeline = pipeline_of(conn)
    assert pipeline is not None, "each of its connections has a pipeline"
    return pipeline


def give_pipeline(info: dict[Any, Any], connection: "AsyncConnection[Any]") -> None:
    """Give a new connection its pipeline; ``info`` is what SQLAlchemy keeps with the connection."""
    info[PIPELINE] = Pipeline(connection)


def flush(conn: Connection, *_: object) -> None:
    """Send the waiting writes of the connection, if there are any."""
    pipeline = pipeline_of(conn)
    if pipeline is not None:
        pipeline.flush(conn)


def make_ready(conn: Connection, *_: object) -> None:
    """Prepare the connection for a statement of SQLAlchemy, see `Pipeline.make_ready`."""
    pipeline = pipeline_of(conn)
    if pipeline is not None:
        pipeline.make_ready(conn)


@contextmanager
def savepoint(conn: Connection) -> Iterator[None]:
    """A block that is undone alone if it fails. Its writes are sent in it: an error at the release of a savepoint would
    not roll back to it."""
    with conn.begin_nested():
        yield
        flush(conn)


def clear(conn: Connection, *_: object) -> None:
    """Forget the waiting writes of the connection."""
    pipeline = pipeline_of(conn) if not conn.invalidated and not conn.closed else None
    if pipeline is not None:
        pipeline.clear()


def _combined(writes: Sequence[_Write]) -> tuple[str, Parameters]:
    """One statement for all the writes. Its result has, for each write with a refusal, the number of changed rows."""
    shape = tuple(
        (write.template, 0 if write.has_arrays else len(write.rows), write.refusal is not None) for write in writes
    )
    return _sql_of(shape), [value for write in writes for value in write.values]


@lru_cache(maxsize=1024)
def _sql_of(shape: tuple[tuple[Template, int, bool], ...]) -> str:
    """The SQL for writes with these numbers of rows; the rows come from arrays if the number is 0."""
    first, parts, counts = 1, [], []
    for place, (template, rows, is_counted) in enumerate(shape):
        sql = template.numbered(first, rows) if rows else template.of_arrays(first)
        first += len(template.names) * rows or len(template.columns)
        if is_counted:
            sql += " RETURNING 1"
            counts.append(f"(SELECT count(*) FROM w{place})")  # noqa: S608 - a number
        parts.append(sql)
    if len(parts) == 1 and not counts:
        return parts[0]
    names = ", ".join(f"w{place} AS ({sql})" for place, sql in enumerate(parts))
    return f"WITH {names} SELECT {', '.join(counts) or '1'}"


def _demand_changes(result: Result, writes: Sequence[_Write]) -> None:
    refusals = [(len(write.rows), write.refusal) for write in writes if write.refusal is not None]
    if not refusals:
        return
    for count, (rows, refusal) in zip(result.rows[0], refusals, strict=True):
        if count < rows:
            raise refusal
