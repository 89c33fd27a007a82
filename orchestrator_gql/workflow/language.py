"""The functions with which authors write workflows."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from inspect import iscoroutinefunction
from itertools import pairwise
from typing import Any, TypeVar, get_args

from orchestrator_gql.config.assignee import SYSTEM, Assignee
from orchestrator_gql.security import Authorizer
from orchestrator_gql.targets import Target
from orchestrator_gql.types import State, StepKind, SubscriptionLifecycle
from orchestrator_gql.utils.errors import WorkflowDefinitionError
from orchestrator_gql.utils.names import demand_name, demand_text
from orchestrator_gql.workflow.limits import (
    MOST_ATTEMPTS,
    demand_choice,
    demand_count,
    demand_function,
    demand_names,
    demand_own_key,
    demand_rule,
    demand_statuses,
    pause,
    span,
)
from orchestrator_gql.workflow.lock import LockKeys, OnLocked, lock_of
from orchestrator_gql.workflow.model import (
    ActionStep,
    AnyStep,
    AwaitStep,
    InputStep,
    Step,
    StepList,
    Workflow,
    begin,
    conditioned,
    each,
    focused,
    like,
)
from orchestrator_gql.workflow.step_options import Condition, Escalation, Lens, OnCrash, Predicate, Retry

Steps = TypeVar("Steps", ActionStep, InputStep, AwaitStep, StepList)
Part = TypeVar("Part", bound=Callable[..., Any])
Seconds = float | timedelta

MOST_APPROVALS = 20
ON_CRASH: tuple[OnCrash, ...] = get_args(OnCrash)
TARGETS: tuple[str, ...] = tuple(target.value for target in Target)


def step(
    name: str,
    *,
    retry_auth_callback: Authorizer | None = None,
    timeout: Seconds | None = None,
    on_crash: OnCrash = "rerun",
) -> Callable[[Callable[..., Any]], ActionStep]:
    """Make a step of a function: the arguments come from the state by name, the returned dict is merged into the state.

    ``timeout`` (seconds) fails the step if its function takes longer. If the machine crashes during the step, the
    function runs again; with ``on_crash="hold"`` the process fails as ``interrupted`` instead, and an operator decides.
    """
    what = f"function of step {demand_name(name, 'name of a step')!r}"

    def decorate(function: Callable[..., Any]) -> ActionStep:
        return ActionStep(
            name=name,
            function=demand_function(_demand_body(function, what), what),
            timeout=span(timeout, f"timeout of step {name!r}"),
            on_crash=demand_choice(on_crash, ON_CRASH, f"on_crash of step {name!r}"),
            retry_auth_callback=demand_rule(retry_auth_callback, f"retry_auth_callback of step {name!r}"),
        )

    return decorate


def retrystep(
    name: str,
    *,
    attempts: int = 5,
    delay: Seconds = 10.0,
    factor: float = 2.0,
    max_delay: Seconds = 3600.0,
    retry_auth_callback: Authorizer | None = None,
    timeout: Seconds | None = None,
) -> Callable[[Callable[..., Any]], ActionStep]:
    """Make a step that the engine tries again after a failure, at most ``attempts`` times in all.

    The first pause is ``delay`` (seconds or a timedelta), each next pause is ``factor`` times longer, but at most
    ``max_delay``.
    The last failure fails the process.
    """
    plain = step(name, retry_auth_callback=retry_auth_callback, timeout=timeout)
    what = f"of step {name!r}"
    retry = Retry(
        demand_count(attempts, f"attempts {what}", most=MOST_ATTEMPTS),
        pause(delay, f"delay {what}"),
        _factor(factor, f"factor {what}"),
        pause(max_delay, f"max_delay {what}"),
    )
    return lambda function: replace(plain(function), retry=retry)


def _factor(factor: float, what: str) -> float:
    if isinstance(factor, bool) or not isinstance(factor, int | float) or not 1 <= factor <= MOST_ATTEMPTS:
        raise WorkflowDefinitionError(f"The {what} is {factor!r}: give a number from 1 to {MOST_ATTEMPTS:,}.")
    return float(factor)


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
    """Make a step of a form: the function yields pages, and the returned dict is merged into the state.

    The function runs again each time the form is opened, so it must have no side effects. Times are in seconds.
    ``due`` is the time in which the form should be submitted. After ``remind``, one reminder event is sent.
    ``escalate`` gives the form to other assignees later, in order: ``[(3600, Assignee("MANAGERS"))]``. After ``expire``
    nobody can submit the form any more, and the process fails.

    ``approvals`` different people must approve the same values. Without ``allow_self_approval`` the person who started
    the process cannot approve. A rejection needs a comment. ``on_reject="fail"`` then fails the process (a retry asks
    again), ``"abort"`` aborts it; another value is the name of an earlier step or group to which the form can be sent
    back. ``auto_confirm`` is a function whose arguments are bound as those of a predicate: if it returns True, the form
    is confirmed as it is shown, and the name of the function is recorded.
    """
    what = f"of input step {demand_name(name, 'name of an input step')!r}"
    _demand_approvals(approvals, allow_self_approval, what)
    chain = _escalations(escalate, what)

    def decorate(form: Callable[..., Any]) -> InputStep:
        return InputStep(
            name=name,
            form=_demand_body(form, f"form {what}"),
            assignee=_assignee(assignee),
            due=span(due, f"due {what}"),
            remind=span(remind, f"remind {what}"),
            escalate=chain,
            expire=span(expire, f"expire {what}"),
            approvals=approvals,
            allow_self_approval=allow_self_approval,
            on_reject=on_reject,
            auto_confirm=demand_function(auto_confirm, f"auto_confirm {what}"),
            resume_auth_callback=demand_rule(resume_auth_callback, f"resume_auth_callback {what}"),
            retry_auth_callback=demand_rule(retry_auth_callback, f"retry_auth_callback {what}"),
        )

    return decorate


def _demand_body(function: Callable[..., Any], what: str) -> Callable[..., Any]:
    """The function under a decorator; raises `WorkflowDefinitionError` if it is none."""
    if isinstance(function, AnyStep | StepList):
        raise WorkflowDefinitionError(f"The {what} is already a step: decorate a plain function, and that once.")
    if not callable(function):
        raise WorkflowDefinitionError(f"The {what} is {function!r}: decorate a plain function.")
    return function


def _assignee(assignee: Assignee | str) -> Assignee:
    team = assignee if isinstance(assignee, Assignee) else Assignee(assignee)
    demand_name(team.key, "key of an assignee")
    return team


def _demand_approvals(approvals: int, allow_self_approval: bool, what: str) -> None:
    demand_count(approvals, f"number of approvals {what}", most=MOST_APPROVALS)
    demand_choice(allow_self_approval, (True, False), f"allow_self_approval {what}")


def _escalations(escalate: Iterable[tuple[Seconds, Assignee]], what: str) -> tuple[Escalation, ...]:
    try:
        pairs = [(after, to) for after, to in escalate]
    except (TypeError, ValueError) as problem:
        example = "pairs of a time and an assignee, such as [(3600, Assignee('NOC'))]"
        raise WorkflowDefinitionError(f"The escalate {what} is {escalate!r}: give {example}.") from problem
    chain = tuple(Escalation(_span(after, f"escalate {what}"), _assignee(to)) for after, to in pairs)
    if any(later.after <= sooner.after for sooner, later in pairwise(chain)):
        raise WorkflowDefinitionError(f"The escalations {what} must each come after the one before.")
    return chain


def _span(value: Seconds, what: str) -> timedelta:
    time = span(value, what)
    if time is None:
        raise WorkflowDefinitionError(f"The {what} needs a time: give seconds or a timedelta.")
    return time


def step_group(name: str, steps: Steps) -> Steps:
    """Show the steps under a common label; a retry begins at the failed step, not at the first."""
    demand_name(name, "name of a step group")
    labelled = (replace(member, group=f"{name} / {member.group}" if member.group else name) for member in each(steps))
    return like(steps, labelled)  # type: ignore[no-any-return]


def conditional(predicate: Predicate) -> Callable[[Steps], Steps]:
    """Run the steps only if the predicate (sync or async) is true; it is called once, before the first of the steps.

    Its arguments are bound by name, as those of a step: ``conditional(lambda bad: bad)`` reads ``state["bad"]``. A
    single parameter named ``state``, ``s`` or ``_`` gets the whole state.
    """
    if predicate is None or isinstance(predicate, AnyStep | StepList):
        raise WorkflowDefinitionError("The predicate comes first: write `conditional(predicate)(steps)`.")
    demand_function(predicate, "predicate of `conditional`")

    def apply(steps: Steps) -> Steps:
        marked = (
            conditioned(member, Condition(predicate, opens=index == 0)) for index, member in enumerate(each(steps))
        )
        return like(steps, marked)  # type: ignore[no-any-return]

    return apply


def steplens(
    get: Callable[[State], State], set: Callable[[State], Callable[[State], State]]
) -> Callable[[Steps], Steps]:
    """Run the steps on a part of the state: ``get(state)`` returns the part, ``set(state)(part)`` puts it back."""
    return _through(Lens(_demand_sync(get, "get of `steplens`"), _demand_sync(set, "set of `steplens`")))


def _demand_sync(function: Part, what: str) -> Part:
    if iscoroutinefunction(demand_function(function, what)):
        raise WorkflowDefinitionError(f"The {what} is async: a lens only takes the state apart, so write `def`.")
    return function


def _through(lens: Lens) -> Callable[[Steps], Steps]:
    return lambda steps: like(steps, (focused(member, lens) for member in each(steps)))


def focussteps(key: str) -> Callable[[Steps], Steps]:
    """Run the steps on ``state[key]`` (a missing one is empty) and store their result there."""
    demand_own_key(demand_text(key, "key of `focussteps`"), "key of `focussteps`")

    def part(state: State) -> State:
        held = state.get(key)
        return {} if held is None else held

    return _through(Lens(part, lambda state: lambda part: {**state, key: part}, f"focussteps({key!r})"))


def workflow(
    description: str = "",
    *,
    initial_input_form: Callable[..., Any] | None = None,
    target: Target = Target.SYSTEM,
    authorize_callback: Authorizer | None = None,
    retry_auth_callback: Authorizer | None = None,
    run_predicate: Callable[..., Any] | None = None,
    on_abort: Step | StepList = begin,
    products: Iterable[str] = (),
    statuses: Iterable[SubscriptionLifecycle] | None = None,
    allow_in_use: bool = False,
    title: str | None = None,
    lock: LockKeys | None = None,
    on_locked: OnLocked = "refuse",
) -> Callable[[Callable[[], StepList]], Workflow]:
    """Make a workflow of a function that returns its steps. The function is called once, now; its name is the name.

    ``initial_input_form`` is a form function as for `inputstep`. ``authorize_callback`` decides who may start it and
    submit its forms. ``run_predicate`` returns None, or the reason why no process may start; it may take ``reporter``,
    ``workflow_name`` and ``workflow_target``. ``on_abort`` are steps that clean up after an abort, before it is
    ABORTED. A workflow for product subscriptions starts only on one to ``products`` (names; by default those whose
    models its steps and form take) in one of ``statuses``; with ``allow_in_use`` it may end one that others use.
    ``title`` is the template of its processes' subjects: ``"Deploy {version} to {site}"``. ``lock`` is a template of a
    key (``"node:{node}"``), or a function of the form's values that returns a key, several or None: until the process
    ends, no other with an equal key begins. The start is refused, or with ``on_locked="queue"`` it waits.
    """
    demand_text(description, "description of a workflow")

    def decorate(function: Callable[[], StepList]) -> Workflow:
        return Workflow(
            name=function.__name__,
            steps=steps_of(function),
            description=description or (function.__doc__ or "").strip(),
            target=Target(demand_choice(target, TARGETS, f"target of workflow {function.__name__!r}")),
            initial_form=initial_input_form,
            authorize_callback=authorize_callback,
            retry_auth_callback=retry_auth_callback,
            run_predicate=run_predicate,
            on_abort=StepList(each(on_abort)),
            products=demand_names(products, f"products of workflow {function.__name__!r}"),
            statuses=demand_statuses(statuses, f"statuses of workflow {function.__name__!r}"),
            allow_in_use=demand_choice(allow_in_use, (True, False), f"allow_in_use of workflow {function.__name__!r}"),
            author_form=initial_input_form,
            title=title,
            lock=lock_of(lock, on_locked, function.__name__),
            body=function,
        )

    return decorate


def steps_of(function: Callable[[], StepList]) -> StepList:
    """The steps that the function of a workflow returns; raises `WorkflowDefinitionError` if that is no StepList."""
    steps = function()
    if not isinstance(steps, StepList):
        raise WorkflowDefinitionError(
            f"Workflow {function.__name__!r} must return a StepList, such as `begin >> first >> second`; "
            f"it returned {type(steps).__name__}."
        )
    return steps


def _nothing() -> None:
    return None


init = StepList((ActionStep(name="Start", function=_nothing, purpose=StepKind.SYSTEM, is_empty=True),))
"""The visible first step of the ready-made kinds of workflow."""

done = StepList((ActionStep(name="Done", function=_nothing, purpose=StepKind.SYSTEM, ends=True, is_empty=True),))
"""The visible last step: the process is complete."""

abort = StepList((ActionStep(name="Abort", function=_nothing, purpose=StepKind.SYSTEM, aborts=True),))
"""A step that aborts the process, as an operator does: clean-up steps run, and open URLs are withdrawn.

``conditional(lambda refused: refused)(abort)`` aborts it in some cases only."""
