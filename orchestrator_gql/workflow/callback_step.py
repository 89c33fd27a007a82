"""Makes a callback step: an action that hands out a callback URL, the wait, and the validation of the result."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypedDict

from pydantic import BaseModel

from orchestrator_gql.types import StepKind
from orchestrator_gql.utils.arguments import wanted
from orchestrator_gql.utils.errors import WorkflowDefinitionError
from orchestrator_gql.utils.names import demand_name
from orchestrator_gql.workflow.language import Seconds
from orchestrator_gql.workflow.limits import (
    MOST_ATTEMPTS,
    demand_count,
    demand_function,
    demand_own_key,
    span,
    with_schema,
)
from orchestrator_gql.workflow.model import ActionStep, AwaitStep, Step, StepList
from orchestrator_gql.workflow.step_options import Expect, OnTimeout, Require, Retry

MAX_NAMES = 1_000
"""Number of results that one wait may expect."""

LONGEST_DELAY = 3600.0
"""Seconds. The longest pause before the action runs again, unless its author gave a longer first pause."""


def callback_step(
    name: str,
    action_step: Step,
    validate_step: Step,
    *,
    result_key: str | None = "callback_result",
    callback_route_key: str = "callback_route",
    timeout: Seconds | None = None,
    heartbeat_timeout: Seconds | None = None,
    contract: type[BaseModel] | None = None,
    on_timeout: OnTimeout = "fail",
    max_attempts: int = 3,
    retry_delay: Seconds | None = None,
    expect: Expect | Iterable[str] | None = None,
    require: Require = "all",
    poll: Callable[..., Any] | None = None,
    service: str | None = None,
    on_abort: Step | None = None,
) -> StepList:
    """Join an action that hands out a callback URL, the wait for the result, and the step that validates the result.

    The action takes ``callback_route_key`` (a path), ``callback_url`` (absolute) or ``state``; the validation takes
    ``result_key``. A delivery must fit ``contract``. ``timeout`` (seconds) limits the wait, ``heartbeat_timeout`` the
    time between reports; then ``poll`` asks the service once. Without a result it fails; ``on_timeout="retry"``
    runs the action ``max_attempts`` times, with a pause of ``retry_delay`` that doubles; ``"operator"`` asks a person.

    ``expect`` names several results, or is a function that returns the names, with arguments as `conditional` has. The
    action then takes ``callback_urls`` by name, the validation ``{name: result}`` and ``<result_key>_failures``;
    ``require`` says how many results must come. ``service`` is the configured remote service that must authenticate.
    ``on_abort`` tells it to stop. Raises `WorkflowDefinitionError`. See docs/howto/wait-for-a-remote-service.md.
    """
    demand_name(name, "name of a callback step")
    wait = AwaitStep(
        name=f"{name} - Await callback",
        group=name,
        result_key=result_key or "callback_result",
        route_key=callback_route_key,
        timeout=span(timeout, f"timeout of callback step {name!r}"),
        heartbeat_timeout=span(heartbeat_timeout, f"heartbeat_timeout of callback step {name!r}"),
        contract=with_schema(contract, name),
        on_timeout=_policy(name, on_timeout, max_attempts),
        max_attempts=max_attempts,
        retry=_retry(name, on_timeout, max_attempts, retry_delay),
        expect=_expected(name, expect),
        require=require,
        poll=poll,
        service=service,
        cancel=_cancel(name, on_abort),
    )
    return _joined(name, action_step, wait, validate_step)


class CallbackOptions(TypedDict, total=False):
    """The options of `callback_step` without its steps and keys, for functions that are built on it."""

    timeout: Seconds | None
    heartbeat_timeout: Seconds | None
    contract: type[BaseModel] | None
    on_timeout: OnTimeout
    max_attempts: int
    retry_delay: Seconds | None
    expect: Expect | Iterable[str] | None
    require: Require
    poll: Callable[..., Any] | None
    service: str | None
    on_abort: Step | None


def _joined(name: str, action_step: Step, wait: AwaitStep, validate_step: Step) -> StepList:
    _demand_arguments(name, wait)
    _demand_reachable(name, wait)
    action = _action_with_route(name, action_step, wait)
    if not isinstance(validate_step, ActionStep):
        raise WorkflowDefinitionError(f"The validate_step of callback step {name!r} must be made with @step.")
    validation = replace(validate_step, group=name, purpose=StepKind.VALIDATION)
    return StepList((replace(action, group=name, awaits=wait), wait, validation))


def names_of(value: Any, what: str) -> tuple[str, ...]:
    """The names of the expected results; raises `WorkflowDefinitionError` if the value is no list of names.

    >>> names_of(["ams-1", "ams-1"], "expect of callback step 'Configure'")
    Traceback (most recent call last):
    ...
    orchestrator_gql.utils.errors.WorkflowDefinitionError: The expect of callback step 'Configure' names 'ams-1' twice.
    """
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise WorkflowDefinitionError(f"The {what} must be a list of names, or a function of the state that gives one.")
    names = tuple(value)
    if not names or len(names) > MAX_NAMES:
        raise WorkflowDefinitionError(f"The {what} has {len(names)} names; 1 to {MAX_NAMES} can be waited for.")
    for place, name in enumerate(names):
        demand_name(name, f"name of a callback in the {what}")
        if name in names[:place]:
            raise WorkflowDefinitionError(f"The {what} names {name!r} twice.")
    return names


def _demand_arguments(name: str, wait: AwaitStep) -> None:
    for key, what, allowed in (
        (wait.route_key, f"callback_route_key of callback step {name!r}", ("callback_route", "callback_url")),
        (wait.result_key, f"result_key of callback step {name!r}", ()),
    ):
        demand_own_key(demand_name(key, what), what, allowed=allowed)
    if wait.service is not None:
        demand_name(wait.service, f"service of callback step {name!r}")
    demand_function(wait.poll, f"poll of callback step {name!r}")


def _expected(name: str, expect: Expect | Iterable[str] | None) -> Expect | None:
    return expect if expect is None or callable(expect) else names_of(expect, f"expect of callback step {name!r}")


def _policy(name: str, on_timeout: OnTimeout, max_attempts: int) -> OnTimeout:
    if on_timeout not in ("fail", "retry", "operator"):
        raise WorkflowDefinitionError(
            f"The on_timeout of callback step {name!r} is {on_timeout!r}: it can be 'fail', 'retry' or 'operator'."
        )
    demand_count(max_attempts, f"max_attempts of callback step {name!r}", most=MOST_ATTEMPTS)
    return on_timeout


def _retry(name: str, on_timeout: OnTimeout, max_attempts: int, retry_delay: Seconds | None) -> Retry | None:
    """The pauses before the action runs again; None if there are none."""
    delay = span(retry_delay, f"retry_delay of callback step {name!r}")
    if delay is None:
        return None
    if on_timeout != "retry":
        raise WorkflowDefinitionError(f"Callback step {name!r} has a retry_delay: it needs on_timeout='retry'.")
    seconds = delay.total_seconds()
    return Retry(max_attempts, seconds, factor=2.0, max_delay=max(seconds, LONGEST_DELAY))


def _demand_reachable(name: str, wait: AwaitStep) -> None:
    """Refuse a wait that can never get enough results: it would always fail, after its whole timeout."""
    require = wait.require
    if require not in ("all", "any") and (not isinstance(require, int) or isinstance(require, bool) or require < 1):
        raise WorkflowDefinitionError(
            f"The require of callback step {name!r} is {require!r}: it can be 'all', 'any' or a number from 1."
        )
    if wait.expect is None and require != "all":
        raise WorkflowDefinitionError(f"Callback step {name!r} has a require but no expect: name the answers there.")
    if isinstance(wait.expect, tuple) and isinstance(require, int) and require > len(wait.expect):
        raise WorkflowDefinitionError(
            f"Callback step {name!r} requires {require} answers and expects only {len(wait.expect)}."
        )


def _cancel(name: str, on_abort: Step | None) -> ActionStep | None:
    if on_abort is None:
        return None
    if not isinstance(on_abort, ActionStep):
        raise WorkflowDefinitionError(f"The on_abort of callback step {name!r} must be made with @step.")
    return replace(on_abort, group=name)


def _action_with_route(name: str, action: Step, wait: AwaitStep) -> ActionStep:
    if not isinstance(action, ActionStep):
        raise WorkflowDefinitionError(f"The action_step of callback step {name!r} must be made with @step.")
    if wait.service is None and not hands_out_url(action, wait):  # a service may answer by its own job id
        what, choices = "URL", f"{wait.route_key!r} (a path), 'callback_url' (absolute) or 'state'"
        if wait.expect is not None:
            what, choices = "URLs", "'callback_urls' (absolute, by name), 'callback_routes' (paths, by name) or 'state'"
        raise WorkflowDefinitionError(
            f"The action {action.name!r} of callback step {name!r} can never hand out its {what}: give it a parameter "
            f"{choices}. Only the action of a service= that answers by its own job ids needs none."
        )
    return action


def hands_out_url(action: ActionStep, wait: AwaitStep) -> bool:
    """True if the action has a parameter for the URLs of the wait."""
    names = {parameter.name for parameter in wanted(action.function)}
    own = {wait.route_key, "callback_url"} if wait.expect is None else {"callback_urls", "callback_routes"}
    return bool(names & {*own, "state"})
