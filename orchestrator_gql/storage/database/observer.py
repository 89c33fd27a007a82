"""The facts of a commit that the metrics count, and the interface of the counter."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from orchestrator_gql.process import Process
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


@dataclass(frozen=True, slots=True)
class ProcessesPruned:
    """Retention deleted this number of processes."""

    number: int


Fact: TypeAlias = Delivered | StepEnded | ProcessEnded | ProcessFailed | ProcessesPruned


def process_facts(before: Process, after: Process) -> Iterator[Fact]:
    """What a change of a process is for the metrics."""
    if after.ended_at is not None and before.ended_at is None:
        yield ProcessEnded(after.workflow_name, after.status)
    elif after.status is ProcessStatus.FAILED and before.status is not after.status:
        yield ProcessFailed(after.workflow_name)


class Observer(Protocol):
    """Counts every COMMIT. The thread of the COMMIT calls it, so it must be quick and must not raise."""

    def committed(self, units: int, seconds: float, facts: list[Fact]) -> None:
        """Count a commit of ``units`` units that became durable ``seconds`` after the first unit began."""
        ...


class Unobserved:
    """Counts nothing, until the app sets its metrics."""

    def committed(self, units: int, seconds: float, facts: list[Fact]) -> None:
        """Do nothing."""
