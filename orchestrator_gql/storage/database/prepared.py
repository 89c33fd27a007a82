"""Statements that are compiled once and then executed by the driver directly.

SQLAlchemy writes the SQL and converts the values of each column for the dialect; the statement itself goes to the
driver. An execution by SQLAlchemy adds a cache key, a context and a result object. They take ten times as long as
SQLite needs for the rows, and every statement of every transition would pay that time. On PostgreSQL the statements go
through the `Pipeline` of the connection, except in the threads of authors' code, where SQLAlchemy executes them.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.sql import Insert, Select
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase

from orchestrator_gql.storage.database.pipeline import Refusal, Template, as_text, pipeline_of

FLOAT8 = 701
"""The type that PostgreSQL reports for our columns of floats; no other conversion asks what was reported."""

Values = Mapping[str, Any]
Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """The SQL for one dialect, with the conversion of each parameter and of each column."""

    sql: str
    bound: tuple[tuple[str, Convert | None], ...]
    is_positional: bool
    constants: Values
    read: tuple[tuple[str, Convert | None], ...]
    template: Template

    def parameters(self, values: Values) -> Any:
        parameters = {**self.constants, **values} if self.constants else values
        if self.is_positional:
            return [parameters[name] if bind is None else bind(parameters[name]) for name, bind in self.bound]
        return {name: parameters[name] if bind is None else bind(parameters[name]) for name, bind in self.bound}

    def texts(self, values: Values) -> list[Any]:
        converted = self.parameters(values)
        return [as_text(converted[name]) for name in self.template.names]

    def row(self, row: Sequence[Any]) -> dict[str, Any]:
        cells = zip(self.read, row, strict=True)
        return {name: cell if read is None or cell is None else read(cell) for (name, read), cell in cells}


class Prepared:
    """A statement in which every variable is a named `bindparam`; ``columns`` are the columns of an insert."""

    def __init__(self, statement: Executable, columns: Iterable[str] | None = None) -> None:
        self._statement: Any = statement
        self._columns = None if columns is None else list(columns)
        self._compiled: dict[str, _Compiled] = {}

    def run(self, conn: Connection, values: Values) -> int:
        """Run the statement and return the number of rows that it changed."""
        compiled = self._of(conn)
        pipeline = pipeline_of(conn)
        if pipeline is not None:
            return pipeline.run(conn, [(compiled.template, compiled.texts(values))])[0].count
        return _driver(conn).execute(compiled.sql, compiled.parameters(values)).rowcount

    def write(self, conn: Connection, values: Values, refusal: Refusal | None = None) -> None:
        """Run the statement, at the latest before the next read and before the COMMIT. If it changes no row, it raises
        ``refusal``, perhaps only then: nothing that the caller wrote may be committed."""
        compiled = self._of(conn)
        pipeline = pipeline_of(conn)
        if pipeline is not None:
            pipeline.write(conn, compiled.template, [compiled.texts(values)], refusal)
        elif not _driver(conn).execute(compiled.sql, compiled.parameters(values)).rowcount and refusal is not None:
            raise refusal

    def write_each(self, conn: Connection, rows: Iterable[Values]) -> None:
        """As `write`, once for each of the rows, of which there is at least one."""
        compiled = self._of(conn)
        pipeline = pipeline_of(conn)
        if pipeline is not None:
            pipeline.write(conn, compiled.template, [compiled.texts(row) for row in rows], None)
        else:
            _driver(conn).executemany(compiled.sql, [compiled.parameters(row) for row in rows])

    def all(self, conn: Connection, values: Values) -> list[dict[str, Any]]:
        """The rows of the result; each maps the names of the columns to values."""
        return list(self.each(conn, values))

    def each(self, conn: Connection, values: Values) -> Iterator[dict[str, Any]]:
        """As `all`, one row after the other."""
        return self.each_behind(conn, values, lock=None)

    def each_behind(
        self, conn: Connection, values: Values, lock: "tuple[Prepared, Values] | None"
    ) -> Iterator[dict[str, Any]]:
        """As `each`; on PostgreSQL behind the statement ``lock``, in the same round trip."""
        compiled = self._of(conn)
        pipeline = pipeline_of(conn)
        if pipeline is not None:
            statements = [(compiled.template, compiled.texts(values))]
            if lock is not None:
                first = lock[0]._of(conn)
                statements.insert(0, (first.template, first.texts(lock[1])))
            return map(compiled.row, pipeline.run(conn, statements)[-1].rows)
        driver = conn.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            return map(compiled.row, driver.execute(compiled.sql, compiled.parameters(values)))
        return (row._asdict() for row in conn.execute(self._statement, values))

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
        compiler: SQLCompiler = self._statement.compile(dialect=dialect, column_keys=self._columns)
        binds = {compiler.bind_names[bind]: bind for bind in compiler.bind_names}
        names = (compiler.positiontup or ()) if compiler.positional else binds
        read = self._statement.selected_columns if isinstance(self._statement, Select) else ()
        own = [(str(column.key), column.type.dialect_impl(dialect)) for column in read]
        return _Compiled(
            sql=compiler.string,
            bound=tuple((name, binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names),
            is_positional=compiler.positional,
            constants={name: bind.effective_value for name, bind in binds.items() if not bind.required},
            read=tuple((name, type_.result_processor(dialect, FLOAT8)) for name, type_ in own),
            template=_template(compiler.string, self._statement),
        )


def _template(sql: str, statement: Any) -> Template:
    if not isinstance(statement, UpdateBase):
        return Template(sql)
    return Template(sql, str(statement.table), isinstance(statement, Insert) and " ON CONFLICT " not in sql)


def _driver(conn: Connection) -> sqlite3.Connection:
    driver = conn.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection), "the threads of authors' code only read"
    return driver
