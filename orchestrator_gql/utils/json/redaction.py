"""Mask the values of secret keys in JSON and in texts before people see them."""

import re
from collections.abc import Iterable
from typing import Any

from orchestrator_gql.utils.json.remembered import RememberedTexts
from orchestrator_gql.utils.json.secret_rules import PEM
from orchestrator_gql.utils.json.secret_text import SecretText
from orchestrator_gql.utils.json.secret_values import MASK, STRETCH
from orchestrator_gql.utils.json.secret_words import Words
from orchestrator_gql.utils.json.text import Json, decode, encode

__all__ = ["MASK", "VALUES", "Redactor", "Shape", "secret_names"]

VALUES = frozenset({"default", "const", "examples", "example"})
"""Keywords of a JSON Schema that hold values, and do not describe the shape of values."""

REMEMBERED_FROM = 4096
"""Characters of the shortest text whose redacted form is remembered."""

_PLAIN = re.compile(r"[A-Za-z0-9_@/-]{0,12}")
"""A short word, such as the name of a node or a state: too short for a secret of a known form."""


class Shape(dict[str, Json]):
    """JSON that describes the shape of other JSON: its keys are names of properties, and their values no secrets."""


class Redactor:
    """Masks the values of secret keys: keys of a pattern (``*password*``, in any case) or a name in a contract.

    >>> redact = Redactor(["*password*"])
    >>> redact({"user": "ada", "db_password": "hunter2", "log": ["login with password=hunter2 failed"]})
    {'user': 'ada', 'db_password': '[redacted]', 'log': ['login with password=[redacted] failed']}
    """

    def __init__(self, patterns: Iterable[str], names: Iterable[str] = (), *, stretch: int = STRETCH) -> None:
        self._words = Words(patterns, names)
        self._stretch = stretch
        self._remembered = RememberedTexts()

    def __call__(self, value: Json) -> Json:
        """Return the value with its secrets masked; the same object if it has none."""
        match value:
            case str():
                return self.text(value)
            case dict():
                return self._object(value)
            case list() | tuple():
                shown = self._lines([self(item) for item in value])
                return shown if any(a is not b for a, b in zip(shown, value, strict=True)) else value
            case _:
                return value

    def text(self, text: str) -> str:
        """Return the text with the values behind secret keys masked."""
        words = self._words
        if not words.hints or _PLAIN.fullmatch(text) or (len(text) <= self._stretch and not words.hint_in(text)):
            return text
        return (
            self._searched(text) if len(text) < REMEMBERED_FROM else self._remembered.made("text", text, self._searched)
        )

    def _searched(self, text: str) -> str:
        return SecretText(text, self._words, stretch=self._stretch).shown()

    def json_text(self, text: str) -> str:
        """Return the JSON text with the secrets of its value masked; the same text if it has none.

        The result is remembered.
        """
        if not self._words.hint_in_any(text, self._stretch):
            return text
        return self._remembered.made("json", text, self._reencoded)

    def remembered(self, value: Json) -> Json:
        """Do the same as a call, and remember the result: for large values."""
        try:
            text = encode(value)
        except (TypeError, ValueError):
            return self(value)  # not JSON: the code that stores or sends the value refuses it
        shown = self._remembered.made("json", text, lambda _: self._encoded(value, text))
        return value if shown is text else decode(shown)

    def _reencoded(self, text: str) -> str:
        return self._encoded(decode(text), text)

    def _encoded(self, value: Json, text: str) -> str:
        shown = self(value)
        return text if shown is value else encode(shown)

    def holds_secret(self, key: str) -> bool:
        """Return whether the value of the key is masked."""
        return self._words.holds(key)

    def _object(self, value: dict[str, Json]) -> dict[str, Json]:
        shown: dict[str, Json] = {}
        is_same = True
        is_named = "value" in value and self._names_a_secret(value)
        for key, item in value.items():
            if self.holds_secret(key) or (is_named and key == "value" and not isinstance(item, dict | list)):
                masked: Any = item if item is None or isinstance(item, bool) or item in ("", MASK) else MASK
            else:
                masked = self(item)
            is_same = is_same and masked is item
            shown[key] = masked
        return value if is_same else shown

    def _names_a_secret(self, value: dict[str, Json]) -> bool:
        """Return whether the object is a pair of name and value, as in lists of variables, that names a secret."""
        name = value.get("name", value.get("key"))
        return isinstance(name, str) and len(name) <= 64 and " " not in name and self.holds_secret(name)

    def _lines(self, items: list[Json]) -> list[Json]:
        """Mask secrets that span several items of a list: a private key line by line, or an option and its argument."""
        is_key = is_argument = False
        for at, item in enumerate(items):
            if not isinstance(item, str):
                is_argument = False
                continue
            ends = is_key and "-----END" in item
            if (is_key and not ends) or (is_argument and item and item[0] != "-"):
                items[at] = MASK
            is_key = (is_key and not ends) or (item.endswith((MASK, "-----")) and _begins_a_key(item))
            is_key = is_key and self.holds_secret("private_key")
            is_argument = item.startswith("-") and len(item) <= 64 and self._takes_a_secret(item)
        return items

    def _takes_a_secret(self, option: str) -> bool:
        word = None if "=" in option or " " in option else self._words.word(option)
        return word is not None and word.is_secret and not word.is_harmless

    def schema(self, schema: Json) -> Json:
        """Return a JSON Schema without the defaults and examples of its secret properties."""
        if isinstance(schema, list):
            return [self.schema(item) for item in schema]
        if not isinstance(schema, dict):
            return schema
        shown = {key: self(item) if key in VALUES else self.schema(item) for key, item in schema.items()}
        properties = shown.get("properties")
        if isinstance(properties, dict):
            shown["properties"] = {
                name: self._property(name, property_schema) for name, property_schema in properties.items()
            }
        return shown

    def _property(self, name: str, schema: Json) -> Json:
        if not self.holds_secret(name) or not isinstance(schema, dict):
            return schema
        return {key: item for key, item in schema.items() if key not in VALUES}


def _begins_a_key(line: str) -> bool:
    begins = PEM.search(line)
    return begins is not None and "-----END" not in line


def secret_names(schema: Json) -> set[str]:
    """Return the properties that a JSON Schema marks by ``writeOnly``, ``secret`` or the format ``password``.

    >>> sorted(secret_names({"properties": {"pin": {"type": "string", "writeOnly": True}, "node": {}}}))
    ['pin']
    """
    names: set[str] = set()
    if isinstance(schema, list):
        return names.union(*map(secret_names, schema))
    if not isinstance(schema, dict):
        return names
    properties = schema.get("properties")
    for name, property_schema in properties.items() if isinstance(properties, dict) else ():
        if _is_secret(property_schema):
            names.add(name)
    return names.union(*map(secret_names, schema.values()))


def _is_secret(schema: Json) -> bool:
    if not isinstance(schema, dict):
        return False
    options = [schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    marks = ("writeOnly", "secret")
    return any(
        isinstance(option, dict)
        and (any(option.get(mark) is True for mark in marks) or option.get("format") == "password")
        for option in options
    )
