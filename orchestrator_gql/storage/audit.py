"""The audit log: who decided what, append-only, in the transaction of the decision itself, chained by digests.

Each process has a chain of its own, for its row is locked by whoever writes anyway; one for all would make every commit
wait for every other. An entry's digest covers the one before it, so an edited, removed, inserted or moved row shows.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, bindparam, insert, select

from orchestrator_gql.storage import keyset
from orchestrator_gql.storage.database.prepared import Prepared
from orchestrator_gql.storage.keyset import Key, Slice, Window, read_slice
from orchestrator_gql.storage.tables import audit
from orchestrator_gql.types import Json
from orchestrator_gql.utils.json import canonical
from orchestrator_gql.utils.tokens import new_id

ENGINE = UUID(int=0)
"""The chain of what concerns no process."""

BEGINNING = "0" * 64
"""What the first entry of a chain stands behind."""

_head = Prepared(
    select(audit.c.seq, audit.c.digest).where(audit.c.chain == bindparam("chain")).order_by(audit.c.seq.desc()).limit(1)
)
_append = Prepared(insert(audit).inline(), audit.c.keys())

NEWEST_FIRST = Key((audit.c.at, audit.c.id), is_descending=True)
CHAINED = Key((audit.c.chain, audit.c.seq))


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One decision: its place in its chain, when, who, what, about which process, and what else matters."""

    id: UUID
    chain: UUID
    seq: int
    at: datetime
    actor: str | None
    action: str
    details: Json
    previous: str
    digest: str

    @property
    def process_id(self) -> UUID | None:
        """The process that it is about, if any."""
        return None if self.chain == ENGINE else self.chain


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries; None means any."""

    process_id: UUID | None = None
    actor: str | None = None
    actions: Sequence[str] | None = None
    start: datetime | None = None
    end: datetime | None = None


def record(
    conn: Connection,
    process_id: UUID | None,
    *,
    actor: str | None,
    action: str,
    details: Json,
    now: datetime,
    key: bytes | None,
) -> None:
    """Append an entry to its chain, under the lock that the caller holds."""
    chain = process_id or ENGINE
    head = _head.first(conn, {"chain": chain})
    seq, previous = (head["seq"] + 1, head["digest"]) if head else (1, BEGINNING)
    entry = AuditEntry(new_id(), chain, seq, now, actor, action, details, previous, "")
    values = {column.name: getattr(entry, column.name) for column in audit.c}
    _append.run(conn, values | {"digest": digest_of(entry, key)})


def digest_of(entry: AuditEntry, key: bytes | None) -> str:
    """SHA-256, or HMAC-SHA-256 where there is a key, of the entry's canonical JSON (RFC 8785), in hex."""
    facts = [
        entry.previous,
        str(entry.id),
        str(entry.chain),
        entry.seq,
        entry.at.astimezone(UTC).isoformat(),
        entry.actor,
    ]
    text = canonical([*facts, entry.action, entry.details])
    return hmac.new(key, text, hashlib.sha256).hexdigest() if key else hashlib.sha256(text).hexdigest()


def page(conn: Connection, wanted: AuditFilter, window: Window) -> Slice[AuditEntry]:
    """A page of the entries, the newest first."""
    found = read_slice(conn, select(audit).where(*_conditions(wanted)), NEWEST_FIRST, window)
    return Slice(tuple((cursor, _entry(row)) for cursor, row in found.items), found.has_next, found.has_previous)


def count(conn: Connection, wanted: AuditFilter) -> int:
    """How many entries there are."""
    return keyset.count(conn, select(audit.c.id).where(*_conditions(wanted)))


def chained(conn: Connection, window: Window) -> Slice[AuditEntry]:
    """A page of all entries, chain by chain, each in its order."""
    found = read_slice(conn, select(audit), CHAINED, window)
    return Slice(tuple((cursor, _entry(row)) for cursor, row in found.items), found.has_next, found.has_previous)


def before(conn: Connection, entry: AuditEntry) -> AuditEntry | None:
    """The entry that stands before this one in its chain."""
    earlier = select(audit).where(audit.c.chain == entry.chain, audit.c.seq < entry.seq)
    row = conn.execute(earlier.order_by(audit.c.seq.desc()).limit(1)).first()
    return None if row is None else _entry(row)


def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, AuditEntry]:
    """The entries with those ids."""
    return {row.id: _entry(row) for row in conn.execute(select(audit).where(audit.c.id.in_(ids)))}


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.process_id is not None:
        conditions.append(audit.c.chain == wanted.process_id)
    if wanted.actor is not None:
        conditions.append(audit.c.actor == wanted.actor)
    if wanted.actions is not None:
        conditions.append(audit.c.action.in_(wanted.actions))
    if wanted.start is not None:
        conditions.append(audit.c.at >= wanted.start)
    if wanted.end is not None:
        conditions.append(audit.c.at < wanted.end)
    return conditions


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(**row._mapping)
