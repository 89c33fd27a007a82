"""Entries without their details: what remains in the chain of a process that retention removed.

The chain and the seals need the digests of all entries, also of entries whose details are gone. So an entry keeps
everything but its details. Their place takes a proof: a digest of what remains. The last entry of the chain says that
the process was removed, and covers what remains of all entries before it::

    startWorkflow   submitForm    pruneProcesses
    {pruned: ●} ◀── {pruned: ●} ◀── {covers: ●●, …}

The last entry may come before the details go: it covers what remains of them in any case.

Without the key nobody can make a proof or a last entry that fits. An entry that lost its details in another way has no
proof, or no last entry behind it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from orchestrator_gql.audit.entries import BEGINNING, AuditEntry, digest, digest_of, instant
from orchestrator_gql.types import Json

PRUNE = "pruneProcesses"
"""The action of the last entry of the chain of a removed process, and of the entry that counts removed processes."""

_PROOF, _COVERS = "pruned", "covers"


def proof_of(entry: AuditEntry, key: bytes | None) -> str:
    """The digest of everything of the entry but its details, which its own digest covers."""
    return digest([_PROOF, *_remaining(entry)], key)


def without_details(entry: AuditEntry, key: bytes | None) -> AuditEntry:
    """The entry with the proof in the place of its details."""
    return replace(entry, details={_PROOF: proof_of(entry, key)})


def has_no_details(entry: AuditEntry) -> bool:
    """True if the details of the entry have the form of a proof."""
    details = entry.details
    if not isinstance(details, dict) or list(details) != [_PROOF]:
        return False
    return isinstance(details[_PROOF], str) and re.fullmatch("[0-9a-f]{64}", details[_PROOF]) is not None


def is_intact(entry: AuditEntry, key: bytes | None) -> bool:
    """True if the digest of the entry fits, or the proof in the place of its details."""
    if entry.digest == digest_of(entry, key):
        return True
    return has_no_details(entry) and entry.details[_PROOF] == proof_of(entry, key)


def is_last(entry: AuditEntry) -> bool:
    """True if the entry says that the process of its chain was removed."""
    return entry.action == PRUNE and isinstance(entry.details, dict) and _COVERS in entry.details


def covers(entry: AuditEntry) -> Json:
    """What the last entry of a chain covers."""
    return entry.details[_COVERS]


def covered_by(entries: Iterable[AuditEntry], key: bytes | None) -> str:
    """What is covered behind these entries, which are a chain from its beginning."""
    covered = BEGINNING
    for entry in entries:
        covered = cover(covered, entry, key)
    return covered


def last_details(covered: str, facts: Mapping[str, Json]) -> dict[str, Json]:
    """The details of the last entry of a chain, which covers this of the entries before it; see `covered_by`."""
    return {**facts, _COVERS: covered}


def cover(covered: str, entry: AuditEntry, key: bytes | None) -> str:
    """What is covered behind the entry; ``covered`` is what was covered before it, `BEGINNING` before the first."""
    return digest([_COVERS, covered, *_remaining(entry)], key)


def _remaining(entry: AuditEntry) -> list[Json]:
    place: list[Json] = [entry.digest, entry.previous, str(entry.id), str(entry.chain), entry.seq]
    return [*place, instant(entry.at), entry.actor, entry.action, entry.address, entry.method]
