"""A visit of a step as columns, labelled so that they can stand beside those of its process."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, select, tuple_
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from orchestrator_gql.process import StepExecution
from orchestrator_gql.storage.database.after_commit import commit_effects
from orchestrator_gql.storage.database.observer import StepEnded
from orchestrator_gql.storage.database.prepared import Prepared
from orchestrator_gql.storage.tables import process_steps
from orchestrator_gql.storage.weight import within
from orchestrator_gql.types import Json

_columns = [c.label(f"visit_{c.name}") for c in process_steps.c if c.name != "process_id"]
_light_columns = [c for c in _columns if c.name != "visit_delta"]


def execution_columns() -> list[ColumnElement[Any]]:
    """The columns of a visit, labelled so that they can stand beside those of its process."""
    return list(_columns)


def light_record_columns() -> list[ColumnElement[Any]]:
    """The same without what the visit changed in the state, which may be a megabyte."""
    return list(_light_columns)


def execution_of(row: Mapping[str, Any]) -> StepExecution | None:
    """The visit in a row that has `execution_columns`; None where the outer join found none."""
    if row["visit_seq"] is None:
        return None
    return StepExecution(
        seq=row["visit_seq"],
        step_index=row["visit_step_index"],
        name=row["visit_name"],
        kind=row["visit_kind"],
        group=row["visit_step_group"],
        status=row["visit_status"],
        started_at=row["visit_started_at"],
        attempt=row["visit_attempt"],
        tries=row["visit_tries"],
        entered_by=row["visit_entered_by"],
        completed_at=row["visit_completed_at"],
        retry_at=row["visit_retry_at"],
        delta=row.get("visit_delta"),
        failure=row["visit_failure"],
        actor=row["visit_actor"],
    )


_MUTABLE = ("status", "attempt", "tries", "completed_at", "retry_at", "delta", "failure", "actor")


def _upsert(dialect: str) -> Prepared:
    statement = (sqlite_insert if dialect == "sqlite" else postgres_insert)(process_steps).inline()
    latest = {name: statement.excluded[name] for name in _MUTABLE}
    brought_up = statement.on_conflict_do_update(index_elements=["process_id", "seq"], set_=latest)
    return Prepared(brought_up, process_steps.c.keys())


_save = {dialect: _upsert(dialect) for dialect in ("sqlite", "postgresql")}


def save_all(conn: Connection, process_id: UUID, executions: Sequence[StepExecution]) -> None:
    """Write the visits; one that stands there already is brought up to date."""
    if not executions:
        return
    _save[conn.dialect.name].run_each(
        conn, [{"process_id": process_id, **_values(execution)} for execution in executions]
    )
    for one in executions:
        if one.completed_at is not None:
            took = max((one.completed_at - one.started_at).total_seconds(), 0.0)  # the clock may have been stepped
            commit_effects(conn).facts.append(StepEnded(one.kind, one.status, took))


def of_process(conn: Connection, process_id: UUID) -> list[StepExecution]:
    """Every visit of the process, in order."""
    return of_processes(conn, [process_id]).get(process_id, [])


def of_processes(conn: Connection, process_ids: Sequence[UUID]) -> dict[UUID, list[StepExecution]]:
    """Every visit of each process, in order."""
    return _visits(conn, process_ids, execution_columns())


def light_of_processes(conn: Connection, process_ids: Sequence[UUID]) -> dict[UUID, list[StepExecution]]:
    """The same without what the visits changed in the state: see `deltas`."""
    return _visits(conn, process_ids, light_record_columns())


def deltas(conn: Connection, executions: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], Mapping[str, Json]]:
    """What the visits, each named by its process and place in the log, changed in the state."""
    c = process_steps.c
    query = select(c.process_id, c.seq, c.delta).where(
        tuple_(c.process_id, c.seq).in_(executions), c.delta.is_not(None)
    )
    rows = within(conn, query, heavy=[c.delta], order=["process_id", "seq"])
    return {(row.process_id, row.seq): row.delta for row in rows}


def _visits(
    conn: Connection, process_ids: Sequence[UUID], columns: Sequence[ColumnElement[Any]]
) -> dict[UUID, list[StepExecution]]:
    rows = conn.execute(
        select(process_steps.c.process_id, *columns)
        .where(process_steps.c.process_id.in_(process_ids))
        .order_by(process_steps.c.process_id, process_steps.c.seq)
    )
    found: dict[UUID, list[StepExecution]] = {}
    for row in rows:
        execution = execution_of(row._asdict())
        assert execution is not None
        found.setdefault(row.process_id, []).append(execution)
    return found


def _values(execution: StepExecution) -> dict[str, Any]:
    return {
        "seq": execution.seq,
        "step_index": execution.step_index,
        "name": execution.name,
        "kind": execution.kind,
        "step_group": execution.group,
        "status": execution.status,
        "attempt": execution.attempt,
        "tries": execution.tries,
        "entered_by": execution.entered_by,
        "started_at": execution.started_at,
        "completed_at": execution.completed_at,
        "retry_at": execution.retry_at,
        "delta": execution.delta,
        "failure": execution.failure,
        "actor": execution.actor,
    }
