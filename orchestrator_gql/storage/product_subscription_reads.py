"""Answers what authors' code asks about product subscriptions; each answer is one read on one snapshot."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, case, select, union_all

from orchestrator_gql.domain.reading import ById, Matching, OfBlock, OwnersFor, Question, StoredSubscriptions, UsersOf
from orchestrator_gql.storage import product_subscription_values as subscription_values
from orchestrator_gql.storage import product_subscriptions as subscriptions
from orchestrator_gql.storage.columns import among, unindexed
from orchestrator_gql.storage.tables import product_subscription_uses as uses
from orchestrator_gql.storage.tables import product_subscriptions as table
from orchestrator_gql.storage.tables.products import BEGINNING_OF_CUSTOMER
from orchestrator_gql.types import SubscriptionLifecycle

BEGINNING = 100
"""The characters of a customer's id that are in its index."""

MOST_BRANCHES = 24
"""The most queries, one for each customer, or for each product and status, that are joined."""


def answer(conn: Connection, question: Question) -> StoredSubscriptions:
    """The subscriptions that answer the question, with what is needed to load them."""
    match question:
        case ById(id):
            return _stored(conn, [id])
        case OfBlock(block_id):
            return _stored(conn, _living_first(conn, subscription_values.owners_of_block(conn, block_id))[:1])
        case Matching():
            return _limited(conn, matching_ids(conn, question), question.limit, is_whole=question.is_whole)
        case UsersOf():
            return _limited(conn, _users(question), question.limit, is_whole=True)
        case OwnersFor(id):
            query = select(uses.c.owner_id).where(uses.c.subscription_id == id).distinct().order_by(uses.c.owner_id)
            return _stored(conn, list(conn.execute(query).scalars()))


def matching_ids(conn: Connection, question: Matching) -> Select[Any]:
    """The query of the ids of the matching subscriptions, newest first, at most one more than the limit.

    SQLite knows nothing of the values in a table and may choose an index that reads all rows. So each query here has
    one index to choose, in which its rows are few or in the order of their ids.
    """
    found = {filter: subscription_values.few_ids(conn, filter) for filter in question.filters}
    few = [set(ids) for ids in found.values() if ids is not None]
    others = [subscription_values.has(table.c.id, filter) for filter, ids in found.items() if ids is None]
    if few:
        return _newest(conn, question, among(conn, table.c.id, list(set.intersection(*few))), *others)
    branches = _branches(question)
    if not 0 < len(branches) <= MOST_BRANCHES:
        return _newest(conn, question, *others)
    parts = [_newest(conn, question, *branch, *others).subquery() for branch in branches]
    ids = union_all(*(select(part.c.id) for part in parts)).subquery()
    return select(ids.c.id).order_by(ids.c.id.desc()).limit(question.limit + 1)


def _branches(question: Matching) -> list[list[ColumnElement[bool]]]:
    """The conditions whose rows are in the order of their ids in an index: one customer, or a product and a status."""
    s = table.c
    if question.customer_ids is not None:
        beginning, beginnings = BEGINNING_OF_CUSTOMER, {id[:BEGINNING] for id in question.customer_ids}
        return [[beginning == each] for each in sorted(beginnings)]
    products = [None] if question.is_any_product else list(question.product_ids)
    statuses = [None] if question.statuses is None else list(question.statuses)
    return [[*_is(s.product_id, each), *_is(s.status, status)] for each in products for status in statuses]


def _newest(conn: Connection, question: Matching, *conditions: ColumnElement[bool]) -> Select[Any]:
    """The ids of the newest rows that match; only these ``conditions`` and the id may choose the index."""
    s = table.c
    query = select(s.id).where(*conditions, unindexed(conn, s.product_id).in_(question.product_ids))
    if question.statuses is not None:
        query = query.where(unindexed(conn, s.status).in_(question.statuses))
    if question.customer_ids is not None:
        # SQLite would put an only customer into the expression of the index, and no longer find the index.
        query = query.where(unindexed(conn, s.customer_id).in_(question.customer_ids))
    if question.after is not None:
        query = query.where(s.id < question.after)
    return query.order_by(s.id.desc()).limit(question.limit + 1)


def _is(column: ColumnElement[Any], value: Any) -> list[ColumnElement[bool]]:
    return [] if value is None else [column == value]


def _users(question: UsersOf) -> Select[Any]:
    query = (
        select(table.c.id)
        .join(uses, uses.c.subscription_id == table.c.id)
        .where(uses.c.owner_id == question.id, table.c.status.in_(question.statuses))
        .distinct()
        .order_by(table.c.id)
        .limit(question.limit + 1)
    )
    return query if question.block_id is None else query.where(uses.c.block_id == question.block_id)


def _limited(conn: Connection, query: Select[Any], limit: int, *, is_whole: bool) -> StoredSubscriptions:
    ids: list[UUID] = list(conn.execute(query).scalars())
    has_more = len(ids) > limit
    if has_more and is_whole:
        return StoredSubscriptions(tuple(ids[:limit]), {}, frozenset(), has_more)
    return _stored(conn, ids[:limit], has_more=has_more)


def _stored(conn: Connection, ids: Sequence[UUID], *, has_more: bool = False) -> StoredSubscriptions:
    found = subscriptions.stored(conn, ids)
    known = tuple(id for id in ids if id in found.documents)
    return StoredSubscriptions(known, found.documents, frozenset(found.locks), has_more)


def _living_first(conn: Connection, ids: Sequence[UUID]) -> list[UUID]:
    is_ended: Any = case((table.c.status == SubscriptionLifecycle.TERMINATED, 1), else_=0)
    query = select(table.c.id).where(table.c.id.in_(ids)).order_by(is_ended, table.c.id)
    return list(conn.execute(query).scalars())
