"""Answers what authors' code asks about product subscriptions; each answer is one read on one snapshot."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, case, select

from orchestrator_gql.domain.reading import ById, Matching, OfBlock, OwnersFor, Question, StoredSubscriptions, UsersOf
from orchestrator_gql.storage import product_subscription_values as subscription_values
from orchestrator_gql.storage import product_subscriptions as subscriptions
from orchestrator_gql.storage.tables import product_subscription_uses as uses
from orchestrator_gql.storage.tables import product_subscriptions as table
from orchestrator_gql.storage.tables.products import BEGINNING_OF_CUSTOMER
from orchestrator_gql.types import SubscriptionLifecycle

BEGINNING = 100
"""The characters of a customer's id that are in its index."""


def answer(conn: Connection, question: Question) -> StoredSubscriptions:
    """The subscriptions that answer the question, with what is needed to load them."""
    match question:
        case ById(id):
            return _stored(conn, [id])
        case OfBlock(block_id):
            return _stored(conn, _living_first(conn, subscription_values.owners_of_block(conn, block_id))[:1])
        case Matching():
            return _limited(conn, _matching(conn, question), question.limit, is_whole=question.is_whole)
        case UsersOf():
            return _limited(conn, _users(question), question.limit, is_whole=True)
        case OwnersFor(id):
            query = select(uses.c.owner_id).where(uses.c.subscription_id == id).distinct().order_by(uses.c.owner_id)
            return _stored(conn, list(conn.execute(query).scalars()))


def _matching(conn: Connection, question: Matching) -> Select[Any]:
    s = table.c
    query = select(s.id).where(s.product_id.in_(question.product_ids)).order_by(s.id.desc())
    if question.statuses is not None:
        query = query.where(s.status.in_(question.statuses))
    if question.customer_ids is not None:
        beginnings = {customer_id[:BEGINNING] for customer_id in question.customer_ids}
        query = query.where(BEGINNING_OF_CUSTOMER.in_(sorted(beginnings)), s.customer_id.in_(question.customer_ids))
    if question.after is not None:
        query = query.where(s.id < question.after)
    return query.where(*(subscription_values.matching(conn, s.id, filter) for filter in question.filters))


def _users(question: UsersOf) -> Select[Any]:
    query = (
        select(table.c.id)
        .join(uses, uses.c.subscription_id == table.c.id)
        .where(uses.c.owner_id == question.id, table.c.status.in_(question.statuses))
        .distinct()
        .order_by(table.c.id)
    )
    return query if question.block_id is None else query.where(uses.c.block_id == question.block_id)


def _limited(conn: Connection, query: Select[Any], limit: int, *, is_whole: bool) -> StoredSubscriptions:
    ids: list[UUID] = list(conn.execute(query.limit(limit + 1)).scalars())
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
