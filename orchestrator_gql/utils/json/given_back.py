"""Validates JSON that was made of a model against the class of the model.

The JSON of a model has more than its class reads: computed fields, which a class with ``extra="forbid"`` refuses, and
the values of fields of the type `pydantic.Json`, which reads only text.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from pydantic import ValidationError

from orchestrator_gql.utils.json.core_schemas import holder_of, schemas_in
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
        holder, key = holder_of(root, detail["loc"])
        if detail["type"] == "extra_forbidden" and key == detail["loc"][-1]:
            computed = frozenset(_computed_in(core)) if computed is None else computed
            if key in computed:
                del holder[key]
                is_changed = True
        elif detail["type"] == "json_type" and not isinstance(holder[key], str):
            holder[key] = encode(holder[key])
            is_changed = True
    return root[0] if is_changed else None


def _computed_in(core: Any) -> Iterator[str]:
    """The names of the computed fields of all models in a core schema."""
    for schema in schemas_in(core):
        if schema.get("type") == "computed-field":
            yield schema["property_name"]
            yield schema.get("alias") or schema["property_name"]
