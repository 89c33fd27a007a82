"""The JSON Schema of a page, as standard readers and renderers understand it."""

from collections.abc import Callable
from functools import partial
from types import NoneType, UnionType
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema, to_jsonable_python
from pydantic_forms.core.shared import GenerateFormJsonSchema

from orchestrator_gql.forms.schema_templates import Schema, SchemaTemplates
from orchestrator_gql.forms.submission_keys import keys, under_submission_keys
from orchestrator_gql.types import Json
from orchestrator_gql.utils.json.schemas import MarkingSchema
from orchestrator_gql.utils.json.secrets import Found, as_python, revealed, secrets_within, with_secrets

CONTENT_FORMATS = frozenset({"callout", "markdown", "summary"})

_MADE_ANEW = "x-made-anew"
"""Marks a default that comes from a factory, until `without_made_anew` removes it."""

_MAPS_OF_SCHEMAS = frozenset({"properties", "patternProperties", "$defs"})
_LISTS_OF_SCHEMAS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_SCHEMAS = frozenset({"items", "additionalProperties", "propertyNames", "contains"})


class _Value:
    """An initial value, hidden from pydantic's schema generator.

    The generator reads a ``$ref`` inside a value as a reference. A page may show data of a remote service: with a
    ``$ref`` the service could break the operator's form, or show another text in its place.
    """

    __slots__ = ("json", "secrets")

    def __init__(self, json: Json, secrets: Found) -> None:
        self.json = json
        self.secrets = secrets


class _PageJsonSchema(MarkingSchema, GenerateFormJsonSchema):
    """The library's generator; initial values stay hidden from it, and keep their secrets in clear."""

    def encode_default(self, dft: Any) -> Any:
        # Pydantic does not sort a set that comes from a default factory: each replica would show another page.
        value = sorted(dft, key=repr) if isinstance(dft, set | frozenset) else dft
        found, plain = Found(), super().encode_default(value)
        if next(secrets_within(value), None) is None:
            return _Value(under_submission_keys(plain, value), found)
        secret = with_secrets(plain, as_python(value))  # both with the names of the fields
        return _Value(revealed(under_submission_keys(secret, value), found), found)

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        json_schema = super().default_schema(schema)
        return json_schema | {_MADE_ANEW: True} if "default_factory" in schema else json_schema

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        # Without the format, a client could not tell a decimal from `float | str`.
        return super().decimal_schema(schema) | {"format": "decimal"}


_templates = SchemaTemplates()


def page_schema(page: type[BaseModel], found: Found | None = None) -> Schema:
    """The page's JSON Schema (2020-12): self-contained plain JSON, with the initial values as `default`.

    Secrets among the initial values are in clear, and are added to ``found``.
    """
    return _templates.schema(page, partial(_generated, found=found))


def _generated(page: type[BaseModel], found: Found | None) -> Schema:
    """What `page_schema` returns, without a template."""

    def uncovered(value: Any) -> Json:
        if not isinstance(value, _Value):
            return str(value)
        if found is not None:
            found.know(value.secrets.values)
        return value.json

    generated = page.model_json_schema(schema_generator=_PageJsonSchema)
    schema: Schema = to_jsonable_python(generated, fallback=uncovered, inf_nan_mode="null")
    properties = schema.setdefault("properties", {})
    for name, field in page.model_fields.items():
        if field.frozen:
            for key in keys(name, field) & properties.keys():
                properties[key]["readOnly"] = True
    return _tidy(schema, schema.get("$defs", {}))


def without_made_anew(schema: Schema) -> Schema:
    """The schema without the defaults that a factory makes anew each time; a read-only field keeps its value.

    A field without a value gets its default, but a factory would make another value than the one that was shown. So a
    client sends the value of each field that has no default.
    """

    def below(nested: Json) -> Json:
        return without_made_anew(nested) if isinstance(nested, dict) else nested

    dropped = {_MADE_ANEW} if _MADE_ANEW not in schema or schema.get("readOnly") else {_MADE_ANEW, "default"}
    return {key: _below(key, value, below) for key, value in schema.items() if key not in dropped}


_PLAIN = (str, int, float, bool, NoneType)


def may_mark(page: type[BaseModel]) -> bool:
    """False if the JSON Schema of the page certainly marks no value as secret, so that nobody needs to generate it."""
    own = getattr(page.__get_pydantic_json_schema__, "__func__", None)
    if page.model_config.get("json_schema_extra") or own is not BaseModel.__get_pydantic_json_schema__.__func__:  # type: ignore[attr-defined]
        return True
    return not all(
        field.json_schema_extra is None and not field.metadata and _is_plain(field.annotation)
        for field in page.model_fields.values()
    )


def _is_plain(annotation: Any) -> bool:
    return annotation in _PLAIN or (isinstance(annotation, UnionType) and all(map(_is_plain, get_args(annotation))))


def resolved(schema: Schema, definitions: Schema) -> Schema:
    """A schema merged with the definition that it refers to; the keywords of the schema itself win."""
    return {**definitions.get(definition_name(schema), {}), **schema}


def definition_name(schema: Schema) -> str:
    """The name in a ``$ref`` to ``$defs``; empty if there is none."""
    return str(schema.get("$ref", "")).removeprefix("#/$defs/")


def _tidy(schema: Schema, definitions: Schema) -> Schema:
    """Correct what the library writes for its own renderer, so that the initial data is valid for the schema."""

    def tidy(below: Json) -> Json:
        return _tidy(below, definitions) if isinstance(below, dict) else below

    tidied = {key: _below(key, value, tidy) for key, value in schema.items()}
    if tidied.get("format") in CONTENT_FORMATS:
        # The library declares a string, but the value is an object or null.
        return {key: value for key, value in tidied.items() if key != "$ref"} | {"type": ["object", "null"]}
    return _nullable(tidied, definitions)


def _below(keyword: str, value: Json, tidy: Callable[[Json], Json]) -> Json:
    """Tidy only the places of schemas: a `default` is data, and may look like a schema."""
    if keyword in _MAPS_OF_SCHEMAS:
        return {name: tidy(below) for name, below in value.items()}
    if keyword in _LISTS_OF_SCHEMAS:
        return [tidy(below) for below in value]
    return tidy(value) if keyword in _SCHEMAS else value


def _nullable(schema: Schema, definitions: Schema) -> Schema:
    """Replace an ``anyOf`` of a plain type and null by one schema of two types, which renderers draw as one field."""
    match schema.get("anyOf"):
        case [{"type": "null"}, {} as inner] | [{} as inner, {"type": "null"}]:
            pass
        case _:
            return schema
    if "enum" in (definition := definitions.get(definition_name(inner), {})):
        inner = {key: value for key, value in definition.items() if key != "title"}  # it is the name of the class
    if not isinstance(inner.get("type"), str) or "const" in inner:
        return schema
    own = {key: value for key, value in schema.items() if key not in ("anyOf", "type")}
    choices = {"enum": [*inner["enum"], None]} if "enum" in inner else {}
    return {**inner, **own, **choices, "type": [inner["type"], "null"]}
