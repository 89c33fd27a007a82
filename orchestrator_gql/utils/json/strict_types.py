"""Validates JSON against the types of authors, also against strict types and enums of values that JSON does not have.

A strict type takes a date, but no text. JSON has no dates, so pydantic lets a strict type read the text of a date only
if it is told that the value is JSON. About enums see `enum_members`.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import ValidationError

from orchestrator_gql.utils.json.core_schemas import schemas_in
from orchestrator_gql.utils.json.enum_members import with_members
from orchestrator_gql.utils.json.text import Json, encode

T = TypeVar("T")

_IN_JSON = frozenset({"str", "int", "float", "bool"})
"""The types whose values are the same in JSON and in Python."""


def json_as(as_python: Callable[..., T], as_json: Callable[..., T], core: Any, value: Json, **options: Any) -> T:
    """The JSON value as a type of an author; raises `ValidationError`.

    ``as_python`` and ``as_json`` are the two validators of pydantic for the type, and ``core`` is its core schema.

    >>> from datetime import date
    >>> from pydantic import BaseModel
    >>> class Job(BaseModel, strict=True):
    ...     day: date
    >>> json_as(Job.model_validate, Job.model_validate_json, Job.__pydantic_core_schema__, {"day": "2026-11-30"})
    Job(day=datetime.date(2026, 11, 30))
    """
    try:
        return as_python(value, **options)
    except ValidationError as error:
        # Only now, because a look at the schema costs more than a validation, and few types are strict.
        if is_strict(core):
            return as_json(encode(value), **options)
        with_enums = with_members(value, error, core)
        if with_enums is None:
            raise
    # Each time at least one value became a member, so this has an end.
    return json_as(as_python, as_json, core, with_enums, **options)


def is_strict(core: Any) -> bool:
    """True if a part of the core schema is strict, and JSON has no value of its type."""
    return any(schema.get("strict") is True and schema.get("type") not in _IN_JSON for schema in schemas_in(core))
