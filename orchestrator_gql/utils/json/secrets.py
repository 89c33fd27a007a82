"""Find the secrets (pydantic's secret types) in values that authors return, write them as clear text, and mask them."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any, TypeAlias

from pydantic import BaseModel, Secret, SecretBytes, SecretStr, TypeAdapter
from pydantic_core import PydanticSerializationError, to_jsonable_python

from orchestrator_gql.utils.json.redaction import MASK
from orchestrator_gql.utils.json.text import Json

DISPLAY = "**********"
"""The text that pydantic writes instead of a secret."""

Place: TypeAlias = tuple[str | int, ...]

_TYPES = (SecretStr, SecretBytes, Secret)
_MARKS = ("writeOnly", "secret")
_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)
_DEEPEST = 64
_END = object()
"""Marks the end of a pointer in the tree of pointers; it is no text, because a key may be any text."""


@dataclasses.dataclass(slots=True)
class Found:
    """The secrets found in a conversion to JSON: their places, as JSON pointers (RFC 6901), and their texts."""

    places: set[str] = dataclasses.field(default_factory=set)
    values: list[str] = dataclasses.field(default_factory=list, repr=False)

    def add(self, place: Place, value: Json) -> None:
        """Add the place and the text of a secret."""
        self.places.add(pointer(place))
        self.know(value)

    def know(self, value: Json) -> None:
        """Add the text of a secret without a place."""
        self.values += (text for text in texts_in(value) if text not in self.values)


def pointer(place: Place) -> str:
    """Return the place as a JSON pointer (RFC 6901).

    >>> pointer(("login", 0, "a/b"))
    '/login/0/a~1b'
    """
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in place)


def place_of(pointer: str) -> tuple[str, ...]:
    """Return the keys of a JSON pointer; indexes of lists are texts."""
    return tuple(key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:])


def is_secret(value: object) -> bool:
    """Return whether the value has one of pydantic's secret types, such as `SecretStr`."""
    return isinstance(value, _TYPES)


def clear_value(secret: Any) -> Any:
    """Return the secret in clear text; raises `UnicodeDecodeError` for bytes that are not UTF-8."""
    value = secret.get_secret_value()
    return value.decode("utf-8") if isinstance(value, bytes) else value


def texts_of(secret: Any) -> list[str]:
    """Return the texts in the secret; an empty list for bytes that are not UTF-8."""
    try:
        return list(texts_in(to_jsonable_python(clear_value(secret))))
    except ValueError:
        return []


def texts_in(value: Json) -> Iterator[str]:
    """Yield every text and number in a value that is secret as a whole, as text."""
    match value:
        case None | bool() | "":
            return
        case dict():
            for item in value.values():
                yield from texts_in(item)
        case list() | tuple():
            for item in value:
                yield from texts_in(item)
        case _:
            yield str(value)


def secrets_within(value: Any, depth: int = 0) -> Iterator[Any]:
    """Yield every secret in a Python value, also in fields that are excluded from JSON."""
    if is_secret(value):
        yield value
    elif depth < _DEEPEST and not isinstance(value, str | bytes | type):
        for part in _parts(value):
            yield from secrets_within(part, depth + 1)


def _parts(value: Any) -> Iterable[Any]:
    match value:
        case BaseModel():
            return (*value.__dict__.values(), *(value.__pydantic_extra__ or {}).values())
        case Mapping():
            return value.values()
        case list() | tuple() | set() | frozenset():
            return value
        case _ if dataclasses.is_dataclass(value):
            return [getattr(value, field.name, None) for field in dataclasses.fields(value)]
        case _:
            return ()


def dumped(value: Any, *, warnings: bool = True) -> Any:
    """Return the value as pydantic dumps it to JSON, but with the secrets themselves instead of their masks.

    All rules of serialization hold (aliases, excluded and computed fields, custom serializers), because pydantic dumps
    the value twice: to JSON, and to Python, where secrets stay as they are.
    """
    if isinstance(value, BaseModel):
        plain = value.model_dump(mode="json", warnings=warnings)
    else:
        plain = to_jsonable_python(value, fallback=_in_model)
    if next(secrets_within(value), None) is None and not _shows_display(plain):
        return plain
    return with_secrets(plain, as_python(value))


def _in_model(value: Any) -> Any:
    """Return the JSON for a value of a type that pydantic writes only in models, such as `NameEmail`."""
    if is_secret(value):
        return DISPLAY
    if isinstance(value, PurePath):
        return str(value)
    if hasattr(type(value), "__get_pydantic_core_schema__"):
        return TypeAdapter(type(value)).dump_python(value, mode="json")
    raise PydanticSerializationError(f"Unable to serialize unknown type: {type(value)}")


def as_python(value: Any) -> Any:
    """Return the value as pydantic dumps it to Python: models become dicts, secrets stay as they are."""
    return (
        value.model_dump(warnings=False)
        if isinstance(value, BaseModel)
        else _ANYTHING.dump_python(value, warnings=False)
    )


def _shows_display(plain: Json) -> bool:
    """Return whether the JSON contains a masked secret that no field holds, because it was computed."""
    match plain:
        case dict():
            return any(map(_shows_display, plain.values()))
        case list():
            return any(map(_shows_display, plain))
        case _:
            return bool(plain == DISPLAY)


def with_secrets(plain: Any, python: Any) -> Any:
    """Return the JSON value with the secrets of the Python value in their places."""
    if is_secret(python):
        if plain in (DISPLAY, str(python)) or not plain:
            return python
        return SecretStr(plain) if isinstance(plain, str) else Secret(plain)  # a custom serializer wrote it
    match plain, python:
        case dict(), Mapping() if all(isinstance(key, str) for key in python):
            return {key: with_secrets(item, python.get(key)) for key, item in plain.items()}
        case dict(), Mapping() if len(plain) == len(python):
            pairs = zip(plain.items(), python.values(), strict=True)
            return {key: with_secrets(item, original) for (key, item), original in pairs}
        case list(), list() | tuple() if len(plain) == len(python):
            return [with_secrets(item, original) for item, original in zip(plain, python, strict=True)]
        case list(), set() | frozenset() if any(map(is_secret, python)):
            return sorted(python, key=lambda item: str(clear_value(item) if is_secret(item) else item))
        case _:
            return plain


def revealed(value: Any, found: Found, place: Place = ()) -> Any:
    """Return the value with its secrets in clear text; their places and texts are added to ``found``."""
    if is_secret(value):
        plain = to_jsonable_python(clear_value(value))
        found.add(place, plain)
        return plain
    match value:
        case dict():
            return {key: revealed(item, found, (*place, key)) for key, item in value.items()}
        case list():
            return [revealed(item, found, (*place, index)) for index, item in enumerate(value)]
        case _:
            return value


def masked(value: Json, places: Iterable[str]) -> Json:
    """Return the value with a mask at each of the places; the same object if there are no places.

    >>> masked({"user": "ada", "pins": ["1234", ""]}, ["/pins/0", "/pins/1"])
    {'user': 'ada', 'pins': ['[redacted]', '']}
    """
    tree: dict[Any, Any] = {}
    for place in places:
        branch = tree
        for key in place_of(place):
            branch = branch.setdefault(key, {})
        branch[_END] = True
    return _masked(value, tree) if tree else value


def _masked(value: Json, tree: Mapping[Any, Any]) -> Json:
    if _END in tree:
        return value if value is None or value == "" else MASK
    match value:
        case dict():
            return {key: _masked(item, tree[key]) if tree.get(key) else item for key, item in value.items()}
        case list():
            items = enumerate(value)
            return [_masked(item, tree[str(index)]) if str(index) in tree else item for index, item in items]
        case _:
            return value


def value_at(value: Json, place: tuple[str, ...]) -> Any:
    """Return the value at the place; an object that equals nothing if the place does not exist."""
    for key in place:
        match value:
            case dict() if key in value:
                value = value[key]
            case list() if key.isdecimal() and int(key) < len(value):
                value = value[int(key)]
            case _:
                return object()
    return value


def is_marked(schema: Json) -> bool:
    """Return whether a JSON Schema marks its value as secret: ``writeOnly``, ``secret``, or the format ``password``."""
    if not isinstance(schema, dict):
        return False
    return any(schema.get(mark) is True for mark in _MARKS) or schema.get("format") == "password"


def holds_marks(schema: Json) -> bool:
    """Return whether a JSON Schema marks anything as secret, at any depth."""
    if isinstance(schema, list):
        return any(map(holds_marks, schema))
    return isinstance(schema, dict) and (is_marked(schema) or any(map(holds_marks, schema.values())))


def is_marked_field(schema: Json) -> bool:
    """Return whether the schema itself, an alternative or its items are marked, not what a reference leads to."""
    if not isinstance(schema, dict):
        return False
    parts = [part for word in ("anyOf", "oneOf", "allOf") for part in schema.get(word, [])]
    parts += [schema.get("items"), schema.get("additionalProperties")]
    return is_marked(schema) or any(map(is_marked_field, parts))


def places_in(schema: Json, value: Json) -> set[str]:
    """Return the places in the value that a JSON Schema marks as secret, in any branch of the schema.

    >>> sorted(places_in({"properties": {"pin": {"writeOnly": True}, "node": {}}}, {"pin": "1", "node": "a"}))
    ['/pin']
    """
    if not isinstance(schema, dict):
        return set()
    definitions = {
        f"#/{word}/{name}": definition for word in ("$defs", "definitions") for name, definition in _of(schema, word)
    }
    return {pointer(place) for place in _marked(schema, value, (), definitions, frozenset())}


def _of(schema: Mapping[str, Any], keyword: str) -> Iterable[tuple[str, Any]]:
    content = schema.get(keyword)
    return content.items() if isinstance(content, dict) else ()


def _marked(
    schema: Any, value: Json, place: Place, definitions: Mapping[str, Any], above: frozenset[str]
) -> Iterator[Place]:
    """Yield the marked places. ``above`` holds the references followed at this place, so that a circle of them ends."""
    if not isinstance(schema, dict) or value is None:
        return
    if is_marked(schema):
        yield place
        return
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference not in above:
        yield from _marked(definitions.get(reference), value, place, definitions, above | {reference})
    for keyword in ("anyOf", "oneOf", "allOf"):
        branches = schema.get(keyword)
        for branch in branches if isinstance(branches, list) else ():
            yield from _marked(branch, value, place, definitions, above)
    for keyword in ("if", "then", "else"):
        yield from _marked(schema.get(keyword), value, place, definitions, above)
    for key, item, item_schema in _parts_with_schemas(schema, value):
        yield from _marked(item_schema, item, (*place, key), definitions, frozenset())


def _parts_with_schemas(schema: Mapping[str, Any], value: Json) -> Iterator[tuple[str | int, Json, Any]]:
    """Yield each part of the value (its key, the part) with each schema that may apply to it."""
    match value:
        case dict():
            known = dict(_of(schema, "properties"))
            others = (
                schema.get("additionalProperties"),
                *(schema_of_pattern for _, schema_of_pattern in _of(schema, "patternProperties")),
            )
            for key, item in value.items():
                for item_schema in (known[key],) if key in known else others:
                    yield key, item, item_schema
        case list():
            first = schema.get("prefixItems")
            first = first if isinstance(first, list) else []
            for index, item in enumerate(value):
                yield index, item, first[index] if index < len(first) else schema.get("items")
