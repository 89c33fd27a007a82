"""What is written down of a decision: by whom, when and about what, in the decision's own transaction."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import audit
from orchestrator_gql.types import Json


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
    """Append the decision to the audit log; ``action`` is the verb's name, as GraphQL calls it.

    ``details`` are ids, digests, reasons and comments: never a token, a payload or what was filled into a form. What is
    None is left out. Whoever calls holds the lock of the process (None: of the engine's state).
    """
    entered(conn, key_of(runtime), process_id, actor=actor, action=action, details=details, now=now)


def key_of(runtime: Runtime) -> bytes | None:
    """The key with which the log is chained; None where there is none."""
    key = runtime.settings.audit_key
    return key.get_secret_value().encode() if key else None


def entered(
    conn: Connection,
    key: bytes | None,
    process_id: UUID | None,
    *,
    actor: str | None,
    action: str,
    details: Mapping[str, Json],
    now: datetime,
) -> None:
    """As `write_down`, for those who have only the key."""
    told = {name: value for name, value in details.items() if value is not None}
    audit.record(conn, process_id, actor=actor, action=action, details=told, now=now, key=key)
