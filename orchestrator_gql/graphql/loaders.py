"""Load the rows of many objects with one read for each kind of row.

The loaders are made for each operation and for each batch of a subscription, so that they never return old rows.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Row
from strawberry.dataloader import DataLoader

from orchestrator_gql.callbacks.rules import Callback
from orchestrator_gql.domain import Lock
from orchestrator_gql.input_requests.decision import Decision, InputRequest
from orchestrator_gql.process import Process, StepExecution
from orchestrator_gql.reads import processes as process_reads
from orchestrator_gql.reads.callbacks import Log, attempt_pages, progress_pages
from orchestrator_gql.reads.rows import (
    ByKeys,
    attempts_by_ids,
    callbacks_by_ids,
    callbacks_of_processes,
    decisions,
    failures_of_processes,
    input_requests_by_ids,
    input_requests_of_processes,
    payloads,
    processes_by_ids,
    product_subscription_ids_of_processes,
    product_subscription_locks_by_ids,
    product_subscription_models,
    product_subscriptions_by_ids,
    products_by_ids,
    secrets_of_processes,
    start_facts,
    state_deltas,
    states,
    steps_of_processes,
    subscription_owners,
    subscription_users,
    version_models,
    whole_processes,
)
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Principal
from orchestrator_gql.storage.backlog import Backlog
from orchestrator_gql.storage.callback_attempts import Attempt, Progress
from orchestrator_gql.storage.engine_state import EngineStatus
from orchestrator_gql.storage.pagination import PageArgs
from orchestrator_gql.storage.product_subscriptions import StartFacts
from orchestrator_gql.types import Failure, Json
from orchestrator_gql.utils.secrets import Secrets

T = TypeVar("T")
L = TypeVar("L", Attempt, Progress)
K = TypeVar("K")
ReadPages = Callable[[Runtime, Principal, Sequence[UUID], PageArgs], Awaitable[Mapping[UUID, Log[L]]]]


class Loaders:
    """The loaders of one operation. The key is a UUID; loaders of logs also take the arguments of a page.

    They pass the caller to the read functions, which require READ for every field that uses them. A caller without
    READ sees only the fields that a mutation result or an audit entry has itself.
    """

    def __init__(self, runtime: Runtime, principal: Principal) -> None:
        self.process: DataLoader[UUID, Process | None] = _single_rows(runtime, principal, processes_by_ids)
        self.whole: DataLoader[UUID, Process | None] = _single_rows(runtime, principal, whole_processes)
        self.state: DataLoader[UUID, Any] = _single_rows(runtime, principal, states)
        self.failure: DataLoader[UUID, Failure | None] = _single_rows(runtime, principal, failures_of_processes)
        self.secrets: DataLoader[UUID, Secrets | None] = _single_rows(runtime, principal, secrets_of_processes)
        self.executions: DataLoader[UUID, list[StepExecution]] = _row_lists(runtime, principal, steps_of_processes)
        self.delta: DataLoader[tuple[UUID, int], Mapping[str, Json] | None] = _single_rows(
            runtime, principal, state_deltas
        )
        self.callbacks: DataLoader[UUID, list[Callback]] = _row_lists(runtime, principal, callbacks_of_processes)
        self.callback: DataLoader[UUID, Callback | None] = _single_rows(runtime, principal, callbacks_by_ids)
        self.attempt: DataLoader[UUID, Attempt | None] = _single_rows(runtime, principal, attempts_by_ids)
        self.attempts: DataLoader[tuple[UUID, PageArgs], Log[Attempt]] = _pages(runtime, principal, attempt_pages)
        self.progress: DataLoader[tuple[UUID, PageArgs], Log[Progress]] = _pages(runtime, principal, progress_pages)
        self.payload: DataLoader[UUID, str | None] = _single_rows(runtime, principal, payloads)
        self.requests: DataLoader[UUID, list[InputRequest]] = _row_lists(
            runtime, principal, input_requests_of_processes
        )
        self.request: DataLoader[UUID, InputRequest | None] = _single_rows(runtime, principal, input_requests_by_ids)
        self.decisions: DataLoader[UUID, list[Decision]] = _row_lists(runtime, principal, decisions)
        self.subscription_ids: DataLoader[UUID, list[UUID]] = _row_lists(
            runtime, principal, product_subscription_ids_of_processes
        )
        self.subscription: DataLoader[UUID, Row[Any] | None] = _single_rows(
            runtime, principal, product_subscriptions_by_ids
        )
        self.subscription_model: DataLoader[UUID, Any] = _single_rows(runtime, principal, product_subscription_models)
        self.product: DataLoader[UUID, Row[Any] | None] = _single_rows(runtime, principal, products_by_ids)
        self.subscription_lock: DataLoader[UUID, Lock | None] = _single_rows(
            runtime, principal, product_subscription_locks_by_ids
        )
        self.version_model: DataLoader[tuple[UUID, int], Any] = _single_rows(runtime, principal, version_models)
        self.start_facts: DataLoader[UUID, StartFacts | None] = _single_rows(runtime, principal, start_facts)
        self.subscription_users: DataLoader[UUID, list[UUID]] = _row_lists(runtime, principal, subscription_users)
        self.subscription_owners: DataLoader[UUID, list[UUID]] = _row_lists(runtime, principal, subscription_owners)
        self.engine: DataLoader[None, EngineStatus] = _single_value(lambda: process_reads.status(runtime, principal))
        self.backlog: DataLoader[None, Backlog] = _single_value(lambda: process_reads.work(runtime, principal))


def _single_value(read: Callable[[], Awaitable[T]]) -> DataLoader[None, T]:
    """A loader of a single value, which is read once for all fields that use it."""

    async def load(keys: list[None]) -> list[T]:
        return [await read()] * len(keys)

    return DataLoader(load_fn=load)


def _single_rows(runtime: Runtime, principal: Principal, read: ByKeys[K, T]) -> DataLoader[K, T | None]:
    async def load(keys: list[K]) -> list[T | None]:
        found = await read(runtime, principal, keys)
        return [found.get(key) for key in keys]

    return DataLoader(load_fn=load)


def _row_lists(runtime: Runtime, principal: Principal, read: ByKeys[UUID, list[T]]) -> DataLoader[UUID, list[T]]:
    async def load(keys: list[UUID]) -> list[list[T]]:
        found = await read(runtime, principal, keys)
        return [found.get(key, []) for key in keys]

    return DataLoader(load_fn=load)


def _pages(runtime: Runtime, principal: Principal, read: ReadPages[L]) -> DataLoader[tuple[UUID, PageArgs], Log[L]]:
    async def load(keys: list[tuple[UUID, PageArgs]]) -> list[Log[L]]:
        found: dict[tuple[UUID, PageArgs], Log[L]] = {}
        for page_args in {key_args for _, key_args in keys}:
            ids = [id for id, key_args in keys if key_args == page_args]
            pages = await read(runtime, principal, ids, page_args)
            found |= {(id, page_args): page for id, page in pages.items()}
        return [found[key] for key in keys]

    return DataLoader(load_fn=load)
