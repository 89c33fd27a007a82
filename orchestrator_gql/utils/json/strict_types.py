"""Validates JSON against the types of authors, also against strict types.

A strict type takes a date, but no text. JSON has no dates, so pydantic lets a strict type read the text of a date only
if it is told that the value is JSON.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from orchestrator_gql.utils.json.text import Json, encode

T = TypeVar("T")

_NO_SCHEMAS = frozenset({"default", "expected", "function", "members", "metadata", "serialization"})
"""The parts of a core schema that hold no schema."""

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
    except ValidationError:
        # Only now, because a look at the schema costs more than a validation, and few types are strict.
        if not is_strict(core):
            raise
    return as_json(encode(value), **options)


def is_strict(core: Any) -> bool:
    """True if a part of the core schema is strict, and JSON has no value of its type."""
    if isinstance(core, list | tuple):
        return any(map(is_strict, core))
    if not isinstance(core, Mapping):
        return False
    if core.get("strict") is True and core.get("type") not in _IN_JSON:
        return True
    return any(is_strict(part) for name, part in core.items() if name not in _NO_SCHEMAS)
