"""Several reads on one snapshot, for exports and verifications of the audit log, and how many there may be at once."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Protocol

from orchestrator_gql.storage.database.after_commit import T, Unit
from orchestrator_gql.utils.errors import StorageUnavailable, StorageUnreadable
from orchestrator_gql.utils.outages import READS, Outage
from orchestrator_gql.utils.request_errors import ServerBusy

SNAPSHOTS = 2
"""The most snapshots of one server at once: each holds a connection for as long as its client reads."""

PATIENCE = 10.0
"""Seconds that a reader waits for one of them."""

SECONDS = 900.0
"""Seconds after which a snapshot ends: as long as it is open, the database keeps every row that was changed since."""


class Snapshot(Protocol):
    """A snapshot of the database, which does not change."""

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads. Raises `StorageUnreadable`, also if the snapshot has ended."""
        ...


class SnapshotEnded(StorageUnreadable):
    """The snapshot has ended, because its time is over or the server stops: continue after the last cursor."""


@contextmanager
def counted(outage: Outage) -> Iterator[None]:
    """Count a read for the log of outages. Raises `StorageUnreadable` instead of `StorageUnavailable`.

    The end of a snapshot does not count: the database is well.
    """
    try:
        yield
    except SnapshotEnded:
        raise
    except StorageUnavailable as error:
        raise unreadable(outage, error) from error
    if outage.failed_at:
        outage.worked(READS)


def unreadable(outage: Outage, error: StorageUnavailable) -> StorageUnreadable:
    """Count the read that failed for the log of outages; the error to raise."""
    outage.failed(READS, error)
    return StorageUnreadable()


class CountedSnapshot:
    """A snapshot whose reads count for the log of outages."""

    def __init__(self, snapshot: Snapshot, outage: Outage) -> None:
        self._snapshot = snapshot
        self._outage = outage

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads."""
        with counted(self._outage):
            return await self._snapshot.read(unit)


class SnapshotPlaces:
    """Limits the number of snapshots."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(SNAPSHOTS)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place for the block. Raises `ServerBusy` if none becomes free in time."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._free.acquire()
        except TimeoutError:
            raise ServerBusy(
                "Other exports or verifications of the audit log are running: try again when one of them is done."
            ) from None
        try:
            yield
        finally:
            self._free.release()
