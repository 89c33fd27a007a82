"""Writes the audit entry of a decision in the transaction of the decision."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import audit
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import NotFound


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
    """Append the decision to the audit log; see `audit.record`."""
    audit.record(conn, runtime.settings.audit_secret, process_id, actor=actor, action=action, details=details, now=now)


def no_process(conn: Connection, process_id: UUID) -> NotFound:
    """The error for a process that does not exist; it says so if retention removed the process."""
    return NotFound("process", process_id, audit.removal_note(conn, process_id))
