"""Whether the engine starts new steps: one row, which every transaction that starts a step reads."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from orchestrator_gql.storage.advisory_locks import ENGINE, SHARE_ENGINE
from orchestrator_gql.storage.database.after_commit import note_locks
from orchestrator_gql.storage.database.prepared import Prepared, PreparedRead
from orchestrator_gql.storage.tables import engine_state
from orchestrator_gql.types import EngineState

_wait_for_lock = Prepared(select(func.pg_advisory_xact_lock(ENGINE)))
_load = Prepared(
    select(engine_state.c.state, engine_state.c.reason, engine_state.c.changed_at, engine_state.c.changed_by)
)


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """The state of the engine, with the reason, time and principal of the last change; None if it never changed."""

    state: EngineState
    reason: str | None = None
    changed_at: datetime | None = None
    changed_by: str | None = None

    @property
    def is_paused(self) -> bool:
        """True if no new step starts, although some steps may still run."""
        return self.state is not EngineState.RUNNING


def load(conn: Connection) -> EngineStatus:
    """The state of the engine."""
    return _behind(conn, None)


def demand(conn: Connection, demand_of: Callable[[EngineStatus], None]) -> None:
    """Let ``demand_of`` look at the state, which nobody can change until this transaction ends.

    It may raise: at once, or on PostgreSQL with the next statement and before the COMMIT. Nothing that the caller wrote
    may be committed then.
    """
    note_locks(conn)
    _load.demand(conn, {}, _locked(conn, SHARE_ENGINE), lambda row: demand_of(EngineStatus(**row)))


def lock(conn: Connection) -> EngineStatus:
    """As `load`; until this transaction ends nobody else changes the state, or changes a process by the old state.

    If two operators pause at once, the second finds the engine paused and writes no event. And no claim that saw a
    running engine is committed after a pause was acknowledged. The lock is an advisory lock, because a wait for a row
    could assign the number of the transaction too early for the event log (see `storage.processes`).
    """
    return _behind(conn, _wait_for_lock)


def _behind(conn: Connection, lock: Prepared | None) -> EngineStatus:
    """As `load`, with the lock, which only PostgreSQL needs."""
    (row,) = _load.each_behind(conn, {}, _locked(conn, lock))
    return EngineStatus(**row)


def _locked(conn: Connection, lock: Prepared | None) -> PreparedRead | None:
    return (lock, {}) if lock is not None and conn.dialect.name == "postgresql" else None


def change(conn: Connection, new: EngineStatus) -> None:
    """Store the new state of the engine."""
    values = {
        "state": new.state,
        "reason": new.reason,
        "changed_at": new.changed_at,
        "changed_by": new.changed_by,
    }
    conn.execute(update(engine_state).values(values))


def came_to_rest(conn: Connection) -> bool:
    """Change the state from pausing to paused; False if the engine was not pausing."""
    pausing = update(engine_state).where(engine_state.c.state == EngineState.PAUSING)
    return conn.execute(pausing.values(state=EngineState.PAUSED)).rowcount == 1
