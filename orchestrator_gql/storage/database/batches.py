"""Collects units of work that wait at the same time, so that one transaction does many of them.

Each transaction costs some round trips and a COMMIT. While none runs, the next unit runs alone and at once. Units that
come meanwhile wait for it a little, and then share one transaction. A unit that cannot be done together with others is
done alone, and so are all units of a transaction that failed: no unit fails because of another unit.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextvars import Context
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar
from uuid import UUID

from orchestrator_gql.utils.errors import StorageUnavailable

logger = logging.getLogger(__name__)

U = TypeVar("U")
T = TypeVar("T")

PATIENCE = 0.02
"""Seconds that units wait for a transaction: it may wait for a lock itself, and must not hold up all the others."""

MOST = 50
"""Units of one transaction: the event loop and the locks must not be held for long."""

CANCELLED_SECONDS = 5.0
"""Seconds that a cancelled unit waits for the end of its transaction, which may be committed."""


Together: TypeAlias = Callable[[Mapping[UUID, U]], Awaitable[Mapping[UUID, T]]]
"""Does several units, by their processes, in one transaction. The result lacks units that must be done alone."""


@dataclass(eq=False)
class _Waiting(Generic[U, T]):
    """A unit that waits; ``done`` has its result, or None if the unit must be done alone."""

    process_id: UUID
    unit: U
    together: Together[U, T]
    done: "asyncio.Future[tuple[T] | None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    place: asyncio.TimerHandle | None = None


class Batches(Generic[U, T]):
    """Does units of one kind, one for each process, alone or many in one transaction."""

    def __init__(self) -> None:
        self._place: asyncio.TimerHandle | None = None
        self._waiting: deque[_Waiting[U, T]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_looking = False

    async def run(self, process_id: UUID, unit: U, alone: Callable[[], Awaitable[T]], together: Together[U, T]) -> T:
        """The result of the unit."""
        waiting = _Waiting(process_id, unit, together)
        self._waiting.append(waiting)
        self._look_soon()
        done = await self._done(waiting)
        if done is not None:
            return done[0]
        try:
            return await alone()
        finally:
            self._free(waiting.place)

    async def _done(self, waiting: _Waiting[U, T]) -> tuple[T] | None:
        try:
            return await asyncio.shield(waiting.done)
        except asyncio.CancelledError:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            else:  # the transaction may be committed: what follows the cancellation must come behind it
                await asyncio.wait([waiting.done], timeout=CANCELLED_SECONDS)
                self._free(waiting.place)
            raise

    def _take_place(self) -> asyncio.TimerHandle:
        place: asyncio.TimerHandle
        self._place = place = asyncio.get_running_loop().call_later(PATIENCE, lambda: self._free(place))
        return place

    def _free(self, place: asyncio.TimerHandle | None) -> None:
        """Let the next transaction begin, if this place has not been given on already."""
        if place is not None:
            place.cancel()
            if self._place is place:
                self._place = None
                self._look_soon()

    def _look_soon(self) -> None:
        """Look when all units that come at the same time wait."""
        if self._waiting and self._place is None and not self._is_looking:
            self._is_looking = True
            asyncio.get_running_loop().call_soon(self._look, context=Context())  # the units have traces and secrets

    def _look(self) -> None:
        """Begin the next transaction, alone or for several units."""
        self._is_looking = False
        if not self._waiting or self._place is not None:
            return
        place = self._take_place()
        taken: dict[UUID, _Waiting[U, T]] = {}
        while self._waiting and len(taken) < MOST and self._waiting[0].process_id not in taken:
            waiting = self._waiting.popleft()
            taken[waiting.process_id] = waiting
        if len(taken) == 1:
            waiting.place = place
            waiting.done.set_result(None)
            return
        task = asyncio.get_running_loop().create_task(self._do(taken, place))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, taken: Mapping[UUID, _Waiting[U, T]], place: asyncio.TimerHandle) -> None:
        done: Mapping[UUID, T] = {}
        try:
            (first, *_) = taken.values()
            done = await first.together({id: waiting.unit for id, waiting in taken.items()})
        except StorageUnavailable as error:  # perhaps it was committed: no unit may be tried again now
            for waiting in taken.values():
                waiting.done.set_exception(error)
                waiting.done.exception()  # nobody asks for that of a cancelled unit
        except Exception:
            logger.warning("units that shared a transaction are done alone, because it failed", exc_info=True)
        finally:
            self._free(place)
            for id, waiting in taken.items():
                if not waiting.done.done():
                    waiting.done.set_result((done[id],) if id in done else None)
