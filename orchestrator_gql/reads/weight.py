"""What an answer weighs: counted while its rows are loaded and while it is written, so that it is refused in time.

Both counts have the same limit. A read may load an eighth of it at once, and everybody may do so. A read that needs
more is broken off, waits for one of four places, and begins anew: so no more than four operations hold large rows.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar, cast

from sqlalchemy import Connection

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import weight as loads
from orchestrator_gql.storage.database import Database
from orchestrator_gql.storage.events import Page
from orchestrator_gql.storage.pagination import RowPage
from orchestrator_gql.storage.weight import Allowance, TooHeavy
from orchestrator_gql.utils.errors import ResponseTooLarge

T = TypeVar("T")
Unit = Callable[[Connection], T]

PLACES = 4
"""Operations of one server that may load much at the same time."""
LIGHT = 8
"""The part of the limit that a read may load without a place."""
READS = 4
"""Reads of one operation at the same time: a thousand at once would take every connection from everybody else."""
ROW_BYTES = 256
"""What a loaded row counts beside its texts."""


class Places:
    """The places of one server for operations that load much; the others wait, as long as their time allows."""

    def __init__(self, count: int = PLACES) -> None:
        self._free = asyncio.Semaphore(count)

    async def take(self) -> None:
        """Wait for a place."""
        await self._free.acquire()

    def give_back(self) -> None:
        """Let the next one in."""
        self._free.release()


class Weight:
    """The weight of one answer, or of each batch of a subscription; ``largest`` is the largest single value.

    ``may_be_divided``: the answer is made of several events, so where it is too large it is made again of fewer.
    ``was_over``: the last answer was too large.
    """

    def __init__(self, limit: int, places: Places, *, largest: int = 0) -> None:
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

    def load(self, size: int) -> None:
        """Count bytes that were loaded; raises `ResponseTooLarge`."""
        self.loaded += size
        if self.loaded > self._most:
            raise self.refusal()

    def write(self, size: int) -> None:
        """Count bytes of the answer; raises `ResponseTooLarge`."""
        self.written += size
        if self.written > self.limit:
            raise self.refusal()

    def refusal(self) -> ResponseTooLarge:
        """What whoever asked is told; from now on nothing more is loaded."""
        self.is_over = True
        return ResponseTooLarge(self.limit)

    def finish(self) -> None:
        """The answer is made: the next one is counted anew."""
        self.was_over, self.is_over = self.is_over, False
        self.loaded = self.written = 0
        if self._has_place:
            self._has_place = False
            self._places.give_back()

    def close(self) -> None:
        """The operation is over: what still runs of it reads nothing more, and takes no place."""
        self.finish()
        self.is_over = self._is_closed = True

    async def read(self, database: Database, unit: Unit[T]) -> T:
        """Run a unit that reads, and count what it loads; raises `ResponseTooLarge`."""
        async with self._reads:
            if self.is_over or self.loaded > self._most:
                raise self.refusal()
            light = min(self.limit // LIGHT, self._most - self.loaded)
            found, is_whole = await self._read(database, unit, light)
            if is_whole:
                return found
            async with self._turn:  # of several at once each would take what is left
                await self._take_place()
                found, is_whole = await self._read(database, unit, self._most - self.loaded)
            if not is_whole:
                raise self.refusal()
            return found

    async def _take_place(self) -> None:
        if self._has_place:
            return
        await self._places.take()
        if self._is_closed:  # meanwhile the time of the operation was over, and nobody would give the place back
            self._places.give_back()
            raise self.refusal()
        self._has_place = True

    async def _read(self, database: Database, unit: Unit[T], most: int) -> tuple[T, bool]:
        """What the unit found, and whether that is all.

        That it is not is no exception: the trace of one would keep what was loaded until the answer is sent.
        """
        allowance = Allowance(max(most, 0))
        try:
            found = await database.read(loads.under(allowance, unit))
        except TooHeavy:
            return cast(T, None), False
        # Rows alone refuse nothing that is loaded already: the next read is refused.
        self.loaded += allowance.taken + ROW_BYTES * rows_in(found)
        return found, True


def rows_in(found: object) -> int:
    """How many rows a read brought, in whatever they are collected."""
    match found:
        case None:
            return 0
        case RowPage():
            return len(found.items)
        case Page():
            return len(found.events)
        case dict():
            return sum(map(rows_in, found.values()))
        case list() | tuple():
            return sum(map(rows_in, found))
        case _:
            return 1


def weighing(runtime: Runtime, weight: Weight) -> Runtime:
    """The server as reads for an answer see it: what they load counts for the weight."""
    return replace(runtime, database=WeighedDatabase(runtime.database, weight))


class WeighedDatabase:
    """A database whose reads count for the weight of an answer; transactions count for nothing."""

    def __init__(self, database: Database, weight: Weight) -> None:
        self._database = database
        self._weight = weight
        self.hooks, self.observer, self.dialect = database.hooks, database.observer, database.dialect

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads."""
        return await self._weight.read(self._database, unit)

    async def transaction(self, unit: Unit[T]) -> T:
        """As the database does."""
        return await self._database.transaction(unit)

    async def alter(self, unit: Unit[None]) -> None:
        """As the database does."""
        await self._database.alter(unit)

    async def open(self) -> None:
        """As the database does."""
        await self._database.open()

    async def close(self) -> None:
        """As the database does."""
        await self._database.close()
