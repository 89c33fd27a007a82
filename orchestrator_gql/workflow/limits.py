"""Checks the arguments of steps at import, so that an author sees an error before a process runs."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from inspect import isasyncgenfunction, isgeneratorfunction
from typing import TypeVar

from pydantic import BaseModel
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticUserError

from orchestrator_gql.utils.arguments import GIVEN
from orchestrator_gql.utils.errors import WorkflowDefinitionError
from orchestrator_gql.utils.json.schemas import schema_of

T = TypeVar("T")

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
    if not may_yield and (isgeneratorfunction(value) or isasyncgenfunction(value)):
        raise WorkflowDefinitionError(f"The {what} has a `yield`: let it return its result. Only a form yields, pages.")
    return value


def demand_own_key(key: str, what: str, *, allowed: Collection[str] = ()) -> str:
    """The key of the state; raises `WorkflowDefinitionError` if the engine fills in another value under that name."""
    if key in GIVEN and key not in allowed:
        raise WorkflowDefinitionError(
            f"The {what} is {key!r}, under which a step gets a value of the engine: choose another name."
        )
    return key


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
    return contract
