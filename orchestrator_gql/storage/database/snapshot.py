"""Several reads on one snapshot, for exports and verifications of the audit log, and how many there may be at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from orchestrator_gql.storage.database.after_commit import T, Unit
from orchestrator_gql.utils.errors import ServerBusy

SNAPSHOTS = 2
"""The most snapshots of one server at once: each holds a connection for as long as its client reads."""

PATIENCE = 10.0
"""Seconds that a reader waits for one of them."""

SECONDS = 900.0
"""Seconds after which a snapshot ends: as long as it is open, the database keeps every row that was changed since."""


class Snapshot(Protocol):
    """A snapshot of the database, which does not change."""

    async def read(self, unit: Unit[T]) -> T:
        """Run a unit that only reads. Raises `StorageUnavailable`, also if the snapshot has ended."""
        ...


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
