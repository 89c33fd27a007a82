"""How authors' code reads product subscriptions: its questions, and the reader that the server sets.

This package imports no storage. The engine sets `READER` for each call of authors' code. Each question is one read of
its own, on a snapshot; no transaction is open while authors' code runs.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from orchestrator_gql.domain.values import ValueFilter
from orchestrator_gql.types import Json, SubscriptionLifecycle
from orchestrator_gql.utils.errors import StepError, StorageUnavailable


@dataclass(frozen=True, slots=True)
class ById:
    """The product subscription with this id."""

    id: UUID


@dataclass(frozen=True, slots=True)
class OfBlock:
    """The product subscription that owns this block."""

    block_id: UUID


@dataclass(frozen=True, slots=True)
class Matching:
    """The newest ``limit`` product subscriptions of these, older than the subscription ``after``; None means any.

    With ``is_any_product`` the products are all that are registered. If ``is_whole``, and there are more subscriptions,
    no document is read.
    """

    product_ids: tuple[UUID, ...]
    is_any_product: bool
    statuses: tuple[SubscriptionLifecycle, ...] | None
    customer_ids: tuple[str, ...] | None
    filters: tuple[ValueFilter, ...]
    limit: int
    after: UUID | None
    is_whole: bool


@dataclass(frozen=True, slots=True)
class UsersOf:
    """At most ``limit`` subscriptions in these statuses that use a block of the subscription, or only this block."""

    id: UUID
    block_id: UUID | None
    statuses: tuple[SubscriptionLifecycle, ...]
    limit: int


@dataclass(frozen=True, slots=True)
class OwnersFor:
    """The product subscriptions whose blocks the subscription uses, directly."""

    id: UUID


Question: TypeAlias = ById | OfBlock | Matching | UsersOf | OwnersFor


@dataclass(frozen=True, slots=True)
class StoredSubscriptions:
    """The ids of the subscriptions that answer a question, in order, and what is needed to load them.

    ``documents`` also has the subscriptions whose blocks they use, at any depth. ``has_more`` is True if a limit left
    some out.
    """

    ids: tuple[UUID, ...]
    documents: Mapping[UUID, Mapping[str, Json]]
    out_of_sync: frozenset[UUID]
    has_more: bool = False


Read: TypeAlias = Callable[[Question], StoredSubscriptions]

READER: ContextVar[Read | None] = ContextVar("reader", default=None)
"""Reads in the thread that calls it; None outside of authors' code that the engine calls."""


def read(question: Question, what: str) -> StoredSubscriptions:
    """The subscriptions that answer the question; ``what`` is what was called.

    Raises ``StepError``: ``no-reader``, ``read-timeout``, and ``storage-unreadable`` if the database is away.
    """
    reader = READER.get()
    if reader is None:
        raise StepError(
            f"`{what}` reads the database, so call it in a step, a form or another function that the engine calls, not "
            "while a module is imported. In a thread that you start yourself, call it with "
            "`contextvars.copy_context().run(...)`; `asyncio.to_thread` does that. In a test, run the workflow with "
            "`orchestrator_gql.testing`.",
            code="no-reader",
        )
    try:
        return reader(question)
    except StorageUnavailable as error:
        problem = f"`{what}`: the database cannot be read now. Try again in a moment, or retry the step."
        raise StepError(problem, code="storage-unreadable") from error


def demand_id(value: object) -> UUID:
    """The id that an author gave, a UUID or its text. Raises ``StepError`` ``bad-argument``."""
    try:
        return value if isinstance(value, UUID) else UUID(str(value))
    except ValueError:
        raise StepError(f"{str(value)[:80]!r} is no id: give a UUID, or its text.", code="bad-argument") from None
