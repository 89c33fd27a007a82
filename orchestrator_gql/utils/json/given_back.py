"""Validates JSON that was made of a model against the class of the model.

The JSON of a model has more than its class reads: computed fields, which a class with ``extra="forbid"`` refuses, and
the values of fields of the type `pydantic.Json`, which reads only text.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from orchestrator_gql.utils.json.strict_types import json_as
from orchestrator_gql.utils.json.text import Json, copied, encode

T = TypeVar("T")


def given_back_as(as_python: Callable[..., T], as_json: Callable[..., T], core: Any, value: Json, **options: Any) -> T:
    """The JSON value as a type of an author, as `json_as`, without the computed fields in it; raises `ValidationError`.

    >>> from pydantic import BaseModel, computed_field
    >>> class Port(BaseModel, extra="forbid"):
    ...     name: str
    ...     @computed_field
    ...     def label(self) -> str:
    ...         return self.name.upper()
    >>> ways = Port.model_validate, Port.model_validate_json, Port.__pydantic_core_schema__
    >>> given_back_as(*ways, {"name": "eth0", "label": "ETH0"})
    Port(name='eth0', label='ETH0')
    """
    try:
        return json_as(as_python, as_json, core, value, **options)
    except ValidationError as error:
        # Only now, because a look at the schema costs more than a validation.
        readable = _readable(value, error, core)
        if readable is None:
            raise
    # Each time at least one value is corrected, so this has an end.
    return given_back_as(as_python, as_json, core, readable, **options)


def _readable(value: Json, error: ValidationError, core: Any) -> Json | None:
    """A copy of the value that the class may read; None if the errors are of another kind."""
    computed: frozenset[str] | None = None
    root, is_changed = [copied(value)], False
    for detail in error.errors(include_url=False, include_context=False, include_input=False):
        *above, key = list[int | str]([0, *detail["loc"]])
        around = _below(root, above)
        if detail["type"] == "extra_forbidden" and isinstance(around, dict):
            computed = frozenset(_computed_in(core)) if computed is None else computed
            if key in around and key in computed:
                del around[key]
                is_changed = True
        elif detail["type"] == "json_type" and (held := _below(around, [key])) is not around:
            around[key] = encode(held)
            is_changed = True
    return root[0] if is_changed else None


def _below(value: Json, place: list[int | str]) -> Json:
    """The value at the place, without the parts of the place that are no keys, such as the name of a union's branch."""
    for key in place:
        match value, key:
            case dict(), _ if key in value:
                value = value[key]
            case list(), int() if key < len(value):
                value = value[key]
    return value


_NO_SCHEMAS = frozenset({"default", "expected", "metadata"})


def _computed_in(core: Any) -> Iterator[str]:
    """The names of the computed fields of all models in a core schema."""
    if isinstance(core, list | tuple):
        for part in core:
            yield from _computed_in(part)
    elif isinstance(core, Mapping):
        if core.get("type") == "computed-field":
            yield core["property_name"]
            yield core.get("alias") or core["property_name"]
        for name, part in core.items():
            if name not in _NO_SCHEMAS:
                yield from _computed_in(part)
