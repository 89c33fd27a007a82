"""Rows for many objects at once: one read for each kind, however many objects a document asks about.

They are made for each operation, and anew for each batch of a subscription, so that they never serve stale rows.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Row
from strawberry.dataloader import DataLoader

from orchestrator_gql.callbacks.mailbox import Mailbox
from orchestrator_gql.input_requests.decision import Decision, InputRequest
from orchestrator_gql.lookups import engine
from orchestrator_gql.lookups.callbacks import Log, attempt_pages, progress_pages
from orchestrator_gql.process import Process, StepRecord
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import callbacks, input_requests, lists, processes, product_subscriptions, steps
from orchestrator_gql.storage.figures.backlog import Backlog
from orchestrator_gql.storage.keyset import Window
from orchestrator_gql.storage.letters import attempts
from orchestrator_gql.storage.letters.attempts import Attempt, Progress
from orchestrator_gql.types import Json

T = TypeVar("T")
L = TypeVar("L", Attempt, Progress)
K = TypeVar("K")
Read = Callable[[Connection, Sequence[K]], Mapping[K, T]]
ReadPages = Callable[[Runtime, Principal, Sequence[UUID], Window], Awaitable[Mapping[UUID, Log[L]]]]


class Loaders:
    """One operation's loaders; each takes a UUID, those of logs a window beside it.

    Whichever field leads there, what they load is for those who may READ: of the result of a mutation, or of an entry
    of the audit log, others see what that says itself.
    """

    def __init__(self, runtime: Runtime, principal: Principal) -> None:
        self.process: DataLoader[UUID, Process | None] = _one(runtime, principal, lists.processes_by_ids)
        self.whole: DataLoader[UUID, Process | None] = _one(runtime, principal, processes.load_all)
        self.state: DataLoader[UUID, Any] = _one(runtime, principal, processes.states)
        self.visits: DataLoader[UUID, list[StepRecord]] = _many(runtime, principal, steps.light_of_processes)
        self.delta: DataLoader[tuple[UUID, int], Mapping[str, Json] | None] = _one(runtime, principal, steps.deltas)
        self.callbacks: DataLoader[UUID, list[Mailbox]] = _many(runtime, principal, callbacks.of_processes)
        self.callback: DataLoader[UUID, Mailbox | None] = _one(runtime, principal, callbacks.by_ids)
        self.attempt: DataLoader[UUID, Attempt | None] = _one(runtime, principal, attempts.heads)
        self.attempts: DataLoader[tuple[UUID, Window], Log[Attempt]] = _pages(runtime, principal, attempt_pages)
        self.progress: DataLoader[tuple[UUID, Window], Log[Progress]] = _pages(runtime, principal, progress_pages)
        self.payload: DataLoader[UUID, str | None] = _one(runtime, principal, callbacks.texts)
        self.requests: DataLoader[UUID, list[InputRequest]] = _many(runtime, principal, input_requests.of_processes)
        self.request: DataLoader[UUID, InputRequest | None] = _one(runtime, principal, input_requests.by_ids)
        self.decisions: DataLoader[UUID, list[Decision]] = _many(runtime, principal, input_requests.decisions_of)
        self.subscription_ids: DataLoader[UUID, list[UUID]] = _many(
            runtime, principal, product_subscriptions.ids_of_processes
        )
        self.subscription: DataLoader[UUID, Row[Any] | None] = _one(runtime, principal, product_subscriptions.rows)
        self.backlog: DataLoader[None, Backlog] = _alone(lambda: engine.work(runtime, principal))


def _alone(read: Callable[[], Awaitable[T]]) -> DataLoader[None, T]:
    """The loader of the only one of its kind: whichever fields ask for it, it is read once."""

    async def load(keys: list[None]) -> list[T]:
        return [await read()] * len(keys)

    return DataLoader(load_fn=load)


def _one(runtime: Runtime, principal: Principal, read: Read[K, T]) -> DataLoader[K, T | None]:
    async def load(keys: list[K]) -> list[T | None]:
        principal.demand(Permission.READ)
        found = await runtime.database.read(lambda conn: read(conn, keys))
        return [found.get(key) for key in keys]

    return DataLoader(load_fn=load)


def _many(runtime: Runtime, principal: Principal, read: Read[UUID, list[T]]) -> DataLoader[UUID, list[T]]:
    async def load(keys: list[UUID]) -> list[list[T]]:
        principal.demand(Permission.READ)
        found = await runtime.database.read(lambda conn: read(conn, keys))
        return [found.get(key, []) for key in keys]

    return DataLoader(load_fn=load)


def _pages(runtime: Runtime, principal: Principal, read: ReadPages[L]) -> DataLoader[tuple[UUID, Window], Log[L]]:
    async def load(keys: list[tuple[UUID, Window]]) -> list[Log[L]]:
        found: dict[tuple[UUID, Window], Log[L]] = {}
        for window in {window for _, window in keys}:
            ids = [id for id, asked in keys if asked == window]
            pages = await read(runtime, principal, ids, window)
            found |= {(id, window): page for id, page in pages.items()}
        return [found[key] for key in keys]

    return DataLoader(load_fn=load)
