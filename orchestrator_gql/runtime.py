"""What everybody above is handed: the database, the bells, the clock, the settings and the workflows."""

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from orchestrator_gql.config.settings import Settings
from orchestrator_gql.events.notifier import Notifier
from orchestrator_gql.storage.database import Database
from orchestrator_gql.storage.database.after_commit import CommitEffects
from orchestrator_gql.utils.clock import Clock
from orchestrator_gql.utils.json.redaction import Redactor
from orchestrator_gql.workflows.registry import Registry

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


class Dispatcher(Protocol):
    """The doorbell of the engine: never the truth, only who is told that a process can go on."""

    def attach(self, runtime: "Runtime") -> None:
        """Say for which server this rings."""
        ...

    async def prepare(self, conn: "AsyncConnection", process_ids: Iterable[UUID]) -> None:
        """Do what belongs into the transaction that made these runnable; PostgreSQL only."""
        ...

    def notify(self, process_ids: Iterable[UUID]) -> None:
        """Say that these processes became runnable; called after the COMMIT."""
        ...

    async def run(self) -> None:
        """Advance what is rung for, until stopped."""
        ...

    async def stop(self, grace: float) -> None:
        """Take no more work; let running steps finish for so many seconds."""
        ...


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass(frozen=True, slots=True)
class Runtime:
    """One server's bundle; frozen, and handed down. There are no globals."""

    settings: Settings
    database: Database
    registry: Registry
    clock: Clock
    notifier: Notifier
    worker: str
    threads: ThreadPoolExecutor
    redact: Redactor
    """What nobody is shown."""
    timers: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a timer was stored: the earliest one may be another now."""
    outbox: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there is something to be sent to people outside, or room to send more."""
    faults: list[str] = field(default_factory=list)
    """What ended of the server's own work though nobody stopped it: it is not ready any more."""
    may_advance: asyncio.Event = field(default_factory=_set)
    """Cleared while very many timers are fired: whoever would begin to advance a process waits for it first."""


class RuntimeHooks:
    """Rings, after a commit, for whoever has something to do because of it."""

    def __init__(self, notifier: Notifier, timers: asyncio.Event, dispatcher: Dispatcher | None) -> None:
        self._notifier = notifier
        self._timers = timers
        self._dispatcher = dispatcher

    def notify(self, effects: CommitEffects) -> None:
        """Wake the workers, the readers of the log and the timekeeper, each where it concerns them."""
        if effects.woken and self._dispatcher is not None:
            self._dispatcher.notify(effects.woken)
        if effects.has_timers:
            self._timers.set()
        if effects.has_events or effects.has_timers:
            self._notifier.notify(has_timers=effects.has_timers)
