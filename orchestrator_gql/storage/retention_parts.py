"""Deletes what belongs to old processes, in parts that fit a budget: other commits wait for each transaction.

Processes whose rows and values fit together go with them in one transaction. A process that does not fit is closed
first (`storage.closed_chains`); then its parts go, stage by stage, and its row goes last.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Connection, Select, and_, delete, func, literal, select, union_all, update

from orchestrator_gql.storage import pruned_events
from orchestrator_gql.storage.columns import among, each
from orchestrator_gql.storage.tables import (
    audit,
    callback_attempts,
    callback_progress,
    callbacks,
    decisions,
    events,
    idempotency_keys,
    input_requests,
    notifications,
    payloads,
    process_steps,
    process_subscriptions,
    processes,
    timers,
    unindexed_processes,
)
from orchestrator_gql.types import NotificationStatus

ROWS, BYTES = 500, 512 * 1024
"""What one transaction deletes at most: rows, and bytes of values but for the last value."""

ROWS_OF_ONE = 4
"""How many rows of the budget a callback with its tokens counts for, or an input request with its keys."""

T = TypeVar("T")


class Budget:
    """What one transaction may still delete: other writers wait for it."""

    def __init__(self) -> None:
        self.rows, self.bytes = ROWS, BYTES

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
    """Delete what the deletion of the processes, which the caller holds, would leave; False if the budget is spent."""
    _remove_payloads(conn, ids, budget)
    if not budget.is_spent:
        _remove_events(conn, ids, budget)
    return not budget.is_spent


def remove_part(conn: Connection, id: UUID, stage: int, budget: Budget) -> int:
    """Delete a part of the process, which the caller holds and which is closed, from the stage on; the next stage.

    Behind the last stage, which is `STAGES`, only its row is left, and what came while its parts went.
    """
    while stage < STAGES and not budget.is_spent:
        _STAGES[stage](conn, id, budget)
        if not budget.is_spent:
            stage += 1
    return stage


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


def fits(conn: Connection, ids: Sequence[UUID], budget: Budget) -> bool:
    """True if the budget allows to delete all that goes with these processes."""
    wanted = select(each(conn, ids))  # once: to build the condition takes longer than to execute it
    forms = select(input_requests.c.id).where(input_requests.c.process_id.in_(wanted))
    waits = select(callbacks.c.id).where(callbacks.c.process_id.in_(wanted))
    rows: list[ColumnElement[bool]] = [
        process_steps.c.process_id.in_(wanted),
        input_requests.c.process_id.in_(wanted),
        decisions.c.input_request_id.in_(forms),
        callbacks.c.process_id.in_(wanted),
        callback_attempts.c.callback_id.in_(waits),
        callback_progress.c.callback_id.in_(waits),
        events.c.process_id.in_(wanted),
        notifications.c.process_id.in_(wanted),
        audit.c.chain.in_(wanted),
        unindexed_processes.c.process_id.in_(wanted),
    ]
    # Each is counted as far as the budget goes: one process may have a million events.
    some = [select(literal(1)).where(where).limit(budget.rows).subquery() for where in rows]
    counts = [select(func.count()).select_from(found).scalar_subquery() for found in some]
    if len(ids) + sum(conn.execute(select(*counts)).one()) > budget.rows:
        return False
    return _values_fit(conn, wanted, forms, waits, budget.bytes)


def _values_fit(conn: Connection, wanted: Select[UUID], forms: Select[UUID], waits: Select[UUID], left: int) -> bool:
    c = callbacks.c
    values = [
        select(_size(conn, process_steps.c.delta)).where(process_steps.c.process_id.in_(wanted)),
        select(_size(conn, decisions.c.pages)).where(decisions.c.input_request_id.in_(forms)),
        select(func.coalesce(c.result_bytes, 0)).where(c.process_id.in_(wanted), c.payload_id.is_not(None)),
        select(_size(conn, callback_attempts.c.body)).where(callback_attempts.c.callback_id.in_(waits)),
        select(_size(conn, callback_progress.c.data)).where(callback_progress.c.callback_id.in_(waits)),
        select(_size(conn, processes.c.state)).where(processes.c.id.in_(wanted)),
    ]
    stored = select(processes.c.stored).where(processes.c.id.in_(wanted), processes.c.stored.is_not(None))
    left -= sum(size for values_of in conn.execute(stored).scalars() for _, size in values_of.values())
    # One after the other: SQLite reads a value for its size.
    with conn.execute(union_all(*values)) as sizes:
        for (size,) in sizes:
            left -= size
            if left < 0:
                return False
    return left >= 0


def _size(conn: Connection, column: ColumnElement[Any]) -> ColumnElement[int]:
    """The number of the characters; on PostgreSQL of the bytes, for which it reads no large value."""
    length = func.octet_length if conn.dialect.name == "postgresql" else func.length
    size: ColumnElement[int] = func.coalesce(length(column), 0)
    return size


def _remove_events(conn: Connection, ids: Sequence[UUID], budget: Budget) -> None:
    budget.spend(pruned_events.remove(conn, ids, budget.rows))


def _remove_attempts(conn: Connection, id: UUID, budget: Budget) -> None:
    c = callback_attempts.c
    _remove_some(conn, c.id, c.callback_id.in_(_callbacks_of(id)), _size(conn, c.body), budget)


def _remove_progress(conn: Connection, id: UUID, budget: Budget) -> None:
    c = callback_progress.c
    _remove_some(conn, c.id, c.callback_id.in_(_callbacks_of(id)), _size(conn, c.data), budget)


def _remove_callbacks(conn: Connection, id: UUID, budget: Budget) -> None:
    """Delete callbacks with their tokens; their attempts and progress reports are gone."""
    some = _callbacks_of(id).limit(_at_once(budget))
    going: list[UUID] = list(conn.execute(some).scalars().all())
    if going:
        budget.spend(len(going) * ROWS_OF_ONE)
        conn.execute(delete(callbacks).where(among(conn, callbacks.c.id, going)))


def _remove_steps(conn: Connection, id: UUID, budget: Budget) -> None:
    c = process_steps.c
    numbers = _some(conn, c.seq, c.process_id == id, _size(conn, c.delta), budget)
    if numbers:
        conn.execute(delete(process_steps).where(c.process_id == id, c.seq.in_(numbers)))


def _remove_requests(conn: Connection, id: UUID, budget: Budget) -> None:
    """Delete input requests with their decisions, and the idempotency keys of these."""
    c, pages = input_requests.c, func.sum(_size(conn, decisions.c.pages))
    some = select(c.id).where(c.process_id == id).order_by(c.id).limit(_at_once(budget)).subquery()
    decided = some.outerjoin(decisions, decisions.c.input_request_id == some.c.id)
    sizes = select(some.c.id, func.count(decisions.c.id), func.coalesce(pages, 0)).select_from(decided)
    going: list[UUID] = []
    for request_id, number, bytes in conn.execute(sizes.group_by(some.c.id)).all():
        going.append(request_id)
        if budget.spend(ROWS_OF_ONE + number, bytes):
            break
    if going:
        conn.execute(delete(idempotency_keys).where(among(conn, idempotency_keys.c.subject_id, going)))
        conn.execute(delete(input_requests).where(among(conn, c.id, going)))


def _remove_notifications(conn: Connection, id: UUID, budget: Budget) -> None:
    """Delete notifications; one that came meanwhile and is to be sent keeps the process until it is sent."""
    c = notifications.c
    is_over = and_(c.process_id == id, c.status != NotificationStatus.PENDING)
    _remove_some(conn, c.id, is_over, _size(conn, c.payload), budget)


def _remove_timers(conn: Connection, id: UUID, budget: Budget) -> None:
    _remove_some(conn, timers.c.id, timers.c.process_id == id, literal(0), budget)


def _remove_links(conn: Connection, id: UUID, budget: Budget) -> None:
    c = process_subscriptions.c
    linked = _some(conn, c.subscription_id, c.process_id == id, literal(0), budget)
    if linked:
        conn.execute(delete(process_subscriptions).where(c.process_id == id, among(conn, c.subscription_id, linked)))


def _at_once(budget: Budget) -> int:
    """How many callbacks or input requests spend the budget, rounded up: fewer mean that no more are left."""
    return -(-budget.rows // ROWS_OF_ONE)


def _callbacks_of(id: UUID) -> Select[UUID]:
    return select(callbacks.c.id).where(callbacks.c.process_id == id)


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


_STAGES: Sequence[Callable[[Connection, UUID, Budget], None]] = (
    lambda conn, id, budget: _remove_payloads(conn, [id], budget),
    lambda conn, id, budget: _remove_events(conn, [id], budget),
    _remove_attempts,
    _remove_progress,
    _remove_timers,
    _remove_callbacks,
    _remove_requests,
    _remove_notifications,
    _remove_links,
    _remove_steps,
)
STAGES = len(_STAGES)
"""The number of the stages in which the parts of a process go."""
