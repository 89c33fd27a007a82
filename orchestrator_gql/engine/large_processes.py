"""Deletes an old process that is too large for one transaction, in transactions that each fit a budget.

The first transaction closes the chain of the process in the audit log: from then on nobody finds the process by its id
or acts on it, as if it were gone. Then the details of its entries go, then its parts, and its row goes last::

    read the chain ──▶ close it ──▶ details ──▶ parts, stage by stage ──▶ the row
    no transaction     short        ≤ ENTRIES   ≤ Budget                  short

A kill between two of them loses nothing: the row is still among the old ones, and the chain says that it is going.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from itertools import pairwise
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.audit.entries import BEGINNING, AuditEntry
from orchestrator_gql.audit.pruned import (
    PRUNE,
    cover,
    has_no_details,
    is_intact,
    is_last,
    last_details,
    without_details,
)
from orchestrator_gql.storage import audit, closed_chains, retention, retention_parts
from orchestrator_gql.storage.closed_chains import End
from orchestrator_gql.storage.database import Database
from orchestrator_gql.storage.retention import Selection
from orchestrator_gql.storage.retention_parts import STAGES, Budget
from orchestrator_gql.targets import Target
from orchestrator_gql.types import ProcessStatus

ENTRIES = 50
"""Entries in the audit log that one transaction, or one read, verifies: to compute their digests takes the time."""

TRIES = 3
"""How often the chain is read again because an entry came meanwhile."""

CHANGED = "its entries in the audit log were changed, or ORCHESTRATOR_AUDIT_KEY is another"
HELD = "somebody else acts on it"


class LargeProcess:
    """The deletion of one process. ``gone`` is its status and target when it is deleted, ``kept`` is why it stays.

    ``is_mine`` is False if another run was in progress. If all three say nothing, the deletion goes on with the next
    `remove`, of this object or of another.
    """

    def __init__(
        self,
        database: Database,
        id: UUID,
        wanted: Selection,
        *,
        actor: str | None,
        key: bytes | None,
        now: datetime,
        rest: float,
    ) -> None:
        self.gone: tuple[ProcessStatus, Target] | None = None
        self.kept: str | None = None
        self.is_mine = True
        self._database, self._id, self._wanted = database, id, wanted
        self._actor, self._key, self._now, self._rest = actor, key, now, rest
        self._seq = self._stage = 0

    @property
    def _is_over(self) -> bool:
        return self.gone is not None or self.kept is not None or not self.is_mine

    async def remove(self, is_late: Callable[[], bool]) -> None:
        """Close the chain if it is open, and delete until the process is gone or it is too late for more."""
        await self._close()
        if not self._is_over:
            await self._find_details()
        while not self._is_over and not is_late():
            began = time.perf_counter()
            self._seq, self._stage = await self._database.transaction(self._remove_part)
            await self._pause(began)

    async def _close(self) -> None:
        for _ in range(TRIES):
            end = await self._database.read(partial(closed_chains.end_of, chain=self._id))
            if end is not None and end.is_closed:
                return
            covered = await self._covered()
            if covered is None:
                self.kept = CHANGED
                return
            if await self._database.transaction(partial(self._write_last, *covered)) or self._is_over:
                return
        self.kept = HELD

    async def _covered(self) -> tuple[End, str] | None:
        """The end of the chain and what all its entries cover; None if somebody changed the chain."""
        covered, before = BEGINNING, list[AuditEntry]()
        while True:
            began = time.perf_counter()
            after = before[0].seq if before else 0
            read = partial(closed_chains.next_of, chain=self._id, after=after, most=ENTRIES)
            entries = await self._database.read(read)
            if not is_whole([*before, *entries], self._key):
                return None
            if not entries:
                end = End(before[0].seq, before[0].digest, is_closed=False) if before else End(0, BEGINNING, False)
                return end, covered
            for entry in entries:
                covered = cover(covered, entry, self._key)
            before = entries[-1:]
            await self._pause(began)

    async def _find_details(self) -> None:
        """Go to the first entry that still has its details; a run that was killed removed those before it."""
        while True:
            began = time.perf_counter()
            read = partial(closed_chains.next_of, chain=self._id, after=self._seq, most=ENTRIES)
            entries = await self._database.read(read)
            full = next((entry for entry in entries if _has_details(entry)), None)
            self._seq = full.seq - 1 if full else entries[-1].seq if entries else self._seq
            if full or not entries:
                return
            await self._pause(began)

    def _write_last(self, end: End, covered: str, conn: Connection) -> bool:
        """Close the chain; False if it has another end than the one that was read, or the process stays."""
        if not self._hold(conn):
            return False
        self.kept = retention.needed(conn, [self._id], self._wanted).reasons.get(self._id)
        if self.kept is not None or (closed_chains.end_of(conn, self._id) or End(0, BEGINNING, False)) != end:
            return False
        workflow, status, _ = retention.names(conn, [self._id])[self._id]
        facts = {"workflow": workflow, "status": status, "entries": end.seq}
        details = last_details(covered, facts)
        audit.record(conn, self._key, self._id, actor=self._actor, action=PRUNE, details=details, now=self._now)
        retention.forget_starts(conn, [self._id])
        return True

    def _hold(self, conn: Connection) -> bool:
        """Begin a transaction; the database may run it again after a conflict, so it begins with nothing done."""
        self.gone = self.kept = None
        self.is_mine = retention.take_turn(conn)
        if self.is_mine and not retention.hold_old(conn, [self._id], self._wanted):
            self.kept = HELD
        return not self._is_over

    def _remove_part(self, conn: Connection) -> tuple[int, int]:
        """Delete the next part; the number of the last entry without details, and the next stage."""
        seq, stage = self._seq, self._stage
        if not self._hold(conn):
            return seq, stage
        if entries := closed_chains.next_of(conn, self._id, seq, ENTRIES):
            # An entry that was changed since the chain was closed keeps what is left of the evidence.
            full = filter(_has_details, entries)
            intact = [without_details(entry, self._key) for entry in full if is_intact(entry, self._key)]
            audit.remove_details(conn, intact)
            return entries[-1].seq, stage
        budget = Budget()
        stage = retention_parts.remove_part(conn, self._id, stage, budget)
        if stage == STAGES and retention_parts.empty(conn, [self._id], budget):
            self._remove_row(conn)
        return seq, stage

    def _remove_row(self, conn: Connection) -> None:
        self.kept = retention.needed(conn, [self._id], self._wanted).reasons.get(self._id)
        if self.kept is None:
            _, status, target = retention.names(conn, [self._id])[self._id]
            retention.remove(conn, [self._id])
            self.gone = (status, target)

    async def _pause(self, began: float) -> None:
        await asyncio.sleep((time.perf_counter() - began) * self._rest)


def _has_details(entry: AuditEntry) -> bool:
    return not has_no_details(entry) and not is_last(entry)


def is_whole(entries: Sequence[AuditEntry], key: bytes | None) -> bool:
    """True if nobody changed these entries of a chain: to remove details would hide the change."""
    is_chained = all(
        after.previous == before.digest and after.seq == before.seq + 1 for before, after in pairwise(entries)
    )
    return is_chained and all(is_intact(entry, key) for entry in entries)
