"""What a remote service shows beside the token: a signature as Standard Webhooks describes it, or a credential."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(minutes=5)
"""How far the clock of a remote service may differ, and how long a signed request can be replayed."""

VERSION = "v1"
MOST = 20
"""Signatures that are looked at; a request with thousands would cost an HMAC for each and key."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What came with a request: the headers that matter, and the raw body that was signed."""

    body: bytes = field(repr=False)
    id: str | None = None
    timestamp: str | None = None
    signatures: str | None = None
    bearer: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, headers: Mapping[str, str], body: bytes) -> "Proof":
        """The proof in a request; ``headers`` are looked up without regard to case."""
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        return cls(
            body=body,
            id=headers.get("webhook-id"),
            timestamp=headers.get("webhook-timestamp"),
            signatures=headers.get("webhook-signature"),
            bearer=bearer.strip() if scheme.lower() == "bearer" else None,
        )


def sign(key: bytes, id: str, timestamp: int, body: bytes) -> str:
    """The value of ``webhook-signature`` for a body (Standard Webhooks, "Signature scheme").

    >>> sign(b"k" * 24, "msg_1", 1700000000, b"{}")
    'v1,E3sCg9uS8x43RKlJqcda1EcaYZxNkN+l2u7RBZBSZQQ='
    """
    signed = hmac.new(key, f"{id}.{timestamp}.".encode() + body, hashlib.sha256)
    return f"{VERSION},{base64.b64encode(signed.digest()).decode()}"


def signature_fault(keys: Sequence[bytes], proof: Proof, now: datetime) -> str | None:
    """Why the signature does not hold, in words for the service's developers; None where it holds.

    Every active key is tried, in constant time each: which one a service uses is not told by how long it takes.
    """
    if not (proof.id and proof.timestamp and proof.signatures):
        return "It must be signed: webhook-id, webhook-timestamp and webhook-signature are needed."
    if not (proof.timestamp.isascii() and proof.timestamp.isdigit() and len(proof.timestamp) <= 11):
        return "webhook-timestamp must be seconds since 1970."
    sent = int(proof.timestamp)
    if abs(now - datetime.fromtimestamp(sent, UTC)) > TOLERANCE:
        return "webhook-timestamp is more than five minutes away from this server's clock."
    offered = proof.signatures.split()[:MOST]
    expected = [sign(key, proof.id, sent, proof.body).encode() for key in keys]
    fits = [hmac.compare_digest(one.encode(), right) for one in offered for right in expected]
    return None if any(fits) else "No signature fits the body and an active key."


def is_credential(proof: Proof, sha256: str | None) -> bool:
    """True where the bearer token is the one of that SHA-256 (hex)."""
    if proof.bearer is None or sha256 is None:
        return False
    shown = hashlib.sha256(proof.bearer.encode("utf-8", "surrogateescape")).hexdigest()
    return hmac.compare_digest(shown, sha256)
