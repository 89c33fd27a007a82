"""The audit log to read and to verify."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import audit
from orchestrator_gql.storage.audit import BEGINNING, AuditEntry, AuditFilter, digest_of
from orchestrator_gql.storage.keyset import LARGEST, Slice, Window
from orchestrator_gql.utils.errors import PayloadInvalid

MOST = 100_000
"""Entries that one verification walks."""


@dataclass(frozen=True, slots=True)
class Verified:
    """How many entries were looked at, the first that does not fit and why, and where to go on."""

    entries: int
    broken: AuditEntry | None
    fault: str | None
    cursor: str | None
    has_more: bool


async def audit_page(runtime: Runtime, principal: Principal, wanted: AuditFilter, window: Window) -> Slice[AuditEntry]:
    """A page of the audit log, the newest first."""
    principal.demand(Permission.READ_AUDIT)
    return await runtime.database.read(lambda conn: audit.page(conn, wanted, window))


async def audit_count(runtime: Runtime, principal: Principal, wanted: AuditFilter) -> int:
    """How many entries there are."""
    principal.demand(Permission.READ_AUDIT)
    return await runtime.database.read(lambda conn: audit.count(conn, wanted))


async def audit_entry(runtime: Runtime, principal: Principal, id: UUID) -> AuditEntry | None:
    """The entry; for those who may not read the log there is none."""
    if Permission.READ_AUDIT not in principal.permissions:
        return None
    return (await runtime.database.read(lambda conn: audit.by_ids(conn, [id]))).get(id)


async def verify_audit(runtime: Runtime, principal: Principal, *, after: str | None, first: int) -> Verified:
    """Walk at most ``first`` entries behind the cursor, chain by chain, and stop at the first that does not fit."""
    principal.demand(Permission.READ_AUDIT)
    if not 1 <= first <= MOST:
        raise PayloadInvalid(f"1 to {MOST:,} entries can be verified at once, not {first}.")
    key = runtime.settings.audit_key
    secret = key.get_secret_value().encode() if key else None
    seen, cursor, last = 0, after, None
    while True:
        window = Window(min(first - seen, LARGEST), cursor)
        found = await runtime.database.read(lambda conn, window=window: _walked(conn, window))  # type: ignore[misc]
        for place, entry, previous in found[0]:
            seen += 1
            fault = _fault(entry, last if last and last.chain == entry.chain else previous, secret)
            if fault:
                return Verified(seen, entry, fault, place, has_more=True)
            cursor, last = place, entry
        if not found[1] or seen >= first:
            return Verified(seen, None, None, cursor, has_more=found[1])


def _walked(conn: Connection, window: Window) -> tuple[list[tuple[str, AuditEntry, AuditEntry | None]], bool]:
    """The entries of a page; the first of them with the one before it, which another page may hold."""
    found = audit.chained(conn, window)
    walked = []
    for number, (cursor, entry) in enumerate(found.items):
        walked.append((cursor, entry, audit.before(conn, entry) if number == 0 else None))
    return walked, found.has_next


def _fault(entry: AuditEntry, previous: AuditEntry | None, key: bytes | None) -> str | None:
    expected = (previous.seq + 1, previous.digest) if previous else (1, BEGINNING)
    if entry.seq != expected[0]:
        return f"Entry {expected[0]} of its chain is missing before it."
    if entry.previous != expected[1]:
        return "It does not stand behind the entry that it was written behind."
    if entry.digest != digest_of(entry, key):
        return "It is not what was written: its digest does not fit."
    return None
