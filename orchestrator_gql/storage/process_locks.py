"""The locks of processes: which process holds a lock key, and which processes wait for it.

A process has a row for each of its keys, from its start to its end. The first row of a key is that of its holder. A
process has its turn if it has the first row of each of its keys. The rows of one process are written together, behind
the locks of all its keys, so two processes never wait for each other. Once a process has its turn, it keeps it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, exists, func, insert, or_, select

from orchestrator_gql.storage.advisory_locks import key_of
from orchestrator_gql.storage.database.prepared import Prepared, PreparedRead, rows_together
from orchestrator_gql.storage.tables import process_locks, process_steps, processes
from orchestrator_gql.types import ProcessStatus

_wait_for_key = Prepared(select(func.pg_advisory_xact_lock(key_of(bindparam("name")))))
_mine, _earlier, _any = process_locks.alias("mine"), process_locks.alias("earlier"), process_locks.alias("any_place")


@dataclass(frozen=True, slots=True)
class LockHolder:
    """A process that holds the key, or waits for it before another process."""

    key: str
    process_id: UUID
    workflow_name: str
    started_by: str | None
    started_at: datetime
    is_waiting: bool
    """True if it waits itself, for another of its keys."""


def may_go_on(now: datetime) -> ColumnElement[bool]:
    """The condition that a process that is WAITING has its turn, if it waits for its lock, or that its time has come.

    A timer alone does not say so: several keys may be freed at once, and the timer of the last may fire after the
    process has begun and waits for a time.
    """
    steps = process_steps.c
    places = _mine.join(_earlier, and_(_earlier.c.key == _mine.c.key, _earlier.c.place < _mine.c.place))
    is_behind = exists().select_from(places).where(_mine.c.process_id == processes.c.id)
    is_over = exists().where(
        steps.process_id == processes.c.id, steps.seq == processes.c.record_seq, steps.retry_at <= now
    )
    return or_(and_(processes.c.record_seq.is_(None), ~is_behind), is_over)


def _first_place(key: ColumnElement[str]) -> ColumnElement[int]:
    return select(func.min(_any.c.place)).where(_any.c.key == key).scalar_subquery()


_waits = and_(processes.c.status == ProcessStatus.WAITING, processes.c.record_seq.is_(None))
_holder = (
    process_locks.c.key,
    *(processes.c[name] for name in ("id", "workflow_name", "created_by", "started_at")),
    _waits.label("is_waiting"),
)
_of_key = process_locks.c.key == bindparam("key")
_first = Prepared(
    select(process_locks.c.place, *_holder)
    .join_from(process_locks, processes)
    .where(_of_key)
    .order_by(process_locks.c.place)
    .limit(1)
)
_next = Prepared(
    select(process_locks.c.process_id)
    .join_from(process_locks, processes)
    .where(
        _of_key,
        process_locks.c.place == _first_place(bindparam("key")),
        _waits,
    )
)
_add = Prepared(insert(process_locks).inline(), ["key", "process_id"])
_remove = Prepared(delete(process_locks).where(process_locks.c.process_id == bindparam("process_id")))


def hold(conn: Connection, keys: Iterable[str]) -> None:
    """Take the locks of the keys, for a transaction that ends several processes; it takes them again without a wait."""
    if conn.dialect.name == "postgresql":
        rows_together(conn, _locks(keys))


def first(conn: Connection, keys: Sequence[str]) -> LockHolder | None:
    """The process that holds one of the keys, or waits for it; None if all are free, until this transaction ends."""
    rows = sorted(_behind_locks(conn, _first, keys), key=lambda row: row["place"])
    return _holder_of(rows[0]) if rows else None


def add(conn: Connection, process_id: UUID, keys: Sequence[str]) -> None:
    """Let the new process hold the keys, or wait for them. The caller has called `first` in this transaction."""
    _add.write_each(conn, [{"key": key, "process_id": process_id} for key in sorted(keys)])


def release(conn: Connection, process_id: UUID, keys: Sequence[str]) -> list[UUID]:
    """Take the ended process off its keys; the processes that are first there now, and may have their turn.

    Another key of such a process may be held. This transaction cannot know: it does not see that another one, which
    has not committed, frees that key.
    """
    _remove.write(conn, {"process_id": process_id})
    return sorted({row["process_id"] for row in _behind_locks(conn, _next, keys)})


def holders(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, LockHolder]:
    """The process for which each of the processes waits; those that have their turn are left out."""
    rows = conn.execute(
        select(_mine.c.process_id.label("waiting_id"), process_locks.c.place, *_holder)
        .join_from(process_locks, processes)
        .join(_mine, _mine.c.key == process_locks.c.key)
        .where(
            _mine.c.process_id.in_(ids),
            process_locks.c.place == _first_place(_mine.c.key),
            process_locks.c.process_id != _mine.c.process_id,
        )
        .order_by(process_locks.c.place)
    )
    found: dict[UUID, LockHolder] = {}
    for row in rows:
        found.setdefault(row.waiting_id, _holder_of(row._asdict()))
    return found


def _locks(keys: Iterable[str]) -> list[PreparedRead]:
    return [(_wait_for_key, {"name": f"lock key\n{key}"}) for key in sorted(keys)]


def _behind_locks(conn: Connection, read: Prepared, keys: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of the read for each key, behind the locks of all keys: in one round trip."""
    if conn.dialect.name != "postgresql":  # SQLite has only one writer
        return [row for key in keys for row in read.all(conn, {"key": key})]
    results = rows_together(conn, [*_locks(keys), *((read, {"key": key}) for key in keys)])
    return [row for rows in results[len(keys) :] for row in rows]


def _holder_of(row: dict[str, Any]) -> LockHolder:
    names = ("key", "id", "workflow_name", "created_by", "started_at", "is_waiting")
    return LockHolder(*(row[name] for name in names))
