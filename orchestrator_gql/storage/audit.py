"""The audit log: who decided what, append-only, written in the transaction of the decision, chained by digests.

Each process has its own chain, because a writer locks the process anyway; with one chain for all, every commit would
wait for every other commit. The digest of an entry covers the entry before it. So an edited, inserted or moved row is
found, and a removed row, unless it was the last of its chain. Seals (`orchestrator_gql.audit.seals`) cover the ends of
the chains; a verification reads the entries seal by seal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, insert, select, update

from orchestrator_gql.audit import origin
from orchestrator_gql.audit.entries import BEGINNING, ENGINE, AuditEntry, digest_of
from orchestrator_gql.audit.pruned import PRUNE
from orchestrator_gql.storage import pagination
from orchestrator_gql.storage.advisory_locks import key_of
from orchestrator_gql.storage.columns import among
from orchestrator_gql.storage.database.prepared import Prepared, PreparedRead
from orchestrator_gql.storage.pages_of_values import rows_of_pages
from orchestrator_gql.storage.pagination import Key, PageArgs, RowPage, page_query, read_page
from orchestrator_gql.storage.tables import audit
from orchestrator_gql.types import Json
from orchestrator_gql.utils.errors import NotFound
from orchestrator_gql.utils.tokens import new_id

FIRST = "startWorkflow"
"""The action that creates a process. Its entry begins the chain of the process, so no earlier entry is read."""

MOST_ACTIONS = 20
"""Actions of a filter that are read one by one."""

MOST_ENTRIES = 200
"""Entries of some actions that are read by their ids, if an actor is wanted, too."""


def head_where(is_of_chain: ColumnElement[bool]) -> Select[Any]:
    """The query for the newest entry of a chain."""
    head = select(audit.c.seq, audit.c.digest, audit.c.action)
    return head.where(is_of_chain).order_by(audit.c.seq.desc()).limit(1)


_head = Prepared(head_where(audit.c.chain == bindparam("chain")))
_removal = Prepared(
    select(audit.c.at, audit.c.action).where(audit.c.chain == bindparam("chain")).order_by(audit.c.seq.desc()).limit(1)
)
_append = Prepared(insert(audit).inline(), audit.c.keys())

_wait_for_engine_chain = select(func.pg_advisory_xact_lock(key_of("audit\nengine")))
"""The chain of the engine has a lock of its own: a pause waits for all processes, and retention must not."""

NEWEST_FIRST = Key((audit.c.at, audit.c.id), is_descending=True)

_NAMES = tuple(column.name for column in audit.c)
_values = attrgetter(*_NAMES)
CHAINED = (audit.c.chain, audit.c.seq)


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
    key: bytes | None,
    process_id: UUID | None,
    *,
    actor: str | None,
    action: str,
    details: Mapping[str, Json],
    now: datetime,
) -> None:
    """Append a decision to its chain, with the origin of the current request; ``key`` is that of the audit log.

    ``action`` is the name of the GraphQL mutation. ``details`` are ids, digests, reasons and comments, never a token, a
    payload or the values of a form; those that are None are left out. The caller holds the lock of the process, or, if
    ``process_id`` is None, of the engine state. Raises `NotFound` if retention closed the chain: nobody decides
    anything about a process that is going, because each decision writes its entry.
    """
    stored = {name: _whole(value) for name, value in details.items() if value is not None}
    if process_id is None and conn.dialect.name == "postgresql":
        conn.execute(_wait_for_engine_chain)
    chain = process_id or ENGINE
    head = None if action == FIRST else _head.first(conn, reading_head(chain)[1])
    if head and head["action"] == PRUNE and process_id is not None:
        raise NotFound("process", process_id, removal_note(conn, process_id))
    seq, previous = (head["seq"] + 1, head["digest"]) if head else (1, BEGINNING)
    came = origin.current()
    entry = AuditEntry(
        new_id(), chain, seq, now, actor, action, stored, previous, "", address=came.address, method=came.method
    )
    values = dict(zip(_NAMES, _values(entry), strict=True))
    _append.write(conn, values | {"digest": digest_of(entry, key)})


def _whole(value: Json) -> Json:
    """The value without lone surrogates: RFC 8785 has no bytes for half a surrogate pair."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def reading_head(chain: UUID) -> PreparedRead:
    """The read that `record` begins with, see `read_ahead`."""
    return _head, {"chain": chain}


def page(conn: Connection, filters: AuditFilter, page_args: PageArgs) -> RowPage[AuditEntry]:
    """A page of the entries, newest first."""
    return read_page(conn, _selected(conn, filters, page_args), NEWEST_FIRST, page_args).map(entry_of)


def _selected(conn: Connection, filters: AuditFilter, page_args: PageArgs) -> Select[Any]:
    """The entries of a page. Several actions are read one by one, each in the order of its index."""
    if filters.actor is not None or not 1 < len(filters.actions or ()) <= MOST_ACTIONS:
        return select(audit).where(*_of_few(conn, filters))
    each = (
        select(audit.c.id).where(*_conditions(replace(filters, actions=[one]))) for one in set(filters.actions or ())
    )
    return rows_of_pages(
        conn, select(audit), audit.c.id, (page_query(query, NEWEST_FIRST, page_args) for query in each)
    )


def _of_few(conn: Connection, filters: AuditFilter) -> list[ColumnElement[bool]]:
    """The conditions of the filter. If few entries have the actions, they lead to those of the actor, who may have a
    million of others."""
    if filters.actor is None or filters.actions is None:
        return _conditions(filters)
    ids = conn.execute(select(audit.c.id).where(audit.c.action.in_(filters.actions)).limit(MOST_ENTRIES + 1))
    few = ids.scalars().all()
    if len(few) > MOST_ENTRIES:
        return _conditions(filters)
    # not the column itself: SQLite would take its index
    is_of_actor = audit.c.actor.concat("") == filters.actor
    return [among(conn, audit.c.id, few), is_of_actor, *_conditions(replace(filters, actor=None, actions=None))]


def count(conn: Connection, filters: AuditFilter) -> int:
    """The number of the entries."""
    return pagination.count(conn, select(audit.c.id).where(*_of_few(conn, filters)))


def by_ids(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, AuditEntry]:
    """The entries with those ids."""
    return {row.id: entry_of(row) for row in conn.execute(select(audit).where(audit.c.id.in_(ids)))}


def chains(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, list[AuditEntry]]:
    """The whole chains, each in order; a chain without entries is left out."""
    found: dict[UUID, list[AuditEntry]] = {}
    for row in conn.execute(select(audit).where(among(conn, audit.c.chain, ids)).order_by(*CHAINED)):
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
