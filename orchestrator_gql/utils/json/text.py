"""JSON as text: encoded, decoded, canonical, and shortened."""

import json as stdjson
import re
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from math import isfinite
from typing import Any, TypeAlias

import orjson
import rfc8785

from orchestrator_gql.utils.json.stored import INLINE, Stored

Json: TypeAlias = Any
"""A JSON value: None, bool, int, float, str, list or dict of these."""

PREVIEW = 1024
"""The largest number of characters that are shown of a value that is too large."""


def preview(text: str, limit: int) -> str:
    """Return the beginning of ``text``, at most ``limit`` characters; a text that is cut ends with an ellipsis.

    >>> preview("router-amsterdam", 8)
    'router-…'
    """
    return text if len(text) <= limit else text[: limit - 1] + "…"


def in_words(value: Json) -> str:
    """Return a text as it is, and another JSON value as JSON.

    >>> in_words("done"), in_words([True, None])
    ('done', '[true,null]')
    """
    return value if isinstance(value, str) else encode(value)


def beginning_of(text: str, limit: int) -> str:
    """Return ``text``, or its first ``limit`` characters and the number of characters that are left out.

    >>> beginning_of("router-amsterdam", 6)
    'router\\n[… 10 more characters]'
    """
    return text if len(text) <= limit else f"{text[:limit]}\n[… {len(text) - limit:,} more characters]"


def in_one_line(text: str) -> str:
    r"""Return the text on one line, without control characters and marks that turn the direction of writing.

    >>> in_one_line("Confirm\r\nBcc: everybody@example.org")
    'Confirm Bcc: everybody@example.org'
    """
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def bounded(value: Json, limit: int = INLINE) -> Json:
    """Return the value, or its size in bytes and its beginning if its JSON text has more than ``limit`` characters.

    >>> bounded({"output": "x" * 100}, 50)
    {'bytes': 113, 'beginning': '{"output":"xxxxxxxxxxxxx…'}
    """
    text = encode(value)
    if len(text) <= limit:
        return value
    return {"bytes": len(text.encode()), "beginning": preview(text, min(limit // 2, PREVIEW))}


def canonical(value: Json) -> bytes:
    """Return the canonical form (RFC 8785): equal values give equal bytes, in spite of spaces, escapes and key order.

    The RFC has no integers above 2**53 - 1, because JavaScript cannot tell them apart. Here they are written with all
    digits, so that different integers give different bytes. Raises ``ValueError`` for a value that is not JSON.

    >>> canonical({"b": 1.0, "a": 9007199254740993})
    b'{"a":9007199254740993,"b":1}'
    """
    if _is_quickly_canonical(value):
        with suppress(orjson.JSONEncodeError):  # integers beyond 64 bits, lone surrogates, very deep values
            text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
            if text.isascii() or not _ASTRAL.search(text):
                return text
    return _canonical_slowly(value)


_ASTRAL = re.compile(rb"[\xf0-\xff]")
"""Characters above U+FFFF: the RFC sorts keys by UTF-16, where these come before some characters below."""

_EXACT_LEAVES = frozenset({str, int, bool, type(None)})
_EXACT = _EXACT_LEAVES | {dict, list, tuple}


def _is_quickly_canonical(value: Json) -> bool:
    """True if orjson writes the value as the RFC demands: it has no floats and no types of Python beside JSON's."""
    level = [value]
    while level:
        kinds = {*map(type, level)}
        if not kinds <= _EXACT:
            return False
        if kinds <= _EXACT_LEAVES:
            break
        inner: list[Json] = []
        for item in level:
            if type(item) is dict:
                inner += item.values()
            elif type(item) not in _EXACT_LEAVES:
                inner += item
        level = inner
    return True


def _canonical_slowly(value: Json) -> bytes:
    """`canonical` in Python, for every value."""
    try:
        return rfc8785.dumps(value)
    except rfc8785.IntegerDomainError:
        return _canonical_with_big_integers(value)


def _canonical_with_big_integers(value: Json) -> bytes:
    match value:
        case int() if not isinstance(value, bool):
            return str(value).encode()
        case list() | tuple():
            return b"[" + b",".join(map(_canonical_with_big_integers, value)) + b"]"
        case dict():
            names = sorted(value, key=lambda name: name.encode("utf-16-be"))  # RFC 8785, section 3.2.3
            members = (rfc8785.dumps(name) + b":" + _canonical_with_big_integers(value[name]) for name in names)
            return b"{" + b",".join(members) + b"}"
        case _:
            return rfc8785.dumps(value)


def copied(value: Json) -> Json:
    """Return a copy that shares no object and no list with the value."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    return [copied(item) for item in value] if isinstance(value, list) else value


def encode(value: Json) -> str:
    """Return JSON text for storage, always valid UTF-8; ``decode`` returns the same value.

    Raises ``ValueError`` for NaN and infinities, ``TypeError`` for a value that is not JSON.

    >>> encode({"serial": 2**70, "half": "\\ud800"})
    '{"serial":1180591620717411303424,"half":"\\\\ud800"}'
    """
    try:
        text = orjson.dumps(value, default=_noted, option=_STRANGERS_ARE_ERRORS)
    except orjson.JSONEncodeError:  # integers beyond 64 bits, lone surrogates
        return stdjson.dumps(value, default=_noted, separators=(",", ":"), allow_nan=False)
    if b"null" in text:
        _refuse_non_finite(value)
    return text.decode()


_STRANGERS_ARE_ERRORS = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def _noted(value: object) -> str:
    """Return the note for a value that is stored outside the state; any other type raises ``TypeError``."""
    if isinstance(value, Stored):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


_leaves: set[type] = {str, int, bool, type(None), Stored}
"""Types whose values orjson never turns into null silently. The classes of enums of texts are added when one is met."""


def _refuse_non_finite(value: Json) -> None:
    """Raise ``ValueError`` for NaN and infinities: orjson writes them as null silently."""
    level = [value]
    while level:
        inner: list[Json] = []
        for item in level:
            kind = type(item)
            if kind is float:
                if not isfinite(item):
                    raise ValueError("NaN and infinities are not JSON.")
            elif isinstance(item, _CONTAINERS):
                items = item.values() if isinstance(item, dict) else item
                inner += [each for each in items if type(each) not in _leaves]
            elif isinstance(item, StrEnum):
                _leaves.add(kind)
        level = inner


_CONTAINERS = (dict, list, tuple)

decode: Callable[[str], Json] = stdjson.loads
"""Return the value of stored JSON text; integers above 64 bits are exact."""
