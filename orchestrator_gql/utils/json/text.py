"""JSON as text: to store, to compare, to show."""

import json as stdjson
from math import isfinite
from typing import Any, TypeAlias

import orjson
import rfc8785

from orchestrator_gql.utils.json.stored import INLINE, Stored

Json: TypeAlias = Any
"""A JSON value: None, bool, int, float, str, list or dict of these."""

PREVIEW = 1024
"""Characters that are shown of what is too large."""


def preview(text: str, limit: int) -> str:
    """The beginning of ``text``, at most ``limit`` characters, with an ellipsis where it was cut.

    >>> preview("router-amsterdam", 8)
    'router-…'
    """
    return text if len(text) <= limit else text[: limit - 1] + "…"


def bounded(value: Json, limit: int = INLINE) -> Json:
    """The value, or, where its text is over the limit in bytes, what is to be said of it: its size and its beginning.

    >>> bounded({"output": "x" * 100}, 50)
    {'bytes': 113, 'beginning': '{"output":"xxxxxxxxxxxxx…'}
    """
    text = encode(value)
    if len(text) <= limit:
        return value
    return {"bytes": len(text), "beginning": preview(text, min(limit // 2, PREVIEW))}


def canonical(value: Json) -> bytes:
    """The canonical form of RFC 8785: equal bodies have equal bytes, whatever their spaces, escapes or key order.

    The RFC knows no integers beyond 2**53 - 1, where JavaScript begins to confuse neighbours; they are written here
    with all their digits, so that two different ones differ. Raises ``ValueError`` for what no JSON can hold.

    >>> canonical({"b": 1.0, "a": 9007199254740993})
    b'{"a":9007199254740993,"b":1}'
    """
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


def encode(value: Json) -> str:
    """JSON text for storage, always valid UTF-8: ``decode`` gives back the same value.

    Raises ``ValueError`` for NaN and infinities, ``TypeError`` for what is not JSON.

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
    """The note that stands for a value which is stored out of line; nothing else is let through."""
    if isinstance(value, Stored):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


_LEAVES = frozenset({str, int, bool, type(None), Stored})
"""Types of which no value can be what orjson writes as null without a word."""


def _refuse_non_finite(value: Json) -> None:
    """Guard against orjson, which writes NaN as null without a word."""
    level = [value]
    while level:
        inner: list[Json] = []
        for item in level:
            if (kind := type(item)) in _LEAVES:
                continue
            if kind is float:
                if not isfinite(item):
                    raise ValueError("NaN and infinities are not JSON.")
            elif isinstance(item, dict):
                inner += item.values()
            elif isinstance(item, list | tuple):
                inner += item
        level = inner


def decode(text: str) -> Json:
    """The value of stored JSON text, integers beyond 64 bits exact."""
    return stdjson.loads(text)
