"""Deletes old processes in small transactions, between which the commits of others have room.

Each transaction takes the next processes that fit a budget, deletes them and writes the last entry of their chains in
the audit log; a larger process goes by itself, in parts (`engine.large_processes`). The time of a transaction decides
the size of the next. All that was done is known from the database, so a later run goes on where a killed one stopped.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.audit.entries import AuditEntry
from orchestrator_gql.audit.pruned import PRUNE, covered_by, last_details, without_details
from orchestrator_gql.engine.large_processes import CHANGED, HELD, LargeProcess, is_whole
from orchestrator_gql.storage import audit, closed_chains, retention, retention_parts, unused_payloads
from orchestrator_gql.storage.database import Database
from orchestrator_gql.storage.retention import Selection
from orchestrator_gql.storage.retention_marks import Mark
from orchestrator_gql.storage.retention_parts import Budget
from orchestrator_gql.targets import Target
from orchestrator_gql.types import Json, ProcessStatus

T = TypeVar("T")

SMALLEST, LARGEST = 1, 100
"""Processes of one transaction."""

WANTED_SECONDS = 0.01
"""The time that a transaction should take; SQLite runs it on the event loop, and other commits wait for it."""

REST = 3.0
"""The pause between two transactions, in times of the transaction: a quarter of the time is for retention at most."""

SWEPT = 10_000
"""Payloads without a callback that one look through the states searches."""


@dataclass(slots=True)
class Pruned:
    """What a run did: the numbers of processes by status and target, and why others stay.

    ``has_more``: the run ended at its limit, and there may be more. ``is_elsewhere``: another run was in progress.
    ``end``: the last process that was looked at; the next run may go on behind it.
    """

    processes: Counter[tuple[ProcessStatus, Target]] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    notifications: int = 0
    has_more: bool = False
    is_elsewhere: bool = False
    end: Mark | None = None

    @property
    def number(self) -> int:
        """The number of deleted processes."""
        return self.processes.total()


@dataclass(frozen=True, slots=True)
class Request:
    """Who deletes what, and how much at once.

    ``most`` and ``seconds`` limit a run, None for no limit. ``rest`` is the pause between two transactions, in times
    of the transaction. ``sweeps``: look for unused payloads, too, which reads the ids of all payloads.
    ``after``: where an earlier run ended; with a time limit a run would look at the processes that stay each time.
    """

    wanted: Selection
    actor: str | None
    reason: Mapping[str, Json] = field(default_factory=dict)
    most: int | None = None
    seconds: float | None = None
    rest: float = REST
    sweeps: bool = True
    after: Mark | None = None


async def prune(
    database: Database,
    now: Callable[[], datetime],
    audit_key: bytes | None,
    request: Request,
    progress: Callable[[Pruned], None] = lambda _: None,
) -> Pruned:
    """Delete the selected processes, and count them in the audit log at the end, also of a run that is broken off.

    ``progress`` is called after each batch of processes, with what was done so far.
    """
    run = _Run(database, now, audit_key, request)
    try:
        await run.processes(progress)
        await run.notifications()
        await run.payloads()
    finally:
        if run.done.number:
            await run.note()
    return run.done


class _Run:
    def __init__(
        self, database: Database, now: Callable[[], datetime], audit_key: bytes | None, request: Request
    ) -> None:
        self.done = Pruned()
        self._database, self._now, self._key, self._request = database, now, audit_key, request
        self._size = SMALLEST
        self._until = None if request.seconds is None else time.monotonic() + request.seconds

    async def processes(self, progress: Callable[[Pruned], None]) -> None:
        self.done.end = self._request.after
        is_over = False
        while not is_over:  # at least one look, so that requests with a cursor come to their end
            wanted, size = self._request.wanted, self._next_size()
            look = partial(retention.next_candidates, wanted=wanted, after=self.done.end, most=size)
            found = await self._database.read(look)
            if found.end is None:
                return
            if await self._all_of(found.ids):
                self.done.end = found.end
            progress(self.done)
            is_over = self.done.is_elsewhere or self._is_at_limit()
        self.done.has_more = True

    async def notifications(self) -> None:
        """Delete the sent notifications of processes that stay."""
        before, most = self._request.wanted.sent_before, retention_parts.ROWS
        while before is not None and not self._is_at_limit():
            began = time.perf_counter()
            number = await self._database.transaction(lambda conn: retention.remove_sent(conn, before, most))
            self.done.notifications += number
            if number < most:
                return
            await self._rest(time.perf_counter() - began)

    async def payloads(self) -> None:
        """Delete the payloads that processes that stay do not use any more."""
        if self._request.wanted.sent_before is None or not self._request.sweeps:
            return
        after: UUID | None = unused_payloads.BEGINNING
        while after is not None and not self._is_at_limit():
            unused: set[UUID] = set()
            while after is not None and len(unused) < SWEPT:
                found, after = await self._read(partial(unused_payloads.without_callback, after=after))
                unused.update(found)
            for id in await self._without_state(unused):  # each may be large
                began = time.perf_counter()
                await self._database.transaction(partial(unused_payloads.remove, ids=[id]))
                await self._rest(time.perf_counter() - began)

    async def _without_state(self, unused: set[UUID]) -> set[UUID]:
        """Those of the payloads to which no state refers."""
        process: UUID | None = unused_payloads.BEGINNING
        while unused and process is not None:
            used, process = await self._read(partial(unused_payloads.in_states, after=process))
            unused = unused - used
        return unused

    async def _read(self, unit: Callable[[Connection], T]) -> T:
        began = time.perf_counter()
        result = await self._database.read(unit)
        await self._rest(time.perf_counter() - began)
        return result

    async def note(self) -> None:
        """Write how many processes went."""
        by_status = {f"{status} {target}": number for (status, target), number in sorted(self.done.processes.items())}
        details: dict[str, Json] = {"processes": self.done.number, "by_status": by_status, **self._request.reason}

        def write(conn: Connection) -> None:
            audit.record(
                conn, self._key, None, actor=self._request.actor, action=PRUNE, details=details, now=self._now()
            )

        await self._database.transaction(write)

    async def _all_of(self, ids: Sequence[UUID]) -> bool:
        """Delete these processes; False if another run was in progress, or the time was over before all were gone."""
        while ids:
            batch = _Batch(ids, self._request, self._key, self._now())
            await self._database.transaction(batch.delete)
            if not batch.is_mine:
                self.done.is_elsewhere = True
                return False
            self.done.processes.update(batch.gone.values())
            self.done.kept.update(batch.kept.values())
            ids = batch.left
            if batch.seconds > WANTED_SECONDS:
                self._size = max(self._size // 2, SMALLEST)
            elif batch.seconds < WANTED_SECONDS / 2:
                self._size = min(self._size * 2, LARGEST)
            await self._rest(batch.seconds)
            for id in batch.large:
                if not await self._is_removed_in_parts(id):
                    return False
        return True

    async def _is_removed_in_parts(self, id: UUID) -> bool:
        """Delete the process, or note why it stays; False as `_all_of`."""
        request = self._request
        large = LargeProcess(
            self._database,
            id,
            request.wanted,
            actor=request.actor,
            key=self._key,
            now=self._now(),
            rest=request.rest,
        )
        await large.remove(self._is_late)
        self.done.is_elsewhere = not large.is_mine
        if large.gone is not None:
            self.done.processes[large.gone] += 1
        if large.kept is not None:
            self.done.kept[large.kept] += 1
        return large.gone is not None or large.kept is not None

    async def _rest(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self._request.rest)

    def _next_size(self) -> int:
        most = self._request.most
        return self._size if most is None else min(self._size, most - self.done.number)

    def _is_at_limit(self) -> bool:
        if self._request.most is not None and self.done.number >= self._request.most:
            return True
        return self._is_late()

    def _is_late(self) -> bool:
        return self._until is not None and time.monotonic() > self._until


class _Batch:
    """One transaction. The database may run it again after a conflict, so it begins with nothing done."""

    def __init__(self, ids: Sequence[UUID], request: Request, audit_key: bytes | None, now: datetime) -> None:
        self._ids, self._request, self._key, self._now = ids, request, audit_key, now
        self._reset()

    def _reset(self) -> None:
        self.gone: dict[UUID, tuple[ProcessStatus, Target]] = {}
        self.kept: dict[UUID, str] = {}
        self.left: list[UUID] = []
        self.large: list[UUID] = []
        self.is_mine = True
        self.seconds = 0.0

    def delete(self, conn: Connection) -> None:
        """Delete the first processes that fit the budget together.

        ``left`` are the others, ``large`` those that must go in parts.
        """
        self._reset()
        began = time.perf_counter()
        self.is_mine = retention.take_turn(conn)
        if self.is_mine:
            self._delete(conn)
        self.seconds = time.perf_counter() - began

    def _delete(self, conn: Connection) -> None:
        wanted = self._request.wanted
        held = retention.hold_old(conn, self._ids, wanted)
        kept = retention.needed(conn, held, wanted)
        kept.add([id for id in self._ids if id not in set(held)], HELD)
        self.large = closed_chains.closed_of(conn, held)  # a run was killed before they were gone
        ids = [id for id in held if id not in kept.reasons and id not in self.large]
        while ids and not retention_parts.fits(conn, ids, Budget()):
            if len(ids) == 1:
                self.large, ids = [*self.large, *ids], []
            else:
                ids, self.left = ids[: len(ids) // 2], ids[len(ids) // 2 :] + self.left
        chains = audit.chains(conn, ids) if ids else {}
        kept.add([id for id in ids if not is_whole(chains.get(id, []), self._key)], CHANGED)
        self.kept = {id: why for id, why in kept.reasons.items() if id not in self.large}
        if ids := [id for id in ids if id not in kept.reasons]:
            self._remove(conn, ids, chains)

    def _remove(self, conn: Connection, ids: Sequence[UUID], chains: Mapping[UUID, Sequence[AuditEntry]]) -> None:
        for id, (workflow, status, target) in retention.names(conn, ids).items():
            entries = chains.get(id, [])
            audit.remove_details(conn, [without_details(entry, self._key) for entry in entries])
            facts = {"workflow": workflow, "status": status, "entries": len(entries)}
            details = last_details(covered_by(entries, self._key), facts)
            audit.record(conn, self._key, id, actor=self._request.actor, action=PRUNE, details=details, now=self._now)
            self.gone[id] = (status, target)
        while not retention_parts.empty(conn, ids, Budget()):
            pass  # they fit, so this is the end of it but for a value of exactly the budget
        retention.remove(conn, ids)
