"""Checks the arguments of steps at import, so that an author sees an error before a process runs."""

import inspect
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticUserError

from orchestrator_gql.types import SubscriptionLifecycle
from orchestrator_gql.utils.arguments import GIVEN
from orchestrator_gql.utils.errors import WorkflowDefinitionError
from orchestrator_gql.utils.json import preview
from orchestrator_gql.utils.json.core_schemas import is_read_once
from orchestrator_gql.utils.json.schemas import schema_of
from orchestrator_gql.utils.names import demand_name

T = TypeVar("T")

MOST_ATTEMPTS = 1_000_000

LONGEST = timedelta(days=36_500)
"""A century. A longer time could put a deadline after the last day of the calendar, which cannot be stored."""


def span(value: float | timedelta | None, what: str) -> timedelta | None:
    """A time to wait, from seconds or a timedelta; None stays None.

    Raises `WorkflowDefinitionError`, with ``what`` as the name of the argument, if the time is not valid.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | timedelta):
        raise WorkflowDefinitionError(f"The {what} is {value!r}: give seconds as a number, or a timedelta.")
    try:
        time = value if isinstance(value, timedelta) else timedelta(seconds=value)
    except (OverflowError, ValueError):  # more than a timedelta can hold; NaN
        time = timedelta.max
    if time <= timedelta():
        raise WorkflowDefinitionError(f"The {what} must be longer than zero.")
    if time > LONGEST:
        raise WorkflowDefinitionError(
            f"The {what} is {value}, which is not a possible time: the longest time is a century."
        )
    return time


def demand_function(value: T, what: str, *, may_yield: bool = False) -> T:
    """The function, or None; raises `WorkflowDefinitionError`, with ``what`` as its name, if it is anything else.

    A function with a `yield` returns a generator, which is no result, and which counts as true in a condition.
    """
    if value is not None and not callable(value):
        raise WorkflowDefinitionError(
            f"The {what} is {value!r}: give it a plain function, without @step and without calling it."
        )
    if not may_yield and (inspect.isgeneratorfunction(value) or inspect.isasyncgenfunction(value)):
        raise WorkflowDefinitionError(f"The {what} has a `yield`: let it return its result. Only a form yields, pages.")
    return value


def demand_rule(value: T, what: str) -> T:
    """The rule about people, or None; raises `WorkflowDefinitionError` if it is no function of one context.

    A rule that cannot be called would allow nobody.
    """
    demand_function(value, what)
    if callable(value) and not _takes_one(value):
        raise WorkflowDefinitionError(f"The {what} is called with the context alone: give it one parameter.")
    return value


def _takes_one(function: Callable[..., Any]) -> bool:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # such as that of `bool`
        return True
    try:
        signature.bind(None)
    except TypeError:
        return False
    return True


def demand_own_key(key: str, what: str, *, allowed: Collection[str] = ()) -> str:
    """The key of the state; raises `WorkflowDefinitionError` if the engine fills in another value under that name."""
    if key in GIVEN and key not in allowed:
        raise WorkflowDefinitionError(
            f"The {what} is {key!r}, under which a step gets a value of the engine: choose another name."
        )
    return key


def pause(value: float | timedelta, what: str) -> float:
    """A pause in seconds, from seconds or a timedelta; it may be zero.

    Raises `WorkflowDefinitionError`, with ``what`` as the name of the argument, if the time is not valid.
    """
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise WorkflowDefinitionError(f"The {what} is {value!r}: give seconds as a number, or a timedelta.")
    if not 0 <= seconds <= LONGEST.total_seconds():  # also not NaN
        raise WorkflowDefinitionError(f"The {what} is {preview(str(value), 40)}: it can be 0 to a century.")
    return float(seconds)


def demand_count(value: int, what: str, *, most: int) -> int:
    """The number; raises `WorkflowDefinitionError`, with ``what`` as its name, if it is no whole 1 to ``most``."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise WorkflowDefinitionError(f"The {what} is {value!r}: give a number from 1 to {most:,}.")
    return value


def demand_names(value: Iterable[str], what: str) -> tuple[str, ...]:
    """The names; a single text is one name. Raises `WorkflowDefinitionError`, with ``what`` as their name."""
    if not isinstance(value, Iterable):
        raise WorkflowDefinitionError(f"The {what} are {value!r}: give a list of names.")
    return tuple(demand_name(name, f"name in the {what}") for name in ([value] if isinstance(value, str) else value))


def demand_statuses(
    value: Iterable[SubscriptionLifecycle] | None, what: str
) -> frozenset[SubscriptionLifecycle] | None:
    """The statuses; a single one needs no list, and None stays None. Raises `WorkflowDefinitionError`."""
    if value is None:
        return None
    if not isinstance(value, Iterable):
        raise WorkflowDefinitionError(f"The {what} are {value!r}: give a list of statuses.")
    statuses = [value] if isinstance(value, str) else value
    return frozenset(demand_status(status, f"status in the {what}") for status in statuses)


def demand_status(value: str, what: str) -> SubscriptionLifecycle:
    """The status, perhaps from its text; raises `WorkflowDefinitionError`, with ``what`` as its name."""
    return SubscriptionLifecycle(demand_choice(value, tuple(SubscriptionLifecycle), what))


def demand_choice(value: T, choices: Sequence[T], what: str) -> T:
    """The value; raises `WorkflowDefinitionError`, with ``what`` as its name, if it is none of the choices."""
    if value not in choices:
        raise WorkflowDefinitionError(f"The {what} is {value!r}: it can be {' or '.join(map(repr, choices))}.")
    return value


def with_schema(contract: type[BaseModel] | None, name: str) -> type[BaseModel] | None:
    """The contract; raises `WorkflowDefinitionError` if it has no JSON Schema, which remote teams need."""
    if contract is None:
        return None
    if not (isinstance(contract, type) and issubclass(contract, BaseModel)):
        raise WorkflowDefinitionError(
            f"The contract of callback step {name!r} is {contract!r}: give it a pydantic model, the class itself."
        )
    try:
        schema_of(contract, mode="validation")
    except (PydanticInvalidForJsonSchema, PydanticUserError) as problem:
        raise WorkflowDefinitionError(
            f"The contract {contract.__name__!r} of callback step {name!r} has no JSON Schema: {problem.message} "
            "Use types that JSON knows, or say with pydantic's WithJsonSchema what is sent."
        ) from problem
    if is_read_once(contract.__pydantic_core_schema__):
        raise WorkflowDefinitionError(
            f"The contract {contract.__name__!r} of callback step {name!r} has an Iterable, whose items are "
            "not judged: write list[…] or Sequence[…]."
        )
    return contract
