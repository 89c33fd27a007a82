"""Prepare workflows for the kit: put stand-ins into steps, and let actions report the callback URLs they receive."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import wraps
from inspect import Parameter, iscoroutinefunction, signature
from typing import Any

from orchestrator_gql.utils.errors import WorkflowDefinitionError
from orchestrator_gql.workflow.model import ActionStep, AwaitStep, Step, Workflow

OnCallback = Callable[[str, str | None, str], None]
"""Called with the name of an action, and the name and the route of its callback. The name is None if the step has only
one callback. The call comes from the thread in which the action runs."""

StandIns = Mapping[str, Callable[..., Any]]


def deployed(workflows: Iterable[Workflow], stand_ins: StandIns, on_callback: OnCallback) -> list[Workflow]:
    """The workflows with the stand-ins as functions of the steps with their names.

    Names, kinds and order of the steps stay as the author wrote them. Raises `WorkflowDefinitionError` if a stand-in
    names no step.
    """
    offered = list(workflows)
    step_names = {
        step.name
        for workflow in offered
        for step in workflow.all_steps(is_aborted=True)
        if isinstance(step, ActionStep)
    }
    for name in stand_ins.keys() - step_names:
        names = ", ".join(map(repr, sorted(step_names)))
        raise WorkflowDefinitionError(f"There is a stand-in for {name!r}, and no step of that name: there are {names}.")

    def prepare_action(step: ActionStep) -> ActionStep:
        function = stand_ins.get(step.name, step.function)
        if step.awaits is not None:
            function = _reporting(function, step.name, step.awaits, on_callback)
        return replace(step, function=function)

    def prepare(step: Step) -> Step:
        if isinstance(step, AwaitStep) and step.cancel is not None:
            return replace(step, cancel=prepare_action(step.cancel))
        return prepare_action(step) if isinstance(step, ActionStep) else step

    return [
        replace(workflow, steps=workflow.steps.map(prepare), on_abort=workflow.on_abort.map(prepare))
        for workflow in offered
    ]


def _reporting(function: Callable[..., Any], name: str, wait: AwaitStep, on_callback: OnCallback) -> Callable[..., Any]:
    """Wrap the function: the wrapper reports the callback routes, and passes them on if the function wants them."""
    own_signature = signature(function)
    route_key = wait.route_key if wait.expect is None else "callback_routes"
    wants_routes = route_key in own_signature.parameters

    def report_routes(arguments: dict[str, Any]) -> dict[str, Any]:
        routes = {None: arguments[route_key]} if wait.expect is None else arguments[route_key]
        for callback, route in routes.items():
            on_callback(name, callback, route)
        return arguments if wants_routes else {key: value for key, value in arguments.items() if key != route_key}

    if iscoroutinefunction(function):

        @wraps(function)
        async def reporting(**arguments: Any) -> Any:
            return await function(**report_routes(arguments))

    else:

        @wraps(function)
        def reporting(**arguments: Any) -> Any:
            return function(**report_routes(arguments))

    if not wants_routes:
        routes_parameter = Parameter(route_key, Parameter.KEYWORD_ONLY)
        parameters = own_signature.parameters.values()
        variadic = [parameter for parameter in parameters if parameter.kind is Parameter.VAR_KEYWORD]
        others = [parameter for parameter in parameters if parameter.kind is not Parameter.VAR_KEYWORD]
        own_signature = own_signature.replace(parameters=[*others, routes_parameter, *variadic])
    reporting.__signature__ = own_signature  # type: ignore[attr-defined]
    return reporting
