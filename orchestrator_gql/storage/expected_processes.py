"""Commits a step in the round trip of its writes: the process is most likely as its worker left it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, exists, select

from orchestrator_gql.process import Process
from orchestrator_gql.storage.database.after_commit import note_locks
from orchestrator_gql.storage.database.prepared import Prepared, PreparedRead
from orchestrator_gql.storage.processes import WAIT_FOR_LOCKS, Standing, standing_of_free
from orchestrator_gql.storage.tables import engine_state, processes
from orchestrator_gql.types import EngineState

_is_as_expected = Prepared(
    select(
        exists()
        .where(
            processes.c.id == bindparam("id"),
            processes.c.epoch == bindparam("epoch"),
            processes.c.seq == bindparam("seq"),
            processes.c.version == bindparam("version"),
            engine_state.c.state == EngineState.RUNNING,
        )
        .label("is_as_expected")
    )
)


def expect(conn: Connection, before: Process, refusal: type[Exception]) -> Standing:
    """As `hold_as`, for a process that most likely did not change since ``before`` while the engine runs.

    Raises ``refusal`` if that is wrong: at once, or on PostgreSQL with the next statement and before the COMMIT. So
    nobody waits for the locks alone.
    """
    note_locks(conn, before.id)

    def demand(row: Mapping[str, Any]) -> None:
        if not row["is_as_expected"]:
            raise refusal

    lock: PreparedRead | None = (WAIT_FOR_LOCKS, {"key": str(before.id)})
    values = {"id": before.id, "epoch": before.epoch, "seq": before.seq, "version": before.version}
    _is_as_expected.demand(conn, values, lock if conn.dialect.name == "postgresql" else None, demand)
    return standing_of_free(before)
