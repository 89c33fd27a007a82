"""Processes as lists load them: without their states and pages, and without large failures."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, select

from orchestrator_gql.process import Process
from orchestrator_gql.storage.by_id import ById
from orchestrator_gql.storage.process_values import process_in
from orchestrator_gql.storage.processes import process_and_execution
from orchestrator_gql.storage.steps import LIGHT_EXECUTION_COLUMNS
from orchestrator_gql.storage.tables import process_steps, processes
from orchestrator_gql.storage.weight import within
from orchestrator_gql.types import Failure

HEAVY = frozenset({"state", "stored", "answers", "start_pages", "secrets"})
"""Columns that lists do not load: a state may have megabytes."""

LARGEST_FAILURE = 4_096
"""Characters of a failure, as JSON, that a list loads. A page of 200 large failures would be over the limit."""


def _small(failure: ColumnElement[Any], label: str) -> list[ColumnElement[Any]]:
    is_large = func.coalesce(func.length(failure), 0) > LARGEST_FAILURE
    prefix = label.removesuffix("failure")
    return [
        case((func.length(failure) <= LARGEST_FAILURE, failure)).label(label),
        is_large.label(f"{prefix}is_failure_cut"),
    ]


_columns = [
    *(column for column in processes.c if column.name not in HEAVY | {"failure"}),
    *_small(processes.c.failure, "failure"),
    *(column for column in LIGHT_EXECUTION_COLUMNS if column.name != "execution_failure"),
    *_small(process_steps.c.failure, "execution_failure"),
]


def light_select() -> Select[Any]:
    """The query of lists: processes and their step executions, both without their heavy columns."""
    return select(*_columns).select_from(process_and_execution)


_by_id = ById(light_select(), processes.c.id)


def light_process_of(row: Row[Any]) -> Process:
    """The process of a row of `light_select`; of a large failure it has the code and the beginning of the message."""
    return _light_process(row._asdict())


def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Process]:
    """The processes with those ids, without their heavy columns."""
    return {process.id: process for process in map(_light_process, _by_id.rows(conn, ids))}


reading = _by_id.reading


def _light_process(row: Mapping[str, Any]) -> Process:
    process = process_in(row)
    if not process.is_failure_cut or row["failure_code"] is None:
        return process
    return replace(process, failure=Failure(row["failure_code"], row["failure_message"], process.updated_at))


def failures(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Failure]:
    """The failures of the processes, whole; processes without a failure are left out."""
    c = processes.c
    query = select(c.id, c.failure).where(c.id.in_(ids), c.failure.is_not(None))
    return {row.id: row.failure for row in within(conn, query, heavy=[c.failure], order=["id"])}
