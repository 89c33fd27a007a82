"""Statements compiled once: what stands in every commit costs its rows, not its making.

SQLAlchemy writes the SQL and knows what each column means to its dialect; the statement itself goes to the driver. What
an execution by SQLAlchemy adds (a cache key, a context, a result object) takes ten times as long as SQLite needs for
the rows, and it would be added to each of the statements of every transition.
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
    """The SQL of one dialect, how each parameter is bound, and how each column is read."""

    sql: str
    bound: tuple[tuple[str, Convert | None], ...]
    is_positional: bool
    constants: Values
    read: tuple[tuple[str, Convert | None], ...]

    def parameters(self, values: Values) -> Any:
        given = {**self.constants, **values} if self.constants else values
        if self.is_positional:
            return [given[name] if bind is None else bind(given[name]) for name, bind in self.bound]
        return {name: given[name] if bind is None else bind(given[name]) for name, bind in self.bound}

    def row(self, row: Sequence[Any]) -> dict[str, Any]:
        cells = zip(self.read, row, strict=True)
        return {name: cell if read is None or cell is None else read(cell) for (name, read), cell in cells}


class Prepared:
    """A statement whose every variable is a named `bindparam`; an insert takes the columns that are named for it."""

    def __init__(self, statement: Executable, columns: Iterable[str] | None = None) -> None:
        self._statement: Any = statement
        self._columns = None if columns is None else list(columns)
        self._compiled: dict[str, _Compiled] = {}

    def run(self, conn: Connection, values: Values) -> int:
        """Run it; how many rows it touched."""
        compiled = self._of(conn)
        driver = conn.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            return driver.execute(compiled.sql, compiled.parameters(values)).rowcount
        return conn.exec_driver_sql(compiled.sql, compiled.parameters(values)).rowcount

    def run_each(self, conn: Connection, rows: Iterable[Values]) -> None:
        """Run it for each of the rows."""
        compiled = self._of(conn)
        parameters = [compiled.parameters(row) for row in rows]
        driver = conn.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            driver.executemany(compiled.sql, parameters)
        else:
            conn.exec_driver_sql(compiled.sql, parameters)

    def all(self, conn: Connection, values: Values) -> list[dict[str, Any]]:
        """The rows it finds, by the names of their columns."""
        return list(self.each(conn, values))

    def each(self, conn: Connection, values: Values) -> Iterator[dict[str, Any]]:
        """The same, one after the other."""
        driver = conn.connection.driver_connection
        if not isinstance(driver, sqlite3.Connection):  # how a value is read there follows from the answer itself
            return (row._asdict() for row in conn.execute(self._statement, values))
        compiled = self._of(conn)
        return map(compiled.row, driver.execute(compiled.sql, compiled.parameters(values)))

    def first(self, conn: Connection, values: Values) -> dict[str, Any] | None:
        """The first of the rows it finds; a statement that can find more than one says which with its order."""
        return next(iter(self.all(conn, values)), None)

    def _of(self, conn: Connection) -> _Compiled:
        dialect = conn.dialect
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = self._compile(dialect)
        return found

    def _compile(self, dialect: Dialect) -> _Compiled:
        made: SQLCompiler = self._statement.compile(dialect=dialect, column_keys=self._columns)
        binds = {made.bind_names[bind]: bind for bind in made.bind_names}
        names = (made.positiontup or ()) if made.positional else binds
        is_read = made.positional and isinstance(self._statement, Select)
        read = self._statement.selected_columns if is_read else ()
        own = [(str(column.key), column.type.dialect_impl(dialect)) for column in read]
        return _Compiled(
            sql=made.string,
            bound=tuple((name, binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names),
            is_positional=made.positional,
            constants={name: bind.effective_value for name, bind in binds.items() if not bind.required},
            read=tuple((name, type_.result_processor(dialect, None)) for name, type_ in own),
        )
