"""What the two logs of a callback share: a log of many callbacks is read in pages, and deleted entries are counted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Connection, Row, Table, func, select, update

from orchestrator_gql.storage.tables import callbacks
from orchestrator_gql.storage.weight import within

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LogRange:
    """The entries between two ids: the first ``limit`` of them, or with ``is_backward`` the last."""

    limit: int
    after: UUID | None = None
    before: UUID | None = None
    is_backward: bool = False


@dataclass(frozen=True, slots=True)
class CallbackLog(Generic[T]):
    """One of the logs; ``dropped`` is the column of a callback with the number of its deleted entries.

    A list reads ``columns``, of which the value named ``heavy`` may be large, and makes its entries by ``read_row``.
    """

    table: Table
    dropped: "Column[int]"
    columns: Sequence[ColumnElement[Any]]
    heavy: str
    read_row: Callable[[Row[Any]], T]

    def pages(
        self, conn: Connection, callback_ids: Sequence[UUID], wanted: LogRange
    ) -> dict[UUID, tuple[list[T], int]]:
        """For each callback a page of its entries, and the number of all that there ever were."""
        c = self.table.c
        conditions: list[ColumnElement[bool]] = [c.callback_id.in_(callback_ids)]
        if wanted.after is not None:
            conditions.append(c.id > wanted.after)
        if wanted.before is not None:
            conditions.append(c.id < wanted.before)
        order = c.id.desc() if wanted.is_backward else c.id
        place = func.row_number().over(partition_by=c.callback_id, order_by=order).label("place")
        ranked = select(*self.columns, place).where(*conditions).subquery()
        totals = self._totals(conn, callback_ids)
        pages: dict[UUID, tuple[list[T], int]] = {id: ([], totals.get(id, 0)) for id in callback_ids}
        page = select(ranked).where(ranked.c.place <= wanted.limit)
        for row in within(conn, page, heavy=[ranked.c[self.heavy]], order=["id"]):
            pages[row.callback_id][0].append(self.read_row(row))
        return pages

    def _totals(self, conn: Connection, callback_ids: Sequence[UUID]) -> dict[UUID, int]:
        c = self.table.c
        totals = (
            select(callbacks.c.id, self.dropped + func.count(c.id))
            .join(self.table, c.callback_id == callbacks.c.id, isouter=True)
            .where(callbacks.c.id.in_(callback_ids))
            .group_by(callbacks.c.id)
        )
        return dict(map(tuple, conn.execute(totals)))

    def count_dropped(self, conn: Connection, callback_id: UUID, more: int) -> None:
        """Count more deleted entries: a list that begins behind them must not look complete."""
        more_dropped = {self.dropped: self.dropped + more}
        conn.execute(update(callbacks).where(callbacks.c.id == callback_id).values(more_dropped))
