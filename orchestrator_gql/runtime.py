"""The objects that all parts of a server share: settings, database, workflows, clock, notifier and hooks."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from orchestrator_gql.config.settings import Settings
from orchestrator_gql.events.notifier import Notifier
from orchestrator_gql.forms.kept_pages import KeptPages
from orchestrator_gql.storage.database import Database
from orchestrator_gql.storage.database.after_commit import CommitEffects, MakeClaim
from orchestrator_gql.storage.database.batches import Batches
from orchestrator_gql.utils.author_places import Authors
from orchestrator_gql.utils.clock import Clock
from orchestrator_gql.utils.json.redaction import Redactor
from orchestrator_gql.workflows.registry import Registry

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Dispatcher(Protocol):
    """Wakes workers when a process can continue. A wake-up may be lost or repeated: only the database is the truth."""

    def prepare(self, conn: "Connection", process_ids: Iterable[UUID]) -> None:
        """Write wake-ups in the transaction that makes these processes runnable; PostgreSQL only."""
        ...

    def claimer(self, process_id: UUID) -> MakeClaim | None:
        """The function that claims a process in the transaction that wakes it; None if no worker here is free."""
        ...

    def notify(self, process_ids: Iterable[UUID]) -> None:
        """Wake workers for these runnable processes; called after the COMMIT."""
        ...

    async def run(self) -> None:
        """Advance the processes for which wake-ups arrive, until stopped."""
        ...

    def begin_to_stop(self) -> None:
        """Take no more work; the seconds of `stop` begin now."""
        ...

    async def stop(self, grace: float) -> None:
        """Take no more work; running steps have ``grace`` seconds to finish."""
        ...


def _set_event() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass(frozen=True, slots=True)
class Runtime:
    """The shared objects of one server, passed down as an argument. There are no globals."""

    settings: Settings
    database: Database
    registry: Registry
    clock: Clock
    notifier: Notifier
    worker: str
    authors: Authors
    """Where authors' functions run."""
    redact: Redactor
    """Masks the secrets in values that are shown."""
    timers: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a timer was stored: the next timer may be due earlier now."""
    outbox: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there is a notification to send, or capacity to send more."""
    faults: list[str] = field(default_factory=list)
    """Names of the background tasks that failed: a server with an entry here is not ready any more."""
    kept_pages: KeptPages = field(default_factory=KeptPages)
    """The pages of forms that this server has just opened."""
    claims: Batches[None, Any] = field(default_factory=Batches)
    """Claims of processes, which share transactions of PostgreSQL while many wait."""
    commits: Batches[Any, Any] = field(default_factory=Batches)
    """Commits of ended steps, which share transactions likewise."""
    may_advance: asyncio.Event = field(default_factory=_set_event)
    """Cleared while very many timers fire: workers wait for this event before they start to advance a process."""


class RuntimeHooks:
    """Wakes the parts of the server that have work after a commit."""

    def __init__(self, runtime: Runtime, dispatcher: Dispatcher) -> None:
        self.claimer: Callable[[UUID], MakeClaim | None] = dispatcher.claimer
        self.prepare = dispatcher.prepare
        self._notifier = runtime.notifier
        self._timers = runtime.timers
        self._dispatcher = dispatcher

    def notify(self, effects: CommitEffects) -> None:
        """Wake the workers, the readers of the event log and the timers, if the commit has work for them."""
        for claim in effects.claims:
            claim.begin()
        if effects.woken:
            self._dispatcher.notify(effects.woken)
        if effects.has_timers:
            self._timers.set()
        if effects.has_events or effects.has_timers:
            self._notifier.notify(has_timers=effects.has_timers, is_passing=effects.is_passing)
