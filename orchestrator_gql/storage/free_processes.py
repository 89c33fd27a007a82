"""Locks many processes at once that nobody else holds, for one transaction that claims, moves or wakes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Connection, Select, Text, Uuid, any_, bindparam, cast, exists, func, select

from orchestrator_gql.callbacks.rules import Callback
from orchestrator_gql.process import Process
from orchestrator_gql.storage import waits
from orchestrator_gql.storage.advisory_locks import SHARE_ENGINE, key_of_process
from orchestrator_gql.storage.database.after_commit import note_locks
from orchestrator_gql.storage.database.prepared import Prepared, PreparedRead, rows_together
from orchestrator_gql.storage.process_values import process_in
from orchestrator_gql.storage.processes import IS_FREE, WHOLE_PROCESSES, Standing
from orchestrator_gql.storage.tables import engine_state, processes
from orchestrator_gql.storage.wake_ups import TAKE_JOBS, TAKEN_KEYS
from orchestrator_gql.types import EngineState


def _loading_free(keys: ColumnElement[Any]) -> Prepared:
    return Prepared(WHOLE_PROCESSES.where(processes.c.id == any_(cast(keys, ARRAY(Uuid))), IS_FREE))


_keys = func.string_to_array(bindparam("keys", type_=Text), ",")
_each_key = func.unnest(_keys).column_valued("each_key")
_try_locks = Prepared(
    select(cast(_each_key, Uuid).label("id")).where(func.pg_try_advisory_xact_lock(key_of_process(_each_key)))
)
_load_all_free, _load_all_taken = _loading_free(_keys), _loading_free(TAKEN_KEYS)

_load_standings = Prepared(
    select(processes.c.id, processes.c.epoch, processes.c.seq, processes.c.version, processes.c.note).where(
        processes.c.id == any_(cast(_keys, ARRAY(Uuid))),
        exists().where(engine_state.c.state == EngineState.RUNNING),
    )
)


def hold_free(conn: Connection, candidates: Select[UUID], limit: int) -> list[UUID]:
    """Hold at most ``limit`` of the selected processes, and skip processes that other transactions hold; their ids.

    The limit is part of the statement, so that no more locks are taken: PostgreSQL keeps the locks of all clients in
    one table of some thousand entries, and a transaction that finds it full fails.
    """
    if conn.dialect.name == "postgresql":
        (id,) = candidates.subquery().c
        candidates = select(id).where(func.pg_try_advisory_xact_lock(key_of_process(id)))
    return list(dict.fromkeys(conn.execute(candidates.limit(limit)).scalars()))


def lock_all(conn: Connection, process_ids: Sequence[UUID], now: datetime) -> tuple[frozenset[UUID], list[Process]]:
    """Lock those of the processes that no other transaction holds, on PostgreSQL: their ids, and those that are free.

    See `processes.lock_free`. No lock of a process is waited for: a transaction that holds many and waits for one could
    wait for a transaction that waits for one of the many.
    """
    keys = ",".join(map(str, process_ids))
    reads: list[PreparedRead] = [
        (SHARE_ENGINE, {}),
        (_try_locks, {"keys": keys}),
        (_load_all_free, {"keys": keys, "now": now}),
    ]
    _, locked, free = rows_together(conn, reads)
    ids = frozenset(row["id"] for row in locked)
    return ids, [process_in(row) for row in free if row["id"] in ids]


def lock_unchanged(conn: Connection, before: Sequence[Process]) -> dict[UUID, Standing]:
    """Lock those of the processes that no other transaction holds, on PostgreSQL, and read their standings.

    The result lacks processes that changed, and all of them if the engine does not run. See `lock_all`.
    """
    keys = ",".join(str(process.id) for process in before)
    reads: list[PreparedRead] = [
        (SHARE_ENGINE, {}),
        (_try_locks, {"keys": keys}),
        (_load_standings, {"keys": keys}),
    ]
    _, locked, rows = rows_together(conn, reads)
    ids, places = {row["id"] for row in locked}, {(process.id, process.epoch, process.seq) for process in before}
    for id in ids:
        note_locks(conn, id)
    return {
        row["id"]: Standing(EngineState.RUNNING, row["version"], row["note"])
        for row in rows
        if row["id"] in ids and (row["id"], row["epoch"], row["seq"]) in places
    }


@dataclass(frozen=True, slots=True)
class TakenJobs:
    """The processes of the jobs that a transaction took out of the queue, in order: ``locked`` are those that no other
    transaction holds, ``free`` those of them that are free, and ``known`` the callbacks of their waits."""

    process_ids: list[UUID]
    locked: frozenset[UUID]
    free: list[Process]
    known: dict[waits.Wait, list[Callback]]


def take_jobs(conn: Connection, limit: int, now: datetime) -> TakenJobs:
    """Take at most ``limit`` jobs out of the queue and lock their processes, as `lock_all`, in one round trip.

    Whoever deferred one of the jobs holds its process until the job is committed. Nobody may wait for this transaction
    and be waited for: so it takes the lock of the engine's state first, and waits for nothing behind it.
    """
    reads: list[PreparedRead] = [
        (TAKE_JOBS, {"limit": limit}),
        (_load_all_taken, {"now": now}),
        (waits.OF_TAKEN, {}),
    ]
    (taken,), free, of_waits = rows_together(conn, reads)
    process_ids, locked = _ids(taken["keys"]), frozenset(_ids(taken["locked"]))
    found = [process for process in map(process_in, free) if process.id in locked]
    known = waits.of_taken(conn, [(process.id, process.position) for process in found], of_waits)
    return TakenJobs(process_ids, locked, found, known)


def _ids(keys: str) -> list[UUID]:
    return [UUID(key) for key in keys.split(",") if key]
