"""Builds the arguments of an author's function: state values, engine values and loaded product subscriptions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any
from uuid import UUID

from orchestrator_gql.callbacks import urls
from orchestrator_gql.domain import find_models, subscriptions_in
from orchestrator_gql.engine.spans import handed_traceparent
from orchestrator_gql.engine.steps import calls
from orchestrator_gql.engine.steps.models import load_models
from orchestrator_gql.engine.steps.state import Focused, fetched
from orchestrator_gql.process import Process
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import input_requests
from orchestrator_gql.types import Json, State
from orchestrator_gql.utils.arguments import GIVEN, STATE, Parameter, bind, converted, is_given_whole_state, wanted
from orchestrator_gql.utils.author_calls import AuthorRaised, returned_by
from orchestrator_gql.utils.errors import OrchestratorError, StepError
from orchestrator_gql.utils.json import copied, to_json
from orchestrator_gql.utils.json.plain import copied_if_plain
from orchestrator_gql.utils.json.secrets import Found
from orchestrator_gql.utils.secrets import NOTHING, Secrets, learn
from orchestrator_gql.workflow.model import ActionStep, AwaitStep, Step

DECISIONS = "decisions"
"""The parameter name that receives the decisions of the process."""

_wanted = lru_cache(maxsize=4096)(wanted)
_is_given_whole_state = lru_cache(maxsize=4096)(is_given_whole_state)


def wanted_by(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    """The parameters of a function, from a cache."""
    return _wanted(function) if _is_hashable(function) else wanted(function)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What follows from the parameters of a function alone.

    ``is_simple``: the arguments are values of the state, made by pydantic alone. The function takes neither values of
    the engine nor decisions, models or the whole state. ``required`` are the names without which it cannot be called.
    """

    parameters: tuple[Parameter, ...]
    is_simple: bool
    required: frozenset[str]


@lru_cache(maxsize=4096)
def _plan(function: Callable[..., Any]) -> _Plan:
    parameters = wanted(function)
    names = {parameter.name for parameter in parameters}
    needs_more = not names.isdisjoint(GIVEN) or STATE in names or DECISIONS in names
    annotations = [parameter.annotation for parameter in parameters]
    needs_more = needs_more or any(map(subscriptions_in, annotations)) or any(map(calls.runs_authors_code, annotations))
    is_left_out = {parameter.name for parameter in parameters if parameter.has_default or parameter.is_optional}
    required = frozenset(names - is_left_out)
    return _Plan(parameters, not needs_more, required)


def simple_arguments(function: Callable[..., Any], state: Mapping[str, Json]) -> dict[str, Any] | None:
    """The keyword arguments for the function, if they follow from the state alone; None if `arguments` must make them.

    Raises `AuthorRaised` with a `StepError` that names an invalid argument.
    """
    try:
        plan = _plan(function)
    except (TypeError, OrchestratorError):  # the function has no hash, or `arguments` raises the error again
        return None
    if not plan.is_simple or not plan.required <= state.keys():
        return None
    values: dict[str, Any] = {}
    try:
        for parameter in plan.parameters:
            if (name := parameter.name) in state:
                # A function may change its arguments: nested values are copied, so that the state stays the same.
                values[name] = converted(parameter, copied(state[name]))
            elif not parameter.has_default:
                values[name] = None
    except StepError as error:
        raised = AuthorRaised(error)
    else:
        return values
    try:
        raise raised
    finally:
        del raised  # its traceback holds this frame


def _takes_whole(function: Callable[..., Any]) -> bool:
    return _is_given_whole_state(function) if _is_hashable(function) else is_given_whole_state(function)


def _is_hashable(function: Callable[..., Any]) -> bool:
    """False for a callable object whose class defines equality alone, such as a dataclass."""
    try:
        hash(function)
    except TypeError:
        return False
    return True


def given(
    runtime: Runtime, process: Process, step: Step | None = None, tokens: Mapping[str | None, str] | None = None
) -> dict[str, Any]:
    """The engine's values for a function: the process, its user and workflow, and the callback URLs of the step.

    They are JSON values, as those of the state: `json.dumps` writes them, and an annotation such as `UUID` converts
    them.
    """
    seq = process.execution.seq if process.execution else 0
    values: dict[str, Any] = {
        "process_id": str(process.id),
        "reporter": process.created_by or "",
        "workflow_name": process.workflow_name,
        "workflow_target": str(process.target),
        "idempotency_key": f"{process.id}:{seq}",
        "traceparent": handed_traceparent(process),
    }
    if tokens and isinstance(step, ActionStep) and step.awaits is not None:
        values |= _addresses(runtime, process, step.awaits, tokens)
    return values


def _addresses(runtime: Runtime, process: Process, wait: AwaitStep, tokens: Mapping[str | None, str]) -> dict[str, Any]:
    routes = {name: urls.route(process.id, token) for name, token in tokens.items()}
    absolute = {name: urls.url(runtime.settings.base_url, route) for name, route in routes.items()}
    progress = {name: f"{url}/progress" for name, url in absolute.items()}
    if wait.expect is None:
        return {wait.route_key: routes[None], "callback_url": absolute[None], "progress_url": progress[None]}
    return {"callback_routes": routes, "callback_urls": absolute, "progress_urls": progress}


async def with_decisions(
    runtime: Runtime, function: Callable[..., Any], state: Mapping[str, Json], own: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The values of the engine (``own``), with ``decisions`` added if the function has a parameter of that name.

    ``decisions`` are the decisions of people and policies in this process, in order. Each is a dict with ``step``,
    ``verdict``, ``by``, ``policy``, ``comment`` and ``at``. The approvals of a form are included once the form has
    enough of them. If the state has a key ``decisions``, the function receives the value of the state instead.
    """
    is_wanted = any(parameter.name == DECISIONS for parameter in wanted_by(function))
    if DECISIONS in state or not is_wanted or "process_id" not in own:  # before its start a process has none
        return own
    stored = await runtime.database.read(lambda conn: input_requests.decided_in(conn, UUID(own["process_id"])))
    decisions = [
        {
            "step": step,
            "verdict": str(decision.verdict),
            "by": decision.by,
            "policy": decision.policy,
            "comment": decision.comment,
            "at": decision.at.isoformat(),
        }
        for step, decision in stored
    ]
    return {**own, DECISIONS: decisions}


async def arguments(
    runtime: Runtime, function: Callable[..., Any], state: Mapping[str, Json], own: Mapping[str, Any]
) -> dict[str, Any]:
    """The keyword arguments for the function.

    Raises `AuthorRaised` with a `StepError` that names a missing or invalid argument.
    """
    parameters = wanted_by(function)
    own = await with_decisions(runtime, function, state, own)
    names = {parameter.name for parameter in parameters}
    build_models = await load_models(runtime, parameters, state)
    # A function may change its arguments. Nested values are copied, so that the state of the process stays the same.
    visible = {key: copied(value) if key in names or "state" in names else value for key, value in state.items()}
    annotations = [parameter.annotation for parameter in parameters if parameter.name in state or parameter.name in own]

    def make() -> dict[str, Any]:
        return bind(parameters, {**visible, **own}, given=build_models())

    return await calls.made(runtime, make, annotations, "the arguments of a step")


async def bound(
    runtime: Runtime,
    process: Process,
    function: Callable[..., Any],
    focused: Focused,
    own: Mapping[str, Any] = MappingProxyType({}),
) -> Callable[[], Any]:
    """A predicate, poll, policy or another function that an author handed over, with its arguments bound.

    The arguments are bound by name, as those of a step; ``own`` are values beside those of `given`. See
    `is_given_whole_state` for the functions that get the whole state as their only argument instead. Raises
    `AuthorRaised` or `StepError` that names a missing or invalid argument.
    """
    takes_whole = returned_by(_takes_whole, function)
    names = set() if takes_whole else {parameter.name for parameter in returned_by(wanted_by, function)}
    is_all = takes_whole or bool(focused.lenses) or STATE in names
    state = await fetched(runtime, process.state, None if is_all else names)
    visible = await calls.for_step(runtime, calls.name_of(function)).focused(focused, state)
    own = {**given(runtime, process), **own}
    return await _with_arguments(runtime, function, visible, own, takes_whole=takes_whole)


async def bound_at_start(
    runtime: Runtime, function: Callable[..., Any], data: Mapping[str, Json], own: Mapping[str, Any]
) -> Callable[[], Any]:
    """As `bound`, for a function of the input of a start, before there is a process."""
    takes_whole = returned_by(_takes_whole, function)
    return await _with_arguments(runtime, function, data, own, takes_whole=takes_whole)


async def _with_arguments(
    runtime: Runtime,
    function: Callable[..., Any],
    visible: Mapping[str, Json],
    own: Mapping[str, Any],
    *,
    takes_whole: bool,
) -> Callable[[], Any]:
    if takes_whole:
        return partial(function, {**{key: copied(value) for key, value in visible.items()}, **own})
    return partial(function, **await arguments(runtime, function, visible, own))


def plain_result(result: Any, hidden: frozenset[str]) -> tuple[dict[str, Json], int] | None:
    """A copy of the result of a step, and the size of its JSON text in bytes.

    None if `contributed` must look at it: it is not plain JSON, or has keys that are not stored.
    """
    if type(result) is dict and GIVEN.isdisjoint(result) and hidden.isdisjoint(result):
        return copied_if_plain(result)
    return None


def contributed(
    result: Any, *, where: str, hidden: frozenset[str] = frozenset()
) -> tuple[State, tuple[Any, ...], Secrets]:
    """The values that a function's result adds to the state, as JSON, with its product subscriptions and secrets.

    ``where`` names the function in errors; ``hidden`` are keys that are not stored. Raises `StepError` if the result is
    neither None nor a dict, or if a value cannot become JSON.
    """
    if result is None:
        return {}, (), NOTHING
    if not isinstance(result, Mapping):
        raise StepError(
            f"{where} returned {type(result).__name__}: a step returns nothing or a dict of what it adds to the state.",
            "bad-result",
        )
    models = tuple(find_models(result))
    kept = {key: value for key, value in result.items() if key not in GIVEN and key not in hidden}
    found = Found()
    try:
        return to_json(kept, where="result", found=found), models, Secrets.of(found)
    finally:
        learn(found.values)
