"""Compares two versions of a contract: does the new version still accept all that the old version accepted?

The rules read JSON Schema as a remote service does, which sends what the old version says. Two things are no breach: a
service that sent unknown fields did so on its own account, so a new optional field may have any schema; and a text that
only describes, such as a title or a default, may change.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from orchestrator_gql.types import Json

Schema: TypeAlias = Mapping[str, Any]
Refs: TypeAlias = frozenset[tuple[str | None, str | None]]

_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains")
_ANNOTATIONS = {
    *("$defs", "$id", "$schema", "$comment", "title", "description", "default", "example", "examples", "deprecated"),
    *("readOnly", "writeOnly", "contentMediaType", "contentEncoding", "discriminator"),
}
_COMPARED = {
    *(*_LOWER, *_UPPER, "$ref", "type", "enum", "const", "anyOf", "oneOf", "allOf", "properties", "required"),
    *("additionalProperties", "items", "prefixItems"),
}
_TYPES = frozenset(("string", "integer", "number", "boolean", "null", "array", "object"))


@dataclass(frozen=True, slots=True)
class Breach:
    """A place of the payload, as a JSON pointer, where the new version refuses what the old version accepted."""

    pointer: str
    message: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the comparison is: the pointer, the two whole contracts, and the references that led here."""

    pointer: str
    old: Schema
    new: Schema
    refs: Refs = frozenset()

    def below(self, key: str) -> "_Place":
        """The place of a member; ``*`` stands for every element of a list, or every further field."""
        return _Place(f"{self.pointer}/{key.replace('~', '~0').replace('/', '~1')}", self.old, self.new, self.refs)

    def through(self, old: str | None, new: str | None) -> "_Place | None":
        """The place behind the references; None if they led here before, because then they are being compared."""
        if old is None and new is None:
            return self
        pair = (old, new)
        return None if pair in self.refs else _Place(self.pointer, self.old, self.new, self.refs | {pair})


def breaches(old: Json, new: Json) -> list[Breach]:
    """The places where ``new`` refuses what ``old`` accepts; both are JSON Schemas, None accepts every JSON value.

    >>> breaches({"type": "integer", "minimum": 0}, {"type": "integer", "minimum": 1})
    [Breach(pointer='', message='minimum is 1 now, and was 0')]
    """
    before, after = old or {}, new or {}
    return list(dict.fromkeys(_compared(before, after, _Place("", before, after))))


def _compared(old: Json, new: Json, place: _Place) -> Iterator[Breach]:
    if new is True or new == {} or old is False:
        return
    if new is False:
        yield Breach(place.pointer, "is refused now")
        return
    old = {} if old is True else old
    old_ref, new_ref = old.get("$ref"), new.get("$ref")
    behind = place.through(old_ref, new_ref)
    if behind is None:
        return
    old, new = _resolved(old, place.old), _resolved(new, place.new)
    choices = _choices(old)
    if len(choices) > 1 or len(_choices(new)) > 1:
        yield from _unions(choices, _choices(new), behind)
    else:
        yield from _plain(choices[0], _choices(new)[0], behind)


def _resolved(schema: Schema, whole: Schema) -> Schema:
    """The schema without a reference at its top, and with a single ``allOf`` taken in."""
    for _ in range(100):  # a circle of references accepts nothing; it is left as it is
        parts = schema.get("allOf", ())
        if "$ref" in schema:
            name = schema["$ref"].removeprefix("#/$defs/").replace("~1", "/").replace("~0", "~")
            target = whole.get("$defs", {}).get(name, {})
            schema = {**(target if isinstance(target, Mapping) else {}), **_without(schema, "$ref")}
        elif len(parts) == 1 and isinstance(parts[0], Mapping):
            schema = {**parts[0], **_without(schema, "allOf")}
        else:
            break
    return schema


def _without(schema: Schema, key: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != key}


def _choices(schema: Schema) -> list[Schema]:
    """The alternatives of a union; a list of types is one, too."""
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            rest = {name: value for name, value in _without(schema, keyword).items() if name not in _ANNOTATIONS}
            return [{**rest, **choice} if isinstance(choice, Mapping) else choice for choice in schema[keyword]]
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return [{**schema, "type": kind} for kind in kinds]
    return [schema]


def _unions(old: list[Schema], new: list[Schema], place: _Place) -> Iterator[Breach]:
    """Each alternative of the old version must fit one of the new version; the nearest says what is wrong."""
    for choice in old:
        found = [list(_compared(choice, candidate, place)) for candidate in new]
        if all(found):
            yield from (
                min(found, key=len)
                if len(new) == 1
                else [Breach(place.pointer, f"is refused now if it is {_shown(_resolved(choice, place.old))}")]
            )


def _shown(schema: Schema) -> str:
    if "const" in schema:
        return f"{schema['const']!r}"
    if "enum" in schema:
        return " or ".join(repr(value) for value in schema["enum"])
    return f"of the type {schema.get('type', 'any')}"


def _plain(old: Schema, new: Schema, place: _Place) -> Iterator[Breach]:
    lost = _types(old) - _types(new)
    if "integer" in lost and "number" in _types(new):
        lost -= {"integer"}
    if lost:
        was = "any type" if "type" not in old and not _values(old) else _shown(old).removeprefix("of the type ")
        yield Breach(place.pointer, f"must be of the type {new.get('type')} now, and was {was}")
        return
    yield from _compared_values(old, new, place)
    yield from _compared_bounds(old, new, place)
    yield from _compared_members(old, new, place)
    for keyword in sorted(new.keys() - _COMPARED - _ANNOTATIONS):
        if new[keyword] != old.get(keyword) and not _values(old):
            yield Breach(place.pointer, f"{keyword} is {new[keyword]!r} now, and was {old.get(keyword, 'not there')!r}")


def _types(schema: Schema) -> frozenset[str]:
    if "type" in schema:
        return frozenset((schema["type"],))
    values = _values(schema)
    return frozenset(_type_of(value) for value in values) if values else _TYPES


def _type_of(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _values(schema: Schema) -> list[Json]:
    """The only values that fit; empty if the schema does not list them."""
    return [schema["const"]] if "const" in schema else list(schema.get("enum", ()))


def _compared_values(old: Schema, new: Schema, place: _Place) -> Iterator[Breach]:
    allowed, before = _values(new), _values(old)
    if not allowed:
        return
    if not before and old.get("type") == "boolean":
        before = [False, True]
    typed = {(type(value), repr(value)) for value in allowed}
    lost = [value for value in before if (type(value), repr(value)) not in typed]
    if lost:
        yield Breach(place.pointer, f"{', '.join(repr(value) for value in lost)} is refused now")
    elif not before:
        yield Breach(place.pointer, f"must be {_shown(new)} now")


def _compared_bounds(old: Schema, new: Schema, place: _Place) -> Iterator[Breach]:
    if _values(old):
        return
    for keyword in (*_LOWER, *_UPPER):
        bound, before = new.get(keyword), old.get(keyword)
        if bound is None or (keyword in _LOWER and keyword.startswith("min") and keyword != "minimum" and bound <= 0):
            continue
        is_wider = before is not None and (bound <= before if keyword in _LOWER else bound >= before)
        if not is_wider:
            was = "there was none" if before is None else f"was {before}"
            yield Breach(place.pointer, f"{keyword} is {bound} now, and {was}")


def _compared_members(old: Schema, new: Schema, place: _Place) -> Iterator[Breach]:
    for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        yield Breach(place.below(name).pointer, "is required now")
    before, after = old.get("properties", {}), new.get("properties", {})
    rest, old_rest = new.get("additionalProperties", True), old.get("additionalProperties", True)
    for name, schema in before.items():
        yield from _compared(schema, after.get(name, rest), place.below(name))
    if old_rest is not False:
        yield from _compared(old_rest, rest, place.below("*"))
    yield from _compared_items(old, new, place)


def _compared_items(old: Schema, new: Schema, place: _Place) -> Iterator[Breach]:
    first, old_first = new.get("prefixItems", ()), old.get("prefixItems", ())
    rest, old_rest = new.get("items", True), old.get("items", True)
    for at in range(max(len(first), len(old_first))):
        old_item = old_first[at] if at < len(old_first) else old_rest
        yield from _compared(old_item, first[at] if at < len(first) else rest, place.below(str(at)))
    yield from _compared(old_rest, rest, place.below("*"))
