"""The values of a process in its row: all of them, those that a commit changes, and those that most commits change."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from operator import attrgetter
from typing import Any

from orchestrator_gql.process import Process, conditions
from orchestrator_gql.storage.failure_reasons import reason_columns
from orchestrator_gql.utils.json.stored import Stored

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
