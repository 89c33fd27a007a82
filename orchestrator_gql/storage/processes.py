"""The rows of processes, and the compare-and-set that changes them.

A change of a process begins with its lock, before any write. SQLite has only one writer, so it needs no lock.
PostgreSQL uses an advisory lock and not a lock of the row, for two reasons. First, a transaction may get its number
while it waits for a row; then the event log, which is read by ``(tx, id)``, would show the changes of two transactions
in the wrong order. A wait for an advisory lock assigns no number. Second, a statement after the lock reads current
rows; a statement that waits for a row returns it joined with the step execution from before the wait.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Connection,
    Integer,
    Update,
    and_,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from orchestrator_gql.process import Process
from orchestrator_gql.storage.advisory_locks import ENGINE, key_of
from orchestrator_gql.storage.by_id import ById
from orchestrator_gql.storage.columns import among
from orchestrator_gql.storage.database.after_commit import commit_effects, note_locks, wake
from orchestrator_gql.storage.database.observer import STOPPED
from orchestrator_gql.storage.database.pipeline import is_write_waiting
from orchestrator_gql.storage.database.prepared import Prepared, PreparedRead
from orchestrator_gql.storage.process_locks import may_go_on
from orchestrator_gql.storage.process_values import (
    MOVED,
    MOVED_ON,
    all_values,
    kept,
    moved_on_values,
    moved_values,
    process_in,
    state_values,
    stored_values,
)
from orchestrator_gql.storage.steps import EXECUTION_COLUMNS
from orchestrator_gql.storage.tables import engine_state, process_steps, processes
from orchestrator_gql.storage.weight import within
from orchestrator_gql.types import EngineState, ProcessStatus
from orchestrator_gql.utils.secrets import Secrets

RUNNABLE = (ProcessStatus.CREATED, ProcessStatus.RUNNING)

process_and_execution = processes.outerjoin(
    process_steps,
    and_(process_steps.c.process_id == processes.c.id, process_steps.c.seq == processes.c.record_seq),
)
WHOLE_PROCESSES = select(*processes.c, *EXECUTION_COLUMNS).select_from(process_and_execution)
"""The processes with their states and current step executions."""

_whole = WHOLE_PROCESSES.where(processes.c.id == bindparam("id"))
_load = Prepared(_whole)
IS_FREE = and_(
    or_(*(processes.c.status == status for status in RUNNABLE)),
    or_(processes.c.worker.is_(None), processes.c.lease_until < bindparam("now")),
    exists().where(engine_state.c.state == EngineState.RUNNING),
)
_load_free = Prepared(_whole.where(IS_FREE))
_engine = select(engine_state.c.state).scalar_subquery().label("engine")
_load_standing = Prepared(_whole.add_columns(_engine))
_standing = Prepared(
    select(_engine, processes.c.version, processes.c.note, processes.c.worker, processes.c.assignee).where(
        processes.c.id == bindparam("id"),
        processes.c.epoch == bindparam("epoch"),
        processes.c.seq == bindparam("seq"),
    )
)
_lock_process = func.pg_advisory_xact_lock(key_of(bindparam("key")))
WAIT_FOR_LOCKS = Prepared(select(func.pg_advisory_xact_lock_shared(ENGINE), _lock_process))
"""The locks of the engine's state, shared, and of the process; in this order."""


def _fenced(*names: str) -> Update:
    change = update(processes).where(
        processes.c.id == bindparam("b_id"),
        processes.c.epoch == bindparam("b_epoch"),
        processes.c.seq == bindparam("b_seq"),
    )
    version = processes.c.version + bindparam("b_steps", type_=Integer)
    return change.values({"version": version, **{name: bindparam(name) for name in names}})


_secrets = ById(select(processes.c.id, processes.c.secrets).where(processes.c.secrets.is_not(None)), processes.c.id)
_insert = Prepared(insert(processes).inline(), processes.c.keys(), key=["id"])
_move = Prepared(_fenced(*MOVED), key=["b_id"])
_set_note = Prepared(
    update(processes)
    .where(processes.c.id == bindparam("b_id"))
    .values({name: bindparam(name) for name in ("note", "version", "updated_at")}),
    key=["b_id"],
)
_move_with_state = Prepared(_fenced(*MOVED, "state", "stored", "answers", "secrets"), key=["b_id"])
_move_on = Prepared(_fenced(*MOVED_ON), key=["b_id"])
_move_on_with_state = Prepared(_fenced(*MOVED_ON, "state", "stored"), key=["b_id"])


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of the engine, and the values of a process that may change while a worker holds it: note and version.

    If the worker wrote its own old values of these, it would undo a change that was acknowledged. ``holder`` are the
    worker and the assignee of the row, which may change with the version, too; None if they were not read.
    ``holds_none``: the process certainly holds no product subscription.
    """

    engine: EngineState
    version: int
    note: str | None
    holder: tuple[str | None, str | None] | None = None
    holds_none: bool = False


def insert_process(conn: Connection, process: Process) -> None:
    """Store a new process, and wake it unless it waits for its lock."""
    _insert.write(conn, all_values(process, None))
    commit_effects(conn).held.add(process.id)  # nobody else knows it yet
    if process.status in RUNNABLE:
        wake(conn, process.id)


def load(conn: Connection, process_id: UUID) -> Process | None:
    """The process with its state and current step execution, None if it does not exist."""
    return _process_or_none(_load.first(conn, {"id": process_id}))


def load_all(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Process]:
    """As `load`, for many processes."""
    if len(ids) == 1:
        found = load(conn, ids[0])
        return {} if found is None else {found.id: found}
    query = WHOLE_PROCESSES.where(processes.c.id.in_(ids))
    rows = within(conn, query, heavy=[processes.c.state, processes.c.start_pages, process_steps.c.delta], order=["id"])
    return {row.id: process_in(row._asdict()) for row in rows}


def lock(conn: Connection, process_id: UUID) -> Process | None:
    """As `load`; no other transaction can change the process until this one ends."""
    return _process_or_none(_behind_locks(conn, _load, process_id, {"id": process_id}))


def lock_standing(
    conn: Connection, process_id: UUID, ahead: Sequence[PreparedRead] = ()
) -> tuple[Process, Standing] | None:
    """As `lock`, with the `Standing` of the process: `commit.apply` need not lock and read it again.

    ``ahead`` are the reads of rows that the lock protects and that the caller needs next, see `read_ahead`.
    """
    row = _behind_locks(conn, _load_standing, process_id, {"id": process_id}, ahead)
    if row is None:
        return None
    process = process_in(row)
    return process, Standing(row["engine"], process.version, process.note)


def lock_free(conn: Connection, process_id: UUID, now: datetime) -> Process | None:
    """As `lock`, if the process is runnable and no living worker holds it; else None: the caller must not touch it.

    Without the condition on the lease, a second wake-up would take the process from a healthy worker and run its step
    twice. While the engine is paused no process is free.
    """
    return _process_or_none(_behind_locks(conn, _load_free, process_id, {"id": process_id, "now": now}))


def load_free(conn: Connection, process_id: UUID, now: datetime) -> Process | None:
    """As `lock_free`, for a transaction that holds the process already."""
    return _process_or_none(_load_free.first(conn, {"id": process_id, "now": now}))


def hold(conn: Connection, process_id: UUID) -> None:
    """Prevent other changes of the process, and a pause of the engine, until this transaction ends."""
    note_locks(conn, process_id)
    if conn.dialect.name == "postgresql":
        WAIT_FOR_LOCKS.first(conn, {"key": str(process_id)})


def _behind_locks(
    conn: Connection, query: Prepared, process_id: UUID, values: Mapping[str, Any], ahead: Sequence[PreparedRead] = ()
) -> Mapping[str, Any] | None:
    """The first row of the query, which is executed when this transaction holds the process."""
    note_locks(conn, process_id)
    is_locked = conn.dialect.name == "postgresql"
    rows = query.each_behind(conn, values, (WAIT_FOR_LOCKS, {"key": str(process_id)}) if is_locked else None, ahead)
    return next(rows, None)


def hold_as(conn: Connection, before: Process) -> Standing | None:
    """`hold` the process and read its `Standing`; None if another transaction changed the process since ``before``."""
    row = _behind_locks(conn, _standing, before.id, {"id": before.id, "epoch": before.epoch, "seq": before.seq})
    if row is None:
        return None
    return Standing(row["engine"], row["version"], row["note"], (row["worker"], row["assignee"]))


def standing_of_free(process: Process) -> Standing:
    """The standing of a process that `lock_free` returned in this transaction, or `expect` supposed."""
    return Standing(EngineState.RUNNING, process.version, process.note)


def write(
    conn: Connection,
    before: Process,
    after: Process,
    lease_until: datetime | None,
    refusal: type[Exception],
    standing: Standing | None = None,
) -> None:
    """Store the process ``after`` if the row still has the epoch and the sequence number of ``before``.

    Raises ``refusal`` if another transaction changed the process: at once, or on PostgreSQL with the next statement and
    before the COMMIT. ``standing`` is what this transaction knows of the row.
    """
    if _overwrite(conn, before, after, lease_until):
        return
    fence = {"b_id": before.id, "b_epoch": before.epoch, "b_seq": before.seq, "b_steps": 1}
    # to encode a large state takes longer than the rest of the commit, and most commits do not change it
    is_same = after.condition_results is before.condition_results and after.secrets is before.secrets
    is_same_state = is_same and after.state is before.state
    if is_same and _moves_on(conn, before, after, standing):
        values = fence | moved_on_values(after, lease_until)
        if not is_same_state:
            values |= {"state": after.state, "stored": stored_values(after.state)}
        (_move_on if is_same_state else _move_on_with_state).write(conn, values, refusal)
        return
    values = fence | moved_values(after, lease_until) | ({} if is_same_state else state_values(after))
    (_move if is_same_state else _move_with_state).write(conn, values, refusal)
    if after.status in STOPPED and before.status is not after.status:
        commit_effects(conn).facts.append(STOPPED[after.status](after.workflow_name, after.status))


def _has_same_state(before: Process, after: Process) -> bool:
    return (
        after.state is before.state
        and after.condition_results is before.condition_results
        and after.secrets is before.secrets
    )


def _overwrite(conn: Connection, before: Process, after: Process, lease_until: datetime | None) -> bool:
    """Let the write of ``before``, if it still waits in this transaction, write ``after``: on PostgreSQL.

    So a process that is claimed while it is woken is written once. The fence stays that of the first write.
    """
    if conn.dialect.name == "sqlite" or after.status in STOPPED or not is_write_waiting(conn, "processes"):
        return False

    def moved(first: Mapping[str, Any], *, with_state: bool) -> tuple[Prepared, Mapping[str, Any]]:
        fence = {"b_id": before.id, "b_epoch": int(first["b_epoch"]), "b_seq": int(first["b_seq"])}
        values = fence | {"b_steps": int(first["b_steps"]) + 1} | moved_values(after, lease_until)
        return (_move_with_state, values | state_values(after)) if with_state else (_move, values)

    return (
        _insert.overwrite(conn, before.id, lambda _: (_insert, all_values(after, lease_until)))
        or _move_with_state.overwrite(conn, before.id, lambda first: moved(first, with_state=True))
        or _move.overwrite(conn, before.id, lambda first: moved(first, with_state=not _has_same_state(before, after)))
    )


def _moves_on(conn: Connection, before: Process, after: Process, standing: Standing | None) -> bool:
    """True if only columns of `MOVED_ON` differ. PostgreSQL compares the values of indexed columns itself."""
    return (
        standing is not None
        and standing.holder == (after.worker, after.assignee)
        and conn.dialect.name == "sqlite"
        and kept(before) == kept(after)
    )


def resume_all(
    conn: Connection, process_ids: Sequence[UUID], resting: ProcessStatus, now: datetime
) -> dict[int, list[UUID]]:
    """Resume those of the processes that have the status ``resting``, as `process.resume` does, and wake them.

    A waiting process is resumed only if it may go on. The caller holds the processes. Returns the ids of the resumed
    processes by their new version.
    """
    change = update(processes).where(among(conn, processes.c.id, process_ids), processes.c.status == resting)
    if resting is ProcessStatus.WAITING:
        change = change.where(may_go_on(now))
    resumed = change.values(
        status=ProcessStatus.RUNNING, seq=processes.c.seq + 1, version=processes.c.version + 1, updated_at=now
    )
    by_version: dict[int, list[UUID]] = {}
    for id, version in conn.execute(resumed.returning(processes.c.id, processes.c.version)):
        by_version.setdefault(version, []).append(id)
        wake(conn, id)
    commit_effects(conn).known = None
    return by_version


def set_note(conn: Connection, process: Process, note: str | None, now: datetime) -> None:
    """Store the note and increase the version."""
    _set_note.write(conn, {"b_id": process.id, "note": note, "version": process.version + 1, "updated_at": now})
    effects = commit_effects(conn)
    effects.has_events, effects.known = True, None


def assign(conn: Connection, process_ids: Sequence[UUID], assignee: str, now: datetime) -> None:
    """Store the new assignee of the processes, which the caller holds, and increase their versions."""
    values = {"assignee": assignee, "version": processes.c.version + 1, "updated_at": now}
    conn.execute(update(processes).where(among(conn, processes.c.id, process_ids)).values(values))
    commit_effects(conn).known = None


def states(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, tuple[Mapping[str, Any], Sequence[Any]]]:
    """The states and start pages of the processes, with masked secrets."""
    c = processes.c
    query = select(c.id, c.state, c.start_pages, c.secrets).where(c.id.in_(ids))
    rows = within(conn, query, heavy=[c.state, c.start_pages], order=["id"])
    return {row.id: (Secrets.read(row.secrets).shown(row.state), row.start_pages) for row in rows}


def secrets_of(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Secrets]:
    """The secrets of the processes; processes without secrets are left out."""
    return {row["id"]: Secrets.read(row["secrets"]) for row in _secrets.rows(conn, ids)}


def learn(conn: Connection, process: Process, secrets: Secrets) -> None:
    """Store the secrets of the process, which the caller holds, if they are new."""
    if secrets is not process.secrets:
        conn.execute(update(processes).where(processes.c.id == process.id).values(secrets=secrets.written))
        commit_effects(conn).known = None


def _process_or_none(row: Mapping[str, Any] | None) -> Process | None:
    return None if row is None else process_in(row)
