"""Statements for PostgreSQL past SQLAlchemy: several in one round trip, and the writes of a unit in one statement.

A round trip takes longer than the work that PostgreSQL does in it. So a write waits until its table is read, or until
somebody opens a savepoint or commits; all writes that wait become one statement. The COMMIT is sent together with them
only for a unit that finds out by itself whether it was committed: if the connection is lost then, nobody knows.

Two statements of one round trip still have a snapshot each, so the second one sees what changed while the first one
waited for a lock. The parts of *one* statement have the same snapshot, and none sees the rows of another: so a write to
a table, or one that reads a table, for which another write waits is sent in the next statement, unless both are the
same insert, or the same change of two different rows.

Reads that a unit will certainly make can be executed ahead, in the round trip of an earlier statement: behind the lock
that protects their rows. And a condition, such as that the engine runs, may travel with the writes that depend on it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.util import await_only

from orchestrator_gql.storage.database import row_arrays
from orchestrator_gql.storage.database.link import Link, Parameters, Result, Statement
from orchestrator_gql.storage.database.writes import MOST_ROWS, ROWS, Refusal, Template, Write, combined, demand_changes

if TYPE_CHECKING:
    from psycopg import AsyncConnection

DIVISION_BY_ZERO = "22012"
"""The SQLSTATE by which the database itself refuses a write or a condition."""

PIPELINE = "orchestrator.pipeline"
"""The key of the pipeline in ``Connection.info``."""

Executed: TypeAlias = tuple[Template, Parameters]
"""A statement with its parameters."""


def _key(template: Template, parameters: Parameters) -> tuple[Template, tuple[Any, ...]]:
    return template, tuple(parameters)


@dataclass(frozen=True, slots=True)
class _Condition:
    """Statements that are sent before the next statement, and what raises if the last of them shows a refusal; None if
    the statement itself fails then."""

    statements: list[Statement]
    demand: Callable[[Result], None] | None


class Pipeline:
    """The statements of one connection that go past SQLAlchemy."""

    def __init__(self, connection: "AsyncConnection[Any]") -> None:
        self._connection = connection
        self._link = Link(connection)
        self._waiting: list[Write] = []
        self._conditions: list[_Condition] = []
        self._ahead: dict[tuple[Template, tuple[Any, ...]], Result] = {}
        self._begin = ""
        self._kept: list[Write] | None = None
        self._has_new = False
        self._is_undoable = True

    def begin(self, command: str) -> None:
        """Begin a transaction with the next statement, in the same round trip; `end` ends it."""
        self.clear()
        self._begin = command

    def end(self, conn: Connection, command: str) -> None:
        """End the transaction that `begin` began, if it had a statement."""
        self.clear()
        self._begin = ""
        if not self._link.is_idle:
            self._sent(conn, [(command, ())])

    def end_with_writes(self, conn: Connection, commit: str) -> None:
        """Send the waiting writes and the COMMIT in one round trip, and the BEGIN if it is due. A refused write fails
        in the database, which then refuses the COMMIT."""
        if not self._is_joinable:
            self.flush(conn)
        writes = self._take()
        if writes or not self._link.is_idle:
            statements = [combined(writes, raises=True)] if writes else []
            try:
                self._sent(conn, [*statements, (commit, ())])
            except DBAPIError as error:
                refusal = next((write.refusal for write in writes if write.refusal is not None), None)
                if refusal is not None and getattr(error.orig, "sqlstate", None) == DIVISION_BY_ZERO:
                    raise refusal from error
                raise
        self.clear()
        self._begin = ""

    @property
    def _is_joinable(self) -> bool:
        """True if the database itself knows whether something that waits is refused."""
        is_counted = any(write.refusal is not None and len(write.rows) > 1 for write in self._waiting)
        return not is_counted and all(condition.demand is None for condition in self._conditions)

    def demand_intact(self, conn: Connection) -> None:
        """Raise PostgreSQL's error if a statement failed and the unit went on: a COMMIT would undo all silently."""
        if self._link.is_failed:
            self._sent(conn, [("SELECT 1", ())])

    def end_soon(self) -> None:
        """As `end`, for a transaction that only read: nobody waits for its end."""
        self.clear()
        self._begin = ""
        if not self._link.is_idle:
            self._link.post(b"COMMIT")

    def make_ready(self, conn: Connection) -> None:
        """Send the waiting writes, and a BEGIN that is due: a statement of SQLAlchemy follows."""
        self._ahead.clear()  # the statement may write what they read
        self.flush(conn)
        self._is_undoable = False  # it may write
        if self._begin or self._link.owes:
            self._sent(conn, [])

    def write(self, conn: Connection, template: Template, rows: Sequence[Parameters], refusal: Refusal | None) -> None:
        """Write the rows before the next read, savepoint or COMMIT. Raises ``refusal`` then if no row changed."""
        self._demand_transaction(conn)
        self._has_new = True
        fits = len(rows) > ROWS and row_arrays.characters_of(rows) <= row_arrays.MOST_CHARACTERS
        most = MOST_ROWS if fits else ROWS
        for begin in range(0, len(rows), most):
            self._add(conn, Write(template, list(rows[begin : begin + most]), refusal))

    def is_waiting(self, table: str) -> bool:
        """True if a write of the table waits."""
        return any(write.template.table == table for write in self._waiting)

    def overwrite(self, over: Template, key: tuple[Any, ...], make: Callable[[Mapping[str, Any]], Executed]) -> bool:
        """Replace the write of a row by a later write of it, if it still waits; False if it does not.

        ``over`` and ``key`` name the write. ``make`` gets its parameters and makes the later one, which must do what
        both would do one after the other.
        """
        for at, write in enumerate(self._waiting):
            place = write.place_of(over, key)
            if place is None:
                continue
            template, row = make(dict(zip(over.names, write.rows[place], strict=True)))
            if template is over:
                write.rows[place] = row
            elif len(write.rows) == 1:
                self._waiting[at] = Write(template, [row], write.refusal)
            else:
                return False
            self._has_new = True
            return True
        return False

    def protect(self) -> None:
        """Let `undo` forget what is written from now on, and nothing that was written before."""
        self._kept = [write.copy() for write in self._waiting]
        self._has_new, self._is_undoable = False, True

    def undo(self) -> bool:
        """Forget what was written since `protect`. False if some of it was sent, or if something was refused: then only
        a rollback undoes it."""
        if self._kept is not None:
            self._waiting, self._kept = self._kept, None
        return self._is_undoable and not self._link.is_failed

    def _add(self, conn: Connection, write: Write) -> None:
        self._forget_ahead(write.template)
        for waiting in self._waiting:
            if waiting.template.table not in write.template.words:  # neither written nor read by it
                continue
            if waiting.takes(write):
                return
            self.flush(conn)
            break
        self._waiting.append(write)

    def run(self, conn: Connection, statements: Sequence[Executed], ahead: Sequence[Executed] = ()) -> list[Result]:
        """Send the statements in one round trip, behind the waiting writes if they write what is read; the results.

        A statement that writes is always behind them: its rows may refer to theirs. The reads ``ahead`` are sent behind
        the statements; each of them is then the result of the next equal statement, unless its table is written first.
        """
        if len(statements) == 1 and (known := self._ahead.pop(_key(*statements[0]), None)) is not None:
            return [known]
        for template, _ in statements:
            self._forget_ahead(template)
        is_concerned = any(
            template.table is not None or write.template.table in template.words
            for write in self._waiting
            for template, _ in (*statements, *ahead)
        )
        writes = self._take() if is_concerned else []
        if any(template.table is not None for template, _ in statements):
            self._is_undoable = False
        texts: list[Statement] = [(template.alone, parameters) for template, parameters in (*statements, *ahead)]
        results = self._sent(conn, [combined(writes), *texts] if writes else texts)
        if writes:
            self._demand_each(results.pop(0), writes)
        self._ahead.update(zip((_key(*read) for read in ahead), results[len(statements) :], strict=True))
        return results[: len(statements)]

    def keep_ahead(self, read: Executed, result: Result) -> None:
        """Let the result be that of the next equal statement, as if the read had been sent ahead."""
        self._ahead[_key(*read)] = result

    def run_current(self, conn: Connection, ahead: Sequence[Executed]) -> None:
        """As `run`, before the transaction that is due: each read is a transaction of its own."""
        begin, self._begin = self._begin, ""
        try:
            self.run(conn, [], ahead)
        finally:  # a unit that goes on after an error still reads in its transaction
            self._begin = begin

    def demand(self, conn: Connection, statements: Sequence[Executed], demand: Callable[[Result], None] | None) -> None:
        """Send the statements before the next one, in its round trip, and before the COMMIT at the latest.

        ``demand`` gets the result of the last of them and may raise: nothing that the caller wrote is committed then.
        It is None if the last statement itself fails instead.
        """
        self._demand_transaction(conn)
        if self._waiting:  # they would be sent behind the statements
            self.flush(conn)
        self._conditions.append(_Condition([(template.alone, values) for template, values in statements], demand))

    def flush(self, conn: Connection) -> None:
        """Send the waiting writes and the conditions."""
        if self._waiting:
            writes = self._take()
            self._demand_each(self._sent(conn, [combined(writes)])[0], writes)
        elif self._conditions:
            self._sent(conn, [])

    def _demand_each(self, result: Result, writes: Sequence[Write]) -> None:
        is_undoable, self._is_undoable = self._is_undoable, False  # a refused write may be older than `protect`
        demand_changes(result, writes)
        self._is_undoable = is_undoable

    def clear(self) -> None:
        """Forget what waits and what was read ahead: the transaction, or a savepoint of it, ends."""
        self._waiting.clear()
        self._kept = None
        self._conditions.clear()
        self._ahead.clear()
        self._link.do_meanwhile(None)

    def _forget_ahead(self, template: Template) -> None:
        """Forget the rows of the tables that the statement writes."""
        if self._ahead and template.table is not None:
            written = template.cascades | {template.table}
            self._ahead = {key: rows for key, rows in self._ahead.items() if written.isdisjoint(key[0].words)}

    def _take(self) -> list[Write]:
        """The waiting writes. They do not wait any more: after an error they must not be sent."""
        taken, self._waiting = self._waiting, []
        self._is_undoable = self._is_undoable and not (taken and self._has_new)
        self._kept = None if self._kept is None else []
        return taken

    def _sent(self, conn: Connection, statements: Sequence[Statement]) -> list[Result]:
        self._demand_transaction(conn)
        is_undoable, self._is_undoable = self._is_undoable, False  # what fails may be older than `protect`
        conditions, self._conditions = self._conditions, []
        first = [statement for condition in conditions for statement in condition.statements]
        try:
            results = self._send([*first, *statements])
        except BaseException as error:  # as SQLAlchemy does for its own statements
            conn._handle_dbapi_exception(error, statements[0][0] if statements else "BEGIN", None, None, None)
            raise AssertionError("SQLAlchemy raised") from error
        for condition in conditions:
            of_condition, results = results[: len(condition.statements)], results[len(condition.statements) :]
            if condition.demand is not None:
                condition.demand(of_condition[-1])
        self._is_undoable = is_undoable
        return results

    def _demand_transaction(self, conn: Connection) -> None:
        """If SQLAlchemy ends the transaction, it must know that the transaction began."""
        if not self._connection.autocommit and not conn.in_transaction():
            conn.begin()

    def meanwhile(self, work: Callable[[], object] | None) -> None:
        """Do the work during the next round trip, see `Link.do_meanwhile`."""
        self._link.do_meanwhile(work)

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


def is_write_waiting(conn: Connection, table: str) -> bool:
    """True if a write of the table waits on the connection."""
    pipeline = conn.info.get(PIPELINE)
    return pipeline is not None and pipeline.is_waiting(table)
