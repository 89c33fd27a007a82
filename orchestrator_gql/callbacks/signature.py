"""Verifies how a remote service authenticates besides the token: a Standard Webhooks signature, or a credential."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(minutes=5)
"""The allowed difference of the remote clock, which is also the time in which a request can be replayed."""

VERSION = "v1"
MOST = 20
"""Number of signatures that are checked; each costs one HMAC comparison for each key."""


PROVING = frozenset({"authorization", "webhook-id", "webhook-timestamp", "webhook-signature"})
"""The headers of a proof, in lower case."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The authentication of a request: its headers, and the raw body that was signed."""

    body: bytes = field(repr=False)
    id: str | None = None
    timestamp: str | None = None
    signatures: str | None = None
    bearer: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, headers: Mapping[str, str], body: bytes) -> "Proof":
        """The proof in a request; ``headers`` must ignore the case of names."""
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
    """Why the signature is not valid, as a text for the developers of the service; None if it is valid.

    Every active key is tried, each in constant time, so the duration does not show which key a service uses.
    """
    if not (proof.id and proof.timestamp and proof.signatures):
        return "It must be signed: webhook-id, webhook-timestamp and webhook-signature are needed."
    if not (proof.timestamp.isascii() and proof.timestamp.isdigit() and len(proof.timestamp) <= 11):
        return "webhook-timestamp must be seconds since 1970."
    sent_at = int(proof.timestamp)
    if abs(now - datetime.fromtimestamp(sent_at, UTC)) > TOLERANCE:
        return "webhook-timestamp is more than five minutes away from this server's clock."
    offered = proof.signatures.split()[:MOST]
    expected = [sign(key, proof.id, sent_at, proof.body).encode() for key in keys]
    matches = [
        hmac.compare_digest(signature.encode(), expected_signature)
        for signature in offered
        for expected_signature in expected
    ]
    return None if any(matches) else "No signature fits the body and an active key."


def is_credential(proof: Proof, sha256: str | None) -> bool:
    """True if the bearer token has this SHA-256 (hex)."""
    if proof.bearer is None or sha256 is None:
        return False
    digest = hashlib.sha256(proof.bearer.encode("utf-8", "surrogateescape")).hexdigest()
    return hmac.compare_digest(digest, sha256)
