"""Statements that are compiled once and then executed by the driver directly.

SQLAlchemy writes the SQL and converts the values of each column for the dialect; the statement itself goes to the
driver. An execution by SQLAlchemy adds a cache key, a context and a result object. They take ten times as long as
SQLite needs for the rows, and every statement of every transition would pay that time.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.sql import Select
from sqlalchemy.sql.compiler import SQLCompiler

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

    def parameters(self, values: Values) -> Any:
        parameters = {**self.constants, **values} if self.constants else values
        if self.is_positional:
            return [parameters[name] if bind is None else bind(parameters[name]) for name, bind in self.bound]
        return {name: parameters[name] if bind is None else bind(parameters[name]) for name, bind in self.bound}

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
        driver = conn.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            return driver.execute(compiled.sql, compiled.parameters(values)).rowcount
        return conn.exec_driver_sql(compiled.sql, compiled.parameters(values)).rowcount

    def run_each(self, conn: Connection, rows: Iterable[Values]) -> None:
        """Run the statement once for each of the rows."""
        compiled = self._of(conn)
        parameters = [compiled.parameters(row) for row in rows]
        driver = conn.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            driver.executemany(compiled.sql, parameters)
        else:
            conn.exec_driver_sql(compiled.sql, parameters)

    def all(self, conn: Connection, values: Values) -> list[dict[str, Any]]:
        """The rows of the result; each maps the names of the columns to values."""
        return list(self.each(conn, values))

    def each(self, conn: Connection, values: Values) -> Iterator[dict[str, Any]]:
        """As `all`, one row after the other."""
        driver = conn.connection.driver_connection
        if not isinstance(driver, sqlite3.Connection):  # there the types of the result decide the conversions
            return (row._asdict() for row in conn.execute(self._statement, values))
        compiled = self._of(conn)
        return map(compiled.row, driver.execute(compiled.sql, compiled.parameters(values)))

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
        is_read = compiler.positional and isinstance(self._statement, Select)
        read = self._statement.selected_columns if is_read else ()
        own = [(str(column.key), column.type.dialect_impl(dialect)) for column in read]
        return _Compiled(
            sql=compiler.string,
            bound=tuple((name, binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names),
            is_positional=compiler.positional,
            constants={name: bind.effective_value for name, bind in binds.items() if not bind.required},
            read=tuple((name, type_.result_processor(dialect, None)) for name, type_ in own),
        )
