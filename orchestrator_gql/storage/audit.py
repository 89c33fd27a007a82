"""The audit log: who decided what, append-only, in the transaction of the decision itself, chained by digests.

Each process has a chain of its own, for its row is locked by whoever writes anyway; one for all would make every commit
wait for every other. An entry's digest covers the one before it, so an edited, inserted or moved row shows, and
a removed one that was not the last. Seals (`orchestrator_gql.audit.seals`) cover the ends; a walk goes along them.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Uuid,
    bindparam,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError

from orchestrator_gql.audit.entries import BEGINNING, ENGINE, AuditEntry, digest_of
from orchestrator_gql.audit.seals import Anchor, Seal, seal_of
from orchestrator_gql.audit.walk import Place
from orchestrator_gql.storage import pagination
from orchestrator_gql.storage.database.prepared import Prepared
from orchestrator_gql.storage.pagination import Key, PageArgs, RowPage, read_page
from orchestrator_gql.storage.tables import audit, audit_seals
from orchestrator_gql.types import Json
from orchestrator_gql.utils.tokens import new_id

BATCH = 500
"""Entries that one seal covers at most, and that one look of a walk reads: on SQLite each holds the loop."""

SEALS = 100
"""Seals that one look of a walk reads at most."""

_head = Prepared(
    select(audit.c.seq, audit.c.digest).where(audit.c.chain == bindparam("chain")).order_by(audit.c.seq.desc()).limit(1)
)
_append = Prepared(insert(audit).inline(), audit.c.keys())

NEWEST_FIRST = Key((audit.c.at, audit.c.id), is_descending=True)

_CHAINED = (audit.c.chain, audit.c.seq)
_before = audit.alias("before")
_walked = select(audit, _before.c.digest.label("before_digest")).outerjoin(
    _before, (_before.c.chain == audit.c.chain) & (_before.c.seq == audit.c.seq - 1)
)
_by_number = select(audit_seals).order_by(audit_seals.c.seq)


class Outrun(Exception):
    """Another sealer wrote the seal of that number first: whatever this one did is to be undone."""


Read = tuple[AuditEntry, str | None]
"""An entry with the digest of the one that stands before it in its chain, if any does."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a walk reads at once: the seal it stands in, those behind it, and the entries of both.

    ``is_whole``: the entries are all that there are of these seals. ``is_sealed``: it is of seals. ``is_last``: nothing
    stands behind it.
    """

    current: Seal | None
    seals: tuple[Seal, ...]
    entries: tuple[Read, ...]
    is_whole: bool
    is_sealed: bool = True
    is_last: bool = False

    def in_order(self) -> Iterator[Seal | Read]:
        """Each seal, and its entries behind it; first those of the seal that the walk stands in."""
        seals = deque(self.seals)
        for entry, before in self.entries:
            while seals and entry.seal is not None and seals[0].seq <= entry.seal:
                yield seals.popleft()
            yield entry, before
        if self.is_whole:
            yield from seals


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
    is_first: bool = False,
) -> None:
    """Append an entry to its chain, under the lock that the caller holds; ``is_first``: the chain begins with it."""
    chain = process_id or ENGINE
    head = None if is_first else _head.first(conn, {"chain": chain})
    seq, previous = (head["seq"] + 1, head["digest"]) if head else (1, BEGINNING)
    entry = AuditEntry(new_id(), chain, seq, now, actor, action, details, previous, "")
    values = {column.name: getattr(entry, column.name) for column in audit.c}
    _append.run(conn, values | {"digest": digest_of(entry, key)})


def page(conn: Connection, wanted: AuditFilter, page_args: PageArgs) -> RowPage[AuditEntry]:
    """A page of the entries, the newest first."""
    found = read_page(conn, select(audit).where(*_conditions(wanted)), NEWEST_FIRST, page_args)
    return RowPage(tuple((cursor, _entry(row)) for cursor, row in found.items), found.has_next, found.has_previous)


def count(conn: Connection, wanted: AuditFilter) -> int:
    """How many entries there are."""
    return pagination.count(conn, select(audit.c.id).where(*_conditions(wanted)))


def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, AuditEntry]:
    """The entries with those ids."""
    return {row.id: _entry(row) for row in conn.execute(select(audit).where(audit.c.id.in_(ids)))}


def has_unsealed(conn: Connection) -> bool:
    """Whether there is anything that no seal covers."""
    return conn.execute(select(audit.c.id).where(audit.c.seal.is_(None)).limit(1)).first() is not None


def seal(conn: Connection, now: datetime, key: bytes | None) -> Seal | None:
    """Seal what is not sealed, at most `BATCH` entries of it; None where there is nothing. Raises `Outrun`.

    What is committed is what is seen, so a transaction that ends later is in a later seal. The oldest of each chain
    come first: what is left over is always the end of a chain.
    """
    behind = newest_anchor(conn)
    seq = behind.seq + 1 if behind else 1
    new = select(audit.c.id).where(audit.c.seal.is_(None)).order_by(audit.c.chain, audit.c.seq).limit(BATCH)
    taken = conn.execute(
        update(audit).where(audit.c.id.in_(new), audit.c.seal.is_(None)).values(seal=seq).returning(audit)
    )
    entries = [_entry(row) for row in taken]
    if not entries:
        return None
    made = seal_of(entries, behind, now, key)
    try:
        conn.execute(insert(audit_seals), {column.name: getattr(made, column.name) for column in audit_seals.c})
    except IntegrityError:
        raise Outrun from None
    return made


def newest_anchor(conn: Connection) -> Anchor | None:
    """The number and digest of the newest seal."""
    newest = select(audit_seals.c.seq, audit_seals.c.digest).order_by(audit_seals.c.seq.desc()).limit(1)
    row = conn.execute(newest).first()
    return None if row is None else Anchor(row.seq, row.digest)


def seal_at(conn: Connection, seq: int) -> Seal | None:
    """The seal of that number."""
    row = conn.execute(select(audit_seals).where(audit_seals.c.seq == seq)).first()
    return None if row is None else _seal(row)


def part(conn: Connection, place: Place, limit: int) -> Part:
    """What stands behind the place, seal by seal, each chain in its order; then what is not sealed, chain by chain."""
    if place.is_sealed:
        current = seal_at(conn, place.seal)
        found = conn.execute(_by_number.where(audit_seals.c.seq > place.seal).limit(SEALS)).all()
        seals = _first_of(list(map(_seal, found)), limit)
        upto = seals[-1].seq if seals else place.seal
        of_seals = _walked.where(audit.c.seal <= upto, _behind(place)).order_by(audit.c.seal, *_CHAINED)
        entries = _read(conn, of_seals, limit)
        if seals or entries or not place.is_done:
            return Part(current, seals, entries, is_whole=len(entries) < limit)
    # In the same snapshot: nothing can slip between the last seal and what is not sealed yet.
    after = tuple_(literal(place.chain, Uuid()), literal(place.seq))
    rest = _walked.where(audit.c.seal.is_(None)).order_by(*_CHAINED)
    if place.is_sealed:
        strangers, left = _read(conn, _of_no_seal(conn), limit), _read(conn, rest, limit)
    else:
        strangers, left = (), _read(conn, rest.where(tuple_(*_CHAINED) > after), limit)
    return Part(None, (), strangers + left, is_whole=True, is_sealed=False, is_last=len(left) < limit)


def _first_of(seals: list[Seal], limit: int) -> tuple[Seal, ...]:
    """The seals whose entries are read at once, at least one."""
    covered = 0

    def fits(one: Seal) -> bool:
        nonlocal covered
        covered += one.entries
        return covered <= limit

    return tuple(takewhile(fits, seals)) or tuple(seals[:1])


def _behind(place: Place) -> ColumnElement[bool]:
    bound = tuple_(literal(place.seal), literal(place.chain, Uuid()), literal(place.seq))
    return tuple_(audit.c.seal, audit.c.chain, audit.c.seq) > bound


def _of_no_seal(conn: Connection) -> Select[Any]:
    """What says that it is covered by a seal before the first or behind the last."""
    newest = newest_anchor(conn)
    numbers = or_(audit.c.seal < 1, audit.c.seal > (newest.seq if newest else 0))
    return _walked.where(numbers).order_by(audit.c.seal, *_CHAINED)


def _read(conn: Connection, query: Select[Any], limit: int) -> tuple[Read, ...]:
    return tuple((_entry(row), row.before_digest) for row in conn.execute(query.limit(limit)))


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
    return AuditEntry(**{column.name: row._mapping[column.name] for column in audit.c})


def _seal(row: Row[Any]) -> Seal:
    return Seal(**row._mapping)
