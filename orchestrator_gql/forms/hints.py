"""Makes the uiSchema of react-jsonschema-form, which says how to draw a page, from the page's JSON Schema.

``ui:widget`` names only the renderer's own widgets, because the renderer stops at an unknown widget. Our widgets
(``label``, ``callout``, …) are named in ``ui:field``: there the renderer falls back to the field's plain type.
"""

from orchestrator_gql.forms.schema_templates import Schema
from orchestrator_gql.forms.schemas import CONTENT_FORMATS, definition_name, resolved
from orchestrator_gql.types import Json

LONG_TEXT_ROWS = 10

_WIDGETS = {"long": "textarea", "hidden": "hidden", "password": "password"}
_FIELDS = CONTENT_FORMATS | {"label", "divider", "timestamp", "accept", "subscription"}


def ui_schema(schema: Schema) -> Schema:
    """The drawing hints for a page, nested like its fields."""
    return _of_object(schema, schema.get("$defs", {}), frozenset())


def _of_object(schema: Schema, definitions: Schema, above: frozenset[str]) -> Schema:
    properties: Schema = schema.get("properties", {})
    hints = {name: _of_field(field, definitions, above) for name, field in properties.items()}
    # The order is explicit because a store may sort the keys of an object.
    order = {"ui:order": list(properties)} if properties else {}
    return order | {name: hint for name, hint in hints.items() if hint}


def _of_field(field: Schema, definitions: Schema, above: frozenset[str]) -> Schema:
    name = definition_name(field)
    if name in above:  # a model contains itself: hints have no references, so the hints end here
        return {}
    within = above | {name} if name else above
    schema = resolved(field, definitions)
    hint = _look(schema) | _choice_names(schema)
    if options := _options(schema):
        hint["ui:options"] = options
    match schema:
        case {"items": dict() as items}:
            hint |= _of_list(schema, items, definitions, within)
        case {"properties": dict()}:
            hint |= _of_object(schema, definitions, within)
        case {"anyOf": [{"type": "null"}, {} as inner] | [{} as inner, {"type": "null"}]}:
            hint |= _of_field(inner, definitions, within)
        case _:
            pass
    return hint


def _of_list(schema: Schema, items: Schema, definitions: Schema, above: frozenset[str]) -> Schema:
    hint = _of_field(items, definitions, above)
    is_pick_of_several = schema.get("uniqueItems") and "enum" in resolved(items, definitions)
    if is_pick_of_several:
        return {"ui:widget": "checkboxes"} | hint
    return {"items": hint} if hint else {}


def _look(schema: Schema) -> Schema:
    look: Schema = {}
    kind = schema.get("format")
    if kind in _WIDGETS:
        look["ui:widget"] = _WIDGETS[kind]
    elif kind in _FIELDS:
        look["ui:field"] = kind
    if schema.get("readOnly"):
        look["ui:readonly"] = True
    if _extra(schema).get("disabled"):
        look["ui:disabled"] = True
    return look


def _choice_names(schema: Schema) -> Schema:
    match schema:
        case {"enum": list() as values, "options": dict() as labels}:
            return {"ui:enumNames": ["" if value is None else labels.get(value, value) for value in values]}
        case _:
            return {}


def _options(schema: Schema) -> Schema:
    options = {name: value for name, value in _extra(schema).items() if name not in ("disabled", "value")}
    options |= {name: schema[name] for name in ("layout", "data") if name in schema}
    if schema.get("format") == "long":
        options["rows"] = LONG_TEXT_ROWS
    return {name: value for name, value in options.items() if value is not None}


def _extra(schema: Schema) -> dict[str, Json]:
    extra = schema.get("extraProperties")
    return extra if isinstance(extra, dict) else {}
