"""What a workflow is made of: steps, which are data, and the lists that `>>` joins them into."""

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal, SupportsIndex, TypeAlias, overload

from pydantic import BaseModel

from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.security import Authorizer
from orchestrator_gql.targets import Target
from orchestrator_gql.types import State, StepKind
from orchestrator_gql.utils.errors import WorkflowDefinitionError

OnCrash: TypeAlias = Literal["rerun", "hold"]
OnTimeout: TypeAlias = Literal["fail", "retry", "operator"]
Require: TypeAlias = Literal["all", "any"] | int
Expect: TypeAlias = tuple[str, ...] | Callable[[State], Iterable[str] | Awaitable[Iterable[str]]]
STOPS = ("fail", "abort")
"""What a rejection can lead to, beside a way back."""

Predicate: TypeAlias = Callable[[State], bool | Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Condition:
    """A predicate over the state that decides whether a run of steps is taken.

    ``opens`` marks the first step of the run: there the predicate is asked, and its answer is recorded for the rest.
    """

    predicate: Predicate
    opens: bool


@dataclass(frozen=True, slots=True)
class Lens:
    """A view of the state that a step works on: how to take it out, how to put it back."""

    get: Callable[[State], State]
    set: Callable[[State], Callable[[State], State]]


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how patiently a failing step is tried again (seconds)."""

    attempts: int
    delay: float
    factor: float
    max_delay: float

    def wait(self, tries: int) -> timedelta:
        """The pause after so many failed tries.

        >>> Retry(attempts=5, delay=10, factor=2, max_delay=30).wait(3).total_seconds()
        30.0
        """
        try:
            patience = self.delay * self.factor ** (tries - 1)
        except OverflowError:  # after some thousand tries the power is more than a float can hold
            patience = self.max_delay
        return timedelta(seconds=min(patience, self.max_delay))


@dataclass(frozen=True, slots=True)
class Escalation:
    """After so long without an answer, the form is somebody else's."""

    after: timedelta
    to: Assignee


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyStep:
    """What all steps have: a name, a label they may share with others, and when and on what they work."""

    name: str
    group: str | None = None
    conditions: tuple[Condition, ...] = ()
    lenses: tuple[Lens, ...] = ()

    @property
    def kind(self) -> StepKind:
        """What the step is for."""
        raise NotImplementedError

    def __rshift__(self, other: "Step | StepList") -> "StepList":
        return StepList((self,)) >> other  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitStep(AnyStep):
    """A wait for the answer of a remote service, or for several of them.

    The answer is stored in the state under ``result_key``. ``contract`` is the model that a body must fit to be taken.
    ``timeout`` None means the deployment's default. ``on_timeout`` says what follows when no answer came in time, and
    ``max_attempts`` how often the action is asked in all. ``expect`` names the answers where there are several, or is
    a function of the state that does, and ``require`` says how many of them are enough. ``poll`` asks the remote
    service once before its time counts as over. ``service`` is the configured one that must answer. ``cancel`` runs
    where the process is aborted while it waits here.
    """

    result_key: str = "callback_result"
    route_key: str = "callback_route"
    timeout: timedelta | None = None
    heartbeat_timeout: timedelta | None = None
    contract: type[BaseModel] | None = None
    on_timeout: OnTimeout = "fail"
    max_attempts: int = 3
    expect: Expect | None = None
    require: Require = "all"
    poll: Callable[..., Any] | None = None
    service: str | None = None
    cancel: "ActionStep | None" = None

    @property
    def failures_key(self) -> str:
        """Where the failures stand by name, beside the results, where several answers are expected."""
        return f"{self.result_key}_failures"

    def needed(self, expected: int) -> int:
        """How many answers of so many are enough."""
        match self.require:
            case "all":
                return expected
            case "any":
                return 1
            case count:
                return count

    @property
    def kind(self) -> StepKind:
        """AWAIT_CALLBACK."""
        return StepKind.AWAIT_CALLBACK


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionStep(AnyStep):
    """A unit of work: a function of the state, sync or async.

    ``awaits`` is the wait whose URL the function hands out; ``ends`` makes its success the end of the process.
    """

    function: Callable[..., Any]
    purpose: StepKind = StepKind.ACTION
    retry: Retry | None = None
    timeout: timedelta | None = None
    on_crash: OnCrash = "rerun"
    awaits: AwaitStep | None = None
    ends: bool = False
    retry_auth_callback: Authorizer | None = None

    @property
    def kind(self) -> StepKind:
        """ACTION, VALIDATION or SYSTEM."""
        return self.purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class InputStep(AnyStep):
    """A form that a person answers; ``form`` is a function of the state that yields its pages.

    ``escalate`` says whose it becomes after how long, and ``expire`` when nobody may answer any more. So many
    ``approvals`` of different people are needed; ``on_reject`` is ``fail``, ``abort``, or the name of the step (or
    group) that the form can be sent back to. ``auto_confirm`` is a function of the state that says yes in their place.
    """

    form: Callable[..., Any]
    assignee: Assignee
    due: timedelta | None = None
    remind: timedelta | None = None
    escalate: tuple[Escalation, ...] = ()
    expire: timedelta | None = None
    approvals: int = 1
    allow_self_approval: bool = True
    on_reject: str = "fail"
    auto_confirm: Callable[..., Any] | None = None
    resume_auth_callback: Authorizer | None = None
    retry_auth_callback: Authorizer | None = None

    @property
    def kind(self) -> StepKind:
        """INPUT."""
        return StepKind.INPUT


Step: TypeAlias = ActionStep | InputStep | AwaitStep


class StepList(tuple[Step, ...]):
    """An immutable list of steps; `>>` joins steps and lists, associatively.

    >>> begin
    StepList []
    >>> begin >> print
    Traceback (most recent call last):
    ...
    orchestrator_gql.utils.errors.WorkflowDefinitionError: Expected a step or a StepList on the right of >>, got the \
plain function 'print': decorate it with @step("…").
    """

    __slots__ = ()

    def __rshift__(self, other: Step | Iterable[Step]) -> "StepList":
        if isinstance(other, AnyStep):
            return StepList((*self, other))
        if isinstance(other, StepList):
            return StepList((*self, *other))
        raise WorkflowDefinitionError(f"Expected a step or a StepList on the right of >>, got {_told(other)}.")

    @overload
    def __getitem__(self, index: SupportsIndex) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> "StepList": ...
    def __getitem__(self, index: SupportsIndex | slice) -> "Step | StepList":
        if isinstance(index, slice):
            return StepList(super().__getitem__(index))
        return super().__getitem__(index)

    def map(self, change: Callable[[Step], Step]) -> "StepList":
        """A list of the changed steps."""
        return StepList(change(step) for step in self)

    def __repr__(self) -> str:
        return f"StepList [{', '.join(step.name for step in self)}]"


def _told(thing: object) -> str:
    if isinstance(thing, Workflow):
        return f"the workflow {thing.name!r}: use its steps, not itself"
    if callable(thing):
        return f'the plain function {getattr(thing, "__name__", repr(thing))!r}: decorate it with @step("…")'
    return f"{thing!r} (a {type(thing).__name__})"


begin = StepList()
"""The empty list that a workflow's sentence begins with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """A named, ordered list of steps, with an optional start form.

    ``on_abort`` are the steps that clean up after a process that is aborted; they stand behind the others, and only
    an abort leads to them.
    """

    name: str
    steps: StepList
    on_abort: StepList = begin
    description: str = ""
    target: Target = Target.SYSTEM
    initial_form: Callable[..., Any] | None = None
    authorize_callback: Authorizer | None = None
    retry_auth_callback: Authorizer | None = None
    run_predicate: Callable[..., Any] | None = None

    def __post_init__(self) -> None:
        demand_ways_back(self.name, self.steps)

    def all_steps(self, *, is_aborted: bool) -> StepList:
        """The steps that a process goes through: the workflow's own, and those that clean up once it is aborted."""
        return self.steps >> self.clean_up if is_aborted else self.steps

    @property
    def clean_up(self) -> StepList:
        """What an abort leads to: the cancel steps of the waits, then ``on_abort``."""
        return StepList(_cancelling(step) for _, step in self.cancels) >> self.on_abort

    @property
    def cancels(self) -> tuple[tuple[int, "ActionStep"], ...]:
        """The cancel step of each wait that has one, with the index of that wait."""
        waits = ((index, step) for index, step in enumerate(self.steps) if isinstance(step, AwaitStep))
        return tuple((index, step.cancel) for index, step in waits if step.cancel is not None)

    @property
    def definition(self) -> tuple[str, ...]:
        """What a process remembers of the steps it began with: kind and name of each."""
        return tuple(f"{step.kind}:{step.name}" for step in self.steps)

    @property
    def fingerprint(self) -> str:
        """A short digest of the definition: two equal ones are the same list of steps."""
        return _digest(self.definition)

    @property
    def clean_up_fingerprint(self) -> str:
        """As `fingerprint`, of what a process that was aborted goes through: where its clean-up begins counts, too."""
        return _digest((*self.definition, "on abort", *(f"{step.kind}:{step.name}" for step in self.clean_up)))


def _cancelling(step: ActionStep) -> Step:
    """The step under a condition that is never asked: the abort records whether the process waited there."""
    return conditioned(step, Condition(lambda _: False, opens=True))


def send_back_target(steps: StepList, index: int) -> int | None:
    """Where the form at ``index`` can be sent back to: the nearest step before it of the name, or the first of the
    nearest group of the name; None where it cannot."""
    step = steps[index]
    if not isinstance(step, InputStep) or step.on_reject in STOPS:
        return None
    for place in range(index - 1, -1, -1):
        if steps[place].name == step.on_reject and not isinstance(steps[place], AwaitStep):
            return place
        if steps[place].group == step.on_reject and (place == 0 or steps[place - 1].group != step.on_reject):
            return place
    return None


def demand_ways_back(workflow: str, steps: StepList) -> None:
    """Raise `WorkflowDefinitionError` where a form is to be sent back to a step that does not stand before it."""
    for index, step in enumerate(steps):
        if isinstance(step, InputStep) and step.on_reject not in STOPS and send_back_target(steps, index) is None:
            before = ", ".join(repr(one.name) for one in steps[:index] if not isinstance(one, AwaitStep)) or "nothing"
            raise WorkflowDefinitionError(
                f"Input step {step.name!r} of workflow {workflow!r} has on_reject={step.on_reject!r}: give it 'fail', "
                f"'abort' or the name of a step or group before it; there is {before}. A wait for a callback is none: "
                "its answer was taken."
            )


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def each(steps: Step | StepList) -> Iterator[Step]:
    """The steps of a list, or the one step; `WorkflowDefinitionError` where it is neither."""
    if isinstance(steps, AnyStep):
        return iter((steps,))
    if isinstance(steps, StepList):
        return iter(steps)
    raise WorkflowDefinitionError(f"Expected a step or a StepList, got {_told(steps)}.")


def like(original: Step | StepList, steps: Iterable[Step]) -> Any:
    """The steps in the shape of the original: one step for a step, a list for a list."""
    made = StepList(steps)
    return made[0] if isinstance(original, AnyStep) else made


def conditioned(step: Step, condition: Condition) -> Step:
    """The step with one more condition around those it has."""
    return replace(step, conditions=(condition, *step.conditions))


def focused(step: Step, lens: Lens) -> Step:
    """The step with one more lens before those it has; the conditions it has are asked of what the lens shows."""
    conditions = tuple(replace(one, predicate=_asked_through(lens, one.predicate)) for one in step.conditions)
    return replace(step, lenses=(lens, *step.lenses), conditions=conditions)


def _asked_through(lens: Lens, predicate: Predicate) -> Predicate:
    return lambda state: predicate(lens.get(state))
