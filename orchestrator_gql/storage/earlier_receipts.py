"""The receipts of failure reports after which an operator waits again: the callback has another receipt then.

A receipt is the key of a request that a remote service may ask about, so it is kept among the keys of the requests, and
goes with the process. The attempt of the report is found by its callback, for which there is an index.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.storage import idempotency

_SCOPE = "receipt"


def keep(conn: Connection, receipt: str, *, callback_id: UUID, process_id: UUID, now: datetime) -> None:
    """Remember which callback had the receipt."""
    idempotency.remember(conn, scope=_SCOPE, key=receipt, digest=callback_id.hex, subject_id=process_id, now=now)


def callback_of(conn: Connection, receipt: str) -> UUID | None:
    """The id of the callback that had the receipt; None if none had."""
    known = idempotency.earlier(conn, scope=_SCOPE, key=receipt)
    return None if known is None else UUID(known.digest)
