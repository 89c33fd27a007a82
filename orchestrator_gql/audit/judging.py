"""Verifies an exported audit log from its lines alone: only the key must be trusted, no server."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from orchestrator_gql.audit.entries import BEGINNING, AuditEntry
from orchestrator_gql.audit.lines import End, Line
from orchestrator_gql.audit.pruned import cover, has_no_details, is_last
from orchestrator_gql.audit.seals import Anchor, Seal
from orchestrator_gql.audit.walk import START, WITHOUT_NOTE, Fault, Removal, Walk


@dataclass(frozen=True, slots=True)
class Judgement:
    """The number of read entries and seals, the last seal, and the first fault; ``has_end``: the end line was there."""

    entries: int
    seals: int
    last: Anchor | None
    fault: Fault | None
    has_end: bool


class _Head(NamedTuple):
    """The last entry of a chain, and what all its entries cover; see `audit.pruned`."""

    seq: int
    digest: str
    covered: str


class Judge:
    """Reads the lines in order, and keeps the last entry of each chain.

    Several exports in a row are one log: entries that were not sealed in the first come again, sealed, in the next.
    """

    def __init__(self, key: bytes | None, anchor: Anchor | None = None) -> None:
        self._key = key
        self._walk = Walk(key)
        self._anchor = anchor
        self._sealed: dict[UUID, _Head] = {}
        self._open: dict[UUID, _Head] = {}
        self._without_note: dict[UUID, AuditEntry] = {}
        self._is_among_seals = True
        self._counts = [0, 0]
        self._since_end = [0, 0]
        self._has_end = False

    def judge(self, lines: Iterable[Line]) -> Judgement:
        """Read the lines until the end, or until the first fault."""
        fault = None
        for line in lines:
            if fault := self._of(line):
                break
        entries, seals = self._counts
        return Judgement(entries, seals, self._walk.last, fault or self._of_end(), self._has_end)

    def _of(self, line: Line) -> Fault | None:
        self._has_end = isinstance(line, End)
        if isinstance(line, End):
            is_whole = [line.entries, line.seals] == self._since_end
            self._since_end = [0, 0]
            self._open.clear()
            words = f"It says at its end that it holds {line.entries} entries and {line.seals} seals, and it does not."
            return None if is_whole else Fault(words, None, START)
        for counts in (self._counts, self._since_end):
            counts[isinstance(line, Seal)] += 1
        return self._of_seal(line) if isinstance(line, Seal) else self._of_entry(line)

    def _of_seal(self, seal: Seal) -> Fault | None:
        if self._open:
            return Fault(f"Seal {seal.seq} stands behind entries that no seal covers.", None, START)
        fault = self._walk.close() or self._walk.enter(seal)
        self._is_among_seals = True
        if fault is None and self._anchor and seal.seq == self._anchor.seq and seal.digest != self._anchor.digest:
            return Fault(f"Seal {seal.seq} is not the one whose digest was noted down.", None, START)
        return fault

    def _of_entry(self, entry: AuditEntry) -> Fault | None:
        if entry.seal is None and self._is_among_seals:
            fault = self._walk.close()
            self._walk.leave_seals()
            self._is_among_seals = False
            if fault is not None:
                return fault
        head = self._open.get(entry.chain) or self._sealed.get(entry.chain)
        # The first entry of a chain has no entry before it. If the chain is known already, the entry is a duplicate.
        before = head.digest if head and (head.seq == entry.seq - 1 or entry.seq == 1) else None
        covered = head.covered if head and before is not None else BEGINNING
        after = _Head(entry.seq, entry.digest, cover(covered, entry, self._key))
        (self._open if entry.seal is None else self._sealed)[entry.chain] = after
        if is_last(entry):
            self._without_note.pop(entry.chain, None)
        elif has_no_details(entry):  # the note is a later entry of the chain, perhaps in another file
            self._without_note.setdefault(entry.chain, entry)
        return self._walk.step(entry, before, Removal(covered, is_noted=True))

    def _of_end(self) -> Fault | None:
        last = self._walk.last
        if fault := self._walk.close():
            return fault
        if entry := next(iter(self._without_note.values()), None):
            return Fault(WITHOUT_NOTE, entry, START)
        if self._anchor and (last is None or last.seq < self._anchor.seq):
            return Fault(f"Seal {self._anchor.seq}, whose digest was noted down, is missing.", None, START)
        return None
