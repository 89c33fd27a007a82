"""One decision of the audit log, and the digest that chains it to the one before it."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from orchestrator_gql.types import Json
from orchestrator_gql.utils.json import canonical

ENGINE = UUID(int=0)
"""The chain of what concerns no process."""

BEGINNING = "0" * 64
"""What the first entry of a chain, and the first seal, stand behind."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One decision: its place in its chain, when, who, what, about which process, and what else matters.

    ``seal`` is the number of the seal that covers it; None until the sealer has come by.
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

    @property
    def process_id(self) -> UUID | None:
        """The process that it is about, if any."""
        return None if self.chain == ENGINE else self.chain


def digest_of(entry: AuditEntry, key: bytes | None) -> str:
    """SHA-256, or HMAC-SHA-256 where there is a key, of the entry's canonical JSON (RFC 8785), in hex.

    The seal is left out: it comes later, and what a seal covers stands in the seal.
    """
    facts = [entry.previous, str(entry.id), str(entry.chain), entry.seq, instant(entry.at), entry.actor]
    return digest([*facts, entry.action, entry.details], key)


def digest(facts: Json, key: bytes | None) -> str:
    """SHA-256, or HMAC-SHA-256 where there is a key, of the facts' canonical JSON, in hex."""
    text = canonical(facts)
    return hmac.new(key, text, hashlib.sha256).hexdigest() if key else hashlib.sha256(text).hexdigest()


def instant(at: datetime) -> str:
    """The time as digests and exported files have it: ISO 8601 in UTC."""
    return at.astimezone(UTC).isoformat()
