"""Processes: rows that say where each one stands, and the compare-and-set that moves them.

Whoever moves a process locks it first, before anything is written. SQLite's one writer holds the lock already. On
PostgreSQL it is an advisory lock and not the row's, for two reasons. A transaction may draw its number while it waits
for a row, so the log, which is read by ``(tx, id)``, would tell what two of them did in the wrong order; waiting for an
advisory lock draws none. And what is read in a statement after the lock is as fresh as the lock, where a row that was
waited for comes joined to the visit that stood there before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Connection,
    Row,
    Select,
    Text,
    Update,
    and_,
    bindparam,
    cast,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from orchestrator_gql.process import Process, StepEntry, StepExecution, conditions
from orchestrator_gql.storage.columns import among
from orchestrator_gql.storage.database.after_commit import commit_effects, wake
from orchestrator_gql.storage.database.observer import ProcessEnded
from orchestrator_gql.storage.database.prepared import Prepared
from orchestrator_gql.storage.engine_state import KEY
from orchestrator_gql.storage.steps import execution_columns, execution_of, light_record_columns
from orchestrator_gql.storage.tables import engine_state, process_steps, processes
from orchestrator_gql.storage.weight import within
from orchestrator_gql.types import EngineState, ProcessStatus
from orchestrator_gql.utils.json.stored import Stored
from orchestrator_gql.utils.secrets import Secrets

HEAVY = frozenset({"state", "stored", "answers", "start_pages", "secrets"})
"""Columns that lists leave out: a working state may be megabytes."""

RUNNABLE = (ProcessStatus.CREATED, ProcessStatus.RUNNING)

_light = [c for c in processes.c if c.name not in HEAVY]
_join = processes.outerjoin(
    process_steps,
    and_(process_steps.c.process_id == processes.c.id, process_steps.c.seq == processes.c.record_seq),
)
_whole = select(*processes.c, *execution_columns()).select_from(_join).where(processes.c.id == bindparam("id"))
_load = Prepared(_whole)
_load_free = Prepared(
    _whole.where(
        or_(*(processes.c.status == status for status in RUNNABLE)),
        or_(processes.c.worker.is_(None), processes.c.lease_until < bindparam("now")),
        exists().where(engine_state.c.state == EngineState.RUNNING),
    )
)
_engine = select(engine_state.c.state).scalar_subquery().label("engine")
_stands = Prepared(
    select(_engine, processes.c.version, processes.c.note).where(
        processes.c.id == bindparam("id"),
        processes.c.epoch == bindparam("epoch"),
        processes.c.seq == bindparam("seq"),
    )
)
_key = func.hashtextextended(bindparam("key"), 0)
_wait_for_locks = Prepared(select(func.pg_advisory_xact_lock_shared(KEY), func.pg_advisory_xact_lock(_key)))

MOVED = (
    "fingerprint", "status", "position", "seq", "epoch", "record_seq", "worker", "lease_until", "assignee",
    "updated_at", "ended_at", "failure", "aborted_by", "entry", "engine_failures",
)  # fmt: skip
"""What a move may change beside the state. The note is not among them: it is written while a step runs."""


def _fenced(*names: str) -> Update:
    moved = update(processes).where(
        processes.c.id == bindparam("b_id"),
        processes.c.epoch == bindparam("b_epoch"),
        processes.c.seq == bindparam("b_seq"),
    )
    return moved.values({"version": processes.c.version + 1, **{name: bindparam(name) for name in names}})


_insert = Prepared(insert(processes).inline(), processes.c.keys())
_move = Prepared(_fenced(*MOVED))
_move_with_state = Prepared(_fenced(*MOVED, "state", "stored", "answers", "secrets"))


def insert_process(conn: Connection, process: Process) -> None:
    """Store a process that was just created, and wake it."""
    _insert.run(conn, _values(process, None))
    wake(conn, process.id)


def load(conn: Connection, process_id: UUID) -> Process | None:
    """The process with its state and the visit it is on."""
    return _one(_load.first(conn, {"id": process_id}))


def load_all(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Process]:
    """As `load`, for many."""
    query = select(*processes.c, *execution_columns()).select_from(_join).where(processes.c.id.in_(ids))
    found = within(conn, query, heavy=[processes.c.state, processes.c.start_pages, process_steps.c.delta], order=["id"])
    return {process.id: process for process in map(process_of, found)}


def lock(conn: Connection, process_id: UUID) -> Process | None:
    """As `load`, and nobody else moves it until this transaction ends."""
    hold(conn, process_id)
    return load(conn, process_id)


def lock_free(conn: Connection, process_id: UUID, now: datetime) -> Process | None:
    """As `lock`, where it is runnable and no living worker holds it; None elsewhere: leave it alone.

    Without the condition on the lease, every second bell would steal the process from a healthy worker and run its
    step twice. While the engine is paused nothing is free.
    """
    hold(conn, process_id)
    return _one(_load_free.first(conn, {"id": process_id, "now": now}))


def hold(conn: Connection, process_id: UUID) -> None:
    """Let nobody else move the process, and nobody pause the engine, until this transaction ends."""
    if conn.dialect.name == "postgresql":
        _wait_for_locks.first(conn, {"key": str(process_id)})


@dataclass(frozen=True, slots=True)
class Standing:
    """How the engine stands, and what anybody may change of a process that a worker has in its hands: its note, and
    the version that grew with it. Written as the worker remembers them, they would undo what was acknowledged."""

    engine: EngineState
    version: int
    note: str | None


def hold_as(conn: Connection, before: Process) -> Standing | None:
    """`hold` the process where it still stands as thought, and look at the engine; None: somebody else moved it."""
    hold(conn, before.id)
    values = {"id": before.id, "epoch": before.epoch, "seq": before.seq}
    found = _stands.first(conn, values)
    return None if found is None else Standing(**found)


def hold_free(conn: Connection, candidates: Select[UUID], limit: int) -> list[UUID]:
    """Hold at most ``limit`` of the processes that are selected, passing over those that somebody else holds.

    The limit is part of the statement, which stops locking there: PostgreSQL keeps all locks of all its clients in one
    table of some thousand places, and whoever finds it full fails.
    """
    if conn.dialect.name == "postgresql":
        asked = candidates.subquery()
        (id,) = asked.c
        candidates = select(id).where(func.pg_try_advisory_xact_lock(func.hashtextextended(cast(id, Text), 0)))
    return list(dict.fromkeys(conn.execute(candidates.limit(limit)).scalars()))


def release(conn: Connection, process_id: UUID, worker: str) -> bool:
    """Free a process that this worker holds and does not work on; True where it held it."""
    mine = update(processes).where(processes.c.id == process_id, processes.c.worker == worker)
    return conn.execute(mine.values(worker=None, lease_until=None)).rowcount == 1


def let_go(conn: Connection, process_id: UUID, worker: str, epoch: int) -> None:
    """Free what this worker still holds by that claim, and wake the process for whoever comes.

    By that claim only: the same worker may hold the process by a newer one, and its step would be run a second time.
    """
    hold(conn, process_id)
    mine = (processes.c.id == process_id, processes.c.worker == worker, processes.c.epoch == epoch)
    if conn.execute(update(processes).where(*mine).values(worker=None, lease_until=None)).rowcount == 1:
        wake(conn, process_id)


def count_failure(
    conn: Connection, process_id: UUID, held: Process | None, now: datetime, *, lets_go: bool = False
) -> int:
    """Count one more failure of the engine on a process that stands as it is ``held``, or, where it is None, that
    nobody holds; how many there are in a row, 0 where it is in other hands. With ``lets_go`` it is nobody's then."""
    hold(conn, process_id)
    free = or_(processes.c.worker.is_(None), processes.c.lease_until < now)
    mine = (free,) if held is None else (processes.c.epoch == held.epoch, processes.c.seq == held.seq)
    values: dict[str, Any] = {"engine_failures": processes.c.engine_failures + 1}
    if lets_go:
        values |= {"worker": None, "lease_until": None}
    counted = update(processes).where(processes.c.id == process_id, processes.c.status.in_(RUNNABLE), *mine)
    return conn.execute(counted.values(values).returning(processes.c.engine_failures)).scalar() or 0


def write(conn: Connection, before: Process, after: Process, lease_until: datetime | None) -> bool:
    """Store where the process stands now, if it still stood where it was thought to stand.

    False: somebody else moved it since (a newer epoch or seq); nothing was written, and nothing else may be.
    """
    fence = {"b_id": before.id, "b_epoch": before.epoch, "b_seq": before.seq}
    # encoding a large state costs more than all the rest of a commit, and most moves leave it as it is
    is_same = all(getattr(after, name) is getattr(before, name) for name in ("state", "condition_results", "secrets"))
    is_written = (_move if is_same else _move_with_state).run(conn, fence | _values(after, lease_until)) == 1
    if is_written and after.ended_at is not None and before.ended_at is None:
        commit_effects(conn).facts.append(ProcessEnded(after.workflow_name, after.status))
    return is_written


def resume_all(
    conn: Connection, process_ids: Sequence[UUID], resting: ProcessStatus, now: datetime
) -> dict[int, list[UUID]]:
    """Make runnable, as `process.resume` does one, those of the processes that rest at the status, and wake them.

    They are held. Which they are, by the version that each has now.
    """
    held = update(processes).where(among(conn, processes.c.id, process_ids), processes.c.status == resting)
    resumed = held.values(
        status=ProcessStatus.RUNNING, seq=processes.c.seq + 1, version=processes.c.version + 1, updated_at=now
    )
    found: dict[int, list[UUID]] = {}
    for id, version in conn.execute(resumed.returning(processes.c.id, processes.c.version)):
        found.setdefault(version, []).append(id)
        wake(conn, id)
    return found


def renew_leases(conn: Connection, worker: str, until: datetime) -> int:
    """Keep everything the worker holds; the number of its processes."""
    held = update(processes).where(processes.c.worker == worker).values(lease_until=until)
    return conn.execute(held).rowcount


def drop_leases(conn: Connection, worker: str | None = None) -> None:
    """Let go of what the worker holds, or of everything where no other worker can be alive (one SQLite file)."""
    held = update(processes).where(processes.c.worker.is_not(None)).values(worker=None, lease_until=None)
    conn.execute(held if worker is None else held.where(processes.c.worker == worker))


def runnable(conn: Connection, now: datetime, deployed: Sequence[str], limit: int) -> Sequence[UUID]:
    """Processes that could run here and that no living worker holds.

    Only those of the workflows that are deployed: a thousand that rest until their workflow is back would hide the
    others behind the limit.
    """
    free = or_(processes.c.worker.is_(None), processes.c.lease_until < now)
    mine = processes.c.workflow_name.in_(deployed)
    found = select(processes.c.id).where(processes.c.status.in_(RUNNABLE), free, mine).limit(limit)
    return conn.execute(found).scalars().all()


def set_note(conn: Connection, process: Process, note: str | None, now: datetime) -> None:
    """Change the note; the version grows with it."""
    changed = {"note": note, "version": process.version + 1, "updated_at": now}
    conn.execute(update(processes).where(processes.c.id == process.id).values(changed))
    commit_effects(conn).has_events = True


def assign(conn: Connection, process_ids: Sequence[UUID], assignee: str, now: datetime) -> None:
    """Note whose the open questions of the processes, which are held, became; their versions grow with it."""
    changed = {"assignee": assignee, "version": processes.c.version + 1, "updated_at": now}
    conn.execute(update(processes).where(among(conn, processes.c.id, process_ids)).values(changed))


def light_select() -> Select[Any]:
    """Processes without their heavy columns, each with its visit, without what that changed: what lists are made of."""
    return select(*_light, *light_record_columns()).select_from(_join)


def process_of(row: Row[Any]) -> Process:
    """The process of a row of `light_select` or of a whole one."""
    return _process(row._asdict())


def states(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, tuple[Mapping[str, Any], Sequence[Any]]]:
    """The working states and start pages of the processes, with masks in the places of secrets."""
    c = processes.c
    query = select(c.id, c.state, c.start_pages, c.secrets).where(c.id.in_(ids))
    rows = within(conn, query, heavy=[c.state, c.start_pages], order=["id"])
    return {row.id: (Secrets.read(row.secrets).shown(row.state), row.start_pages) for row in rows}


def secrets_of(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Secrets]:
    """What is secret in the processes; only those that know a secret are among them."""
    c = processes.c
    rows = conn.execute(select(c.id, c.secrets).where(c.id.in_(ids), c.secrets.is_not(None)))
    return {id: Secrets.read(secrets) for id, secrets in rows}


def learn(conn: Connection, process: Process, secrets: Secrets) -> None:
    """Store what is secret in the process, which is held, where it is more than it knows."""
    if secrets is not process.secrets:
        conn.execute(update(processes).where(processes.c.id == process.id).values(secrets=secrets.written))


def _one(row: Mapping[str, Any] | None) -> Process | None:
    return None if row is None else _process(row)


def _process(row: Mapping[str, Any]) -> Process:
    execution: StepExecution | None = execution_of(row)
    return Process(
        id=row["id"],
        workflow_name=row["workflow_name"],
        target=row["target"],
        fingerprint=row["fingerprint"],
        status=row["status"],
        started_at=row["started_at"],
        updated_at=row["updated_at"],
        position=row["position"],
        seq=row["seq"],
        epoch=row["epoch"],
        version=row["version"],
        state=_state(row),
        condition_results=conditions.from_stored(row.get("answers") or {}),
        execution=execution,
        worker=row["worker"],
        assignee=row["assignee"],
        created_by=row["created_by"],
        ended_at=row["ended_at"],
        failure=row["failure"],
        note=row["note"],
        start_pages=tuple(row.get("start_pages") or ()),
        aborted_by=row["aborted_by"],
        entry=_entry(row["entry"]),
        engine_failures=row["engine_failures"],
        secrets=Secrets.read(row.get("secrets")),
    )


def _state(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The working state; what is stored out of line comes as where it is, and as a note in the column itself."""
    state = row.get("state") or {}
    stored = row.get("stored") or {}
    return {**state, **{key: Stored(UUID(id), size) for key, (id, size) in stored.items()}} if stored else state


def _out_of_line(state: Mapping[str, Any]) -> dict[str, list[Any]] | None:
    found = {key: [str(one.payload_id), one.size] for key, one in state.items() if isinstance(one, Stored)}
    return found or None


def _entry(stored: Mapping[str, Any] | None) -> StepEntry | None:
    if stored is None:
        return None
    names = stored["names"]
    return StepEntry(**{**stored, "names": None if names is None else tuple(names)})


def _values(process: Process, lease_until: datetime | None) -> dict[str, Any]:
    return {
        "id": process.id,
        "workflow_name": process.workflow_name,
        "target": process.target,
        "fingerprint": process.fingerprint,
        "status": process.status,
        "position": process.position,
        "seq": process.seq,
        "epoch": process.epoch,
        "version": process.version,
        "record_seq": process.execution.seq if process.execution else None,
        "worker": process.worker,
        "lease_until": lease_until,
        "state": process.state,
        "stored": _out_of_line(process.state),
        "answers": conditions.to_stored(process.condition_results),
        "assignee": process.assignee,
        "created_by": process.created_by,
        "started_at": process.started_at,
        "updated_at": process.updated_at,
        "ended_at": process.ended_at,
        "failure": process.failure,
        "note": process.note,
        "start_pages": list(process.start_pages),
        "aborted_by": process.aborted_by,
        "entry": None if process.entry is None else asdict(process.entry),
        "engine_failures": process.engine_failures,
        "secrets": process.secrets.written,
    }
