"""Random identifiers: secret callback tokens with their digests, and row ids that sort by time."""

import hashlib
import os
import secrets
import time
from uuid import UUID


def new_token() -> str:
    """A fresh one-time secret: 256 random bits, 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """The SHA-256 under which a token is stored and looked up (32 bytes).

    A token is 256 random bits, so a plain hash cannot be searched, and an index look-up by it leaks no useful timing.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def hint(token: str) -> str:
    """The four characters that help support to tell two tokens apart."""
    return token[-4:]


def new_id() -> UUID:
    """A UUID of version 7 (RFC 9562, section 5.7): 48 bits of milliseconds, then 74 random bits.

    Ids made later sort later, so rows made together lie together in the index.
    """
    milliseconds = time.time_ns() // 1_000_000
    bits = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    bits = bits & ~(0xF << 76) | (0x7 << 76)
    return UUID(int=bits & ~(0x3 << 62) | (0x2 << 62))
