"""Whether the engine starts new steps: one row, which `processes` reads in every transaction that would start one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, literal, select, update

from orchestrator_gql.storage.tables import engine_state
from orchestrator_gql.types import EngineState

KEY = func.hashtextextended(literal("engine-state"), 0)
"""PostgreSQL's advisory lock on the engine's state: whoever moves a process shares it, whoever pauses has it alone."""

_wait_for_share = select(func.pg_advisory_xact_lock_shared(KEY))
_wait_for_lock = select(func.pg_advisory_xact_lock(KEY))


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """The engine's state, and who brought it there, when and why; without these nobody ever changed it."""

    state: EngineState
    reason: str | None = None
    changed_at: datetime | None = None
    changed_by: str | None = None

    @property
    def is_paused(self) -> bool:
        """True where no new step starts, though some may still run."""
        return self.state is not EngineState.RUNNING


def load(conn: Connection) -> EngineStatus:
    """The engine's state."""
    columns = (engine_state.c.state, engine_state.c.reason, engine_state.c.changed_at, engine_state.c.changed_by)
    return EngineStatus(*conn.execute(select(*columns)).one())


def share(conn: Connection) -> EngineStatus:
    """As `load`, and nobody changes it until this transaction ends."""
    if conn.dialect.name == "postgresql":
        conn.execute(_wait_for_share)
    return load(conn)


def lock(conn: Connection) -> EngineStatus:
    """As `load`, and until this transaction ends nobody else changes it, or moves a process by what it was before.

    Of two who pause at once the second finds the engine paused, and tells no event. And no claim that saw the engine
    running is committed behind a pause that was acknowledged. An advisory lock, because waiting for a row would draw
    the transaction's number too early for the log (see `storage.processes`).
    """
    if conn.dialect.name == "postgresql":
        conn.execute(_wait_for_lock)
    return load(conn)


def change(conn: Connection, new: EngineStatus) -> None:
    """Pause or resume the engine."""
    changed = {
        "state": new.state,
        "reason": new.reason,
        "changed_at": new.changed_at,
        "changed_by": new.changed_by,
    }
    conn.execute(update(engine_state).values(changed))


def came_to_rest(conn: Connection) -> bool:
    """From pausing to paused; False where it was not pausing."""
    pausing = update(engine_state).where(engine_state.c.state == EngineState.PAUSING)
    return conn.execute(pausing.values(state=EngineState.PAUSED)).rowcount == 1
