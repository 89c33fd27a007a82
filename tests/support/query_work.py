"""Counts what a database does for a read, and shows its plans: the same on a busy machine and on an idle one."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, event

Statement = tuple[str, Any]


def statements_of(conn: Connection, read: Callable[[], Any]) -> list[Statement]:
    """The statements of the read, with their parameters."""
    statements: list[Statement] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, ___: Any, ____: Any) -> None:
        statements.append((statement, parameters))

    event.listen(conn, "before_cursor_execute", note)
    read()
    event.remove(conn, "before_cursor_execute", note)
    return statements


def work_of(conn: Connection, statements: Sequence[Statement]) -> int:
    """How much the database does for the statements: steps of SQLite's machine, or rows that PostgreSQL looks at."""
    count = _machine_steps if conn.dialect.name == "sqlite" else _rows_looked_at
    return sum(count(conn, *each) for each in statements)


def plan_of(conn: Connection, statement: Statement) -> str:
    """The plan of the statement."""
    explain = "EXPLAIN QUERY PLAN " if conn.dialect.name == "sqlite" else "EXPLAIN "
    text, parameters = statement
    return "\n".join(str(row[-1]) for row in conn.exec_driver_sql(explain + text, parameters))


def pages_read(conn: Connection, statements: Sequence[Statement]) -> int:
    """The pages of tables and indexes that PostgreSQL reads for the statements."""
    pages = 0
    for statement, parameters in statements:
        conn.exec_driver_sql(statement, parameters)  # the first one also cleans pages
        plan = list(conn.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, SUMMARY OFF) {statement}", parameters).scalars())
        whole = next(line for line in plan if "Buffers:" in line)
        pages += sum(int(number) for number in re.findall(r"(?:hit|read)=(\d+)", whole))
    return pages


def _machine_steps(conn: Connection, statement: str, parameters: Any) -> int:
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 100
        return 0

    raw: Any = conn.connection.driver_connection
    raw.set_progress_handler(count, 100)
    conn.exec_driver_sql(statement, parameters).all()
    raw.set_progress_handler(None, 0)
    return steps


def _rows_looked_at(conn: Connection, statement: str, parameters: Any) -> int:
    rows = 0
    for line in conn.exec_driver_sql(f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) {statement}", parameters).scalars():
        if actual := re.search(r"Scan.* rows=(\d+)(?:\.\d+)? loops=(\d+)\)", line):
            rows += int(actual[1]) * int(actual[2])
        if removed := re.search(r"Rows Removed by \w+(?: \w+)*: (\d+)", line):
            rows += int(removed[1])
    return rows
