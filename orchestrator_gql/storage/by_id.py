"""Queries for the rows of some ids; for one id, which most reads ask for, the statement is compiled once."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, bindparam

from orchestrator_gql.storage.database.prepared import Prepared, PreparedRead


class ById:
    """A query whose rows are looked up by an id; ``column`` has the id, and ``order`` is the order of the rows.

    SQLAlchemy needs several times as long for a statement with a list as SQLite needs for the rows, and an operator
    who polls asks for one process.
    """

    def __init__(
        self, query: Select[Any], column: ColumnElement[UUID], order: Sequence[ColumnElement[Any]] = ()
    ) -> None:
        self._query = query.order_by(*order)
        self._column = column
        self._single = Prepared(self._query.where(column == bindparam("looked_up")))

    def rows(self, conn: Connection, ids: Sequence[UUID]) -> Iterator[dict[str, Any]]:
        """The rows of the ids; each maps the names of the columns to values."""
        if len(ids) == 1:
            return self._single.each(conn, self.reading(ids[0])[1])
        found = conn.execute(self._query.where(self._column.in_(ids)))
        return (row._asdict() for row in found)

    def reading(self, id: UUID) -> PreparedRead:
        """The read of `rows` for a single id, see `read_ahead`."""
        return self._single, {"looked_up": id}
