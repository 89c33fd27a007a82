"""Load the rows of many objects with one read for each kind of row.

The loaders are made for each operation and for each batch of a subscription, so that they never return old rows.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, TypeVar, cast
from uuid import UUID

from strawberry.dataloader import DataLoader

from orchestrator_gql.graphql.slow_lane import Pace
from orchestrator_gql.process import Process
from orchestrator_gql.reads import processes as process_reads
from orchestrator_gql.reads.callbacks import Log, attempt_pages, progress_pages
from orchestrator_gql.reads.processes import Part
from orchestrator_gql.reads.rows import (
    ByKeys,
    attempts_by_ids,
    callbacks_by_ids,
    callbacks_of_processes,
    decisions,
    failures_of_processes,
    input_requests_by_ids,
    input_requests_of_processes,
    lock_holders,
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
from orchestrator_gql.storage.callback_attempts import Attempt
from orchestrator_gql.storage.callback_progress import Progress
from orchestrator_gql.storage.pagination import PageArgs

T = TypeVar("T")
L = TypeVar("L", Attempt, Progress)
K = TypeVar("K")
ReadPages = Callable[[Runtime, Principal, Sequence[UUID], PageArgs], Awaitable[Mapping[UUID, Log[L]]]]


AT_ONCE = 1_000
"""Objects of one read: all of them go on at the same time when it ends, in some milliseconds."""


class _Read(asyncio.Future[Any]):
    """The value of one key, for all its callers; ``callers`` counts those that wait."""

    callers = 0

    def of_caller(self) -> "asyncio.Future[Any]":
        """A future of one caller. If the last caller ends, nobody waits for the value."""
        own: asyncio.Future[Any] = self.get_loop().create_future()
        self.callers += 1
        self.add_done_callback(partial(_pass_on, own))
        own.add_done_callback(self._caller_ended)
        return own

    def _caller_ended(self, own: "asyncio.Future[Any]") -> None:
        if own.cancelled():
            self.callers -= 1
            if not self.callers:
                self.cancel()


def _pass_on(own: "asyncio.Future[Any]", read: "asyncio.Future[Any]") -> None:
    if read.cancelled():
        own.cancel()
        return
    error = read.exception()  # it is taken even if this caller has ended: otherwise asyncio would log it
    if own.done():
        return
    if error is None:
        own.set_result(read.result())
    else:
        own.set_exception(error)


class Loader(DataLoader[K, T]):
    """A loader whose callers do not end each other.

    If a field fails, graphql-core cancels the fields beside it, and a task that is cancelled cancels the future that it
    waits for. If other fields waited for the same future, they would be cancelled too, and with them the whole request.
    """

    def load(self, key: K) -> Awaitable[T]:
        """The value of the key."""
        found = super().load(key)
        return found.of_caller() if isinstance(found, _Read) and not found.done() else found


def _loader(load: Callable[[Runtime, Principal, list[K]], Awaitable[list[T]]]) -> "cached_property[DataLoader[K, T]]":
    """A loader that is made when a field first needs it."""

    def make(loaders: "Loaders") -> DataLoader[K, T]:
        bound = partial(load, loaders.runtime, loaders.principal)  # not the loaders: they would be garbage in a circle
        return Loader(load_fn=bound, max_batch_size=AT_ONCE, loop=loaders.loop)

    return cached_property(make)


def _single_value(read: Callable[[Runtime, Principal], Awaitable[T]]) -> "cached_property[DataLoader[None, T]]":
    """A loader of a single value, which is read once for all fields that use it."""

    async def load(runtime: Runtime, principal: Principal, keys: list[None]) -> list[T]:
        return [await read(runtime, principal)] * len(keys)

    return _loader(load)


def _single_rows(read: ByKeys[K, T]) -> "cached_property[DataLoader[K, T | None]]":
    async def load(runtime: Runtime, principal: Principal, keys: list[K]) -> list[T | None]:
        found = await read(runtime, principal, keys)
        return [found.get(key) for key in keys]

    return _loader(load)


def _row_lists(read: ByKeys[UUID, list[T]]) -> "cached_property[DataLoader[UUID, list[T]]]":
    async def load(runtime: Runtime, principal: Principal, keys: list[UUID]) -> list[list[T]]:
        found = await read(runtime, principal, keys)
        return [found.get(key, []) for key in keys]

    return _loader(load)


def _pages(read: ReadPages[L]) -> "cached_property[DataLoader[tuple[UUID, PageArgs], Log[L]]]":
    async def load(runtime: Runtime, principal: Principal, keys: list[tuple[UUID, PageArgs]]) -> list[Log[L]]:
        found: dict[tuple[UUID, PageArgs], Log[L]] = {}
        for page_args in {key_args for _, key_args in keys}:
            ids = [id for id, key_args in keys if key_args == page_args]
            pages = await read(runtime, principal, ids, page_args)
            found |= {(id, page_args): page for id, page in pages.items()}
        return [found[key] for key in keys]

    return _loader(load)


class _PatientLoop:
    """The part of the event loop that a loader uses: it reads when no object of the operation waits for its slice.

    The keys of all objects are read at once, whatever number of slices the operation is cut into.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    def create_future(self) -> "asyncio.Future[Any]":
        return _Read(loop=asyncio.get_running_loop())

    def call_soon(self, callback: Callable[[], object]) -> None:
        self._pace.when_complete(callback)


def _keep(loader: "DataLoader[K, T]", key: K, value: T) -> None:
    future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    future.set_result(value)
    loader.cache_map.set(key, future)


class Loaders:
    """The loaders of one operation. The key is a UUID; loaders of logs also take the arguments of a page.

    An operation needs a few of them, and a batch of a subscription none.

    They pass the caller to the read functions, which require READ for every field that uses them. A caller without
    READ sees only the fields that a mutation result or an audit entry has itself.
    """

    def __init__(self, runtime: Runtime, principal: Principal, pace: Pace) -> None:
        self.runtime = runtime
        self.principal = principal
        self.loop = cast("asyncio.AbstractEventLoop", _PatientLoop(pace))

    def keep(self, process: Process, parts: Mapping[Part, Any]) -> None:
        """Keep the rows that were read with the process, for the fields that need them."""
        if not parts:
            return
        _keep(self.process, process.id, process)
        for part, rows in parts.items():
            if part is not Part.FORM:
                _keep(getattr(self, part.value), process.id, rows)
            elif rows is not None:  # else the loader finds out why
                _keep(self.whole, process.id, rows)

    process = _single_rows(processes_by_ids)
    whole = _single_rows(whole_processes)
    state = _single_rows(states)
    failure = _single_rows(failures_of_processes)
    lock_holder = _single_rows(lock_holders)
    secrets = _single_rows(secrets_of_processes)
    executions = _row_lists(steps_of_processes)
    delta = _single_rows(state_deltas)
    callbacks = _row_lists(callbacks_of_processes)
    callback = _single_rows(callbacks_by_ids)
    attempt = _single_rows(attempts_by_ids)
    attempts = _pages(attempt_pages)
    progress = _pages(progress_pages)
    payload = _single_rows(payloads)
    requests = _row_lists(input_requests_of_processes)
    request = _single_rows(input_requests_by_ids)
    decisions = _row_lists(decisions)
    subscription_ids = _row_lists(product_subscription_ids_of_processes)
    subscription = _single_rows(product_subscriptions_by_ids)
    subscription_model: cached_property[DataLoader[UUID, Any]] = _single_rows(product_subscription_models)
    product = _single_rows(products_by_ids)
    subscription_lock = _single_rows(product_subscription_locks_by_ids)
    version_model: cached_property[DataLoader[tuple[UUID, int], Any]] = _single_rows(version_models)
    start_facts = _single_rows(start_facts)
    subscription_users = _row_lists(subscription_users)
    subscription_owners = _row_lists(subscription_owners)
    engine = _single_value(process_reads.status)
    backlog = _single_value(process_reads.work)
