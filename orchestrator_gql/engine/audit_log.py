"""What is written down of a decision: by whom, when and about what, in the decision's own transaction."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import audit
from orchestrator_gql.types import Json

FIRST = "startWorkflow"
"""The verb that makes a process, and so begins its chain: there is nothing before it to be looked for."""


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
    return runtime.settings.audit_secret


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
    told = {name: _whole(value) for name, value in details.items() if value is not None}
    is_first = action == FIRST
    audit.record(conn, process_id, actor=actor, action=action, details=told, now=now, key=key, is_first=is_first)


def _whole(value: Json) -> Json:
    """The value as any JSON can hold it: half a surrogate pair, which RFC 8785 knows no bytes for, is replaced."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
