"""A workflow as the kit deploys it: stand-ins in their places, and actions that say which URL they were handed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import wraps
from inspect import Parameter, iscoroutinefunction, signature
from typing import Any

from orchestrator_gql.utils.errors import WorkflowDefinitionError
from orchestrator_gql.workflow.model import ActionStep, AwaitStep, Step, Workflow

Heard = Callable[[str, str | None, str], None]
"""Told the name of an action, and name and route of the callback that it was handed (the name is None where there is
but one), from whatever thread the action runs in."""

StandIns = Mapping[str, Callable[..., Any]]


def deployed(workflows: Iterable[Workflow], stand_ins: StandIns, heard: Heard) -> list[Workflow]:
    """The workflows with other functions in the steps so named; `WorkflowDefinitionError` where no step is.

    Names, kinds and order of the steps stay, so a process takes them for the author's own.
    """
    offered = list(workflows)
    named = {step.name for one in offered for step in one.all_steps(is_aborted=True) if isinstance(step, ActionStep)}
    for name in stand_ins.keys() - named:
        there = ", ".join(map(repr, sorted(named)))
        raise WorkflowDefinitionError(f"There is a stand-in for {name!r}, and no step of that name: there are {there}.")

    def acting(step: ActionStep) -> ActionStep:
        function = stand_ins.get(step.name, step.function)
        if step.awaits is not None:
            function = _listening(function, step.name, step.awaits, heard)
        return replace(step, function=function)

    def prepare(step: Step) -> Step:
        if isinstance(step, AwaitStep) and step.cancel is not None:
            return replace(step, cancel=acting(step.cancel))
        return acting(step) if isinstance(step, ActionStep) else step

    return [replace(one, steps=one.steps.map(prepare), on_abort=one.on_abort.map(prepare)) for one in offered]


def _listening(function: Callable[..., Any], name: str, wait: AwaitStep, heard: Heard) -> Callable[..., Any]:
    """The function, asking for the routes whether it wants them itself or not."""
    own = signature(function)
    route_key = wait.route_key if wait.expect is None else "callback_routes"
    asks = route_key in own.parameters

    def arguments(given: dict[str, Any]) -> dict[str, Any]:
        routes = {None: given[route_key]} if wait.expect is None else given[route_key]
        for callback, route in routes.items():
            heard(name, callback, route)
        return given if asks else {key: value for key, value in given.items() if key != route_key}

    if iscoroutinefunction(function):

        @wraps(function)
        async def listening(**given: Any) -> Any:
            return await function(**arguments(given))

    else:

        @wraps(function)
        def listening(**given: Any) -> Any:
            return function(**arguments(given))

    if not asks:
        mine = Parameter(route_key, Parameter.KEYWORD_ONLY)
        variadic = [each for each in own.parameters.values() if each.kind is Parameter.VAR_KEYWORD]
        named = [each for each in own.parameters.values() if each.kind is not Parameter.VAR_KEYWORD]
        own = own.replace(parameters=[*named, mine, *variadic])
    listening.__signature__ = own  # type: ignore[attr-defined]
    return listening
