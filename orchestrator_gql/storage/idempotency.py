"""Idempotency keys: a request that a client repeats is executed once."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from orchestrator_gql.storage.database.pipeline import savepoint
from orchestrator_gql.storage.tables import idempotency_keys
from orchestrator_gql.utils.errors import FieldError, IdempotencyKeyReused, PayloadInvalid


def of_sender(principal_id: str, key: str) -> str:
    """The key of this sender: the same key of another sender is another key, because it makes another request.

    Raises `PayloadInvalid` for an empty key: a client whose variable is not set would start one process and no second.
    """
    if not key.strip():
        message = "The idempotency key is empty: choose a key for each request, or send none."
        raise PayloadInvalid(message, [FieldError(("idempotencyKey",), message, "string_too_short")])
    return f"{principal_id}\n{key}"


def _stored(key: str) -> str:
    """The digest of the key: a key of a client may have any length and any character."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class EarlierRequest:
    """A request that was executed with a key before: the digest of its input, and the id that it created."""

    digest: str
    subject_id: UUID

    def demand_same(self, digest: str) -> None:
        """Raise `IdempotencyKeyReused` if the input of the new request is another."""
        if self.digest != digest:
            raise IdempotencyKeyReused


def earlier(conn: Connection, *, scope: str, key: str) -> EarlierRequest | None:
    """The request that was executed with the key before, else None."""
    conditions = (idempotency_keys.c.scope == scope, idempotency_keys.c.key == _stored(key))
    query = select(idempotency_keys.c.digest, idempotency_keys.c.subject_id).where(*conditions)
    row = conn.execute(query).one_or_none()
    return None if row is None else EarlierRequest(row.digest, row.subject_id)


def remember(conn: Connection, *, scope: str, key: str, digest: str, subject_id: UUID, now: datetime) -> bool:
    """Store the id that this request created. False: an equal request, at the same time, was first; roll back."""
    row = {"scope": scope, "key": _stored(key), "digest": digest, "subject_id": subject_id, "at": now}
    try:
        with savepoint(conn):
            conn.execute(insert(idempotency_keys), row)
    except IntegrityError:
        return False
    return True
