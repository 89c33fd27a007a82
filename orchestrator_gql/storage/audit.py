"""The audit log: who decided what, append-only, written in the transaction of the decision, chained by digests.

Each process has its own chain, because a writer locks the process anyway; with one chain for all, every commit would
wait for every other commit. The digest of an entry covers the entry before it. So an edited, inserted or moved row is
found, and a removed row, unless it was the last of its chain. Seals (`orchestrator_gql.audit.seals`) cover the ends of
the chains; a verification reads the entries seal by seal.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import takewhile
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Uuid,
    bindparam,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError

from orchestrator_gql.audit import origin
from orchestrator_gql.audit.entries import BEGINNING, ENGINE, AuditEntry, digest_of
from orchestrator_gql.audit.pruned import PRUNE, has_no_details, is_last
from orchestrator_gql.audit.seals import Anchor, Seal, seal_of
from orchestrator_gql.audit.walk import Place
from orchestrator_gql.storage import pagination
from orchestrator_gql.storage.columns import among
from orchestrator_gql.storage.database.prepared import Prepared, PreparedRead
from orchestrator_gql.storage.pages_of_values import rows_of_pages
from orchestrator_gql.storage.pagination import Key, PageArgs, RowPage, page_query, read_page
from orchestrator_gql.storage.tables import audit, audit_seals
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import NotFound
from orchestrator_gql.utils.tokens import new_id

BATCH = 500
"""Entries that one seal covers at most, and that one read of a walk loads."""

MOST_ACTIONS = 20
"""Actions of a filter that are read one by one."""

SEALS = 100
"""Seals that one read of a walk loads at most."""


def head_where(is_of_chain: ColumnElement[bool]) -> Select[Any]:
    """The query for the newest entry of a chain."""
    head = select(audit.c.seq, audit.c.digest, audit.c.action)
    return head.where(is_of_chain).order_by(audit.c.seq.desc()).limit(1)


_head = Prepared(head_where(audit.c.chain == bindparam("chain")))
_removal = Prepared(
    select(audit.c.at, audit.c.action).where(audit.c.chain == bindparam("chain")).order_by(audit.c.seq.desc()).limit(1)
)
_append = Prepared(insert(audit).inline(), audit.c.keys())
_unsealed = Prepared(select(audit.c.id).where(audit.c.seal.is_(None)).limit(1))

_wait_for_engine_chain = select(func.pg_advisory_xact_lock(func.hashtextextended("audit\nengine", 0)))
"""The chain of the engine has a lock of its own: a pause waits for all processes, and retention must not."""

NEWEST_FIRST = Key((audit.c.at, audit.c.id), is_descending=True)

_NAMES = tuple(column.name for column in audit.c)
_values = attrgetter(*_NAMES)
_CHAINED = (audit.c.chain, audit.c.seq)
_before = audit.alias("before")
_walked = select(audit, _before.c.digest.label("before_digest")).outerjoin(
    _before, (_before.c.chain == audit.c.chain) & (_before.c.seq == audit.c.seq - 1)
)
_by_number = select(audit_seals).order_by(audit_seals.c.seq)


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


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Selects entries; None means any."""

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
    """Append an entry to its chain, with the origin of the current request. The caller holds the lock.

    ``is_first``: the entry begins the chain. Raises `NotFound` if retention closed the chain: nobody decides anything
    about a process that is going, because each decision writes its entry.
    """
    chain, came = process_id or ENGINE, origin.current()
    if process_id is None and conn.dialect.name == "postgresql":
        conn.execute(_wait_for_engine_chain)
    head = None if is_first else _head.first(conn, reading_head(chain)[1])
    if head and head["action"] == PRUNE and process_id is not None:
        raise NotFound("process", process_id, removal_note(conn, process_id))
    seq, previous = (head["seq"] + 1, head["digest"]) if head else (1, BEGINNING)
    entry = AuditEntry(
        new_id(), chain, seq, now, actor, action, details, previous, "", address=came.address, method=came.method
    )
    values = dict(zip(_NAMES, _values(entry), strict=True))
    _append.write(conn, values | {"digest": digest_of(entry, key)})


def reading_head(chain: UUID) -> PreparedRead:
    """The read that `record` begins with, see `read_ahead`."""
    return _head, {"chain": chain}


def page(conn: Connection, filters: AuditFilter, page_args: PageArgs) -> RowPage[AuditEntry]:
    """A page of the entries, newest first."""
    rows = read_page(conn, _selected(conn, filters, page_args), NEWEST_FIRST, page_args)
    return RowPage(tuple((cursor, entry_of(row)) for cursor, row in rows.items), rows.has_next, rows.has_previous)


def _selected(conn: Connection, filters: AuditFilter, page_args: PageArgs) -> Select[Any]:
    """The entries of a page. Several actions are read one by one, each in the order of its index."""
    if filters.actor is not None or not 1 < len(filters.actions or ()) <= MOST_ACTIONS:
        return select(audit).where(*_conditions(filters))
    each = (
        select(audit.c.id).where(*_conditions(replace(filters, actions=[one]))) for one in set(filters.actions or ())
    )
    return rows_of_pages(
        conn, select(audit), audit.c.id, (page_query(query, NEWEST_FIRST, page_args) for query in each)
    )


def count(conn: Connection, filters: AuditFilter) -> int:
    """The number of the entries."""
    return pagination.count(conn, select(audit.c.id).where(*_conditions(filters)))


def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, AuditEntry]:
    """The entries with those ids."""
    return {row.id: entry_of(row) for row in conn.execute(select(audit).where(audit.c.id.in_(ids)))}


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


def chains(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, list[AuditEntry]]:
    """The whole chains, each in order; a chain without entries is left out."""
    found: dict[UUID, list[AuditEntry]] = {}
    for row in conn.execute(select(audit).where(among(conn, audit.c.chain, ids)).order_by(*_CHAINED)):
        found.setdefault(row.chain, []).append(entry_of(row))
    return found


def remove_details(conn: Connection, entries: Sequence[AuditEntry]) -> None:
    """Store the details that take the place of others; see `audit.pruned`."""
    change = update(audit).where(audit.c.id == bindparam("b_id")).values(details=bindparam("b_details"))
    if entries:
        conn.execute(change, [{"b_id": entry.id, "b_details": entry.details} for entry in entries])


def removed_at(conn: Connection, chain: UUID) -> datetime | None:
    """The time at which retention closed the chain: the process is gone or going; None if it did not."""
    last = _removal.first(conn, reading_removal(chain)[1])
    return last["at"] if last is not None and last["action"] == PRUNE and chain != ENGINE else None


def reading_removal(chain: UUID) -> PreparedRead:
    """The read of `removed_at`, see `read_ahead`."""
    return _removal, {"chain": chain}


def removal_note(conn: Connection, chain: UUID) -> str | None:
    """The sentence that says that retention removed the process of the chain; None if it did not."""
    at = removed_at(conn, chain)
    return None if at is None else f"Process {chain} was removed by retention on {at:%Y-%m-%d}."


def _part(conn: Connection, place: Place, limit: int) -> Part:
    if place.is_sealed:
        current = seal_at(conn, place.seal)
        rows = conn.execute(_by_number.where(audit_seals.c.seq > place.seal).limit(SEALS)).all()
        seals = _first_of(list(map(_seal, rows)), limit)
        last = seals[-1].seq if seals else place.seal
        of_seals = _walked.where(audit.c.seal <= last, _behind(place)).order_by(audit.c.seal, *_CHAINED)
        entries = _read(conn, of_seals, limit)
        if seals or entries or not place.is_done:
            return Part(current, seals, entries, is_whole=len(entries) < limit)
    # In the same snapshot: no entry can be missed between the last seal and the entries without a seal.
    after = tuple_(literal(place.chain, Uuid()), literal(place.seq))
    unsealed = _walked.where(audit.c.seal.is_(None)).order_by(*_CHAINED)
    if place.is_sealed:
        orphans, remaining = _read(conn, _of_missing_seals(conn), limit), _read(conn, unsealed, limit)
    else:
        orphans, remaining = (), _read(conn, unsealed.where(tuple_(*_CHAINED) > after), limit)
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
    return _walked.where(numbers).order_by(audit.c.seal, *_CHAINED)


def _read(conn: Connection, query: Select[Any], limit: int) -> tuple[Read, ...]:
    return tuple((entry_of(row), row.before_digest) for row in conn.execute(query.limit(limit)))


def _conditions(filters: AuditFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.process_id is not None:
        conditions.append(audit.c.chain == filters.process_id)
    if filters.actor is not None:
        conditions.append(audit.c.actor == filters.actor)
    if filters.actions is not None:
        # With an actor its index is the right one: one person does less than all do of one action.
        action = audit.c.action if filters.actor is None else audit.c.action.concat("")
        is_one = len(filters.actions) == 1  # `IN` with one value has no order by time on SQLite
        conditions.append(action == filters.actions[0] if is_one else action.in_(filters.actions))
    if filters.start is not None:
        conditions.append(audit.c.at >= filters.start)
    if filters.end is not None:
        conditions.append(audit.c.at < filters.end)
    return conditions


def entry_of(row: Row[Any]) -> AuditEntry:
    """The entry of a row of the table, or of a walk."""
    return AuditEntry(**dict(zip(_NAMES, row, strict=False)))  # behind these columns a row of a walk has one more


def _seal(row: Row[Any]) -> Seal:
    return Seal(**row._mapping)
