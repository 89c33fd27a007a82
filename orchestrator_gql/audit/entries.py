"""One entry of the audit log, and the digest that chains it to the entry before."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from orchestrator_gql.types import Json
from orchestrator_gql.utils.json import canonical

ENGINE = UUID(int=0)
"""The chain of the entries that belong to no process."""

BEGINNING = "0" * 64
"""The previous digest of the first entry of a chain, and of the first seal."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry: its place in its chain, the time, the actor, the action and the details.

    ``seal`` is the number of the seal that covers the entry; None if it is not sealed yet. ``address`` and ``method``
    are those of `audit.origin`; an entry of an earlier release has neither.
    """

    id: UUID
    chain: UUID
    seq: int
    at: datetime
    actor: str | None
    action: str
    details: Json
    previous: str
    digest: str
    seal: int | None = None
    address: str | None = None
    method: str | None = None

    @property
    def process_id(self) -> UUID | None:
        """The process of the entry; None if there is none."""
        return None if self.chain == ENGINE else self.chain


def digest_of(entry: AuditEntry, key: bytes | None) -> str:
    """SHA-256, or HMAC-SHA-256 if there is a key, of the entry's canonical JSON (RFC 8785), in hex.

    The number of the seal is not included: it comes later, and the seal itself lists the entries that it covers.
    """
    facts: list[Json] = [entry.previous, str(entry.id), str(entry.chain), entry.seq, instant(entry.at), entry.actor]
    facts += [entry.action, entry.details]
    if entry.method is not None or entry.address is not None:
        # Entries of an earlier release have a shorter list, so that no entry fits both with and without its origin.
        facts += [entry.address, entry.method]
    return digest(facts, key)


def digest(facts: Json, key: bytes | None) -> str:
    """SHA-256, or HMAC-SHA-256 if there is a key, of the facts' canonical JSON (RFC 8785), in hex."""
    text = canonical(facts)
    return hmac.new(key, text, hashlib.sha256).hexdigest() if key else hashlib.sha256(text).hexdigest()


def instant(at: datetime) -> str:
    """The time in the form of digests and exported files: ISO 8601 in UTC."""
    return at.astimezone(UTC).isoformat()
