"""The parts of a workflow: steps, which are data, and lists of steps, which `>>` joins."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import Any, SupportsIndex, TypeAlias, overload

from pydantic import BaseModel

from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.security import Authorizer
from orchestrator_gql.targets import Target
from orchestrator_gql.types import StepKind, SubscriptionLifecycle
from orchestrator_gql.utils.errors import WorkflowDefinitionError
from orchestrator_gql.utils.json import preview
from orchestrator_gql.utils.names import demand_name, demand_text
from orchestrator_gql.workflow.identity import Named
from orchestrator_gql.workflow.limits import demand_function, demand_rule
from orchestrator_gql.workflow.lock import Lock
from orchestrator_gql.workflow.step_options import (
    Condition,
    Escalation,
    Expect,
    Lens,
    OnCrash,
    OnTimeout,
    Require,
    Retry,
)
from orchestrator_gql.workflow.title import demand_title

START_NAMES = ("reporter", "workflow_name", "workflow_target")
"""The parameters that a start form and a ``run_predicate`` may have."""

LONGEST_JOINED = 1_000
"""Characters of a name that is joined of several, such as the name of a group in a group."""

STOPS = ("fail", "abort")
"""The values of ``on_reject`` that are no step or group to send the form back to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyStep(Named):
    """The fields of every step: its name, the label of its group, its conditions, and its lenses on the state."""

    name: str
    group: str | None = None
    conditions: tuple[Condition, ...] = ()
    lenses: tuple[Lens, ...] = ()

    @property
    def kind(self) -> StepKind:
        """The kind of the step."""
        raise NotImplementedError

    def __rshift__(self, other: "Step | StepList") -> "StepList":
        return StepList((self,)) >> other  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitStep(AnyStep):
    """A wait for the result of a remote service, or for several results.

    The result is stored in the state under ``result_key``. ``contract`` is the model that a delivery must fit.
    ``timeout`` None means the deployment's default. ``on_timeout`` says what follows if no result comes in time,
    ``max_attempts`` how often the action runs in all, and ``retry`` how long the pauses between are (None: there are
    none). ``expect`` names several results, or is a function of the state that returns the names; ``require`` says how
    many of them are enough. ``poll`` asks the remote service once before the wait ends by its deadline. ``service`` is
    the configured remote service that must deliver. ``cancel`` runs if the process is aborted while it waits here.
    """

    result_key: str = "callback_result"
    route_key: str = "callback_route"
    timeout: timedelta | None = None
    heartbeat_timeout: timedelta | None = None
    contract: type[BaseModel] | None = None
    on_timeout: OnTimeout = "fail"
    max_attempts: int = 3
    retry: Retry | None = None
    expect: Expect | None = None
    require: Require = "all"
    poll: Callable[..., Any] | None = None
    service: str | None = None
    cancel: "ActionStep | None" = None

    @property
    def failures_key(self) -> str:
        """The key in the state for the failures by name, if several results are expected."""
        return f"{self.result_key}_failures"

    def needed(self, expected: int) -> int:
        """The number of results that are enough, of ``expected`` results: a wait may be older than its step."""
        match self.require:
            case "all":
                return expected
            case "any":
                return 1
            case count:
                return min(count, expected)

    @property
    def kind(self) -> StepKind:
        """AWAIT_CALLBACK."""
        return StepKind.AWAIT_CALLBACK


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionStep(AnyStep):
    """A unit of work: a function of the state, sync or async.

    ``awaits`` is the wait whose callback URL the function hands out. If ``ends`` is true, a success ends the process;
    if ``aborts`` is true, the process is aborted instead of calling the function.
    ``is_bookkeeping`` marks the standard steps, which change nothing outside the orchestrator. ``is_empty`` marks the
    steps without work, which succeed in the commit that reaches them. If ``is_wait`` is true, the function returns the
    time until which the process waits; see `wait_until`.
    """

    function: Callable[..., Any]
    purpose: StepKind = StepKind.ACTION
    retry: Retry | None = None
    timeout: timedelta | None = None
    on_crash: OnCrash = "rerun"
    awaits: AwaitStep | None = None
    ends: bool = False
    aborts: bool = False
    is_bookkeeping: bool = False
    is_empty: bool = False
    is_wait: bool = False
    retry_auth_callback: Authorizer | None = None

    @property
    def kind(self) -> StepKind:
        """ACTION, VALIDATION or SYSTEM."""
        return self.purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class InputStep(AnyStep):
    """A form that a person submits; ``form`` is a function of the state that yields the pages.

    ``escalate`` holds the next assignees and their times, ``expire`` the time after which nobody can submit the form.
    ``approvals`` is the number of different people who must approve. ``on_reject`` is ``fail``, ``abort``, or the name
    of the step (or group) to which the form can be sent back. ``auto_confirm`` is a function of the state; if it
    returns True, no person is asked.
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
        raise WorkflowDefinitionError(f"Expected a step or a StepList on the right of >>, got {_described(other)}.")

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


def _described(thing: object) -> str:
    if isinstance(thing, Workflow):
        return f"the workflow {thing.name!r}: use its steps, not itself"
    if callable(thing):
        return f'the plain function {getattr(thing, "__name__", repr(thing))!r}: decorate it with @step("…")'
    if isinstance(thing, list | tuple) and all(isinstance(item, AnyStep) for item in thing):
        return f"a {type(thing).__name__} of steps: join them with >>, such as `begin >> first >> second`"
    return f"{preview(repr(thing), 200)} (of type {type(thing).__name__})"


begin = StepList()
"""The empty list with which the steps of a workflow begin."""


@dataclass(frozen=True, kw_only=True)  # without slots: what follows from the definition is computed once
class Workflow(Named):
    """A named, ordered list of steps, with an optional start form.

    ``on_abort`` are the steps that clean up after an aborted process. They come after the other steps, and only an
    abort leads to them. ``products`` are the names of the products on whose subscriptions it works, ``statuses`` the
    statuses from which it may start (None: the statuses of its target). With ``allow_in_use`` it may end a
    subscription that others use. ``author_form`` is the author's part of the start form, and ``body`` the function of
    which the workflow was made. ``title`` is the template of the subjects of its processes. ``lock`` makes the keys
    that only one process may hold at a time.
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
    products: tuple[str, ...] = ()
    statuses: frozenset[SubscriptionLifecycle] | None = None
    allow_in_use: bool = False
    author_form: Callable[..., Any] | None = None
    title: str | None = None
    lock: Lock | None = None
    body: Callable[[], StepList] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        _demand_names(self)
        demand_title(self.title, self.name)
        _demand_functions(self)
        _demand_send_back_targets(self.name, self.steps)

    def all_steps(self, *, is_aborted: bool) -> StepList:
        """The steps of a process: the steps of the workflow, and after an abort also the clean-up steps."""
        return self._with_clean_up if is_aborted else self.steps

    @cached_property
    def _with_clean_up(self) -> StepList:
        return self.steps >> self.clean_up

    @cached_property
    def clean_up(self) -> StepList:
        """The steps after an abort: the cancel steps of the waits, then ``on_abort``."""
        return StepList(_cancelling(step) for _, step in self.cancels) >> self.on_abort

    @cached_property
    def cancels(self) -> tuple[tuple[int, "ActionStep"], ...]:
        """The cancel steps of the waits, each with the index of its wait."""
        waits = ((index, step) for index, step in enumerate(self.steps) if isinstance(step, AwaitStep))
        return tuple((index, step.cancel) for index, step in waits if step.cancel is not None)

    @cached_property
    def definition(self) -> tuple[str, ...]:
        """The kind and the name of each step, as a process stores them."""
        return tuple(f"{step.kind}:{step.name}" for step in self.steps)

    @cached_property
    def fingerprint(self) -> str:
        """A short digest of the definition: two workflows with equal steps have equal fingerprints."""
        return _digest(self.definition)

    @cached_property
    def clean_up_fingerprint(self) -> str:
        """As `fingerprint`, for an aborted process: it also covers the clean-up steps and where they begin."""
        return _digest((*self.definition, "on abort", *(f"{step.kind}:{step.name}" for step in self.clean_up)))


def _demand_functions(workflow: Workflow) -> None:
    """Raise `WorkflowDefinitionError` if an argument that must be a function is none."""
    demand_function(workflow.initial_form, "initial_input_form of a workflow", may_yield=True)
    demand_function(workflow.run_predicate, "run_predicate of a workflow")
    demand_rule(workflow.authorize_callback, "authorize_callback of a workflow")
    demand_rule(workflow.retry_auth_callback, "retry_auth_callback of a workflow")


def _demand_names(workflow: Workflow) -> None:
    """Check all names again: code that makes steps itself, or renames them, does not go through the decorators."""
    demand_name(workflow.name, "name of a workflow")
    demand_text(workflow.description, f"description of workflow {workflow.name!r}")
    for step in workflow.all_steps(is_aborted=True):
        demand_name(step.name, f"name of a step in workflow {workflow.name!r}", longest=LONGEST_JOINED)
        if step.group is not None:
            demand_name(step.group, f"name of a group in workflow {workflow.name!r}", longest=LONGEST_JOINED)


def _cancelling(step: ActionStep) -> Step:
    """The step under a condition that is never called: the abort records the result (did the process wait there?)."""
    return conditioned(step, Condition(lambda _: False, opens=True))


def send_back_target(steps: StepList, index: int) -> int | None:
    """The index of the step to which the form at ``index`` can be sent back; None if there is none.

    It is the nearest earlier step with the name in ``on_reject``, or the first step of the nearest group of that name.
    """
    step = steps[index]
    if not isinstance(step, InputStep) or step.on_reject in STOPS:
        return None
    for place in range(index - 1, -1, -1):
        if steps[place].name == step.on_reject and not isinstance(steps[place], AwaitStep):
            return place
        if steps[place].group == step.on_reject and (place == 0 or steps[place - 1].group != step.on_reject):
            return place
    return None


def _demand_send_back_targets(workflow: str, steps: StepList) -> None:
    """Raise `WorkflowDefinitionError` if a form is to be sent back to a step that is not before it."""
    for index, step in enumerate(steps):
        if isinstance(step, InputStep) and step.on_reject not in STOPS and send_back_target(steps, index) is None:
            before = (
                ", ".join(repr(earlier.name) for earlier in steps[:index] if not isinstance(earlier, AwaitStep))
                or "nothing"
            )
            raise WorkflowDefinitionError(
                f"Input step {step.name!r} of workflow {workflow!r} has on_reject={step.on_reject!r}: give it 'fail', "
                f"'abort' or the name of a step or group before it; there is {before}. A wait for a callback is none: "
                "its answer was taken."
            )


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def each(steps: Step | StepList) -> Iterator[Step]:
    """The steps of a list, or the single step; raises `WorkflowDefinitionError` for any other object."""
    if isinstance(steps, AnyStep):
        return iter((steps,))
    if isinstance(steps, StepList):
        return iter(steps)
    raise WorkflowDefinitionError(f"Expected a step or a StepList, got {_described(steps)}.")


def like(original: Step | StepList, steps: Iterable[Step]) -> Any:
    """The steps in the shape of the original: a single step for a step, a list for a list."""
    result = StepList(steps)
    return result[0] if isinstance(original, AnyStep) else result


def conditioned(step: Step, condition: Condition) -> Step:
    """The step with another condition around its conditions."""
    return replace(step, conditions=(condition, *step.conditions))


def focused(step: Step, lens: Lens) -> Step:
    """The step with another lens before its lenses; its conditions now see the state through this lens."""
    conditions = tuple(replace(condition, lenses=(lens, *condition.lenses)) for condition in step.conditions)
    return replace(step, lenses=(lens, *step.lenses), conditions=conditions)
