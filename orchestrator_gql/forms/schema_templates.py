"""Keeps the JSON Schemas of simple pages: each turn makes the class of a page anew, mostly with the same fields.

The JSON Schema of a page follows from pydantic's core schema of the class, its configuration and its docstring. All of
them are in the key of a template, except the title and the default of each field: they may be data of a process, so a
template has none, and every page gets its own. A page whose core schema holds a function, a class or any other object
has no template: such an object could write anything into the schema.
"""

import math
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import BaseModel

from orchestrator_gql.utils.json import copied

Schema: TypeAlias = dict[str, Any]

MOST = 256
LONGEST = 8_000
"""At most `MOST` templates are kept, each of a page with at most `LONGEST` characters in its core schema."""

_ATOMS = (str, int, float, bool, type(None))
_SHOWN = (str, int, bool, type(None))
"""Types of values that JSON Schema shows as they are."""

_ADDED = ("pydantic_js_updates", "pydantic_js_extra")

_OWN_SCHEMA = BaseModel.__get_pydantic_json_schema__.__func__  # type: ignore[attr-defined]
_GENERATE = BaseModel.model_json_schema.__func__  # type: ignore[attr-defined]


class _NotSimpleError(Exception):
    """The JSON Schema of the page may depend on more than its key."""


class SchemaTemplates:
    """The templates by the keys of their pages; pages are drawn in several threads."""

    def __init__(self) -> None:
        self._templates: dict[Hashable, Schema] = {}
        self._lock = threading.Lock()

    def schema(self, page: type[BaseModel], generate: Callable[[type[BaseModel]], Schema]) -> Schema:
        """The JSON Schema of the page: what ``generate`` returns, or its template with the values of the page."""
        try:
            key, values = _key(page)
        except _NotSimpleError:
            return generate(page)
        with self._lock:
            template = self._templates.get(key)
        if template is None:
            schema = generate(page)
            self._keep(key, schema, values)
            return schema
        return values.put_into(template)

    def _keep(self, key: Hashable, schema: Schema, values: "_Values") -> None:
        """Keep the schema without its values, if each value is where a template expects it."""
        shown = {name: field["default"] for name, field in schema["properties"].items() if "default" in field}
        if _exact(shown) != _exact(values.defaults) or values.title not in (None, schema["title"]):
            return
        without = _Values(dict.fromkeys(values.defaults), values.title and "")
        with self._lock:
            if len(self._templates) >= MOST:
                del self._templates[next(iter(self._templates))]  # the oldest
            self._templates[key] = without.put_into(schema)

    def __len__(self) -> int:
        return len(self._templates)


@dataclass(frozen=True, slots=True)
class _Values:
    """What a page shows of its own: the defaults of its fields, and the title of its configuration, if it has one."""

    defaults: Schema
    title: str | None

    def put_into(self, template: Schema) -> Schema:
        """A copy of the template with the values."""
        schema: Schema = copied(template)
        for name, default in self.defaults.items():
            schema["properties"][name]["default"] = default
        if self.title is not None:
            schema["title"] = self.title
        return schema


def _exact(values: Schema) -> dict[str, tuple[type, Any]]:
    return {name: (type(value), value) for name, value in values.items()}


def _key(page: type[BaseModel]) -> tuple[Hashable, _Values]:
    """All that the JSON Schema of the page depends on except its values, and these. Raises `_NotSimpleError`."""
    core: Any = page.__pydantic_core_schema__
    if type(core) is not dict or core.get("type") != "model" or core["cls"] is not page:
        raise _NotSimpleError
    if not _is_plain(page, core) or core["schema"].get("type") != "model-fields":
        raise _NotSimpleError
    frozen, defaults, fields = _Frozen(), dict[str, Any](), list[Hashable]()
    for name, field in core["schema"]["fields"].items():
        inner = field["schema"]
        if "validation_alias" in field or any(_writes_default(part) for part in (field, inner)):
            raise _NotSimpleError
        if inner["type"] == "default" and "default" in inner:
            defaults[name] = _shown(inner["default"])
            inner = _without(inner, "default")
        fields.append((name, frozen.of(field | {"schema": inner})))
    config: dict[str, Any] = dict(page.model_config)
    title, extra = config.get("title"), config.get("json_schema_extra")
    if isinstance(extra, dict) and not extra.keys().isdisjoint(("title", "properties")):
        raise _NotSimpleError  # they replace what is generated, values included
    parts = (
        [page.__doc__, _without(config, "title"), type(title) is str, hasattr(page, "__deprecated__")],
        [[name, field.frozen] for name, field in page.model_fields.items()],
        _without(core["schema"], "fields"),
        _without(core.get("config", {}), "title"),
        _without(core, "cls", "ref", "metadata", "schema", "config"),
    )
    return (tuple(fields), *map(frozen.of, parts)), _Values(defaults, None if title is None else _shown(title))


def _without(values: Schema, *keys: str) -> Schema:
    return {key: value for key, value in values.items() if key not in keys}


def _writes_default(core: Schema) -> bool:
    """True if what an author adds to the JSON Schema replaces the default, perhaps by an equal value."""
    metadata = core.get("metadata", {})
    return any("default" in (metadata.get(part) or ()) for part in _ADDED if type(metadata.get(part)) is dict)


def _is_plain(page: type[BaseModel], core: Schema) -> bool:
    """True if pydantic itself makes the JSON Schema of the page."""
    functions = core.get("metadata", {}).get("pydantic_js_functions", [])
    return (
        core.get("metadata", {}).keys() <= {"pydantic_js_functions"}
        and all(getattr(own, "__func__", None) is _OWN_SCHEMA and own.__self__ is page for own in functions)
        and getattr(page.model_json_schema, "__func__", None) is _GENERATE
    )


def _shown(value: Any) -> Any:
    if type(value) not in _SHOWN:
        raise _NotSimpleError
    if type(value) is float and not math.isfinite(value):  # pydantic leaves such a value out
        raise _NotSimpleError
    if type(value) is str and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:  # a lone surrogate: pydantic may leave such a value out
            raise _NotSimpleError from None
    return value


class _Frozen:
    """Makes a key of a core schema: equal keys have equal values of equal types in equal order."""

    def __init__(self) -> None:
        self._left = LONGEST

    def of(self, value: Any) -> Hashable:
        kind = type(value)
        if kind is dict:
            return tuple([(self.of(key), self.of(below)) for key, below in value.items()])
        if kind is list:
            return (list, *map(self.of, value))
        if kind not in _ATOMS:
            raise _NotSimpleError
        text = value if kind is str else repr(value)
        self._left -= len(text)
        if self._left < 0:
            raise _NotSimpleError
        return text if kind is str else (kind, text)
