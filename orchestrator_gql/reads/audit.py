"""The audit log to read."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.audit.entries import BEGINNING, AuditEntry
from orchestrator_gql.audit.seals import Anchor, Seal
from orchestrator_gql.audit.walk import LARGEST, START, Fault, Place, Walk, behind
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import audit
from orchestrator_gql.storage.audit import BATCH, AuditFilter, Part
from orchestrator_gql.storage.pagination import PageArgs, RowPage, cursor_of, only
from orchestrator_gql.utils.errors import CursorInvalid, PayloadInvalid


async def audit_page(
    runtime: Runtime, principal: Principal, wanted: AuditFilter, page_args: PageArgs
) -> RowPage[AuditEntry]:
    """A page of the audit log, the newest first."""
    principal.demand(Permission.READ_AUDIT)
    return await runtime.database.read(lambda conn: audit.page(conn, wanted, page_args))


async def audit_count(runtime: Runtime, principal: Principal, wanted: AuditFilter) -> int:
    """How many entries there are."""
    principal.demand(Permission.READ_AUDIT)
    return await runtime.database.read(lambda conn: audit.count(conn, wanted))


async def audit_entry(runtime: Runtime, principal: Principal, id: UUID) -> AuditEntry | None:
    """The entry; for those who may not read the log there is none."""
    if Permission.READ_AUDIT not in principal.permissions:
        return None
    return (await runtime.database.read(lambda conn: audit.by_ids(conn, [id]))).get(id)


MOST = 100_000
"""Entries that one verification walks."""


@dataclass(frozen=True, slots=True)
class Verified:
    """How many entries were looked at, what does not fit, with its entry where there is one, and where to go on.

    ``seal`` is the last seal that was reached.
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
    """Walk at most ``first`` entries behind the cursor, with their seals, and stop at the first that does not fit.

    ``anchor`` is a seal's number and digest as they were noted down elsewhere: the log must still hold that seal.
    """
    principal.demand(Permission.READ_AUDIT)
    if not 1 <= first <= MOST:
        raise PayloadInvalid(f"1 to {MOST:,} entries can be verified at once, not {first}.")
    place = START if after is None else _place(after)
    if anchor is not None and (words := await runtime.database.read(lambda conn: _drifted(conn, anchor))):
        return Verified(0, None, words, after, has_more=True)
    seen = 0
    while True:
        part = await _look(runtime, place, min(max(first - seen, 1), BATCH))
        if seen >= first and part.entries:
            return await _fitting(runtime, seen, place, has_more=True)
        looked_at, fault = _judged(part, place, runtime.settings.audit_secret)
        seen += looked_at
        if fault is not None:
            return Verified(seen, fault.entry, fault.words, _cursor(fault.place), has_more=True)
        if part.is_last:  # what is not sealed yet is looked at again, once it is
            has_more = not place.is_sealed and await _grew(runtime, place.seal)
            return await _fitting(runtime, seen, behind(place.seal), has_more=has_more)
        place = _end(part, place)
        await asyncio.sleep(0)  # digests are made on the loop: others have their turn between two looks


def audit_parts(runtime: Runtime, principal: Principal, after: str | None) -> AsyncIterator[Part]:
    """The whole log behind the cursor of a seal, part by part, each read on its own.

    Asks for the permission, and reads the cursor, before the first part is taken.
    """
    principal.demand(Permission.READ_AUDIT)
    return _parts(runtime, START if after is None else _place(after))


def behind_seal(seal: Seal) -> str:
    """The cursor behind everything that the seal covers."""
    return _cursor(behind(seal.seq))


async def _grew(runtime: Runtime, seal: int) -> bool:
    """Whether some of what was open was sealed meanwhile: while that was read look by look, it may have been missed."""
    newest = await runtime.database.read(audit.newest_anchor)
    return newest is not None and newest.seq > seal


async def _parts(runtime: Runtime, place: Place) -> AsyncIterator[Part]:
    while True:
        part = await _look(runtime, place, BATCH)
        if not part.is_sealed and not part.is_last:
            # More than one look is not one snapshot: of what is sealed between two of them, the second sees nothing,
            # and a chain would lack its middle. All of it comes with the next export, once it is sealed.
            part = replace(part, entries=tuple(one for one in part.entries if one[0].seal is not None), is_last=True)
        yield part
        if part.is_last:
            return
        place = _end(part, place)


async def _look(runtime: Runtime, place: Place, limit: int) -> Part:
    return await runtime.database.read(lambda conn: audit.part(conn, place, limit))


async def _fitting(runtime: Runtime, seen: int, place: Place, *, has_more: bool) -> Verified:
    seal = await runtime.database.read(lambda conn: audit.seal_at(conn, place.seal))
    reached = Anchor(seal.seq, seal.digest) if seal else None
    is_beginning = place.is_sealed and place.seal == 0
    return Verified(seen, None, None, None if is_beginning else _cursor(place), has_more, reached)


def _drifted(conn: Connection, anchor: Anchor) -> str | None:
    """What became of the seal that somebody noted down, if anything did."""
    seal = audit.seal_at(conn, anchor.seq) if 0 <= anchor.seq <= LARGEST else None
    if seal is None:
        return f"Seal {anchor.seq}, whose digest was noted down, is missing."
    if seal.digest != anchor.digest.lower():
        return f"Seal {anchor.seq} is not the one whose digest was noted down."
    return None


def _judged(part: Part, place: Place, key: bytes | None) -> tuple[int, Fault | None]:
    """How many entries of the part were looked at, and the first fault."""
    current, seen, fault = part.current, 0, None
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
            seen += 1
            fault = walk.step(*item)
        if fault is not None:
            return seen, fault
    return seen, walk.close() if part.is_whole else None


def _end(part: Part, place: Place) -> Place:
    """Where the part ends, and the next one begins."""
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
    except (ValueError, KeyError) as wrong:
        raise CursorInvalid from wrong
    if not (0 <= place.seal <= LARGEST and 0 <= place.seq <= LARGEST):
        raise CursorInvalid
    return place
