"""The effects of a transaction that happen after its COMMIT, collected on its connection."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.storage.database.observer import Fact

T = TypeVar("T")
Unit = Callable[[Connection], T]
"""A unit of work: a synchronous function of a connection. It never commits."""

_KEY = "orchestrator.commit_effects"


class Claim(Protocol):
    """A process that the transaction which made it runnable also claimed for a worker of this server."""

    def begin(self) -> None:
        """Run the process: the claim is committed."""
        ...

    def drop(self) -> None:
        """Forget the claim: it was not committed, or nobody knows whether it was."""
        ...


MakeClaim = Callable[[Connection], Claim | None]
"""Claims a process in the transaction of the connection; None if the process cannot run at once."""


@dataclass(slots=True)
class CommitEffects:
    """The processes that became runnable, whether there are new events and timers, and the facts for the metrics.

    ``claims`` are the processes that became runnable and are claimed already; they are not among the ``woken``.
    ``is_repeatable``: the caller handles `OutcomeUnknown`, so the COMMIT may be sent with the last writes.
    ``held`` are the processes whose locks the unit took, behind that of the engine's state if ``shares_engine``.
    ``is_passing``: the process goes on at once, so that another commit follows.
    ``known`` is what the engine knows of the process that the unit woke: a claim in the transaction need not read it.
    """

    woken: set[UUID] = field(default_factory=set)
    claims: list[Claim] = field(default_factory=list)
    has_events: bool = False
    has_timers: bool = False
    is_passing: bool = False
    is_repeatable: bool = False
    held: set[UUID] = field(default_factory=set)
    shares_engine: bool = False
    facts: list[Fact] = field(default_factory=list)
    known: object = None

    def add(self, other: "CommitEffects") -> None:
        """Add the effects of another unit of the same commit."""
        self.woken |= other.woken
        self.claims += other.claims
        self.has_events |= other.has_events
        self.has_timers |= other.has_timers
        self.is_passing &= other.is_passing
        self.facts += other.facts


def no_claim(process_id: UUID) -> MakeClaim | None:
    """Nobody claims in the transaction: a worker does so later."""
    return None


class CommitHooks(Protocol):
    """The receiver of the effects of every commit."""

    claimer: Callable[[UUID], MakeClaim | None]
    """The function that claims a process in the transaction that wakes it; None if no worker here is free."""

    def prepare(self, conn: Connection, process_ids: Iterable[UUID]) -> None:
        """Write wake-ups in the transaction that makes these processes runnable; PostgreSQL only."""
        ...

    def notify(self, effects: CommitEffects) -> None:
        """Wake up waiting readers and workers. Must not block or raise: the commit is done already."""
        ...


class NoHooks:
    """Hooks that do nothing, until the runtime sets its own."""

    def __init__(self) -> None:
        self.claimer: Callable[[UUID], MakeClaim | None] = no_claim

    def prepare(self, conn: Connection, process_ids: Iterable[UUID]) -> None:
        """Do nothing."""

    def notify(self, effects: CommitEffects) -> None:
        """Do nothing."""


def commit_effects(conn: Connection) -> CommitEffects:
    """The effects that the unit on this connection has collected so far."""
    effects: CommitEffects = conn.info[_KEY]
    return effects


def begin_unit(conn: Connection, *, known: object = None) -> CommitEffects:
    """Start an empty collection for the unit that begins on this connection, but for what is ``known``."""
    effects = CommitEffects(known=known)
    conn.info[_KEY] = effects
    return effects


def end_units(conn: Connection, effects: CommitEffects, parts: Sequence[CommitEffects]) -> None:
    """Add the collections of several units that began in one transaction to those of the transaction."""
    effects.is_passing = bool(parts)
    for part in parts:
        effects.add(part)
    conn.info[_KEY] = effects


def restore_unit(conn: Connection, effects: CommitEffects) -> None:
    """Continue with the effects of the unit, after another collection was begun within it."""
    conn.info[_KEY] = effects


def note_locks(conn: Connection, process_id: UUID | None = None) -> None:
    """Note that the unit shares the engine's state, and that no other transaction can change the process."""
    effects: CommitEffects | None = conn.info.get(_KEY)
    if effects is not None:
        effects.shares_engine = True
        if process_id is not None:
            effects.held.add(process_id)


def wake(conn: Connection, process_id: UUID) -> None:
    """Note that the process became runnable: its wake-up is sent when this transaction is committed."""
    commit_effects(conn).woken.add(process_id)
