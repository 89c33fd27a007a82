"""Seals: what the audit log had grown by at a moment, chained, so that a removed end of a chain shows too.

An entry's digest covers what stands before it, and nothing covers the last one of a chain. A seal names, for each chain
that grew, from where to where, and the digest of the last; and it covers the seal before it::

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
    """By which of its entries a chain grew, and the digest of the last of them."""

    chain: UUID
    first: int
    last: int
    digest: str


@dataclass(frozen=True, slots=True)
class Seal:
    """How many entries it covers, and the chains that grew; ``heads`` is JSON, and not believed until it is read."""

    seq: int
    at: datetime
    entries: int
    heads: Json
    previous: str
    digest: str


class Anchor(NamedTuple):
    """A seal's number and digest as somebody noted them down elsewhere."""

    seq: int
    digest: str


def seal_of(entries: Sequence[AuditEntry], behind: Anchor | None, now: datetime, key: bytes | None) -> Seal:
    """The seal of the entries, behind the seal before it: all that was not sealed of each chain's beginning."""
    heads: list[Json] = []
    for chain, grown in groupby(sorted(entries, key=lambda one: (one.chain, one.seq)), lambda one: one.chain):
        added = list(grown)
        heads.append([str(chain), added[0].seq, added[-1].seq, added[-1].digest])
    seq, previous = (behind.seq + 1, behind.digest) if behind else (1, BEGINNING)
    return Seal(seq, now, len(entries), heads, previous, seal_digest(seq, now, len(entries), heads, previous, key))


def seal_digest(seq: int, at: datetime, entries: int, heads: Json, previous: str, key: bytes | None) -> str:
    """The digest of a seal; its first word keeps it apart from any entry's."""
    return digest(["seal", previous, seq, instant(at), entries, heads], key)


def read_heads(seal: Seal) -> list[Head] | None:
    """What the seal says of its chains; None where that is nothing a sealer wrote."""
    heads: list[Head] = []
    try:
        for chain, first, last, said in seal.heads:
            head = Head(UUID(chain), int(first), int(last), str(said))
            if not (head.first <= head.last and (not heads or heads[-1].chain < head.chain)):
                return None
            heads.append(head)
    except (TypeError, ValueError, AttributeError):
        return None
    return heads if sum(head.last - head.first + 1 for head in heads) == seal.entries else None
