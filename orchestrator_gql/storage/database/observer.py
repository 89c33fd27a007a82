"""What a commit leaves to be counted, and who counts: the metrics, where the app has hung them."""

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from orchestrator_gql.types import AttemptOutcome, ProcessStatus, StepKind, StepStatus


@dataclass(frozen=True, slots=True)
class Delivered:
    """A remote service delivered something, and this was the verdict."""

    outcome: AttemptOutcome


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A step came to its end so many seconds after it was entered."""

    kind: StepKind
    status: StepStatus
    seconds: float


@dataclass(frozen=True, slots=True)
class ProcessEnded:
    """A process was completed or aborted."""

    workflow_name: str
    status: ProcessStatus


Fact: TypeAlias = Delivered | StepEnded | ProcessEnded


class Observer(Protocol):
    """Who is told of each COMMIT; called by the thread that made it, so it must be quick, and must not raise."""

    def committed(self, units: int, seconds: float, facts: list[Fact]) -> None:
        """So many units of work became durable together, so many seconds after the first of them began."""
        ...


class Unobserved:
    """Nobody counts, until the app hangs its metrics."""

    def committed(self, units: int, seconds: float, facts: list[Fact]) -> None:
        """Nothing."""
