"""How a class of models is loaded from JSON: what its fields may hold, and which unknown fields are ignored.

Each answer is found once for a class, because every load of a subscription asks for it.
"""

import inspect
import typing
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from pydantic import BaseModel
from pydantic_core import SchemaValidator

from orchestrator_gql.domain.product_model import ProductModel


@lru_cache(maxsize=1024)
def block_fields(model: type[BaseModel]) -> tuple[str, ...]:
    """The names of the fields that may hold blocks."""
    return tuple(name for name, declared in model.model_fields.items() if _may_hold_blocks(declared.annotation))


def _may_hold_blocks(annotation: Any) -> bool:
    if parts := typing.get_args(annotation):
        return any(map(_may_hold_blocks, parts))
    if annotation is Any or not inspect.isclass(annotation):
        return True
    return issubclass(annotation, (BaseModel, list, tuple, dict)) and annotation is not ProductModel


@lru_cache(maxsize=1024)
def keeps_json(model: type[BaseModel]) -> bool:
    """True if a field may keep a list or an object of the JSON itself, from which the model is loaded."""
    return not _all_of(model.__pydantic_core_schema__, _is_made_anew)


_MADE_ANEW = frozenset({
    "model", "model-fields", "model-field", "definitions", "definition-ref", "default", "nullable", "union", "list",
    "tuple", "dict", "set", "frozenset", "str", "int", "float", "bool", "none", "uuid", "datetime", "date", "time",
    "timedelta", "decimal", "literal", "enum", "function-after",
})  # fmt: skip
"""Schemas of pydantic that make new values. A value of any other schema may be the object that was in the JSON."""


def _is_made_anew(schema: Mapping[str, Any]) -> bool:
    return schema["type"] in _MADE_ANEW and not _allows_unknown(schema)


@lru_cache(maxsize=1024)
def forgiving_validator(model: type[BaseModel]) -> SchemaValidator | None:
    """A validator that ignores the unknown fields of models that forbid them; None if no model in it keeps them.

    Without such a model, ``model_validate(…, extra="ignore")`` does the same. With it, that would drop what the model
    keeps.
    """
    schema = model.__pydantic_core_schema__
    if _all_of(schema, lambda part: not _allows_unknown(part)):
        return None
    return SchemaValidator(_forgiving(schema), _use_prebuilt=False)


def _allows_unknown(schema: Mapping[str, Any]) -> bool:
    return "allow" in (schema.get("extra_behavior"), schema.get("config", {}).get("extra_fields_behavior"))


def _forgiving(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_forgiving(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: "ignore" if name in _UNKNOWN and part == "forbid" else _forgiving(part) for name, part in schema.items()
    }


_UNKNOWN = ("extra_fields_behavior", "extra_behavior")

_NO_SCHEMAS = ("serialization", "metadata", "default", "config", "expected", "members", "function")
"""The parts of a schema that hold no schema."""


def _all_of(schema: Any, test: Callable[[Mapping[str, Any]], bool]) -> bool:
    """True if the test holds for every schema in this schema, except for the product of a subscription."""
    if isinstance(schema, list | tuple):
        return all(_all_of(part, test) for part in schema)
    if not isinstance(schema, Mapping) or schema.get("cls") is ProductModel:
        return True
    if isinstance(schema.get("type"), str) and not test(schema):
        return False
    return all(_all_of(part, test) for name, part in schema.items() if name not in _NO_SCHEMAS)
