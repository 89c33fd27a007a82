"""Writes the audit entry of a decision in the transaction of the decision."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import audit
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import NotFound

FIRST = "startWorkflow"
"""The action that creates a process. Its entry begins the chain of the process, so no earlier entry is read."""


def write_down(
    conn: Connection,
    runtime: Runtime,
    process_id: UUID | None,
    *,
    actor: str | None,
    action: str,
    now: datetime,
    **details: Json,
) -> None:
    """Append the decision to the audit log; ``action`` is the name of the GraphQL mutation.

    ``details`` are ids, digests, reasons and comments, never a token, a payload or the values of a form. Details that
    are None are left out. The caller holds the lock of the process, or, if ``process_id`` is None, of the engine state.
    Raises `NotFound` if retention removes the process.
    """
    write_entry(conn, runtime.settings.audit_secret, process_id, actor=actor, action=action, details=details, now=now)


def write_entry(
    conn: Connection,
    key: bytes | None,
    process_id: UUID | None,
    *,
    actor: str | None,
    action: str,
    details: Mapping[str, Json],
    now: datetime,
) -> None:
    """As `write_down`, for a caller that has the key but no runtime."""
    stored = {name: _whole(value) for name, value in details.items() if value is not None}
    is_first = action == FIRST
    audit.record(conn, process_id, actor=actor, action=action, details=stored, now=now, key=key, is_first=is_first)


def no_process(conn: Connection, process_id: UUID) -> NotFound:
    """The error for a process that does not exist; it says so if retention removed the process."""
    return NotFound("process", process_id, audit.removal_note(conn, process_id))


def _whole(value: Json) -> Json:
    """The value without lone surrogates: RFC 8785 has no bytes for half a surrogate pair."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
