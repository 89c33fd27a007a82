"""The seals of the audit log, and the parts of the log that a verification reads, seal by seal."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import takewhile
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, Uuid, insert, literal, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from orchestrator_gql.audit.entries import AuditEntry
from orchestrator_gql.audit.pruned import has_no_details, is_last
from orchestrator_gql.audit.seals import Anchor, Seal, seal_digest, seal_of
from orchestrator_gql.audit.walk import Place
from orchestrator_gql.storage.audit import CHAINED, chains, entry_of
from orchestrator_gql.storage.database.prepared import Prepared
from orchestrator_gql.storage.tables import audit, audit_seals

BATCH = 500
"""Entries that one seal covers at most, and that one read of a walk loads."""

SEALS = 100
"""Seals that one read of a walk loads at most."""

_unsealed = Prepared(select(audit.c.id).where(audit.c.seal.is_(None)).limit(1))
_before = audit.alias("before")
_walked = select(audit, _before.c.digest.label("before_digest")).outerjoin(
    _before, (_before.c.chain == audit.c.chain) & (_before.c.seq == audit.c.seq - 1)
)
_by_number = select(audit_seals).order_by(audit_seals.c.seq)


OTHER_KEY = (
    "The newest seal of the audit log was not made with ORCHESTRATOR_AUDIT_KEY: another key was set, or none. What is "
    "written from now on counts as forged beside it. Set the earlier key, and restart all servers."
)


class Outrun(Exception):
    """Another sealer wrote the seal of that number first: the transaction must be rolled back."""


Read = tuple[AuditEntry, str | None]
"""An entry with the digest of the entry before it in its chain, None for the first."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the log that a walk reads at once: the current seal, the next seals, and the entries of all of them.

    ``is_whole``: the part has all entries of these seals. ``is_sealed``: the part is in the sealed section of the log.
    ``is_last``: nothing follows the part. ``removed`` has the whole chains of the removed processes in the part.
    """

    current: Seal | None
    seals: tuple[Seal, ...]
    entries: tuple[Read, ...]
    is_whole: bool
    is_sealed: bool = True
    is_last: bool = False
    removed: Mapping[UUID, Sequence[AuditEntry]] = field(default_factory=dict)

    def in_order(self) -> Iterator[Seal | Read]:
        """The entries of the current seal, then each next seal, followed by its entries."""
        seals = deque(self.seals)
        for entry, before in self.entries:
            while seals and entry.seal is not None and seals[0].seq <= entry.seal:
                yield seals.popleft()
            yield entry, before
        if self.is_whole:
            yield from seals


def has_unsealed(conn: Connection) -> bool:
    """True if there is an entry that no seal covers."""
    return _unsealed.first(conn, {}) is not None


def seal(conn: Connection, now: datetime, key: bytes | None) -> Seal | None:
    """Seal at most `BATCH` entries that no seal covers, and return the seal; None if there are none. Raises `Outrun`.

    Only committed entries are visible, so a transaction that ends later is covered by a later seal. The oldest entries
    of each chain come first: the entries that remain are always the end of a chain.
    """
    before = newest_anchor(conn)
    seq = before.seq + 1 if before else 1
    new = select(audit.c.id).where(audit.c.seal.is_(None)).order_by(audit.c.chain, audit.c.seq).limit(BATCH)
    rows = conn.execute(
        update(audit).where(audit.c.id.in_(new), audit.c.seal.is_(None)).values(seal=seq).returning(audit)
    )
    entries = [entry_of(row) for row in rows]
    if not entries:
        return None
    new_seal = seal_of(entries, before, now, key)
    try:
        conn.execute(insert(audit_seals), {column.name: getattr(new_seal, column.name) for column in audit_seals.c})
    except IntegrityError:
        raise Outrun from None
    return new_seal


def newest_anchor(conn: Connection) -> Anchor | None:
    """The number and digest of the newest seal, None without seals."""
    newest = select(audit_seals.c.seq, audit_seals.c.digest).order_by(audit_seals.c.seq.desc()).limit(1)
    row = conn.execute(newest).first()
    return None if row is None else Anchor(row.seq, row.digest)


def newest_fits(conn: Connection, key: bytes | None) -> bool:
    """True if the newest seal was made with the key, or if there is no seal yet."""
    newest = newest_anchor(conn)
    found = None if newest is None else seal_at(conn, newest.seq)
    if found is None:
        return True
    return found.digest == seal_digest(found.seq, found.at, found.entries, found.heads, found.previous, key)


def seal_at(conn: Connection, seq: int) -> Seal | None:
    """The seal with that number, None if there is none."""
    row = conn.execute(select(audit_seals).where(audit_seals.c.seq == seq)).first()
    return None if row is None else _seal(row)


def part(conn: Connection, place: Place, limit: int) -> Part:
    """At most ``limit`` entries behind the place: by seal and chain, then the entries without a seal, by chain."""
    found = _part(conn, place, limit)
    entries = (entry for entry, _ in found.entries)
    removed = {entry.chain for entry in entries if has_no_details(entry) or is_last(entry)}
    return replace(found, removed=chains(conn, list(removed))) if removed else found


def _part(conn: Connection, place: Place, limit: int) -> Part:
    if place.is_sealed:
        current = seal_at(conn, place.seal)
        rows = conn.execute(_by_number.where(audit_seals.c.seq > place.seal).limit(SEALS)).all()
        seals = _first_of(list(map(_seal, rows)), limit)
        last = seals[-1].seq if seals else place.seal
        of_seals = _walked.where(audit.c.seal <= last, _behind(place)).order_by(audit.c.seal, *CHAINED)
        entries = _read(conn, of_seals, limit)
        if seals or entries or not place.is_done:
            return Part(current, seals, entries, is_whole=len(entries) < limit)
    # In the same snapshot: no entry can be missed between the last seal and the entries without a seal.
    after = tuple_(literal(place.chain, Uuid()), literal(place.seq))
    unsealed = _walked.where(audit.c.seal.is_(None)).order_by(*CHAINED)
    if place.is_sealed:
        orphans, remaining = _read(conn, _of_missing_seals(conn), limit), _read(conn, unsealed, limit)
    else:
        orphans, remaining = (), _read(conn, unsealed.where(tuple_(*CHAINED) > after), limit)
    return Part(None, (), orphans + remaining, is_whole=True, is_sealed=False, is_last=len(remaining) < limit)


def _first_of(seals: list[Seal], limit: int) -> tuple[Seal, ...]:
    """The first seals that cover at most ``limit`` entries together, at least one seal."""
    covered = 0

    def fits(seal: Seal) -> bool:
        nonlocal covered
        covered += seal.entries
        return covered <= limit

    return tuple(takewhile(fits, seals)) or tuple(seals[:1])


def _behind(place: Place) -> ColumnElement[bool]:
    bound = tuple_(literal(place.seal), literal(place.chain, Uuid()), literal(place.seq))
    return tuple_(audit.c.seal, audit.c.chain, audit.c.seq) > bound


def _of_missing_seals(conn: Connection) -> Select[Any]:
    """The entries whose seal number is before the first seal or behind the last."""
    newest = newest_anchor(conn)
    numbers = or_(audit.c.seal < 1, audit.c.seal > (newest.seq if newest else 0))
    return _walked.where(numbers).order_by(audit.c.seal, *CHAINED)


def _read(conn: Connection, query: Select[Any], limit: int) -> tuple[Read, ...]:
    return tuple((entry_of(row), row.before_digest) for row in conn.execute(query.limit(limit)))


def _seal(row: Row[Any]) -> Seal:
    return Seal(**row._mapping)
