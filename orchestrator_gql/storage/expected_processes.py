"""Commits a step or a start in one round trip: the process is most likely as its worker left it, and the engine runs.

The database itself refuses the COMMIT if that is wrong: the condition divides by zero then.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Integer, and_, bindparam, case, exists, literal, select

from orchestrator_gql.callbacks.rules import Callback
from orchestrator_gql.process import Process
from orchestrator_gql.storage.database import Database
from orchestrator_gql.storage.database.after_commit import T, Unit, commit_effects, note_locks
from orchestrator_gql.storage.database.prepared import Prepared, PreparedRead
from orchestrator_gql.storage.database.unknown_outcomes import transaction_or_find
from orchestrator_gql.storage.processes import WAIT_FOR_LOCKS, Standing, standing_of_free
from orchestrator_gql.storage.tables import callbacks, engine_state, processes
from orchestrator_gql.storage.tables import product_subscription_locks as locks
from orchestrator_gql.types import CallbackStatus, EngineState
from orchestrator_gql.utils.author_demands import Demand
from orchestrator_gql.utils.errors import StorageUnavailable

_is_as_expected = exists().where(
    processes.c.id == bindparam("id"),
    processes.c.epoch == bindparam("epoch"),
    processes.c.seq == bindparam("seq"),
    processes.c.version == bindparam("version"),
    engine_state.c.state == EngineState.RUNNING,
)


def _demand(condition: ColumnElement[bool]) -> Prepared:
    """Divides by zero if the condition does not hold."""
    divisor = case((condition, literal(1)), else_=literal(0))
    return Prepared(select(literal(1).op("/", return_type=Integer)(divisor).label("one")))


_demand_expected = _demand(_is_as_expected)
_demand_unanswered = _demand(
    and_(
        _is_as_expected,
        ~exists().where(
            callbacks.c.process_id == bindparam("id"),
            callbacks.c.record_seq == bindparam("record_seq"),
            callbacks.c.status != CallbackStatus.PENDING,
        ),
    )
)
_demand_unlocked = _demand(and_(_is_as_expected, ~exists().where(locks.c.locked_by == bindparam("id"))))
_demand_running = _demand(exists().where(engine_state.c.state == EngineState.RUNNING))


async def transaction_expecting(database: Database, unit: Unit[T], find: Unit[T | None] | None = None) -> T | None:
    """Run a unit that expects a process or that the engine runs; None if it failed, perhaps because that was wrong.

    With ``find``, an unknown outcome is found out, see `transaction_or_find`.
    """
    try:
        return await (database.transaction(unit) if find is None else transaction_or_find(database, unit, find))
    except (StorageUnavailable, Demand):
        raise
    except Exception:
        return None


def expect_running(conn: Connection, process_id: UUID) -> None:
    """As `expect`, for a unit that stores the new process while the engine runs. It holds the process, so another
    transaction can wait for its end and look for the process."""
    note_locks(conn, process_id)
    commit_effects(conn).is_repeatable = True
    _demand_running.demand(conn, {}, (WAIT_FOR_LOCKS, {"key": str(process_id)}), None)


def expect(
    conn: Connection, before: Process, unanswered: Sequence[Callback] = (), *, holds_none: bool = False
) -> Standing:
    """As `hold_as`, for a process that most likely did not change since ``before`` while the engine runs.

    ``unanswered`` are all callbacks of one step execution: most likely, each of them is still open. With
    ``holds_none`` it most likely holds no product subscription.
    If that is wrong, a later statement fails, or the COMMIT. The unit must find out by itself whether it was committed
    before, because the COMMIT is sent with the writes. Only on PostgreSQL.
    """
    note_locks(conn, before.id)
    commit_effects(conn).is_repeatable = True
    values: dict[str, Any] = {"id": before.id, "epoch": before.epoch, "seq": before.seq, "version": before.version}
    lock: PreparedRead = (WAIT_FOR_LOCKS, {"key": str(before.id)})
    if unanswered:
        _demand_unanswered.demand(conn, {**values, "record_seq": unanswered[0].record_seq}, lock, None)
    else:
        (_demand_unlocked if holds_none else _demand_expected).demand(conn, values, lock, None)
    return replace(standing_of_free(before), holds_none=holds_none and not unanswered)
