"""Statements on one connection of psycopg past its cursors: several in one round trip, prepared by us.

A cursor of psycopg costs three times the CPU of libpq itself: it converts the query, makes a pipeline, and adds and
removes its reader for every wait. A link sends text and reads rows with libpq's own functions, and its reader stays
with the event loop. Only the rows are converted by psycopg.

psycopg may use the connection between two statements of the link, so the link always leaves it in libpq's normal mode.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from psycopg import AsyncConnection, Error
    from psycopg.abc import Transformer
    from psycopg.pq.abc import PGresult

PREPARED = 300
"""Statements that a connection keeps prepared. Behind them, statements are parsed each time."""

PREFIX = "orchestrator"
"""The beginning of the names of prepared statements. A digest of the SQL follows: behind a pooler several connections
may share a session, and a name that one connection gave must never execute another statement."""

OFTEN = 2
"""Executions after which a statement is prepared: many are executed once, by one number of rows."""

CANCEL_SECONDS = 5.0
"""Seconds that the server has to end a statement for which nobody waits any more."""

IDLE, ACTIVE, IN_ERROR = 0, 1, 3
"""libpq's status of a connection without a transaction, of one that executes a statement, and of one whose transaction
can only be rolled back."""

TUPLES_OK, BAD_RESPONSE, FATAL_ERROR, PIPELINE_SYNC, PIPELINE_ABORTED = 2, 5, 7, 10, 11
"""libpq's status of a result."""

Parameters: TypeAlias = Sequence[Any]
"""Texts; psycopg writes other values as text."""
Statement: TypeAlias = tuple[str, Parameters]


@dataclass(frozen=True, slots=True)
class Result:
    """The rows of a statement, and how many rows it read or changed."""

    rows: Sequence[Sequence[Any]]
    count: int


@dataclass(slots=True)
class _Known:
    """A statement that was executed: how often, and its name and its conversion of rows if it is prepared."""

    executions: int = 0
    name: bytes = b""
    transformer: "Transformer | None" = None


def name_of(sql: str) -> bytes:
    """The name of the statement if it is prepared."""
    return f"{PREFIX}_{sha256(sql.encode()).hexdigest()[:40]}".encode()


class _Statements:
    """The statements that were executed on a connection, and those that are prepared there."""

    def __init__(self, *, may_prepare: bool) -> None:
        self._known: dict[str, _Known] = {}
        self._left = PREPARED if may_prepare else 0

    def executed(self, sql: str) -> tuple[_Known, bool]:
        """The statement; also returns whether it is to be prepared now."""
        known = self._known.get(sql)
        if known is None:
            known = self._known[sql] = _Known()
            if len(self._known) > 4 * PREPARED:
                self._known = {sql: known for sql, known in self._known.items() if known.name}
        known.executions += 1
        if known.name or known.executions <= OFTEN or not self._left:
            return known, False
        self._left -= 1
        known.name = name_of(sql)
        return known, True

    def failed(self, known: _Known) -> None:
        """The statement could not be prepared; it is tried again."""
        known.name = b""
        self._left += 1


class Link:
    """Sends statements on a connection and reads their results."""

    def __init__(self, connection: "AsyncConnection[Any]") -> None:
        self._connection = connection
        self._pgconn = connection.pgconn
        self._statements = _Statements(may_prepare=connection.prepare_threshold is not None)
        self._waiter: asyncio.Future[None] | None = None
        self._reader: tuple[asyncio.AbstractEventLoop, int] | None = None
        self._owes = False
        self._meanwhile: Callable[[], object] | None = None
        for name in ("wait", "close"):
            setattr(connection, name, self._giving_way(getattr(connection, name)))

    def _giving_way(self, method: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
        """The method of psycopg, which waits with a reader of its own or closes the socket: an event loop has only one
        reader for a socket, and its number may soon belong to another connection."""

        def called(*arguments: Any, **options: Any) -> Coroutine[Any, Any, Any]:
            self._stop_reading()
            return method(*arguments, **options)

        return called

    @property
    def is_idle(self) -> bool:
        """True if no transaction has begun."""
        return self._pgconn.transaction_status == IDLE

    @property
    def is_failed(self) -> bool:
        """True if a statement of the transaction failed: a COMMIT would silently roll it back."""
        return self._pgconn.transaction_status == IN_ERROR

    @property
    def owes(self) -> bool:
        """True if the result of `post` has not been read yet."""
        return self._owes

    def do_meanwhile(self, work: Callable[[], object] | None) -> None:
        """Let the next `run` call ``work`` meanwhile; the caller calls it again for its result or its error."""
        self._meanwhile = work

    async def run(self, statements: Sequence[Statement]) -> list[Result]:
        """Execute the statements in one round trip; their results. Raises psycopg's error of the first that fails."""
        if self._owes:
            await self.settle()
        if self._pgconn.status:
            raise self._lost()
        # Before anything is sent: a value that PostgreSQL cannot have does not cost the connection.
        encoded = [(sql, list(map(self._encoded, parameters))) for sql, parameters in statements]
        self._pgconn.enter_pipeline_mode()
        try:
            sent = [self._send(sql, values) for sql, values in encoded]
            self._pgconn.pipeline_sync()
            if self._meanwhile is not None:
                work, self._meanwhile = self._meanwhile, None
                self._pgconn.flush()
                with suppress(Exception):
                    work()
            results = await self._results(len(sent) + sum(is_new for _, is_new in sent))
        except BaseException:
            await self._abandon()
            raise
        self._pgconn.exit_pipeline_mode()
        return self._read(sent, results)

    def post(self, sql: bytes) -> None:
        """Send a statement whose result nobody needs; the next statement waits for it."""
        if self._pgconn.status or self._owes:
            return
        self._pgconn.send_query(sql)
        self._owes = True
        if self._pgconn.flush():
            self._finish()  # the server reads nothing any more

    async def settle(self) -> None:
        """Read the result of `post`."""
        try:
            while self._owes:
                if not self._read_posted():
                    await self._readable()
        except BaseException:
            self._finish()
            raise

    def _read_posted(self) -> bool:
        while not self._pgconn.is_busy():
            if self._pgconn.get_result() is None:
                self._owes = False
                return True
        return False

    def _send(self, sql: str, values: Sequence[Any]) -> tuple[_Known, bool]:
        """Send the statement; also returns whether it is prepared with this execution."""
        known, is_new = self._statements.executed(sql)
        if is_new:
            self._pgconn.send_prepare(known.name, sql.encode())
        if known.name:
            self._pgconn.send_query_prepared(known.name, values)
        else:
            self._pgconn.send_query_params(sql.encode(), values)
        return known, is_new

    async def _results(self, number: int) -> "list[PGresult]":
        """The results of so many commands, up to the end of the pipeline."""
        pgconn, results = self._pgconn, list["PGresult"]()
        while pgconn.flush():
            await self._writable()
        ends = 0
        while True:
            while pgconn.is_busy():
                await self._received(results)
            result = pgconn.get_result()
            if result is None:
                ends += 1
                if pgconn.status or ends > number + 1:
                    raise self._lost(results)
            elif result.status == PIPELINE_SYNC:
                return results
            else:
                results.append(result)

    def _read(self, sent: Sequence[tuple[_Known, bool]], results: "Sequence[PGresult]") -> list[Result]:
        read: list[Result] = []
        following = iter(results)
        failure: Error | None = None
        for known, is_new in sent:
            if is_new:
                prepared = next(following)
                if prepared.status in (FATAL_ERROR, PIPELINE_ABORTED, BAD_RESPONSE):
                    self._statements.failed(known)
                    failure = failure or self._error(prepared)
            result = next(following)
            if result.status in (FATAL_ERROR, BAD_RESPONSE):
                failure = failure or self._error(result)
            elif failure is None:
                read.append(self._rows(known, result))
        if failure is not None:
            raise failure
        return read

    def _rows(self, known: _Known, result: "PGresult") -> Result:
        if result.status != TUPLES_OK:
            return Result((), result.command_tuples or 0)
        from psycopg.adapt import Transformer

        number, transformer = result.ntuples, known.transformer
        if not number:
            return Result((), 0)
        if transformer is None:
            transformer = Transformer(self._connection)
            transformer.set_pgresult(result)
            if known.name:  # the server returns the same types each time
                known.transformer = transformer
        else:
            transformer.set_pgresult(result, set_loaders=False)
        rows = transformer.load_rows(0, number, tuple)
        transformer.set_pgresult(None, set_loaders=False)
        return Result(rows, number)

    def _encoded(self, value: Any) -> Any:
        """The value as text of the protocol. Raises psycopg's `DataError` for NUL, at which libpq would end a text."""
        if value is None:
            return None
        if type(value) is bytes:
            return b"\\x" + value.hex().encode()
        if type(value) is not str:
            from psycopg.adapt import PyFormat, Transformer

            return Transformer(self._connection).get_dumper(value, PyFormat.TEXT).dump(value)
        if "\0" in value:
            from psycopg import DataError

            raise DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
        return value.encode()

    async def _abandon(self) -> None:
        """Close the connection in the middle of a round trip: nobody knows what the server does meanwhile."""
        self._stop_reading()
        try:
            if self._pgconn.transaction_status == ACTIVE:
                with suppress(Exception):
                    await self._connection.cancel_safe(timeout=CANCEL_SECONDS)
        finally:
            self._finish()

    def _finish(self) -> None:
        self._owes = False
        self._stop_reading()
        self._pgconn.finish()

    async def _received(self, results: "Sequence[PGresult]") -> None:
        """Wait until more of a result has arrived."""
        try:
            await self._readable()
        except Exception as error:
            raise self._lost(results) from error

    def _error(self, result: "PGresult") -> "Error":
        from psycopg.errors import OperationalError, error_from_result

        error = error_from_result(result, self._connection.info.encoding)
        return error if error.sqlstate else OperationalError(str(error))  # by libpq: the connection is lost

    def _lost(self, results: "Sequence[PGresult]" = ()) -> "Error":
        """The error for a lost connection; the first result that is an error has the reason of the server."""
        from psycopg import OperationalError

        for result in results:
            if result.status == FATAL_ERROR:
                return self._error(result)
        try:
            return OperationalError(self._pgconn.get_error_message() or "the connection is lost")
        except OperationalError as error:  # it was closed
            return error

    async def _readable(self) -> None:
        """Wait until something has arrived, and read it. Raises psycopg's `OperationalError`."""
        loop = asyncio.get_running_loop()
        if self._reader is None:
            socket = self._pgconn.socket
            loop.add_reader(socket, self._on_readable)
            self._reader = (loop, socket)
        self._waiter = loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    async def _writable(self) -> None:
        """Wait until libpq can send more; meanwhile it reads, because the server may wait for that."""
        loop, writable = asyncio.get_running_loop(), asyncio.Event()
        socket = self._pgconn.socket
        self._stop_reading()
        loop.add_writer(socket, writable.set)
        loop.add_reader(socket, writable.set)
        try:
            await writable.wait()
        finally:
            loop.remove_writer(socket)
            loop.remove_reader(socket)
        self._pgconn.consume_input()

    def _on_readable(self) -> None:
        if self._waiter is not None:
            if not self._waiter.done():
                self._take(self._waiter)
            return
        try:
            if self._owes:
                self._pgconn.consume_input()
                self._read_posted()
                return
        except Exception:  # the next statement raises it
            self._owes = False
        self._stop_reading()  # the server ended the session, or it has a message that nobody waits for

    def _take(self, waiter: "asyncio.Future[None]") -> None:
        """Read what has arrived, before the event loop asks the socket again: else it would call the reader once more,
        for what the statement has read by then, and the reader would be removed after every statement."""
        try:
            self._pgconn.consume_input()
        except Exception as error:
            self._stop_reading()  # libpq has closed the socket: the next connection of a client may get its number
            waiter.set_exception(error)
        else:
            waiter.set_result(None)

    def _stop_reading(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None and not reader[0].is_closed():
            reader[0].remove_reader(reader[1])
