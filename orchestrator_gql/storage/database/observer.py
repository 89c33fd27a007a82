"""The facts of a commit that the metrics count, and the interface of the counter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from orchestrator_gql.types import AttemptOutcome, ProcessStatus, StepKind, StepStatus


@dataclass(frozen=True, slots=True)
class Delivered:
    """A remote service made a delivery with this outcome."""

    outcome: AttemptOutcome


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A step execution ended, ``seconds`` after it was entered."""

    kind: StepKind
    status: StepStatus
    seconds: float


@dataclass(frozen=True, slots=True)
class ProcessEnded:
    """A process was completed or aborted."""

    workflow_name: str
    status: ProcessStatus


@dataclass(frozen=True, slots=True)
class ProcessFailed:
    """A process stopped at a step that failed: this is no end, an operator may retry it."""

    workflow_name: str
    status: ProcessStatus


@dataclass(frozen=True, slots=True)
class ProcessesPruned:
    """Retention deleted this number of processes."""

    number: int


Fact: TypeAlias = Delivered | StepEnded | ProcessEnded | ProcessFailed | ProcessesPruned


STOPPED: Mapping[ProcessStatus, type[ProcessEnded] | type[ProcessFailed]] = {
    ProcessStatus.COMPLETED: ProcessEnded,
    ProcessStatus.ABORTED: ProcessEnded,
    ProcessStatus.FAILED: ProcessFailed,
}
"""The fact for a process that gets the status."""


class Observer(Protocol):
    """Counts every COMMIT. The thread of the COMMIT calls it, so it must be quick and must not raise."""

    def committed(self, units: int, seconds: float, facts: list[Fact]) -> None:
        """Count a commit of ``units`` units that became durable ``seconds`` after the first unit began."""
        ...


class Unobserved:
    """Counts nothing, until the app sets its metrics."""

    def committed(self, units: int, seconds: float, facts: list[Fact]) -> None:
        """Do nothing."""
