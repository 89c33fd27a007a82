"""What people are not shown: the values of keys that hold secrets, wherever they stand in JSON or in a text."""

import re
from collections.abc import Iterable
from fnmatch import translate
from typing import Any

from orchestrator_gql.utils.errors import Json
from orchestrator_gql.utils.json.secret_rules import HINTS, PEM
from orchestrator_gql.utils.json.secret_text import STRETCH, SecretText, snake
from orchestrator_gql.utils.json.secret_values import MASK

__all__ = ["MASK", "VALUES", "Redactor", "Shape", "secret_names"]

VALUES = frozenset({"default", "const", "examples", "example"})
"""What a JSON Schema says of values, not of their shape."""

_LONGEST_KEY = 1000

_PLAIN = re.compile(r"[A-Za-z0-9_:@/ -]{0,12}")
"""So short a text without a sign of assignment holds no secret."""


class Shape(dict[str, Json]):
    """JSON that describes the shape of other JSON: a key in it names a property, and is no secret."""


class Redactor:
    """Finds keys by patterns (``*password*``, case does not count) and by the names that contracts mark as secret.

    >>> redact = Redactor(["*password*"])
    >>> redact({"user": "ada", "db_password": "hunter2", "log": ["login with password=hunter2 failed"]})
    {'user': 'ada', 'db_password': '[redacted]', 'log': ['login with password=[redacted] failed']}
    """

    def __init__(self, patterns: Iterable[str], names: Iterable[str] = (), *, stretch: int = STRETCH) -> None:
        patterns = [pattern.lower() for pattern in patterns]
        self._names = frozenset(name.lower() for name in names)
        self._exact = self._names | {one for one in patterns if not re.search(r"[*?\[]", one)}
        self._pattern = re.compile("|".join(f"(?:{translate(one)})" for one in patterns)) if patterns else None
        cores = {_core(one) for one in patterns} | self._names
        self._cores = re.compile("|".join(map(re.escape, _fewest(cores)))) if cores else None
        # without any pattern and name nothing is looked for
        self._hints = _fewest(cores | HINTS) if cores else ()
        self._known: dict[str, bool] = {}
        self._ordinary: set[str] = set()
        self._stretch = stretch

    def __call__(self, value: Json) -> Json:
        """The value without its secrets; the very same object where it has none."""
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
        """The text without the values that stand behind keys which hold secrets."""
        if not self._hints or _PLAIN.fullmatch(text) or (len(text) <= self._stretch and not self._is_hinted(text)):
            return text
        return SecretText(
            text,
            self.holds_secret,
            is_exact=self._exact.__contains__,
            hints=self._is_hinted,
            ordinary=self._ordinary,
            stretch=self._stretch,
        ).shown()

    def _is_hinted(self, text: str) -> bool:
        lower = text.lower()
        for hint in self._hints:  # nearly always a few fast searches in vain
            if hint in lower:
                return True
        return False

    def holds_secret(self, key: str) -> bool:
        """True where the value of the key is not shown."""
        known = self._known.get(key)
        if known is None:
            known = self._judged(key if len(key) <= _LONGEST_KEY else key[:500] + key[-500:])
            if len(self._known) < 10_000:  # remote services choose the keys
                self._known[key] = known
        return known

    def _judged(self, key: str) -> bool:
        lower = key.lower()
        if lower in self._names:
            return True
        if self._pattern is None or self._cores is None or not self._cores.search(lower):
            return False
        return any(self._pattern.match(one) for one in {lower, snake(key)})

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

    def _lines(self, items: list[Json]) -> list[Json]:
        """A list without the secrets that its texts hold together: a private key line by line, an option's argument."""
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
        return "=" not in option and " " not in option and self.holds_secret(option.lstrip("-"))

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


def _core(pattern: str) -> str:
    """What every key has in it that the pattern finds, however the key is written: ``access`` of ``*access_key*``."""
    return max(re.split(r"[*?_.\- ]|\[[^\]]*\]?", pattern), key=len)


def _fewest(words: Iterable[str]) -> tuple[str, ...]:
    """The words without those that hold another one: a text without "token" has no "_token"."""
    words = frozenset(words)
    return tuple(sorted(one for one in words if not any(other in one for other in words - {one})))


def _begins_a_key(line: str) -> bool:
    begins = PEM.search(line)
    return begins is not None and "-----END" not in line


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
