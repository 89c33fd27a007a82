"""The values of a process in its row: all of them, those that a commit changes, and those that most commits change.

`process_in` is the way back, from the values to the process.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from orchestrator_gql.process import Process, StepEntry, conditions
from orchestrator_gql.storage.failure_reasons import reason_columns
from orchestrator_gql.storage.steps import execution_of
from orchestrator_gql.utils.json.stored import Stored
from orchestrator_gql.utils.secrets import NOTHING, Secrets

MOVED = (
    "fingerprint", "status", "position", "seq", "epoch", "record_seq", "worker", "lease_until", "assignee",
    "updated_at", "ended_at", "failure", "failure_code", "failure_message", "aborted_by", "entry", "engine_failures",
)  # fmt: skip
"""The columns that a commit writes beside the state. The note is not one of them: it may change while a step runs."""

MOVED_ON = ("position", "seq", "record_seq", "lease_until", "updated_at", "engine_failures")
"""Those of them that differ if the same worker goes on with the next step, and nothing else changed. SQLite writes an
entry of an index anew for each column that a statement names, and most of the other columns are in indexes."""


def all_values(process: Process, lease_until: datetime | None) -> dict[str, Any]:
    """The values of a new row."""
    return {
        "id": process.id,
        "workflow_name": process.workflow_name,
        "target": process.target,
        "created_by": process.created_by,
        "started_at": process.started_at,
        "start_pages": list(process.start_pages),
        "version": process.version,
        "note": process.note,
        "trace": process.trace,
        "subject": process.subject,
        "lock_keys": list(process.lock_keys) or None,
        **moved_values(process, lease_until),
        **state_values(process),
    }


_NO_REASON = {"failure_code": None, "failure_message": None}
_COMPUTED = ("record_seq", "lease_until", "entry", "failure_code", "failure_message")
_COPIED = tuple(name for name in MOVED if name not in _COMPUTED)
_copied = attrgetter(*_COPIED)

kept = attrgetter("fingerprint", "status", "epoch", "ended_at", "failure", "aborted_by", "entry")
"""The other columns: they change only together with the epoch or the sequence number."""


def moved_on_values(process: Process, lease_until: datetime | None) -> dict[str, Any]:
    """The values of `MOVED_ON`."""
    return {
        "position": process.position,
        "seq": process.seq,
        "record_seq": process.execution.seq if process.execution else None,
        "lease_until": lease_until,
        "updated_at": process.updated_at,
        "engine_failures": process.engine_failures,
    }


def moved_values(process: Process, lease_until: datetime | None) -> dict[str, Any]:
    """The values of `MOVED`."""
    return dict(zip(_COPIED, _copied(process), strict=True)) | {
        "record_seq": process.execution.seq if process.execution else None,
        "lease_until": lease_until,
        "entry": None if process.entry is None else asdict(process.entry),
        **(_NO_REASON if process.failure is None else reason_columns(process.failure)),
    }


def state_values(process: Process) -> dict[str, Any]:
    """The values of the columns that belong to the state."""
    return {
        "state": process.state,
        "stored": stored_values(process.state),
        "answers": conditions.to_stored(process.condition_results),
        "secrets": process.secrets.written,
    }


def stored_values(state: Mapping[str, Any]) -> dict[str, list[Any]] | None:
    """The payload ids and sizes of the values that are stored among the payloads."""
    stored = {key: [str(value.payload_id), value.size] for key, value in state.items() if isinstance(value, Stored)}
    return stored or None


def process_in(row: Mapping[str, Any]) -> Process:
    """The process of the values of a row with all columns, or of a row of a list."""
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
        condition_results=conditions.from_stored(answers) if (answers := row.get("answers")) else {},
        worker=row["worker"],
        assignee=row["assignee"],
        created_by=row["created_by"],
        ended_at=row["ended_at"],
        failure=row["failure"],
        note=row["note"],
        start_pages=tuple(row.get("start_pages") or ()),
        aborted_by=row["aborted_by"],
        entry=_entry(row["entry"]),
        execution=execution_of(row),
        engine_failures=row["engine_failures"],
        secrets=Secrets.read(secrets) if (secrets := row.get("secrets")) else NOTHING,
        trace=row["trace"],
        subject=row["subject"],
        lock_keys=tuple(row["lock_keys"] or ()),
        lease_until=row.get("lease_until"),
        is_failure_cut=row.get("is_failure_cut") or False,
    )


def _state(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The state; a value that is stored among the payloads is a `Stored` reference."""
    state, stored = row.get("state") or {}, row.get("stored") or {}
    return {**state, **{key: Stored(UUID(id), size) for key, (id, size) in stored.items()}} if stored else state


def _entry(stored: Mapping[str, Any] | None) -> StepEntry | None:
    if stored is None:
        return None
    return StepEntry(**{**stored, "names": None if stored["names"] is None else tuple(stored["names"])})
