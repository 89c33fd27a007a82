"""Seals: each covers the new entries of the audit log, so that the removal of the last entries is visible too.

The digest of an entry covers the entry before, but nothing covers the last entry of a chain. For each chain with new
entries, a seal holds the first and the last number and the digest of the last; and it covers the seal before::

    chain of process A    1 ◀─ 2 ◀─ 3 ◀─ 4
    chain of process B         1 ◀─ 2
                               │    │    └ seal 2: A from 4 to 4, and the digest of 4
                               └────┴───── seal 1: A from 1 to 3, B from 1 to 2, and the digests of both ends
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from orchestrator_gql.audit.entries import BEGINNING, AuditEntry, digest, instant
from orchestrator_gql.types import Json


class Head(NamedTuple):
    """The new entries of a chain: the first and last number, and the digest of the last entry."""

    chain: UUID
    first: int
    last: int
    digest: str


@dataclass(frozen=True, slots=True)
class Seal:
    """The number of entries that it covers, and the chains that grew; ``heads`` is JSON that `read_heads` verifies."""

    seq: int
    at: datetime
    entries: int
    heads: Json
    previous: str
    digest: str


class Anchor(NamedTuple):
    """The number and digest of an entry or a seal, also as somebody noted them elsewhere."""

    seq: int
    digest: str


def seal_of(entries: Sequence[AuditEntry], behind: Anchor | None, now: datetime, key: bytes | None) -> Seal:
    """The seal after the seal ``behind``; of each chain, ``entries`` are the next unsealed entries without a gap."""
    heads: list[Json] = []
    for chain, group in groupby(sorted(entries, key=lambda entry: (entry.chain, entry.seq)), lambda entry: entry.chain):
        new_entries = list(group)
        heads.append([str(chain), new_entries[0].seq, new_entries[-1].seq, new_entries[-1].digest])
    seq, previous = (behind.seq + 1, behind.digest) if behind else (1, BEGINNING)
    return Seal(seq, now, len(entries), heads, previous, seal_digest(seq, now, len(entries), heads, previous, key))


def seal_digest(seq: int, at: datetime, entries: int, heads: Json, previous: str, key: bytes | None) -> str:
    """The digest of a seal; its first word makes it different from the digest of any entry."""
    return digest(["seal", previous, seq, instant(at), entries, heads], key)


def read_heads(seal: Seal) -> list[Head] | None:
    """The heads in the seal; None if no sealer wrote them in this form."""
    heads: list[Head] = []
    try:
        for chain, first, last, last_digest in seal.heads:
            head = Head(UUID(chain), int(first), int(last), str(last_digest))
            if not (head.first <= head.last and (not heads or heads[-1].chain < head.chain)):
                return None
            heads.append(head)
    except (TypeError, ValueError, AttributeError):
        return None
    return heads if sum(head.last - head.first + 1 for head in heads) == seal.entries else None
