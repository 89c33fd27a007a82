"""Deletes the large values and notifications of old processes in parts: other commits wait for each transaction.

The other rows of a process go with it in one transaction, so a process is never found by half. Several processes go
together only if all their rows and values fit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    delete,
    func,
    literal,
    null,
    select,
    union_all,
    update,
)

from orchestrator_gql.storage import pruned_events
from orchestrator_gql.storage.columns import among, each
from orchestrator_gql.storage.tables import (
    audit,
    callback_attempts,
    callback_progress,
    callbacks,
    decisions,
    input_requests,
    notifications,
    payloads,
    process_steps,
    processes,
)

T = TypeVar("T")


@dataclass(slots=True)
class Budget:
    """What one transaction may delete of the large values: other writers wait for it."""

    rows: int
    bytes: int

    @property
    def is_spent(self) -> bool:
        """True if nothing more may be deleted in this transaction."""
        return self.rows <= 0 or self.bytes <= 0

    def spend(self, rows: int, bytes: int = 0) -> bool:
        """Count deleted rows; True if nothing more may be deleted in this transaction."""
        self.rows -= rows
        self.bytes -= bytes
        return self.is_spent


def empty(conn: Connection, ids: Sequence[UUID], budget: Budget) -> bool:
    """Delete large values of the processes, which the caller holds; False if there are more than the budget allows."""
    _remove_payloads(conn, ids, budget)
    for table, value in ((callback_attempts, callback_attempts.c.body), (callback_progress, callback_progress.c.data)):
        is_own = table.c.callback_id.in_(_callbacks_of(conn, ids))
        _remove_some(conn, table.c.id, is_own, _size(conn, value), budget)
    if not budget.is_spent:
        budget.spend(pruned_events.remove(conn, ids, budget.rows))
    if budget.is_spent:
        return False
    is_divided = len(ids) == 1 and not fits(conn, ids, budget) and _remove_values(conn, ids[0], budget)
    return not is_divided


def _remove_payloads(conn: Connection, ids: Sequence[UUID], budget: Budget) -> None:
    """Delete the results of callbacks, and the large values of the state.

    The callback keeps the digest of its result, and the state keeps the note that stands for the value.
    """
    is_own = among(conn, callbacks.c.process_id, ids)
    with_payload = select(callbacks.c.payload_id, callbacks.c.result_bytes)
    of_callbacks = conn.execute(with_payload.where(is_own, callbacks.c.payload_id.is_not(None)).limit(budget.rows))
    sizes: dict[UUID, int] = {id: size or 0 for id, size in of_callbacks}
    with_values = select(processes.c.id, processes.c.stored)
    states = conn.execute(with_values.where(among(conn, processes.c.id, ids), processes.c.stored.is_not(None))).all()
    for _, stored in states:
        sizes |= {UUID(id): size for id, size in stored.values()}
    going: list[UUID] = []
    for id, size in sizes.items():
        if budget.is_spent:
            break
        budget.spend(1, size)
        going.append(id)
    if not going:
        return
    conn.execute(update(callbacks).where(among(conn, callbacks.c.payload_id, going)).values(payload_id=None))
    for process_id, stored in states:
        rest = {key: value for key, value in stored.items() if UUID(value[0]) not in going}
        change = update(processes).where(processes.c.id == process_id)
        conn.execute(change.values(stored=rest or None))
    conn.execute(delete(payloads).where(among(conn, payloads.c.id, going)))


def _callbacks_of(conn: Connection, ids: Sequence[UUID]) -> Select[tuple[UUID]]:
    return select(callbacks.c.id).where(among(conn, callbacks.c.process_id, ids))


def fits(conn: Connection, ids: Sequence[UUID], budget: Budget) -> bool:
    """True if the budget allows to delete all that goes with these processes."""
    wanted = select(each(conn, ids))  # once: to build the condition takes longer than to execute it
    forms = select(input_requests.c.id).where(input_requests.c.process_id.in_(wanted))
    own: list[tuple[Table, ColumnElement[bool]]] = [(notifications, notifications.c.process_id.in_(wanted))]
    values = [
        select(_size(conn, process_steps.c.delta)).where(process_steps.c.process_id.in_(wanted)),
        select(_size(conn, decisions.c.pages)).where(decisions.c.input_request_id.in_(forms)),
    ]
    if len(ids) > 1:  # what one process has of these is not divided
        own += [
            (process_steps, process_steps.c.process_id.in_(wanted)),
            (input_requests, input_requests.c.process_id.in_(wanted)),
            (decisions, decisions.c.input_request_id.in_(forms)),
            (callbacks, callbacks.c.process_id.in_(wanted)),
            (audit, audit.c.chain.in_(wanted)),
        ]
        values.append(select(_size(conn, processes.c.state)).where(processes.c.id.in_(wanted)))
    counts = [select(func.count()).select_from(table).where(where).scalar_subquery() for table, where in own]
    if len(ids) + sum(conn.execute(select(*counts)).one()) > budget.rows:
        return False
    left = budget.bytes
    # One after the other: SQLite reads a value for its size.
    with conn.execute(union_all(*values)) as sizes:
        for (size,) in sizes:
            left -= size
            if left < 0:
                return False
    return True


def _size(conn: Connection, column: ColumnElement[Any]) -> ColumnElement[int]:
    """The number of the characters; on PostgreSQL of the bytes, for which it reads no large value."""
    length = func.octet_length if conn.dialect.name == "postgresql" else func.length
    size: ColumnElement[int] = func.coalesce(length(column), 0)
    return size


def _remove_values(conn: Connection, id: UUID, budget: Budget) -> bool:
    """Delete some of the notifications and of the values of the process; False if there are none left."""
    steps, forms = process_steps.c, select(input_requests.c.id).where(input_requests.c.process_id == id)
    rows = budget.rows
    _remove_some(conn, notifications.c.id, notifications.c.process_id == id, literal(0), budget)
    has_delta = and_(steps.process_id == id, steps.delta.is_not(None))
    if numbers := _some(conn, steps.seq, has_delta, _size(conn, steps.delta), budget):
        conn.execute(update(process_steps).where(steps.process_id == id, steps.seq.in_(numbers)).values(delta=null()))
    size = _size(conn, decisions.c.pages)
    has_pages = and_(decisions.c.input_request_id.in_(forms), size > len("[]"))
    if decided := _some(conn, decisions.c.id, has_pages, size, budget):
        conn.execute(update(decisions).where(among(conn, decisions.c.id, decided)).values(pages=[]))
    return budget.rows < rows


def _remove_some(
    conn: Connection, key: Column[UUID], where: ColumnElement[bool], size: ColumnElement[int], budget: Budget
) -> None:
    """Delete rows of the table of the key as long as the budget allows."""
    keys = _some(conn, key, where, size, budget)
    if keys:
        conn.execute(delete(key.table).where(among(conn, key, keys)))


def _some(
    conn: Connection, key: Column[T], where: ColumnElement[bool], size: ColumnElement[int], budget: Budget
) -> list[T]:
    """The keys of the first rows whose deletion the budget allows; it is charged with them."""
    keys: list[T] = []
    if budget.is_spent:
        return keys
    with conn.execute(select(key, size).where(where).limit(budget.rows)) as rows:
        for found, bytes in rows:
            keys.append(found)
            if budget.spend(1, bytes):
                break
    return keys
