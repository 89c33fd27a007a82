"""The place of an error as people name it: the page and the title of the field; programs get the JSON pointer."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from orchestrator_gql.cli import context
from orchestrator_gql.cli.nearest import did_you_mean

UNKNOWN_FIELD = "extra_forbidden"
"""The type of an error about a field that the page does not have."""

FIELDS = ". The fields are "

Schema = Mapping[str, Any]


def page_errors(errors: Sequence[Mapping[str, Any]], schema: Schema) -> str:
    """The errors of a page, each as `page_error` says it; the fields that there are stand once, behind the last."""
    texts = [page_error(error, schema) for error in errors]
    heads = [
        head if names and following.endswith(FIELDS + names) else text
        for text, following in pairwise([*texts, ""])
        for head, _, names in [text.partition(FIELDS)]
    ]
    return "; ".join(heads)


def page_error(error: Mapping[str, Any], schema: Schema) -> str:
    """An error of a page as a sentence without a full stop; ``schema`` is the JSON Schema of the page."""
    if context.wants_json():
        return f"{error['pointer'] or 'the page'}: {error['message']}"
    path = [str(part) for part in error["path"]]
    if not path:
        return str(error["message"])
    if error["type"] == UNKNOWN_FIELD:
        within = f" in {place(path[:-1], schema)}" if path[:-1] else ""
        fields = _resolved(_at(path[:-1], schema), schema).get("properties", {})
        names = ", ".join(fields)
        return f"there is no field {path[-1]!r}{within}.{did_you_mean(path[-1], fields) or FIELDS[1:] + names}"
    return f"{place(path, schema)}: {error['message']}"


def place(path: Sequence[str], schema: Schema) -> str:
    """The titles on the way to the field; a title that differs from the name of the field has the name behind it.

    >>> node = {"type": "object", "properties": {"vlan": {"title": "VLAN id"}}}
    >>> place(["nodes", "0", "vlan"], {"properties": {"nodes": {"title": "Nodes", "items": node}}})
    'Nodes, item 1, VLAN id (vlan)'
    """
    words, here = list[str](), schema
    for part in path:
        inner = _resolved(here, schema)
        is_item = part.isdecimal() and "properties" not in inner
        here = _below(inner, part, schema)
        title = str(here.get("title", part))
        is_same = _plain(title) == _plain(part)
        words.append(f"item {int(part) + 1}" if is_item else title if is_same else f"{title} ({part})")
    return ", ".join(words)


def input_error(error: Mapping[str, Any]) -> str:
    """An error about the input of an operation, of which no titles are known."""
    if context.wants_json():
        return f"{error['pointer']}: {error['message']}"
    parts = [part.replace("~1", "/").replace("~0", "~") for part in str(error["pointer"]).split("/")[1:]]
    if parts[:1] == ["pages"] and len(parts) > 1 and parts[1].isdecimal():
        parts[:2] = [f"page {int(parts[1]) + 1}"]
        parts[1:] = [f"item {int(part) + 1}" if part.isdecimal() else part for part in parts[1:]]
    else:
        parts = [f"item {int(part) + 1}" if part.isdecimal() else part for part in parts]
    return f"{', '.join(parts)}: {error['message']}" if parts else str(error["message"])


def _at(path: Sequence[str], schema: Schema) -> Schema:
    here = schema
    for part in path:
        here = _below(_resolved(here, schema), part, schema)
    return here


def _below(schema: Schema, part: str, whole: Schema) -> Schema:
    """The JSON Schema of a field or an item; empty if it is not known."""
    if found := schema.get("properties", {}).get(part):
        # A title behind a reference is the name of a class, alike for all fields of that class.
        return {**_resolved(found, whole), "title": part, **found}
    items = schema.get("items", {}) if part.isdecimal() else schema.get("additionalProperties")
    return items if isinstance(items, Mapping) else {}


def _resolved(schema: Schema, whole: Schema) -> Schema:
    """The JSON Schema behind its reference; of several choices, the first that has fields or items."""
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    found = {**whole.get("$defs", {}).get(name, {}), **schema} if name else schema
    choices = [_resolved(each, whole) for key in ("anyOf", "oneOf", "allOf") for each in found.get(key, ())]
    deeper = [each for each in choices if "properties" in each or "items" in each]
    return {**deeper[0], **found} if deeper and "properties" not in found and "items" not in found else found


def _plain(text: str) -> str:
    return text.casefold().replace("_", " ")
