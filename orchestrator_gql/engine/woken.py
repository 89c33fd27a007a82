"""What is known of a process already: in the transaction that wakes it, and from the last commit of its worker.

A claim in the transaction that wakes the process need not read it. And the commit that ends a step need not read the
callbacks which the last commit issued, or whose wait it decided. Two waits are known as a whole: that of an action
which has just handed out its first URLs, until a result arrives; and that of a validation, whose results are final.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.callbacks.rules import WITH_RESULT, Arrival, Callback
from orchestrator_gql.callbacks.waits import WaitChanges
from orchestrator_gql.process import Process, Transition
from orchestrator_gql.storage.database.after_commit import commit_effects
from orchestrator_gql.storage.waits import Wait

KnownCallbacks: TypeAlias = Mapping[Wait, Sequence[Callback]]
"""The callbacks of waits, for each wait all that its decision needs."""

NONE_KNOWN: KnownCallbacks = {}


@dataclass(frozen=True, slots=True)
class Woken:
    """A process as the transaction that woke it left it, while the engine runs, and the delivery that woke it."""

    process: Process
    arrived: Arrival | None = None

    @property
    def stored(self) -> tuple[Arrival, ...]:
        """The deliveries that the transaction has stored."""
        return () if self.arrived is None else (self.arrived,)

    @property
    def callbacks(self) -> KnownCallbacks:
        """The callbacks of the wait, if it has only that of the delivery."""
        if self.arrived is None or self.arrived.callback.name is not None:
            return NONE_KNOWN
        return {(self.process.id, self.process.position): [self.arrived.after]}


def woken_in(conn: Connection, process_id: UUID) -> Woken | None:
    """What the transaction knows of the process; None if the process must be read."""
    known = commit_effects(conn).known
    return known if isinstance(known, Woken) and known.process.id == process_id else None


def known_after(transitions: Iterable[Transition]) -> KnownCallbacks:
    """The callbacks of the waits that the transitions issued or decided."""
    waits = [_whole(transition.wait) for transition in transitions if transition.wait is not None]
    return {(known[0].process_id, known[0].step_index): known for known in waits if known}


def _whole(changes: WaitChanges) -> Sequence[Callback]:
    """The callbacks of the wait; empty if there may be others, or if a progress report may change them."""
    if changes.answered:
        return [callback for callback in changes.answered if callback.status in WITH_RESULT]
    issued = [callback for callback, _ in changes.issued]
    is_whole = all(callback.wait_seq == callback.record_seq and callback.heartbeat is None for callback in issued)
    return sorted(issued, key=lambda callback: callback.id) if is_whole else ()


def open_among(known: KnownCallbacks) -> list[Callback]:
    """The callbacks that are open, if nothing has arrived since."""
    return [callback for of_wait in known.values() for callback in of_wait if callback.is_open]


def answered_among(known: KnownCallbacks) -> KnownCallbacks:
    """The waits that have their results."""
    return {wait: of_wait for wait, of_wait in known.items() if not any(callback.is_open for callback in of_wait)}
