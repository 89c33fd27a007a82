"""The weight of a response: bytes are counted while rows are loaded and while it is written, to refuse it in time.

Both counts have the same limit. Every read may load an eighth of the limit. A read that needs more is stopped, waits
for one of four places and starts again. So at most four operations hold large rows in memory.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar, cast

from sqlalchemy import Connection

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import weight as loads
from orchestrator_gql.storage.database import Database
from orchestrator_gql.storage.database.snapshot import Snapshot
from orchestrator_gql.storage.events import Page
from orchestrator_gql.storage.pagination import RowPage
from orchestrator_gql.storage.weight import Allowance, TooHeavy
from orchestrator_gql.utils.errors import ResponseTooLarge

T = TypeVar("T")
Unit = Callable[[Connection], T]

PLACES = 4
"""The most operations of one server that load more than the light part at the same time."""
LIGHT = 8
"""A read without a place may load this fraction of the limit: one eighth."""
READS = 4
"""The most reads of one operation at the same time: a thousand would take all connections from the others."""
READS_AT_ONCE = 10
"""Reads that an operation makes before each further read waits for its turn: short reads run on the event loop."""
ROW_BYTES = 256
"""Bytes that each loaded row counts in addition to its texts."""


class Places:
    """The places of one server for operations that load much; other operations wait until their time is over."""

    def __init__(self, count: int = PLACES) -> None:
        self._free = asyncio.Semaphore(count)

    async def take(self) -> None:
        """Wait for a place."""
        await self._free.acquire()

    def give_back(self) -> None:
        """Free the place for the next operation."""
        self._free.release()


class Weight:
    """The weight of one response, or of each batch of a subscription; ``largest`` is the largest single value in bytes.

    ``may_be_divided``: the response consists of several events; if it is too large, it is made again with fewer events.
    ``was_over``: the last response was too large. ``turn`` waits until the operation may read again.
    """

    def __init__(
        self, limit: int, places: Places, *, largest: int = 0, turn: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self.limit = limit
        self.loaded = 0
        self.written = 0
        self.is_over = False
        self.was_over = False
        self.may_be_divided = False
        self._most = max(limit, largest)
        self._places = places
        self._has_place = False
        self._is_closed = False
        self._turn = asyncio.Lock()
        self._reads = asyncio.Semaphore(READS)
        self._wait_for_turn = turn
        self._read_count = 0

    def load(self, size: int) -> None:
        """Count loaded bytes; raises `ResponseTooLarge`."""
        self.loaded += size
        if self.loaded > self._most:
            raise self.refusal()

    def write(self, size: int) -> None:
        """Count written bytes of the response; raises `ResponseTooLarge`."""
        self.written += size
        if self.written > self.limit:
            raise self.refusal()

    def refusal(self) -> ResponseTooLarge:
        """The error for the client; from now on nothing more is loaded."""
        self.is_over = True
        return ResponseTooLarge(self.limit)

    def finish(self) -> None:
        """The response is complete: the next response is counted from 0."""
        self.was_over, self.is_over = self.is_over, False
        self.loaded = self.written = self._read_count = 0
        if self._has_place:
            self._has_place = False
            self._places.give_back()

    def close(self) -> None:
        """The operation is over: its reads that still run load nothing more and take no place."""
        self.finish()
        self.is_over = self._is_closed = True

    async def read(self, database: Database, unit: Unit[T]) -> T:
        """Run a unit that reads and count the loaded bytes; raises `ResponseTooLarge`."""
        async with self._reads:
            self._read_count += 1
            if self._read_count > READS_AT_ONCE and self._wait_for_turn is not None:
                await self._wait_for_turn()
            if self.is_over or self.loaded > self._most:
                raise self.refusal()
            light = min(self.limit // LIGHT, self._most - self.loaded)
            rows, is_whole = await self._read(database, unit, light)
            if is_whole:
                return rows
            async with self._turn:  # without the lock, several reads at once would each take all that is left
                await self._take_place()
                rows, is_whole = await self._read(database, unit, self._most - self.loaded)
            if not is_whole:
                raise self.refusal()
            return rows

    async def _take_place(self) -> None:
        if self._has_place:
            return
        await self._places.take()
        if self._is_closed:  # the operation timed out during the wait: nobody else would give the place back
            self._places.give_back()
            raise self.refusal()
        self._has_place = True

    async def _read(self, database: Database, unit: Unit[T], most: int) -> tuple[T, bool]:
        """The rows of the unit, and whether they are complete.

        An incomplete read raises no exception: its traceback would keep the rows in memory until the response is sent.
        """
        allowance = Allowance(max(most, 0))
        try:
            rows = await database.read(loads.under(allowance, unit))
        except TooHeavy:
            return cast(T, None), False
        # If only the row count goes over the limit, these rows are still used; the next read is refused.
        self.loaded += allowance.taken + ROW_BYTES * rows_in(rows)
        return rows, True


def rows_in(result: object) -> int:
    """The number of rows in the result of a read, also in nested collections."""
    match result:
        case None:
            return 0
        case RowPage():
            return len(result.items)
        case Page():
            return len(result.events)
        case dict():
            return sum(map(rows_in, result.values()))
        case list() | tuple():
            return sum(map(rows_in, result))
        case _:
            return 1


def weighing(runtime: Runtime, weight: Weight) -> Runtime:
    """The runtime for the reads of one response: loaded bytes count for the weight."""
    values: list[Any] = list(_parts_of(runtime))
    values[_DATABASE] = WeighedDatabase(runtime.database, weight)
    return Runtime(*values)


_NAMES = [field.name for field in fields(Runtime)]
_DATABASE = _NAMES.index("database")
_parts_of = attrgetter(*_NAMES)
"""All parts of a runtime at once. Each operation needs this: `dataclasses.replace` takes ten times as long."""


class WeighedDatabase:
    """A database whose reads count for the weight of a response; transactions do not count."""

    def __init__(self, database: Database, weight: Weight) -> None:
        self._database = database
        self._weight = weight
        self.hooks, self.observer, self.dialect = database.hooks, database.observer, database.dialect
        self.outage = database.outage

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads."""
        return await self._weight.read(self._database, unit)

    async def read_current(self, unit: Unit[T]) -> T:
        """As `read`: what a response loads is on a snapshot."""
        return await self.read(unit)

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """The same as the database's: its reads do not count."""
        return self._database.snapshot()

    async def transaction(self, unit: Unit[T]) -> T:
        """The same as the database's."""
        return await self._database.transaction(unit)

    async def alter(self, unit: Unit[T]) -> T:
        """The same as the database's."""
        return await self._database.alter(unit)

    async def open(self) -> None:
        """The same as the database's."""
        await self._database.open()

    async def close(self) -> None:
        """The same as the database's."""
        await self._database.close()
