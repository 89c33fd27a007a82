"""The audit log: its pages, its verification and its export."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.audit.entries import BEGINNING, AuditEntry
from orchestrator_gql.audit.pruned import covered_by, is_last
from orchestrator_gql.audit.seals import Anchor, Seal
from orchestrator_gql.audit.walk import LARGEST, NOT_REMOVED, START, Fault, Place, Removal, Walk, behind
from orchestrator_gql.reads.lists import RowList
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import audit, audit_seals
from orchestrator_gql.storage.audit_seals import BATCH, Part
from orchestrator_gql.storage.database import Database
from orchestrator_gql.storage.database.snapshot import Snapshot
from orchestrator_gql.storage.pagination import cursor_of, only
from orchestrator_gql.utils.errors import CursorInvalid, PayloadInvalid

audit_list = RowList(audit.page, audit.count, Permission.READ_AUDIT)
"""The entries of the audit log, newest first."""


async def audit_entry(runtime: Runtime, principal: Principal, id: UUID) -> AuditEntry | None:
    """The entry; None if it does not exist or the principal may not read the log."""
    if Permission.READ_AUDIT not in principal.permissions:
        return None
    return (await runtime.database.read(lambda conn: audit.by_ids(conn, [id]))).get(id)


MOST = 100_000
"""The most entries in one verification."""

TURN = 100
"""Entries whose digests or lines are made in one turn of the event loop."""


@dataclass(frozen=True, slots=True)
class Verified:
    """The result of a verification: the number of checked entries, the first fault, and the cursor to continue at.

    ``broken`` is the entry of the fault, if the fault has one. ``seal`` is the last seal that was reached.
    """

    entries: int
    broken: AuditEntry | None
    fault: str | None
    cursor: str | None
    has_more: bool
    seal: Anchor | None = None


async def verify_audit(
    runtime: Runtime, principal: Principal, *, after: str | None, first: int, anchor: Anchor | None = None
) -> Verified:
    """Verify at most ``first`` entries after the cursor, with their seals, and stop at the first fault.

    ``anchor`` is the number and digest of a seal that were noted outside the database: the log must still hold it.
    Raises `PayloadInvalid` if ``first`` is not between 1 and 100,000, and `CursorInvalid`.
    """
    principal.demand(Permission.READ_AUDIT)
    if not 1 <= first <= MOST:
        raise PayloadInvalid(f"1 to {MOST:,} entries can be verified at once, not {first}.")
    return await verify_log(runtime.database, runtime.settings.audit_secret, after=after, first=first, anchor=anchor)


async def verify_log(
    database: Database, key: bytes | None, *, after: str | None, first: int, anchor: Anchor | None
) -> Verified:
    """Verify at most ``first`` entries of the log in the database, as `verify_audit`; the caller may read the log."""
    place = START if after is None else _place(after)
    async with database.snapshot() as snapshot:
        if anchor is not None and (fault_text := await snapshot.read(lambda conn: _anchor_fault(conn, anchor))):
            return Verified(0, None, fault_text, after, has_more=True)
        return await _verified(snapshot, place, first, key)


async def _verified(snapshot: Snapshot, place: Place, first: int, key: bytes | None) -> Verified:
    checked = 0
    while True:
        part = await _load_part(snapshot, place, min(max(first - checked, 1), BATCH))
        if checked >= first and part.entries:
            return await _intact(snapshot, checked, place, has_more=True)
        part_checked, fault = await _check(part, place, key)
        checked += part_checked
        if fault is not None:
            return Verified(checked, fault.entry, fault.words, _cursor(fault.place), has_more=True)
        if part.is_last:  # entries that are not sealed yet are verified again after their seal
            has_more = not place.is_sealed and await _has_new_seal(snapshot, place.seal)
            return await _intact(snapshot, checked, behind(place.seal), has_more=has_more)
        place = _end(part, place)


def audit_parts(runtime: Runtime, principal: Principal, after: str | None) -> AsyncGenerator[Part, None]:
    """The whole log after the cursor of a seal, in parts, on one snapshot.

    The permission and the cursor are checked at once, before the first part is read. Close the generator if not all
    parts are wanted: it holds the snapshot.
    """
    principal.demand(Permission.READ_AUDIT)
    return _parts(runtime, START if after is None else _place(after))


def behind_seal(seal: Seal) -> str:
    """The cursor after all entries of the seal."""
    return _cursor(behind(seal.seq))


async def _has_new_seal(snapshot: Snapshot, seal: int) -> bool:
    """True if open entries were sealed since the verification that gave the cursor, which may have missed some."""
    newest = await snapshot.read(audit_seals.newest_anchor)
    return newest is not None and newest.seq > seal


async def _parts(runtime: Runtime, place: Place) -> AsyncGenerator[Part, None]:
    async with runtime.database.snapshot() as snapshot:
        while True:
            part = await _load_part(snapshot, place, BATCH)
            yield part
            if part.is_last:
                return
            place = _end(part, place)


async def _load_part(snapshot: Snapshot, place: Place, limit: int) -> Part:
    return await snapshot.read(lambda conn: audit_seals.part(conn, place, limit))


async def _intact(snapshot: Snapshot, checked: int, place: Place, *, has_more: bool) -> Verified:
    seal = await snapshot.read(lambda conn: audit_seals.seal_at(conn, place.seal))
    reached = Anchor(seal.seq, seal.digest) if seal else None
    is_beginning = place.is_sealed and place.seal == 0
    return Verified(checked, None, None, None if is_beginning else _cursor(place), has_more, reached)


def _anchor_fault(conn: Connection, anchor: Anchor) -> str | None:
    """The fault of the seal that was noted outside the database, None if it is intact."""
    seal = audit_seals.seal_at(conn, anchor.seq) if 0 <= anchor.seq <= LARGEST else None
    if seal is None:
        return f"Seal {anchor.seq}, whose digest was noted down, is missing."
    if seal.digest != anchor.digest.lower():
        return f"Seal {anchor.seq} is not the one whose digest was noted down."
    return None


async def _check(part: Part, place: Place, key: bytes | None) -> tuple[int, Fault | None]:
    """The number of checked entries of the part, and the first fault."""
    current, checked, fault = part.current, 0, None
    walk = Walk(key, Anchor(current.seq, current.digest) if current else Anchor(place.seal, BEGINNING))
    if not part.is_sealed:
        walk.leave_seals()
    elif current is not None:
        walk.resume(current, place)
    elif place.seal:
        return 0, Fault(f"Seal {place.seal} is missing.", None, behind(place.seal))
    for item in part.in_order():
        if isinstance(item, Seal):
            fault = walk.close() or walk.enter(item)
        else:
            checked += 1
            fault = walk.step(*item, _removal(part, item[0], key))
            if checked % TURN == 0:
                await asyncio.sleep(0)
        if fault is not None:
            return checked, fault
    return checked, walk.close() if part.is_whole else None


def _removal(part: Part, entry: AuditEntry, key: bytes | None) -> Removal:
    chain = part.removed.get(entry.chain)
    if chain is None:
        return NOT_REMOVED
    before = covered_by((other for other in chain if other.seq < entry.seq), key) if is_last(entry) else None
    return Removal(before, is_noted=any(other.seq > entry.seq and is_last(other) for other in chain))


def _end(part: Part, place: Place) -> Place:
    """The place after the part, where the next part begins."""
    if part.is_sealed and part.is_whole:
        return behind(part.seals[-1].seq if part.seals else place.seal)
    last = part.entries[-1][0]
    seal = last.seal if part.is_sealed and last.seal is not None else place.seal
    return Place(seal, last.chain, last.seq, part.is_sealed)


def _cursor(place: Place) -> str:
    return cursor_of(f"{place.seal} {place.chain} {place.seq} {'sealed' if place.is_sealed else 'open'}")


def _place(cursor: str) -> Place:
    try:
        seal, chain, seq, phase = only(cursor).split(" ")
        place = Place(int(seal), UUID(chain), int(seq), {"sealed": True, "open": False}[phase])
    except (ValueError, KeyError) as error:
        raise CursorInvalid from error
    if not (0 <= place.seal <= LARGEST and 0 <= place.seq <= LARGEST):
        raise CursorInvalid
    return place
