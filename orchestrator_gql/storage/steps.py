"""The rows of step executions."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, select, update

from orchestrator_gql.process import StepExecution
from orchestrator_gql.storage.by_id import ById
from orchestrator_gql.storage.columns import among_pairs
from orchestrator_gql.storage.database.after_commit import commit_effects
from orchestrator_gql.storage.database.observer import StepEnded
from orchestrator_gql.storage.database.prepared import Prepared
from orchestrator_gql.storage.tables import process_steps
from orchestrator_gql.storage.upserts import insert_into
from orchestrator_gql.storage.weight import within
from orchestrator_gql.types import Json

EXECUTION_COLUMNS = tuple(c.label(f"execution_{c.name}") for c in process_steps.c if c.name != "process_id")
"""The columns of a step execution; their labels differ from the columns of a process in the same row."""

LIGHT_EXECUTION_COLUMNS = tuple(c for c in EXECUTION_COLUMNS if c.name != "execution_delta")
"""Without the change of the state, which may have megabytes."""


def execution_of(row: Mapping[str, Any]) -> StepExecution | None:
    """The step execution in a row that has `EXECUTION_COLUMNS`; None if the outer join found none."""
    if row["execution_seq"] is None:
        return None
    return StepExecution(
        seq=row["execution_seq"],
        step_index=row["execution_step_index"],
        name=row["execution_name"],
        kind=row["execution_kind"],
        group=row["execution_step_group"],
        status=row["execution_status"],
        started_at=row["execution_started_at"],
        attempt=row["execution_attempt"],
        try_count=row["execution_tries"],
        entered_by=row["execution_entered_by"],
        completed_at=row["execution_completed_at"],
        retry_at=row["execution_retry_at"],
        delta=row.get("execution_delta"),
        failure=row["execution_failure"],
        actor=row["execution_actor"],
        is_failure_cut=row.get("execution_is_failure_cut") or False,
    )


_MUTABLE = ("status", "attempt", "tries", "completed_at", "retry_at", "delta", "failure", "actor")


@cache
def _save(dialect: str) -> Prepared:
    statement = insert_into(process_steps, dialect).inline()
    latest = {name: statement.excluded[name] for name in _MUTABLE}
    upsert = statement.on_conflict_do_update(index_elements=["process_id", "seq"], set_=latest)
    return Prepared(upsert, process_steps.c.keys(), key=["process_id", "seq"])


_key = (process_steps.c.process_id == bindparam("b_id"), process_steps.c.seq == bindparam("b_seq"))
_update = Prepared(update(process_steps).where(*_key).values({name: bindparam(name) for name in _MUTABLE}))


def save_all(
    conn: Connection, process_id: UUID, executions: Sequence[StepExecution], *, stored: StepExecution | None
) -> None:
    """Store the step executions; existing rows are updated. ``stored`` is an earlier state of one that has a row.

    SQLite needs twice as long for an INSERT that updates as for an UPDATE. For PostgreSQL one statement is better.
    """
    known = stored.seq if stored is not None and conn.dialect.name == "sqlite" else None
    rows = []
    for execution in executions:
        if execution.seq != known or not _update.run(conn, _changed(process_id, execution)):
            rows.append(_values(process_id, execution))
        if execution.completed_at is not None:
            # not below 0: the clock may have been set back
            seconds = max((execution.completed_at - execution.started_at).total_seconds(), 0.0)
            commit_effects(conn).facts.append(StepEnded(execution.kind, execution.status, seconds))
    if rows:
        _save(conn.dialect.name).write_each(conn, rows)


def of_process(conn: Connection, process_id: UUID) -> list[StepExecution]:
    """All step executions of the process, in order."""
    return of_processes(conn, [process_id]).get(process_id, [])


def of_processes(conn: Connection, process_ids: Sequence[UUID]) -> dict[UUID, list[StepExecution]]:
    """All step executions of each process, in order."""
    return _executions(_whole.rows(conn, process_ids))


def light_of_processes(conn: Connection, process_ids: Sequence[UUID]) -> dict[UUID, list[StepExecution]]:
    """As `of_processes`, without the changes of the state: see `deltas`."""
    return _executions(_light.rows(conn, process_ids))


def deltas(conn: Connection, executions: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], Mapping[str, Json]]:
    """The changes of the state by step executions, each named by its process id and sequence number."""
    c = process_steps.c
    query = select(c.process_id, c.seq, c.delta).where(
        among_pairs((c.process_id, c.seq), executions), c.delta.is_not(None)
    )
    rows = within(conn, query, heavy=[c.delta], order=["process_id", "seq"])
    return {(row.process_id, row.seq): row.delta for row in rows}


def _executions(rows: Iterable[Mapping[str, Any]]) -> dict[UUID, list[StepExecution]]:
    result: dict[UUID, list[StepExecution]] = {}
    for row in rows:
        execution = execution_of(row)
        assert execution is not None
        result.setdefault(row["process_id"], []).append(execution)
    return result


def _by_process(columns: Sequence[ColumnElement[Any]]) -> ById:
    id, seq = process_steps.c.process_id, process_steps.c.seq
    return ById(select(id, *columns), id, [id, seq])


_whole, _light = _by_process(EXECUTION_COLUMNS), _by_process(LIGHT_EXECUTION_COLUMNS)
reading_light = _light.reading


def _changed(process_id: UUID, execution: StepExecution) -> dict[str, Any]:
    """The values of `_MUTABLE`, with the key of the row."""
    return {
        "b_id": process_id,
        "b_seq": execution.seq,
        "status": execution.status,
        "attempt": execution.attempt,
        "tries": execution.try_count,
        "completed_at": execution.completed_at,
        "retry_at": execution.retry_at,
        "delta": execution.delta,
        "failure": execution.failure,
        "actor": execution.actor,
    }


def _values(process_id: UUID, execution: StepExecution) -> dict[str, Any]:
    return {
        "process_id": process_id,
        "seq": execution.seq,
        "step_index": execution.step_index,
        "name": execution.name,
        "kind": execution.kind,
        "step_group": execution.group,
        "status": execution.status,
        "attempt": execution.attempt,
        "tries": execution.try_count,
        "entered_by": execution.entered_by,
        "started_at": execution.started_at,
        "completed_at": execution.completed_at,
        "retry_at": execution.retry_at,
        "delta": execution.delta,
        "failure": execution.failure,
        "actor": execution.actor,
    }
