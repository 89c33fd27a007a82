"""What a transaction knows of the process that it wakes, so that a claim in the same transaction need not read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.callbacks.rules import Arrival, Callback
from orchestrator_gql.process import Process
from orchestrator_gql.storage.callbacks import Wait
from orchestrator_gql.storage.database.after_commit import commit_effects


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
    def callbacks(self) -> Mapping[Wait, Sequence[Callback]]:
        """The callbacks of the wait, if it has only that of the delivery."""
        if self.arrived is None or self.arrived.callback.name is not None:
            return {}
        return {(self.process.id, self.process.position): [self.arrived.after]}


def woken_in(conn: Connection, process_id: UUID) -> Woken | None:
    """What the transaction knows of the process; None if the process must be read."""
    known = commit_effects(conn).known
    return known if isinstance(known, Woken) and known.process.id == process_id else None
