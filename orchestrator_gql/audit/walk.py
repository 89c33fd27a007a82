"""Verifies an audit log: a walk over the seals, each followed by its entries, that continues after a fault.

The caller passes the rows in the order of their places, and gets the fault of each. The walk does not use a database,
so that the same code verifies an exported file.
"""

from typing import NamedTuple
from uuid import UUID

from orchestrator_gql.audit.entries import BEGINNING, AuditEntry, digest_of
from orchestrator_gql.audit.pruned import covers, has_no_details, is_intact, is_last
from orchestrator_gql.audit.seals import Anchor, Head, Seal, read_heads, seal_digest

NOWHERE, EVERYWHERE = UUID(int=0), UUID(int=2**128 - 1)
WITHOUT_NOTE = "Its details were removed, but no later entry of its chain says that the process was removed."
LARGEST = 2**31 - 1
"""The largest integer that the databases store."""


class Place(NamedTuple):
    """The place of a walk: the seal, and the last entry that was read in it.

    After the last seal, among the entries that are not sealed yet, ``seal`` is the last seal.
    """

    seal: int
    chain: UUID
    seq: int
    is_sealed: bool = True

    @property
    def is_done(self) -> bool:
        """True if the seal is verified to its end."""
        return self.seal == 0 or (self.is_sealed and self.chain == EVERYWHERE)


START = Place(0, NOWHERE, 0)


def behind(seal: int) -> Place:
    """The place after all entries that the seal covers."""
    return Place(seal, EVERYWHERE, LARGEST)


class Fault(NamedTuple):
    """A fault as a text, with the entry if it still exists, and the place after which the walk continues."""

    words: str
    entry: AuditEntry | None
    place: Place


class Removal(NamedTuple):
    """What the chain of an entry says about the removal of its process.

    ``covered`` is what the entries before cover together, None if it is not known. ``is_noted``: a later entry of the
    chain says that the process was removed.
    """

    covered: str | None = None
    is_noted: bool = False


NOT_REMOVED = Removal()


class Walk:
    """The state of a walk: the current seal, and the entries of it that must still come."""

    def __init__(self, key: bytes | None, behind: Anchor | None = None) -> None:
        self._key = key
        self._behind = behind or Anchor(0, BEGINNING)
        self._left: list[Head] = []
        self._is_sealed = True

    @property
    def last(self) -> Anchor | None:
        """The last seal that the walk entered; None if there is none."""
        return self._behind if self._behind.seq else None

    def resume(self, seal: Seal, place: Place) -> None:
        """Continue in a seal that was verified before, after the entry at ``place``."""
        self._enter(seal)
        heads = (head for head in self._left if (head.chain, head.last) > (place.chain, place.seq))
        self._left = [head._replace(first=_first(head, place)) for head in heads]

    def enter(self, seal: Seal) -> Fault | None:
        """Verify the seal itself. Its entries come next, also if the seal has a fault."""
        words = self._of_seal(seal, self._behind)
        self._enter(seal)
        return Fault(words, None, Place(seal.seq, NOWHERE, 0)) if words else None

    def leave_seals(self) -> None:
        """Continue with the entries that are not sealed yet."""
        self._is_sealed, self._left = False, []

    def step(self, entry: AuditEntry, before: str | None, removal: Removal = NOT_REMOVED) -> Fault | None:
        """Verify the next entry; ``before`` is the digest of the entry before it in its chain, if there is one."""
        place = Place(self._behind.seq, entry.chain, entry.seq, self._is_sealed)
        if entry.seal != (self._behind.seq if self._is_sealed else None):
            claim = "no seal covers it" if entry.seal is None else f"seal {entry.seal} covers it"
            return Fault(f"It says that {claim}, which is not so.", entry, place)
        head = self._left[0] if self._left else None
        if self._is_sealed:
            if head is None or (entry.chain, entry.seq) < (head.chain, head.first):
                return Fault(f"The entry is not among the entries that seal {self._behind.seq} covers.", entry, place)
            if entry.chain != head.chain:
                return self._missing(head)
        words = self._of_entry(entry, before, head) or self._of_removal(entry, removal)
        if head is not None:
            rest = head._replace(first=entry.seq + 1)
            self._left[:1] = [rest] if rest.first <= rest.last else []
        return Fault(words, entry, place) if words else None

    def close(self) -> Fault | None:
        """The fault of the entries that the seal covers but that did not come; None if all came."""
        return self._missing(self._left[0]) if self._left else None

    def _missing(self, head: Head) -> Fault:
        return Fault(
            f"Entry {head.first} of the chain {head.chain}, which seal {self._behind.seq} covers, is missing.",
            None,
            Place(self._behind.seq, head.chain, head.first),
        )

    def _enter(self, seal: Seal) -> None:
        self._is_sealed, self._left = True, read_heads(seal) or []
        self._behind = Anchor(seal.seq, seal.digest)

    def _of_seal(self, seal: Seal, behind: Anchor) -> str | None:
        if seal.seq != behind.seq + 1:
            return f"Seal {behind.seq + 1} is missing before seal {seal.seq}."
        if seal.previous != behind.digest:
            return f"Seal {seal.seq} does not stand behind the seal that it was written behind."
        if seal.digest != seal_digest(seal.seq, seal.at, seal.entries, seal.heads, seal.previous, self._key):
            return f"Seal {seal.seq} was changed: its digest does not fit."
        if read_heads(seal) is None:
            return f"Seal {seal.seq} was not written by a sealer: it has no heads."
        return None

    def _of_entry(self, entry: AuditEntry, before: str | None, head: Head | None) -> str | None:
        if head is not None and entry.seq != head.first:
            return f"Entry {head.first} of its chain is missing before it."
        if entry.seq != 1 and before is None:
            return f"Entry {entry.seq - 1} of its chain is missing before it."
        if entry.seq == 1 and before is not None:
            return "The entry is the first of its chain, but another entry stands before it."
        if entry.previous != (before or BEGINNING):
            return "It does not stand behind the entry that it was written behind."
        if not is_intact(entry, self._key):
            return "The entry was changed: its digest does not fit."
        if head is not None and entry.seq == head.last and entry.digest != head.digest:
            return f"The entry is not the entry that seal {self._behind.seq} covers at its place."
        return None

    def _of_removal(self, entry: AuditEntry, removal: Removal) -> str | None:
        if is_last(entry) and covers(entry) != removal.covered:
            return "It says that the process was removed, but an entry before it was changed since then."
        if has_no_details(entry) and not removal.is_noted and entry.digest != digest_of(entry, self._key):
            return WITHOUT_NOTE
        return None


def _first(head: Head, place: Place) -> int:
    return max(head.first, place.seq + 1) if head.chain == place.chain else head.first
