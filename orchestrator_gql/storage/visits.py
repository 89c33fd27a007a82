"""A visit of a step as columns, labelled so that they can stand beside those of its process."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement

from orchestrator_gql.process import StepRecord
from orchestrator_gql.storage.tables import process_steps

_columns = [c.label(f"visit_{c.name}") for c in process_steps.c if c.name != "process_id"]
_light_columns = [c for c in _columns if c.name != "visit_delta"]


def record_columns() -> list[ColumnElement[Any]]:
    """The columns of a visit, labelled so that they can stand beside those of its process."""
    return list(_columns)


def light_record_columns() -> list[ColumnElement[Any]]:
    """The same without what the visit changed in the state, which may be a megabyte."""
    return list(_light_columns)


def record_of(row: Mapping[str, Any]) -> StepRecord | None:
    """The visit in a row that has `record_columns`; None where the outer join found none."""
    if row["visit_seq"] is None:
        return None
    return StepRecord(
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
