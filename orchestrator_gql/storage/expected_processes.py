"""Commits a step in one round trip: the process is most likely as its worker left it.

The database itself refuses the COMMIT if that is wrong: the condition divides by zero then.
"""

from sqlalchemy import Connection, Integer, bindparam, case, exists, literal, select

from orchestrator_gql.process import Process
from orchestrator_gql.storage.database import Database
from orchestrator_gql.storage.database.after_commit import T, Unit, commit_effects, note_locks
from orchestrator_gql.storage.database.prepared import Prepared, PreparedRead
from orchestrator_gql.storage.processes import WAIT_FOR_LOCKS, Standing, standing_of_free
from orchestrator_gql.storage.tables import engine_state, processes
from orchestrator_gql.types import EngineState
from orchestrator_gql.utils.author_demands import Demand
from orchestrator_gql.utils.errors import StorageUnavailable

_is_as_expected = exists().where(
    processes.c.id == bindparam("id"),
    processes.c.epoch == bindparam("epoch"),
    processes.c.seq == bindparam("seq"),
    processes.c.version == bindparam("version"),
    engine_state.c.state == EngineState.RUNNING,
)
_demand_expected = Prepared(
    select(literal(1).op("/", return_type=Integer)(case((_is_as_expected, literal(1)), else_=literal(0))).label("one"))
)


async def transaction_expecting(database: Database, unit: Unit[T]) -> T | None:
    """Run a unit that expects a process; None if it failed, perhaps because the process is in other hands."""
    try:
        return await database.transaction(unit)
    except (StorageUnavailable, Demand):
        raise
    except Exception:
        return None


def expect(conn: Connection, before: Process) -> Standing:
    """As `hold_as`, for a process that most likely did not change since ``before`` while the engine runs.

    If that is wrong, a later statement fails, or the COMMIT. The unit must find out by itself whether it was committed
    before, because the COMMIT is sent with the writes. Only on PostgreSQL.
    """
    note_locks(conn, before.id)
    commit_effects(conn).is_repeatable = True
    values = {"id": before.id, "epoch": before.epoch, "seq": before.seq, "version": before.version}
    lock: PreparedRead = (WAIT_FOR_LOCKS, {"key": str(before.id)})
    _demand_expected.demand(conn, values, lock, None)
    return standing_of_free(before)
