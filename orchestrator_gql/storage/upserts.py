"""An INSERT that can also update the row that is there, for the dialect of the connection.

The packages of the dialects are imported here, at the first statement, and only that of the server's own database: with
its catalogue, PostgreSQL's takes 2 MB and a thirtieth of the start, which a server on SQLite would pay for nothing.
"""

from typing import TYPE_CHECKING

from sqlalchemy import Table

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite


def insert_into(table: Table, dialect: str) -> "sqlite.Insert | postgresql.Insert":
    """An INSERT into the table with the methods ``on_conflict_do_update`` and ``on_conflict_do_nothing``."""
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert

        return sqlite_insert(table)
    from sqlalchemy.dialects.postgresql import insert as postgres_insert

    return postgres_insert(table)
