"""The words that authors write workflows with."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any, TypeVar

from orchestrator_gql.config.assignee import SYSTEM, Assignee
from orchestrator_gql.security import Authorizer
from orchestrator_gql.targets import Target
from orchestrator_gql.types import State, StepKind
from orchestrator_gql.utils.errors import WorkflowDefinitionError
from orchestrator_gql.workflow.limits import LONGEST, span
from orchestrator_gql.workflow.model import (
    ActionStep,
    AwaitStep,
    Condition,
    Escalation,
    InputStep,
    Lens,
    OnCrash,
    Predicate,
    Retry,
    Step,
    StepList,
    Workflow,
    begin,
    conditioned,
    each,
    focused,
    like,
)

Steps = TypeVar("Steps", ActionStep, InputStep, AwaitStep, StepList)
Seconds = float | timedelta

MOST_APPROVALS = 20


def step(
    name: str,
    *,
    retry_auth_callback: Authorizer | None = None,
    timeout: Seconds | None = None,
    on_crash: OnCrash = "rerun",
) -> Callable[[Callable[..., Any]], ActionStep]:
    """Make a step of a function: its arguments are taken from the state by name, what it returns is merged into it.

    ``timeout`` (seconds) fails the step when its function takes longer. ``on_crash="hold"`` does not run the function
    again when the machine died under it: the process fails as ``interrupted`` and an operator chooses.
    """

    def decorate(function: Callable[..., Any]) -> ActionStep:
        return ActionStep(
            name=name,
            function=function,
            timeout=span(timeout, f"timeout of step {name!r}"),
            on_crash=on_crash,
            retry_auth_callback=retry_auth_callback,
        )

    return decorate


def retrystep(
    name: str,
    *,
    attempts: int = 5,
    delay: float = 10.0,
    factor: float = 2.0,
    max_delay: float = 3600.0,
    retry_auth_callback: Authorizer | None = None,
    timeout: Seconds | None = None,
) -> Callable[[Callable[..., Any]], ActionStep]:
    """Make a step that is tried again by itself, ``attempts`` times in all, waiting ``delay`` seconds, then ``factor``
    times longer each time, but never over ``max_delay``; the last failure fails the process."""
    if not (attempts >= 1 and delay >= 0 and factor >= 1 and 0 <= max_delay <= LONGEST.total_seconds()):
        raise WorkflowDefinitionError(
            f"The retry of step {name!r} needs attempts >= 1, delay >= 0, factor >= 1 and a max_delay "
            f"from 0 to a century, got attempts={attempts}, delay={delay}, factor={factor}, max_delay={max_delay}."
        )
    plain = step(name, retry_auth_callback=retry_auth_callback, timeout=timeout)
    return lambda function: replace(plain(function), retry=Retry(attempts, delay, factor, max_delay))


def inputstep(
    name: str,
    assignee: Assignee = SYSTEM,
    *,
    due: Seconds | None = None,
    remind: Seconds | None = None,
    escalate: Iterable[tuple[Seconds, Assignee]] = (),
    expire: Seconds | None = None,
    approvals: int = 1,
    allow_self_approval: bool = True,
    on_reject: str = "fail",
    auto_confirm: Callable[..., Any] | None = None,
    resume_auth_callback: Authorizer | None = None,
    retry_auth_callback: Authorizer | None = None,
) -> Callable[[Callable[..., Any]], InputStep]:
    """Make a step of a form: the function yields pages, and what it returns is merged into the state.

    It runs again for every look at the form, so it must have no side effects. ``due`` is within how many seconds it
    should be answered; after ``remind`` seconds everybody who listens is told once that it still is not. ``escalate``
    gives the form to another assignee, or to several one after the other: ``[(3600, Assignee("MANAGERS"))]``. After
    ``expire`` seconds nobody may answer any more, and the process fails.

    ``approvals`` different people must say yes to the same answers; without ``allow_self_approval`` whoever started the
    process is none of them. Who rejects must say why; ``on_reject`` then fails the process (a retry asks again) or
    aborts it, or names the step, or the group, before this one that the form can be sent back to. ``auto_confirm`` is a
    function of the state: where it returns True, the form is confirmed as it is shown, and its name is recorded.
    """
    what = f"of input step {name!r}"
    _demand_number(approvals, what)
    chain = _escalations(escalate, what)

    def decorate(form: Callable[..., Any]) -> InputStep:
        return InputStep(
            name=name,
            form=form,
            assignee=_assignee(assignee),
            due=span(due, f"due {what}"),
            remind=span(remind, f"remind {what}"),
            escalate=chain,
            expire=span(expire, f"expire {what}"),
            approvals=approvals,
            allow_self_approval=allow_self_approval,
            on_reject=on_reject,
            auto_confirm=auto_confirm,
            resume_auth_callback=resume_auth_callback,
            retry_auth_callback=retry_auth_callback,
        )

    return decorate


def _assignee(given: Assignee | str) -> Assignee:
    return given if isinstance(given, Assignee) else Assignee(given)


def _demand_number(approvals: int, what: str) -> None:
    if isinstance(approvals, bool) or not isinstance(approvals, int) or not 1 <= approvals <= MOST_APPROVALS:
        raise WorkflowDefinitionError(
            f"The approvals {what} are {approvals!r}: give a number from 1 to {MOST_APPROVALS}."
        )


def _escalations(escalate: Iterable[tuple[Seconds, Assignee]], what: str) -> tuple[Escalation, ...]:
    chain = tuple(Escalation(_span(after, f"escalate {what}"), _assignee(to)) for after, to in escalate)
    if any(later.after <= sooner.after for sooner, later in pairwise(chain)):
        raise WorkflowDefinitionError(f"The escalations {what} must each come after the one before.")
    return chain


def _span(value: Seconds, what: str) -> timedelta:
    found = span(value, what)
    if found is None:
        raise WorkflowDefinitionError(f"The {what} needs a time: give seconds or a timedelta.")
    return found


def step_group(name: str, steps: Steps) -> Steps:
    """Show the steps under a common label; a retry enters at the one that failed."""
    labelled = (replace(one, group=f"{name} / {one.group}" if one.group else name) for one in each(steps))
    return like(steps, labelled)  # type: ignore[no-any-return]


def conditional(predicate: Predicate) -> Callable[[Steps], Steps]:
    """Take the steps only where the predicate, sync or async, holds; it is asked once, when the first is reached."""

    def apply(steps: Steps) -> Steps:
        marked = (conditioned(one, Condition(predicate, opens=i == 0)) for i, one in enumerate(each(steps)))
        return like(steps, marked)  # type: ignore[no-any-return]

    return apply


def steplens(
    get: Callable[[State], State], set: Callable[[State], Callable[[State], State]]
) -> Callable[[Steps], Steps]:
    """Run the steps on a part of the state: ``get(state)`` is what they see, ``set(state)(part)`` puts it back."""
    return lambda steps: like(steps, (focused(one, Lens(get, set)) for one in each(steps)))


def focussteps(key: str) -> Callable[[Steps], Steps]:
    """Run the steps on ``state[key]`` (empty where it is missing) and store what they make of it there."""
    return steplens(lambda state: dict(state.get(key) or {}), lambda state: lambda part: {**state, key: part})


def workflow(
    description: str = "",
    *,
    initial_input_form: Callable[..., Any] | None = None,
    target: Target = Target.SYSTEM,
    authorize_callback: Authorizer | None = None,
    retry_auth_callback: Authorizer | None = None,
    run_predicate: Callable[..., Any] | None = None,
    on_abort: Step | StepList = begin,
) -> Callable[[Callable[[], StepList]], Workflow]:
    """Make a workflow of a function that returns its steps; it is named as the function, which is called once, now.

    ``initial_input_form`` is a form function as for `inputstep`. ``authorize_callback`` says who may start it and
    answer its forms. ``run_predicate`` returns None where it may start, else the reason why not. ``on_abort`` are steps
    that clean up after an aborted process, which is ABORTED when they are through; a second abort gives them up.
    """

    def decorate(function: Callable[[], StepList]) -> Workflow:
        return Workflow(
            name=function.__name__,
            steps=steps_of(function),
            description=description or (function.__doc__ or "").strip(),
            target=target,
            initial_form=initial_input_form,
            authorize_callback=authorize_callback,
            retry_auth_callback=retry_auth_callback,
            run_predicate=run_predicate,
            on_abort=StepList(each(on_abort)),
        )

    return decorate


def steps_of(function: Callable[[], StepList]) -> StepList:
    """What the function of a workflow returns; `WorkflowDefinitionError` names the workflow where it is no StepList."""
    steps = function()
    if not isinstance(steps, StepList):
        raise WorkflowDefinitionError(
            f"Workflow {function.__name__!r} must return a StepList, such as `begin >> first >> second`; "
            f"it returned {type(steps).__name__}."
        )
    return steps


def _nothing() -> None:
    return None


init = StepList((ActionStep(name="Start", function=_nothing, purpose=StepKind.SYSTEM),))
"""The visible first step of the ready-made kinds of workflow."""

done = StepList((ActionStep(name="Done", function=_nothing, purpose=StepKind.SYSTEM, ends=True),))
"""The visible last step: the process is complete."""
