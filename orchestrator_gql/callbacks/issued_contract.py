"""Validates a payload against the JSON Schema of a callback, if the deployed model is not the model that issued it."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic_core import CoreConfig, CoreSchema, SchemaError, SchemaValidator, core_schema

from orchestrator_gql.types import Json
from orchestrator_gql.utils.json import decode, encode

_FORMATS: Mapping[str, CoreSchema] = {
    "date-time": core_schema.datetime_schema(),
    "date": core_schema.date_schema(),
    "time": core_schema.time_schema(),
    "duration": core_schema.timedelta_schema(),
    "uuid": core_schema.uuid_schema(),
    "uri": core_schema.url_schema(),
}
"""The formats that pydantic validates; a text of another format is any text."""

_BOUNDS = {
    "number": {"minimum": "ge", "exclusiveMinimum": "gt", "maximum": "le", "exclusiveMaximum": "lt"},
    "string": {"minLength": "min_length", "maxLength": "max_length", "pattern": "pattern"},
    "array": {"minItems": "min_length", "maxItems": "max_length"},
    "object": {"minProperties": "min_length", "maxProperties": "max_length"},
}
"""The keywords of JSON Schema with the names that pydantic has for them, by type."""

_NUMBER = {**_BOUNDS["number"], "multipleOf": "multiple_of"}


def validator_of(schema: Json) -> SchemaValidator | None:
    """The validator of the payloads that fit the JSON Schema; None if pydantic cannot express the schema."""
    return _validator(encode(schema))


@lru_cache(maxsize=256)
def _validator(text: str) -> SchemaValidator | None:
    """The patterns are for the engine of Rust, as in models: no text takes it long, so none can stop the server.

    It does not know every pattern: look-ahead needs the engine of Python, which the author had to choose for the model.
    """
    schema = decode(text)
    rust, python = CoreConfig(regex_engine="rust-regex"), CoreConfig(regex_engine="python-re")
    return _validator_with(rust, schema) or _validator_with(python, schema)


def _validator_with(config: CoreConfig, schema: Json) -> SchemaValidator | None:
    try:
        definitions = [
            {**_schema_of(definition, config), "ref": _ref(name)}
            for name, definition in schema.get("$defs", {}).items()
        ]
        whole = core_schema.definitions_schema(_schema_of(schema, config), definitions)  # type: ignore[arg-type]
        return SchemaValidator(whole, config)
    except (SchemaError, ValueError, TypeError, AttributeError, KeyError, re.error, RecursionError):
        return None


def _ref(name: str) -> str:
    return f"#/$defs/{name}"


def _schema_of(schema: Json, config: CoreConfig) -> CoreSchema:
    """The schema of pydantic for one place of a JSON Schema. Keywords that pydantic does not know are not checked."""
    if schema is True:
        return core_schema.any_schema()
    if "$ref" in schema:
        return core_schema.definition_reference_schema(schema["$ref"])
    if "const" in schema:
        return core_schema.literal_schema([schema["const"]])
    if "enum" in schema:
        return core_schema.literal_schema(schema["enum"])
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            return _union(schema[keyword], config)
    if len(schema.get("allOf", ())) == 1:
        return _schema_of(schema["allOf"][0], config)
    kind = schema.get("type")
    if isinstance(kind, list):
        return core_schema.union_schema([_of_type(name, schema, config) for name in kind])
    return _of_type(kind, schema, config)


def _union(choices: list[Json], config: CoreConfig) -> CoreSchema:
    others: list[CoreSchema | tuple[CoreSchema, str]] = [
        _schema_of(choice, config) for choice in choices if choice != {"type": "null"}
    ]
    union = core_schema.union_schema(others)
    return union if len(others) == len(choices) else core_schema.nullable_schema(union)


def _of_type(kind: str | None, schema: Mapping[str, Any], config: CoreConfig) -> CoreSchema:
    match kind:
        case "string":
            return _FORMATS.get(schema.get("format", "")) or core_schema.str_schema(**_bounds("string", schema))
        case "integer":
            return core_schema.int_schema(**_bounds("number", schema))
        case "number":
            return core_schema.float_schema(**_bounds("number", schema))
        case "boolean":
            return core_schema.bool_schema()
        case "null":
            return core_schema.none_schema()
        case "array":
            return _array(schema, config)
        case "object":
            return _object(schema, config)
        case _:
            return core_schema.any_schema()


def _bounds(kind: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    names = _NUMBER if kind == "number" else _BOUNDS[kind]
    return {own: schema[keyword] for keyword, own in names.items() if keyword in schema}


def _array(schema: Mapping[str, Any], config: CoreConfig) -> CoreSchema:
    first = [_schema_of(item, config) for item in schema.get("prefixItems", ())]
    rest = schema.get("items")
    if first and rest in (None, False):
        return core_schema.tuple_schema(first)
    if first:
        return core_schema.tuple_schema([*first, _schema_of(rest, config)], variadic_item_index=len(first))
    return core_schema.list_schema(_schema_of(True if rest is None else rest, config), **_bounds("array", schema))


def _object(schema: Mapping[str, Any], config: CoreConfig) -> CoreSchema:
    required, extra = set(schema.get("required", ())), schema.get("additionalProperties", True)
    if not schema.get("properties") and extra is not False:
        return core_schema.dict_schema(core_schema.str_schema(), _schema_of(extra, config), **_bounds("object", schema))
    fields = {
        name: core_schema.typed_dict_field(_schema_of(field, config), required=name in required)
        for name, field in schema.get("properties", {}).items()
    }
    if extra is False:
        return core_schema.typed_dict_schema(fields, extra_behavior="forbid", config=config)
    return core_schema.typed_dict_schema(
        fields, extra_behavior="allow", extras_schema=_schema_of(extra, config), config=config
    )
