"""Keys by which a client that asks twice is answered once."""

import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from orchestrator_gql.storage.tables import idempotency_keys
from orchestrator_gql.utils.errors import IdempotencyKeyReused


def _stored(key: str) -> str:
    """A client's key may be of any length and hold any character: its digest is what is kept."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def earlier(conn: Connection, *, scope: str, key: str, digest: str) -> UUID | None:
    """What the same request made before; `IdempotencyKeyReused` where the key came with another input."""
    mine = (idempotency_keys.c.scope == scope, idempotency_keys.c.key == _stored(key))
    row = conn.execute(select(idempotency_keys.c.digest, idempotency_keys.c.subject_id).where(*mine)).one_or_none()
    if row is None:
        return None
    if row.digest != digest:
        raise IdempotencyKeyReused
    made: UUID = row.subject_id
    return made


def remember(conn: Connection, *, scope: str, key: str, digest: str, subject_id: UUID, now: datetime) -> bool:
    """Keep what this request made. False: the same request, at the same time, was first; undo what you did."""
    row = {"scope": scope, "key": _stored(key), "digest": digest, "subject_id": subject_id, "at": now}
    try:
        with conn.begin_nested():
            conn.execute(insert(idempotency_keys), row)
    except IntegrityError:
        return False
    return True
