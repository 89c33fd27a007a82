"""Idempotency keys: a request that a client repeats is executed once."""

import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from orchestrator_gql.storage.tables import idempotency_keys
from orchestrator_gql.utils.errors import IdempotencyKeyReused


def _stored(key: str) -> str:
    """The digest of the key: a key of a client may have any length and any character."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def earlier(conn: Connection, *, scope: str, key: str, digest: str) -> UUID | None:
    """The id that the same request created before, else None.

    Raises `IdempotencyKeyReused` if the key was used with another input.
    """
    conditions = (idempotency_keys.c.scope == scope, idempotency_keys.c.key == _stored(key))
    row = conn.execute(
        select(idempotency_keys.c.digest, idempotency_keys.c.subject_id).where(*conditions)
    ).one_or_none()
    if row is None:
        return None
    if row.digest != digest:
        raise IdempotencyKeyReused
    subject_id: UUID = row.subject_id
    return subject_id


def remember(conn: Connection, *, scope: str, key: str, digest: str, subject_id: UUID, now: datetime) -> bool:
    """Store the id that this request created. False: an equal request, at the same time, was first; roll back."""
    row = {"scope": scope, "key": _stored(key), "digest": digest, "subject_id": subject_id, "at": now}
    try:
        with conn.begin_nested():
            conn.execute(insert(idempotency_keys), row)
    except IntegrityError:
        return False
    return True
