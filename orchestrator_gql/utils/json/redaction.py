"""What people are not shown: the values of keys that hold secrets, wherever they stand in JSON or in a text."""

import re
from collections.abc import Iterable
from fnmatch import translate
from typing import Any

from orchestrator_gql.utils.json.text import Json

MASK = "[redacted]"

_ASSIGNED = re.compile(
    r"""(?<![\w.-])(?P<key>[\w.-]{1,200})\\?["']?\s*[:=]\s*"""
    r"""(?P<value>\\?"(?:\\.|[^"\\])*+|'[^']*+|[{\[]|[^\s,;}\]"']+)"""
)
"""A key and its value in a text: ``"key": "value"``, escaped or not, ``key=value``, ``key: value``, perhaps cut off.

It begins at the beginning of a word and only there, or a long one would be searched from each of its letters.
"""

_BRACKET = re.compile(r"""[{}\[\]]|"(?:\\.|[^"\\])*+"?""")

VALUES = frozenset({"default", "const", "examples", "example"})
"""What a JSON Schema says of values, not of their shape."""


class Shape(dict[str, Json]):
    """JSON that describes the shape of other JSON: a key in it names a property, and is no secret."""


class Redactor:
    """Finds keys by patterns (``*password*``, case does not count) and by the names that contracts mark as secret.

    >>> redact = Redactor(["*password*"])
    >>> redact({"user": "ada", "db_password": "hunter2", "log": ["login with password=hunter2 failed"]})
    {'user': 'ada', 'db_password': '[redacted]', 'log': ['login with password=[redacted] failed']}
    """

    def __init__(self, patterns: Iterable[str], names: Iterable[str] = ()) -> None:
        patterns = [pattern.lower() for pattern in patterns]
        self._names = frozenset(name.lower() for name in names)
        self._pattern = re.compile("|".join(f"(?:{translate(one)})" for one in patterns)) if patterns else None
        cores = {max(re.split(r"[*?\[\]]", one), key=len) for one in patterns} | self._names
        # what holds another one need not be looked for: a text without "token" has no "_token"
        self._hints = tuple(one for one in cores if not any(other in one for other in cores - {one}))
        self._known: dict[str, bool] = {}

    def __call__(self, value: Json) -> Json:
        """The value without its secrets; the very same object where it has none."""
        match value:
            case str():
                return self.text(value)
            case dict():
                return self._object(value)
            case list() | tuple():
                shown = [self(item) for item in value]
                return shown if any(a is not b for a, b in zip(shown, value, strict=True)) else value
            case _:
                return value

    def text(self, text: str) -> str:
        """The text without the values that stand behind keys which hold secrets."""
        lower = text.lower()
        for hint in self._hints:  # nearly always a few fast searches in vain
            if hint in lower:
                return self._searched(text)
        return text

    def _searched(self, text: str) -> str:
        shown, at, last = list[str](), 0, 0
        while found := _ASSIGNED.search(text, at):
            begin, value = found.start("value"), found["value"]
            opened = re.match(r"""\\?["']|""", value)
            mark = opened[0] if opened else ""
            if self.holds_secret(found["key"]):
                at = _end_of(text, begin) if value in ("{", "[") else found.end()
                shown += (text[last:begin], mark, MASK)
                last = at
            else:  # a value may be a text that holds keys itself, as the body of a request does
                at = begin + max(len(mark), 1)
        return "".join(shown) + text[last:]

    def holds_secret(self, key: str) -> bool:
        """True where the value of the key is not shown."""
        known = self._known.get(key)
        if known is None:
            lower = key.lower()
            known = lower in self._names or bool(self._pattern and self._pattern.match(lower))
            if len(self._known) < 10_000:  # remote services choose the keys
                self._known[key] = known
        return known

    def _object(self, value: dict[str, Json]) -> dict[str, Json]:
        shown: dict[str, Json] = {}
        is_same = True
        for key, item in value.items():
            if self.holds_secret(key):
                seen: Any = item if item is None or isinstance(item, bool) or item in ("", MASK) else MASK
            else:
                seen = self(item)
            is_same = is_same and seen is item
            shown[key] = seen
        return value if is_same else shown

    def schema(self, schema: Json) -> Json:
        """A JSON Schema without the values that it gives to properties which hold secrets."""
        if isinstance(schema, list):
            return [self.schema(item) for item in schema]
        if not isinstance(schema, dict):
            return schema
        shown = {key: self(item) if key in VALUES else self.schema(item) for key, item in schema.items()}
        properties = shown.get("properties")
        if isinstance(properties, dict):
            shown["properties"] = {name: self._property(name, told) for name, told in properties.items()}
        return shown

    def _property(self, name: str, told: Json) -> Json:
        if not self.holds_secret(name) or not isinstance(told, dict):
            return told
        return {key: item for key, item in told.items() if key not in VALUES}


def _end_of(text: str, begin: int) -> int:
    """Where the object or list ends that begins there; the end of the text where it is cut off."""
    depth = 0
    for found in _BRACKET.finditer(text, begin):
        if found[0] in "{[":
            depth += 1
        elif found[0] in "}]":
            depth -= 1
        if depth == 0:
            return found.end()
    return len(text)


def secret_names(schema: Json) -> set[str]:
    """The properties that a JSON Schema marks as secret: ``writeOnly``, the format ``password``, or ``secret``.

    >>> sorted(secret_names({"properties": {"pin": {"type": "string", "writeOnly": True}, "node": {}}}))
    ['pin']
    """
    found: set[str] = set()
    if isinstance(schema, list):
        return found.union(*map(secret_names, schema))
    if not isinstance(schema, dict):
        return found
    properties = schema.get("properties")
    for name, told in properties.items() if isinstance(properties, dict) else ():
        if _is_secret(told):
            found.add(name)
    return found.union(*map(secret_names, schema.values()))


def _is_secret(told: Json) -> bool:
    if not isinstance(told, dict):
        return False
    options = [told, *told.get("anyOf", ()), *told.get("oneOf", ())]
    marks = ("writeOnly", "secret")
    return any(
        isinstance(one, dict) and (any(one.get(mark) is True for mark in marks) or one.get("format") == "password")
        for one in options
    )
