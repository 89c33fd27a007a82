"""What an author may set for a step: conditions, lenses on the state, retries, deadlines and escalations."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, TypeAlias

from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.types import State
from orchestrator_gql.utils.errors import StepError

OnCrash: TypeAlias = Literal["rerun", "hold"]
OnTimeout: TypeAlias = Literal["fail", "retry", "operator"]
Require: TypeAlias = Literal["all", "any"] | int
Expect: TypeAlias = tuple[str, ...] | Callable[..., Iterable[str] | Awaitable[Iterable[str]]]
Predicate: TypeAlias = Callable[..., bool | Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Lens:
    """A part of the state that a step works on: how to get the part, and how to put it back."""

    get: Callable[[State], State]
    set: Callable[[State], Callable[[State], State]]
    name: str = "steplens"
    """The lens as its author wrote it, in errors."""

    def part_of(self, state: State) -> State:
        """A copy of the part of the state; raises `StepError` ``bad-result`` if it is no dict."""
        return _dict(self.get(state), f"`{self.name}` works on a dict, and the part of the state is")

    def whole_of(self, state: State, part: State) -> State:
        """A copy of the state with the part put back; raises `StepError` ``bad-result`` if it is no dict."""
        return _dict(self.set(state)(part), f"`{self.name}` puts the part back into a dict, and it made")


def _dict(value: Any, problem: str) -> State:
    if isinstance(value, Mapping):  # `dict` would also take a list of pairs, and make another value of it
        return dict(value)
    raise StepError(f"{problem} {type(value).__name__}.", code="bad-result")


@dataclass(frozen=True, slots=True)
class Condition:
    """A predicate of the state that decides if a sequence of steps runs.

    ``opens`` marks the first step of the sequence: there the predicate is called, and its result is recorded for the
    other steps. The predicate sees the state through ``lenses``.
    """

    predicate: Predicate
    opens: bool
    lenses: tuple[Lens, ...] = ()


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a failing step is tried again, and how long the pauses are (seconds)."""

    attempts: int
    delay: float
    factor: float
    max_delay: float

    def wait(self, tries: int) -> timedelta:
        """The pause after this number of failed tries.

        >>> Retry(attempts=5, delay=10, factor=2, max_delay=30).wait(3).total_seconds()
        30.0
        """
        try:
            delay = self.delay * self.factor ** (tries - 1)
        except OverflowError:  # after some thousand tries the power is more than a float can hold
            delay = self.max_delay
        return timedelta(seconds=min(delay, self.max_delay))


@dataclass(frozen=True, slots=True)
class Escalation:
    """After this time without a decision, the form gets another assignee."""

    after: timedelta
    to: Assignee
