"""What a transaction leaves to be told after its COMMIT, collected on its connection."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.storage.database.observer import Fact

T = TypeVar("T")
Unit = Callable[[Connection], T]
"""A piece of work: a synchronous function of a connection. It never commits."""

_KEY = "orchestrator.aftermath"


@dataclass(slots=True)
class CommitEffects:
    """Which processes became runnable, whether the event log grew, whether a timer was set, and what is counted."""

    woken: set[UUID] = field(default_factory=set)
    has_events: bool = False
    has_timers: bool = False
    facts: list[Fact] = field(default_factory=list)

    def add(self, other: "CommitEffects") -> None:
        """Take in what another unit of the same commit leaves."""
        self.woken |= other.woken
        self.has_events |= other.has_events
        self.has_timers |= other.has_timers
        self.facts += other.facts


class CommitHooks(Protocol):
    """Who is told: before the COMMIT, on its own connection, and after it."""

    def notify(self, effects: CommitEffects) -> None:
        """Tell those who sleep. Must not block or raise: the commit is done."""
        ...


class NoHooks:
    """Bells that nobody hears, until the runtime hangs its own."""

    def notify(self, effects: CommitEffects) -> None:
        """Nothing."""


def commit_effects(conn: Connection) -> CommitEffects:
    """What the unit on this connection has collected so far."""
    found: CommitEffects = conn.info[_KEY]
    return found


def begin_unit(conn: Connection) -> CommitEffects:
    """Start a fresh collection for the unit that begins on this connection."""
    fresh = CommitEffects()
    conn.info[_KEY] = fresh
    return fresh


def wake(conn: Connection, process_id: UUID) -> None:
    """Say that the process became runnable: the bells ring for it once this transaction is committed."""
    commit_effects(conn).woken.add(process_id)
