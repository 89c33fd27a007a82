"""The index of the values in product subscriptions: keeps it with each save, and finds subscriptions by it.

It is the same on both databases: rows and plain indexes, maintained in the transaction of the save. A document stays
text, which JSONB is not (`columns.JsonText`). A value that few subscriptions have is looked up first, by its index; a
value of many is looked up for each subscription in the order of the list, so the first page comes early.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    false,
    insert,
    or_,
    select,
    true,
)
from sqlalchemy import union as union_of

from orchestrator_gql.domain.references import ID, OWNER, Use
from orchestrator_gql.domain.secret_places import marked_secrets
from orchestrator_gql.domain.values import BlockPlace, BlockValue, Indexed, ValueFilter, ValuePlace, indexed
from orchestrator_gql.storage.tables import product_subscription_blocks as blocks
from orchestrator_gql.storage.tables import product_subscription_uses as uses
from orchestrator_gql.storage.tables import product_subscription_values as values
from orchestrator_gql.storage.tables import product_subscriptions as subscriptions
from orchestrator_gql.utils.json import decode
from orchestrator_gql.utils.json.secrets import masked

R = TypeVar("R", Use, BlockValue, BlockPlace)

FEW = 500
"""Up to so many rows of the index are looked up before anything else."""


def change(conn: Connection, subscription_id: UUID, before: Indexed, after: Indexed) -> None:
    """Store what the subscription is found by now; ``before`` is what it was found by."""
    change_rows(conn, values, subscription_id, before.values, after.values)
    change_rows(conn, blocks, subscription_id, before.places, after.places)


def change_rows(
    conn: Connection, table: Table, subscription_id: UUID, before: frozenset[R], after: frozenset[R]
) -> None:
    """Delete and insert the rows of the subscription that differ; the fields of a row are columns of the table."""
    removed, added = _columns(before - after), _columns(after - before)
    if removed:
        same = (table.c[name] == bindparam(f"b_{name}", type_=table.c[name].type) for name in removed[0])
        rows = [{f"b_{name}": value for name, value in row.items()} for row in removed]
        conn.execute(delete(table).where(table.c.subscription_id == subscription_id, *same), rows)
    if added:
        conn.execute(insert(table), [{"subscription_id": subscription_id, **row} for row in added])


def _columns(rows: frozenset[R]) -> list[dict[str, Any]]:
    return [{field.name: getattr(row, field.name) for field in fields(row)} for row in sorted(rows)]


def remove_secrets(conn: Connection, product_id: UUID, after: UUID | None, most: int) -> UUID | None:
    """Take the secrets of the next subscriptions to the product out of the index; the last of them, None at the end."""
    s = subscriptions.c
    query = select(s.id, s.model).where(s.product_id == product_id).order_by(s.id).limit(most)
    rows = conn.execute(query if after is None else query.where(s.id > after)).all()
    for row in rows:
        clear = indexed(masked(row.model, marked_secrets(product_id, row.model)))
        secrets = Indexed(values=indexed(row.model).values - clear.values)
        change(conn, row.id, secrets, Indexed())
    return rows[-1].id if rows else None


def has(id: ColumnElement[UUID], filter: ValueFilter) -> ColumnElement[bool]:
    """The condition that the subscription has the values of the filter, looked up for each subscription."""
    return or_(false(), *(_has(id, place, wanted) for place, wanted in filter.alternatives))


def few_ids(conn: Connection, filter: ValueFilter) -> list[UUID] | None:
    """The ids of the subscriptions that the filter finds; None if the index has many rows for it."""
    if not filter.alternatives:
        return []
    starts = [_start(place, wanted) for place, wanted in filter.alternatives]
    for start in starts:
        if len(conn.execute(start.limit(FEW + 1)).all()) > FEW:
            return None
    ways = [_upward(place, start) for (place, _), start in zip(filter.alternatives, starts, strict=True)]
    query = ways[0].distinct().limit(FEW + 1) if len(ways) == 1 else union_of(*ways).limit(FEW + 1)
    ids = list(conn.execute(query).scalars())
    return ids if len(ids) <= FEW else None


def owners_of_block(conn: Connection, block_id: UUID) -> list[UUID]:
    """The subscriptions that have the block as their own: one, or none; after an upgrade perhaps several copies."""
    query = select(blocks.c.owner_id).where(
        blocks.c.block_id == block_id, blocks.c.owner_id == blocks.c.subscription_id
    )
    return sorted(set(conn.execute(query).scalars()))


def _start(place: ValuePlace, wanted: Sequence[str]) -> Select[Any]:
    """The blocks that have a wanted value, each with its owner; for an id of a block, what has that block."""
    if place.path in (ID, OWNER):
        column = blocks.c.block_id if place.path == ID else blocks.c.owner_id
        ids = _ids(wanted)
        b = blocks.c
        start = select(b.subscription_id, b.parent_id).where(column.in_(ids), b.field == place.hops[-1])
        return start if place.path == ID else start.where(b.subscription_id.in_(_with_users(ids)))
    v = values.c
    return select(v.subscription_id, v.block_id).where(v.path == place.path, v.value.in_(wanted))


def _upward(place: ValuePlace, start: Select[Any]) -> Select[Any]:
    """The subscriptions from which the hops lead to the blocks of ``start``."""
    hops = place.hops[:-1] if place.path in (ID, OWNER) else place.hops
    found = start
    for hop in reversed(hops):
        b = blocks.alias()
        inner = found.subquery()
        is_there = and_(b.c.owner_id == inner.c[0], b.c.block_id == inner.c[1])
        found = select(b.c.subscription_id, b.c.parent_id).select_from(inner.join(b, is_there)).where(b.c.field == hop)
    roots = found.subquery()
    return select(roots.c[0]).where(roots.c[0] == roots.c[1])


def _has(id: ColumnElement[UUID], place: ValuePlace, wanted: Sequence[str]) -> ColumnElement[bool]:
    """The condition that the hops lead from the subscription to a wanted value, looked up from the subscription."""
    owner: ColumnElement[UUID] = id
    block: ColumnElement[UUID] = id
    steps: list[tuple[Any, ColumnElement[bool]]] = []
    for hop in place.hops:
        b = blocks.alias()
        steps.append((b, and_(b.c.subscription_id == owner, b.c.parent_id == block, b.c.field == hop)))
        owner, block = b.c.owner_id, b.c.block_id
    condition: ColumnElement[bool]
    if place.path in (ID, OWNER):
        column = block if place.path == ID else owner
        condition = column.in_(_ids(wanted))
    else:
        v = values.alias()
        steps.append(
            (
                v,
                and_(
                    v.c.subscription_id == owner, v.c.block_id == block, v.c.path == place.path, v.c.value.in_(wanted)
                ),
            )
        )
        condition = true()
    for table, is_step in reversed(steps):
        # Without OFFSET, PostgreSQL joins the whole tables first, though a page needs only its first rows.
        condition = exists(select(1).select_from(table).where(is_step, condition).limit(1).offset(0))
    return condition


def _ids(texts: Sequence[str]) -> list[UUID]:
    return [UUID(decode(text)) for text in texts]


def _with_users(ids: Sequence[UUID]) -> Select[Any] | CompoundSelect[Any]:
    """The subscriptions and their users: only these have blocks of them."""
    users = select(uses.c.subscription_id).where(uses.c.owner_id.in_(ids))
    return union_of(select(subscriptions.c.id).where(subscriptions.c.id.in_(ids)), users)
