"""Bind values to the parameters of an author's function by name.

>>> def order_port(node: str, *, vlan: int = 100, state: dict) -> None: ...
>>> bind(wanted(order_port), {"node": "ams-1", "vlan": "205", "note": "night shift"})
{'node': 'ams-1', 'vlan': 205, 'state': {'node': 'ams-1', 'vlan': '205', 'note': 'night shift'}}
"""

import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from reprlib import Repr
from typing import Any

from pydantic import PydanticUndefinedAnnotation, PydanticUserError, TypeAdapter, ValidationError
from pydantic_forms.types import State
from typing_extensions import is_typeddict

from orchestrator_gql.utils.errors import StepError, WorkflowDefinitionError
from orchestrator_gql.utils.json import preview
from orchestrator_gql.utils.json.given_back import given_back_as
from orchestrator_gql.utils.wrappers import with_wrappers

__all__ = ["GIVEN", "Parameter", "bind", "converted", "is_given_whole_state", "wanted"]

STATE = "state"
"""The parameter with this name receives all values, at any position and with any annotation."""

GIVEN = frozenset({
    "process_id", "reporter", "workflow_name", "workflow_target", "idempotency_key", "traceparent",
    "callback_route", "callback_url", "progress_url", "callback_routes", "callback_urls", "progress_urls",
})  # fmt: skip
"""Names that the engine fills in. If a step returns such a name, the value is dropped and never stored."""

WHOLE = ("s", "_")
"""Names of the single parameter of a predicate or another small function that also receive all values."""

_MAX_KEYS_SHOWN = 30
_MAX_VALUE_SHOWN = 80
_UNCHANGED = (str, int, bool)
"""Types whose values pydantic returns unchanged."""

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of ``function`` (module and qualified name); ``annotation`` is resolved, ``Any`` if there is none."""

    name: str
    annotation: Any
    default: Any
    has_default: bool
    is_optional: bool
    kind: inspect._ParameterKind
    function: str


def wanted(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    """Return the parameters of ``function`` in their order, without ``*args`` and ``**kwargs``.

    Raises ``WorkflowDefinitionError`` for a positional-only parameter and for an annotation that cannot be resolved.

    >>> [parameter.name for parameter in wanted(lambda port, *rest, vlan=None: None)]
    ['port', 'vlan']
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as problem:
        raise WorkflowDefinitionError(f"`{_name_of(function)}` has no signature to bind by name.") from problem
    return tuple(_parameter(function, parameter) for parameter in parameters if parameter.kind not in _VARIADIC)


def is_given_whole_state(function: Callable[..., Any]) -> bool:
    """Return whether a small function, such as a predicate, is called with the whole state as its only argument.

    It is if it has no signature (``bool``, ``itemgetter("bad")``), takes only ``*args``, or has one parameter without
    a default, which is positional-only or named ``s`` or ``_``. Then all parameters with a default keep it. The
    arguments of any other function are bound by name.

    >>> [is_given_whole_state(function) for function in (lambda s: s["bad"], lambda bad: bad, bool, len)]
    [True, False, True, True]
    """
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return True
    named = [parameter for parameter in parameters if parameter.kind not in _VARIADIC]
    if not named:
        return any(parameter.kind is inspect.Parameter.VAR_POSITIONAL for parameter in parameters)
    required = [parameter for parameter in named if parameter.default is inspect.Parameter.empty] or named
    if len(required) != 1 or required[0].kind is inspect.Parameter.KEYWORD_ONLY:
        return False
    return required[0].kind is inspect.Parameter.POSITIONAL_ONLY or required[0].name in WHOLE


def bind(
    wanted: Iterable[Parameter], values: Mapping[str, Any], *, given: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the keyword arguments for a call: each from ``given`` unchanged, or else from ``values``, converted.

    ``values`` is JSON; pydantic converts it to the annotation (UUIDs, times, enums, models, lists of these). A class
    with a method ``unwrap`` is called with the value. Without an annotation, or with one that pydantic does not know,
    the value is passed unchanged. If there is no value, a
    parameter with a default is left out, and ``X | None`` is None. ``state`` is a copy of ``values``, one level deep.

    Raises ``StepError`` with the code ``missing-argument`` or ``bad-argument``.

    >>> def notify(mail: str) -> None: ...
    >>> bind(wanted(notify), {"name": "Ada", "town": "Delft"})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    orchestrator_gql.utils.errors.StepError: `...notify` needs `mail`, which is not there; there are: name, town.
    """
    given = given or {}
    arguments: dict[str, Any] = {}
    for parameter in wanted:
        if parameter.name in given:
            arguments[parameter.name] = given[parameter.name]
        elif parameter.name == STATE:
            arguments[parameter.name] = dict(values)
        elif parameter.name in values:
            arguments[parameter.name] = converted(parameter, values[parameter.name])
        elif parameter.is_optional and not parameter.has_default:
            arguments[parameter.name] = None
        elif not parameter.has_default:
            raise _missing(parameter, {*values, *given})
    return arguments


def _name_of(function: object) -> str:
    while isinstance(function, partial):
        function = function.func
    function = inspect.unwrap(function) if callable(function) else function
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}.{named.__qualname__}"


def _parameter(function: Callable[..., Any], parameter: inspect.Parameter) -> Parameter:
    if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
        problem = f"`{_name_of(function)}` takes `{parameter.name}` by position only: remove the `/` before its end."
        raise WorkflowDefinitionError(problem)
    annotation = _resolved(function, parameter)
    has_default = parameter.default is not inspect.Parameter.empty
    return Parameter(
        name=parameter.name,
        annotation=annotation,
        default=parameter.default if has_default else None,
        has_default=has_default,
        is_optional=_allows_none(annotation),
        kind=parameter.kind,
        function=_name_of(function),
    )


def _resolved(function: Callable[..., Any], parameter: inspect.Parameter) -> Any:
    """Return the annotation as a type, resolved alone: another one that only type checkers know does no harm."""
    if parameter.annotation is inspect.Parameter.empty:
        return Any
    alone = types.SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    try:
        return typing.get_type_hints(alone, _globals_of(function), include_extras=True)[parameter.name]
    except (NameError, AttributeError, SyntaxError, TypeError) as problem:
        what = f"`{_name_of(function)}`: the annotation {parameter.annotation!r} of `{parameter.name}`"
        message = f"{what} cannot be resolved ({problem}): import what it names where the function is defined."
        raise WorkflowDefinitionError(message) from problem


def _globals_of(function: Any) -> dict[str, Any]:
    while isinstance(function, partial) or hasattr(function, "__wrapped__"):
        function = function.func if isinstance(function, partial) else function.__wrapped__
    body = function if hasattr(function, "__globals__") else getattr(function, "__call__", function)  # noqa: B004
    return getattr(body, "__globals__", {})


def _allows_none(annotation: Any) -> bool:
    if typing.get_origin(annotation) is typing.Annotated:
        return _allows_none(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return any(map(_allows_none, typing.get_args(annotation)))
    return annotation in (None, types.NoneType)


def converted(parameter: Parameter, value: Any) -> Any:
    """Return the value as the annotation of the parameter wants it; raises ``StepError`` ``bad-argument``."""
    if type(value) is parameter.annotation and parameter.annotation in _UNCHANGED:
        return value
    adapter = _adapter(parameter.annotation)
    if adapter is None:
        return value
    try:
        # A model that a function returned is kept by the names of its fields, what a client sent may have the aliases.
        made = given_back_as(
            adapter.validate_python, adapter.validate_json, adapter.core_schema, value, by_alias=True, by_name=True
        )
        # Pydantic makes an iterator for an `Iterable`, which judges the items later and can be read only once.
        return list(made) if type(made) is _ITERATOR else made
    except ValidationError as problem:
        raise _wrong(parameter, value, problem) from problem


def _adapter(annotation: Any) -> TypeAdapter[Any] | None:
    """Return the converter to ``annotation``; None if the value is passed unchanged."""
    known = _adapters.get(id(annotation))
    if known is not None and known[0] is annotation:
        return known[1]
    if len(_adapters) >= _MOST_ADAPTERS:
        _adapters.clear()
    adapter = _new_adapter(annotation)
    _adapters[id(annotation)] = annotation, adapter
    return adapter


def _new_adapter(annotation: Any) -> TypeAdapter[Any] | None:
    # A typed dict describes what its author expects; a conversion would drop the keys that it does not name.
    if annotation in (Any, dict, State) or is_typeddict(annotation):
        return None
    try:
        return TypeAdapter(with_wrappers(annotation))
    except (PydanticUserError, PydanticUndefinedAnnotation):
        return None


_ITERATOR = type(TypeAdapter(Iterable[Any]).validate_python(()))

_MOST_ADAPTERS = 1024
_adapters: dict[int, tuple[Any, TypeAdapter[Any] | None]] = {}
"""The converters by the identity of the annotation: ``date | datetime`` equals ``datetime | date``, but pydantic tries
the first type first. An annotation stays the same object, as `wanted` is called once for each function."""


def _missing(parameter: Parameter, keys: Iterable[str]) -> StepError:
    names = sorted(keys)
    shown = ", ".join(names[:_MAX_KEYS_SHOWN]) or "none"
    more = f" and {len(names) - _MAX_KEYS_SHOWN} more" if len(names) > _MAX_KEYS_SHOWN else ""
    needs = f"`{parameter.function}` needs `{parameter.name}`, which is not there"
    return StepError(f"{needs}; there are: {shown}{more}.", code="missing-argument")


def _wrong(parameter: Parameter, value: Any, problem: ValidationError) -> StepError:
    expected = f"`{parameter.function}` wants `{parameter.name}` as {_type_shown(parameter.annotation)}"
    first = problem.errors(include_url=False, include_context=False, include_input=False)[0]
    place = "".join(f"[{step!r}]" for step in first["loc"])
    actual = f"found {type(value).__name__} {_shown(value)}"
    return StepError(f"{expected}, but {actual}: {parameter.name}{place}: {first['msg']}.", code="bad-argument")


def _type_shown(annotation: Any) -> str:
    if not isinstance(annotation, type):
        return str(annotation).replace("typing.", "")
    is_builtin = annotation.__module__ == "builtins"
    return annotation.__qualname__ if is_builtin else f"{annotation.__module__}.{annotation.__qualname__}"


def _shown(value: Any) -> str:
    """Return a short repr of the value; `Repr` shortens it early, so that no repr of 10 MiB is built first."""
    short = Repr()
    short.maxstring = short.maxother = short.maxlong = _MAX_VALUE_SHOWN
    return preview(short.repr(value), _MAX_VALUE_SHOWN)
