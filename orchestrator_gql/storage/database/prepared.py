"""Statements that are compiled once and then executed by the driver directly.

SQLAlchemy writes the SQL and converts the values of each column for the dialect; the statement itself goes to the
driver. An execution by SQLAlchemy adds a cache key, a context and a result object. They take ten times as long as
SQLite needs for the rows, and every statement of every transition would pay that time. On PostgreSQL the statements go
through the `Pipeline` of the connection, except in the threads of authors' code, where SQLAlchemy executes them.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import BindParameter, Connection, Dialect, Enum, Executable, LargeBinary, String, Uuid, literal_column
from sqlalchemy.sql import Delete, Insert, Select, Update, visitors
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.types import TypeDecorator, TypeEngine

from orchestrator_gql.storage.database import conversions
from orchestrator_gql.storage.database.conversions import Convert, EnumText, Values, hex_of
from orchestrator_gql.storage.database.link import Result
from orchestrator_gql.storage.database.pipeline import Executed, Pipeline, pipeline_of
from orchestrator_gql.storage.database.writes import Refusal, Template

FLOAT8 = 701
"""The type that PostgreSQL reports for our columns of floats; no other conversion asks what was reported."""


@dataclass(frozen=True, slots=True)
class _Compiled:
    """The SQL for one dialect, with the conversions between its values and those of our code.

    ``parameters`` returns the parameters for the driver of SQLite, ``texts`` those of the template, and ``row`` a row
    by the names of the columns.
    """

    sql: str
    template: Template
    parameters: Callable[[Values], tuple[Any, ...]]
    texts: Callable[[Values], list[Any]]
    row: Callable[[Sequence[Any]], dict[str, Any]]


_uuid = lru_cache(maxsize=4096)(UUID)
"""Most ids of a transaction are read several times, and each `UUID` costs more than its row."""


def _bind(type_: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """The conversion of values other than None for the dialect."""
    own = type_.dialect_impl(dialect)
    if isinstance(own, LargeBinary):  # both drivers take bytes; SQLAlchemy's objects around them are never equal
        return None
    convert: Convert | None = own.bind_processor(dialect)
    if convert is not None and isinstance(own, Uuid) and own.as_uuid:
        return hex_of
    if convert is not None and isinstance(own, Enum) and own.enum_class is not None:
        return EnumText(own.enum_class, convert)
    return convert if convert is None else _quick(own, convert)


def _read(type_: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """The conversion of values of the dialect other than NULL."""
    own = type_.dialect_impl(dialect)
    convert: Convert | None = own.result_processor(dialect, FLOAT8)
    if convert is not None and isinstance(own, Uuid) and own.as_uuid:
        return _uuid
    return convert if convert is None else _quick(own, convert)


def _quick(own: Any, convert: Convert) -> Convert:
    """The conversion without SQLAlchemy's calls around it; an enum has few values, which are remembered."""
    if isinstance(own, Enum):
        return lru_cache(maxsize=64)(convert)
    return getattr(convert, "of_value", convert)


class Prepared:
    """A statement in which every variable is a named `bindparam`; ``columns`` are the columns of an insert.

    ``key`` has the parameters that name the rows which the statement changes, and nothing else that it depends on: on
    PostgreSQL, executions with different keys become one statement.
    """

    def __init__(self, statement: Executable, columns: Iterable[str] | None = None, *, key: Sequence[str] = ()) -> None:
        self._statement: Any = statement
        self._key = tuple(key)
        self._columns = None if columns is None else list(columns)
        self._compiled: dict[str, _Compiled] = {}

    def run(self, conn: Connection, values: Values) -> int:
        """Run the statement and return the number of rows that it changed."""
        compiled = self._of(conn)
        if (driver := _sqlite(conn)) is not None:
            return driver.execute(compiled.sql, compiled.parameters(values)).rowcount
        return _pipeline(conn).run(conn, [(compiled.template, compiled.texts(values))])[0].count

    def write(self, conn: Connection, values: Values, refusal: Refusal | None = None) -> None:
        """Run the statement, at the latest before the next read and before the COMMIT. If it changes no row, it raises
        ``refusal``, perhaps only then: nothing that the caller wrote may be committed."""
        compiled = self._of(conn)
        if (driver := _sqlite(conn)) is None:
            _pipeline(conn).write(conn, compiled.template, [compiled.texts(values)], refusal)
        elif not driver.execute(compiled.sql, compiled.parameters(values)).rowcount and refusal is not None:
            raise refusal

    def overwrite(self, conn: Connection, id: UUID, make: "Callable[[Values], tuple[Prepared, Values]]") -> bool:
        """Replace the write of the row with that id by a later write of it, if it still waits: only on PostgreSQL.

        ``make`` gets the parameters of the first, as text, and returns the later write, which must do what both would
        do one after the other.
        """
        pipeline = None if _sqlite(conn) is not None else pipeline_of(conn)

        def executed(first: Values) -> Executed:
            statement, values = make(first)
            compiled = statement._of(conn)
            return compiled.template, compiled.texts(values)

        return pipeline is not None and pipeline.overwrite(self._of(conn).template, (id.hex,), executed)

    def write_each(self, conn: Connection, rows: Iterable[Values]) -> None:
        """As `write`, once for each of the rows, of which there is at least one."""
        compiled = self._of(conn)
        if (driver := _sqlite(conn)) is not None:
            driver.executemany(compiled.sql, [compiled.parameters(row) for row in rows])
        else:
            _pipeline(conn).write(conn, compiled.template, [compiled.texts(row) for row in rows], None)

    def all(self, conn: Connection, values: Values) -> list[dict[str, Any]]:
        """The rows of the result; each maps the names of the columns to values."""
        return list(self.each(conn, values))

    def each(self, conn: Connection, values: Values) -> Iterator[dict[str, Any]]:
        """As `all`, one row after the other."""
        return self.each_behind(conn, values, lock=None)

    def each_behind(
        self, conn: Connection, values: Values, lock: "PreparedRead | None", ahead: "Sequence[PreparedRead]" = ()
    ) -> Iterator[dict[str, Any]]:
        """As `each`; on PostgreSQL behind the statement ``lock`` and before the reads ``ahead``, in one round trip.

        See `read_ahead`.
        """
        compiled = self._of(conn)
        if (driver := _sqlite(conn)) is not None:
            return map(compiled.row, driver.execute(compiled.sql, compiled.parameters(values)))
        if (pipeline := pipeline_of(conn)) is not None:
            statements = _executed(conn, [(self, values)] if lock is None else [lock, (self, values)])
            return map(compiled.row, pipeline.run(conn, statements, _executed(conn, ahead))[-1].rows)
        return (row._asdict() for row in conn.execute(self._statement, values))

    def demand(
        self,
        conn: Connection,
        values: Values,
        lock: "PreparedRead | None",
        demand: Callable[[dict[str, Any]], None] | None,
    ) -> None:
        """Let ``demand`` raise for the only row: at once, or on PostgreSQL with the next statement, before the COMMIT.

        Nothing that the caller wrote may be committed if it raises. On PostgreSQL the statement ``lock`` is before it.
        Without ``demand``, which only PostgreSQL offers, the statement itself fails instead.
        """
        compiled = self._of(conn)
        if (driver := _sqlite(conn)) is not None:
            assert demand is not None, "a division by zero is NULL"
            (row,) = driver.execute(compiled.sql, compiled.parameters(values))
            demand(compiled.row(row))
            return
        statements = _executed(conn, [(self, values)] if lock is None else [lock, (self, values)])
        look = None if demand is None else lambda result: demand(compiled.row(*result.rows))
        _pipeline(conn).demand(conn, statements, look)

    def first(self, conn: Connection, values: Values) -> dict[str, Any] | None:
        """The first row of the result, None without rows. If several rows are possible, the statement orders them."""
        return next(iter(self.all(conn, values)), None)

    def _of(self, conn: Connection) -> _Compiled:
        dialect = conn.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = self._compile(dialect)
        return compiled

    def _compile(self, dialect: Dialect) -> _Compiled:
        statement = _with_literals(self._statement, dialect) if dialect.name == "sqlite" else self._statement
        compiler: SQLCompiler = statement.compile(dialect=dialect, column_keys=self._columns)
        binds = {compiler.bind_names[bind]: bind for bind in compiler.bind_names}
        read = self._statement.selected_columns if isinstance(self._statement, Select) else ()
        constants = {name: bind.effective_value for name, bind in binds.items() if not bind.required}
        template = _template(compiler, self._statement, self._key, binds.values())
        converts = {name: _bind(bind.type, dialect) for name, bind in binds.items()}
        return _Compiled(
            sql=compiler.string,
            template=template,
            parameters=conversions.to_parameters(compiler.positiontup or (), converts, constants),
            texts=conversions.to_texts(template.names, converts, constants),
            row=conversions.to_row({str(column.key): _read(column.type, dialect) for column in read}),
        )


def _with_literals(statement: Any, dialect: Dialect) -> Any:
    """The statement with its constant texts in the SQL, and not among the parameters.

    A partial index, such as that of the open requests, fits a parameter only for one of its values. So SQLite plans
    the statement again at each execution, which takes several times as long as its rows.
    """

    def literal(part: Any, **_: Any) -> Any:
        if not isinstance(part, BindParameter) or part.required or not isinstance(part.value, str):
            return None
        own = part.type.dialect_impl(dialect)
        if isinstance(own, TypeDecorator) or "\0" in part.value:  # it converts parameters alone; SQL ends at NUL
            return None
        write = own.literal_processor(dialect)
        return None if write is None else literal_column(write(part.value), part.type)

    traverse: Any = visitors.replacement_traverse
    return traverse(statement, {}, literal) if isinstance(statement, Select | Update | Delete) else statement


PreparedRead: TypeAlias = tuple[Prepared, Values]
"""A statement that reads, with its values."""


def read_ahead(conn: Connection, reads: Sequence[PreparedRead]) -> None:
    """Execute reads in one round trip of PostgreSQL; each is then the result of the next equal read.

    So functions that read one thing each cost one round trip together. A read that follows a write of its table is
    executed anew. In a transaction the lock that protects the rows must be held: rows that others change meanwhile are
    not seen.
    """
    if reads and _sqlite(conn) is None and (pipeline := pipeline_of(conn)) is not None:
        pipeline.run(conn, [], _executed(conn, reads))


def read_current(conn: Connection, reads: Sequence[PreparedRead]) -> None:
    """As `read_ahead`, at the beginning of a unit that only reads; on PostgreSQL each read has its own snapshot.

    To begin and to end a transaction for one snapshot takes as long as two of the reads.
    """
    if reads and _sqlite(conn) is None and (pipeline := pipeline_of(conn)) is not None:
        pipeline.run_current(conn, _executed(conn, reads))


def rows_together(
    conn: Connection, reads: Sequence[PreparedRead], meanwhile: Callable[[], object] | None = None
) -> list[list[dict[str, Any]]]:
    """The rows of several statements, which PostgreSQL executes one after the other in one round trip.

    ``meanwhile`` is called while it does so, for work whose result the caller needs afterwards; the caller calls it
    again for its result, or for its error.
    """
    pipeline = _pipeline(conn)
    pipeline.meanwhile(meanwhile)
    results = pipeline.run(conn, _executed(conn, reads))
    return [list(map(read._of(conn).row, result.rows)) for (read, _), result in zip(reads, results, strict=True)]


def keep_ahead(conn: Connection, read: PreparedRead, rows: Sequence[Sequence[Any]]) -> None:
    """Let the rows be the result of the next equal read, as `read_ahead` does: another read has found them. Their
    values are those of PostgreSQL's driver."""
    (executed,) = _executed(conn, [read])
    _pipeline(conn).keep_ahead(executed, Result(rows, len(rows)))


def _executed(conn: Connection, reads: Sequence[PreparedRead]) -> list[Executed]:
    compiled = [(statement._of(conn), values) for statement, values in reads]
    return [(each.template, each.texts(values)) for each, values in compiled]


def _template(compiler: SQLCompiler, statement: Any, key: tuple[str, ...], binds: Iterable[Any]) -> Template:
    sql = compiler.string
    if not isinstance(statement, UpdateBase):
        return Template(sql)
    only_adds = isinstance(statement, Insert) and " ON CONFLICT " not in sql
    cascades = _referring(statement.table) if isinstance(statement, Delete) else frozenset[str]()
    return Template(sql, str(statement.table), only_adds, key, cascades, _casts(compiler, binds))


def _casts(compiler: SQLCompiler, binds: Iterable[Any]) -> dict[str, str]:
    """The types of the parameters for which SQLAlchemy writes no cast. Texts need none."""
    own = {compiler.bind_names[bind]: bind.type.dialect_impl(compiler.dialect) for bind in binds}
    return {
        name: compiler.dialect.type_compiler_instance.process(type_)
        for name, type_ in own.items()
        if not isinstance(type_, String) and f"%({name})s::" not in compiler.string
    }


def _referring(table: Any) -> frozenset[str]:
    """The names of the tables that refer to the table, and of those that refer to them: ON DELETE CASCADE."""
    found, left = set[Any](), [table]
    while left:
        referred = left.pop()
        tables = referred.metadata.tables.values()
        left += (new := {t for t in tables if any(key.column.table is referred for key in t.foreign_keys)} - found)
        found |= new
    return frozenset(map(str, found - {table}))


def _sqlite(conn: Connection) -> sqlite3.Connection | None:
    """The connection of SQLite's driver; None for PostgreSQL, and for aiosqlite, for which SQLAlchemy executes."""
    driver = conn.connection.dbapi_connection
    return driver if isinstance(driver, sqlite3.Connection) else None


def _pipeline(conn: Connection) -> Pipeline:
    pipeline = pipeline_of(conn)
    assert pipeline is not None, "the threads of authors' code only read"
    return pipeline
