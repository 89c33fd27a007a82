"""Read JSON bodies strictly, or leniently with notes on what was replaced.

Python's own reader accepts content that later breaks a database write or is written as invalid JSON: NaN, repeated
keys, NUL, half a surrogate pair, a million levels. These readers refuse such a body and name the place. An ordinary
body costs little more than with Python's reader: forbidden content is rare, so fast searches look for signs of it, and
only a suspicious body is checked value by value.
"""

import dataclasses
import json as stdjson
import re
from collections import Counter
from collections.abc import Callable
from math import isfinite
from typing import NoReturn

from orchestrator_gql.utils.errors import NotJson
from orchestrator_gql.utils.json.depth import cut_off, is_deeper, refuse_deeper
from orchestrator_gql.utils.json.flaws import FORBIDDEN_CHARACTER, MAX_DEPTH, MAX_DIGITS, MAX_KEYS, Flaws
from orchestrator_gql.utils.json.text import Json

BODY = "The body"


def read(body: bytes, *, max_depth: int = MAX_DEPTH, name: str = BODY) -> Json:
    """Return the JSON value of ``body``: UTF-8 and RFC 8259, without forbidden content (see `flaws`).

    Raises ``NotJson`` if the body is not JSON, and ``PayloadInvalid``, with a field error for each place, if it is JSON
    with forbidden content. ``read_lenient`` accepts such content. ``name`` is what the message of ``NotJson`` calls a
    text that is not the body of a request.

    >>> read(b'{"vlan": 100}')
    {'vlan': 100}
    >>> read(b'{"load": [1, NaN]}')
    Traceback (most recent call last):
    orchestrator_gql.utils.errors.PayloadInvalid: Refused JSON: /load/1 is not a finite number.
    """
    try:
        return _read(body, max_depth)
    except NotJson as error:
        raise NotJson(error.message.replace(BODY, name, 1)) from None


def _read(body: bytes, max_depth: int) -> Json:
    text = _utf8(body)
    if body.count(b"[") + body.count(b"{") > max_depth:  # fewer brackets cannot be deeper
        refuse_deeper(body, text, limit=max_depth)
    try:
        value = _parsed(text, _CAREFUL if _has_extreme_number(body) else _STRICT)
    except _Suspicion:
        return _examined(text)
    return _examined(text) if _SUSPECT_ESCAPE.search(text) else value


def read_lenient(body: bytes) -> tuple[Json, tuple[str, ...]]:
    """Return the value of a body with forbidden content, and a sentence for each replacement.

    Below 64 levels only the brackets are checked, because nothing of it is kept. Raises ``NotJson``.

    >>> read_lenient(b'{"load": [1, NaN]}')
    ({'load': [1, None]}, ('/load/1 is not a finite number; it became null',))
    """
    text = _utf8(body)
    flaws = Flaws()
    if is_deeper(body, MAX_DEPTH):
        text = cut_off(text, flaws, limit=MAX_DEPTH)
    return _mend(text, flaws), flaws.notes()


def _utf8(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as problem:
        message = f"The body is not UTF-8: byte 0x{body[problem.start]:02x} at offset {problem.start}."
        raise NotJson(message) from None


class _Suspicion(Exception):
    """Something in the body may be forbidden: check it value by value."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Forbidden:
    """A value that JSON or our rules forbid, and the value that the lenient reader uses instead."""

    kind: str
    instead: Json = None


_NOT_FINITE = _Forbidden("not-finite")


class _Repeating(dict[str, Json]):
    """An object with repeated keys; the last value of each key counts."""

    def __init__(self, pairs: list[tuple[str, Json]]) -> None:
        super().__init__(pairs)
        self.repeated = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]


def _suspect(_: str) -> NoReturn:
    raise _Suspicion


def _honest_object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    value = dict(pairs)
    if len(value) != len(pairs) or len(pairs) > MAX_KEYS:
        raise _Suspicion
    return value


def _any_object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    value = dict(pairs)
    return value if len(value) == len(pairs) else _Repeating(pairs)


def _any_integer(digits: str) -> int | _Forbidden:
    # Python itself refuses 4,301 digits, because to read them takes quadratic time.
    return _Forbidden("integer-too-long", digits) if len(digits.lstrip("-")) > MAX_DIGITS else int(digits)


def _any_float(digits: str) -> float | _Forbidden:
    return value if isfinite(value := float(digits)) else _NOT_FINITE


def _honest(number: Callable[[str], Json]) -> Callable[[str], Json]:
    def read_number(digits: str) -> Json:
        value = number(digits)
        if isinstance(value, _Forbidden):
            raise _Suspicion
        return value

    return read_number


_STRICT = stdjson.JSONDecoder(object_pairs_hook=_honest_object, parse_constant=_suspect)
_CAREFUL = stdjson.JSONDecoder(
    object_pairs_hook=_honest_object,
    parse_constant=_suspect,
    parse_int=_honest(_any_integer),
    parse_float=_honest(_any_float),
)
_LENIENT = stdjson.JSONDecoder(
    object_pairs_hook=_any_object,
    parse_constant=lambda _: _NOT_FINITE,
    parse_int=_any_integer,
    parse_float=_any_float,
)

_FLAT_NUMBERS = bytes.maketrans(b"123456789E", b"000000000e")
_SUSPECT_ESCAPE = re.compile(
    r"\\u(?:0000|[dD](?:[89abAB]..(?!\\u[dD][c-fC-F])|[c-fC-F](?<!\\u[dD][89abAB]..\\u[dD][c-fC-F])))"
)


def _has_extreme_number(body: bytes) -> bool:
    """Return whether a number may be over the limits: it needs 41 digits in a row, or three in its exponent."""
    flat = body.translate(_FLAT_NUMBERS, b"+")
    return b"0" * (MAX_DIGITS + 1) in flat or b"e000" in flat


def _parsed(text: str, decoder: stdjson.JSONDecoder) -> Json:
    if text.startswith("\ufeff"):
        raise _Suspicion
    try:
        return decoder.decode(text)
    except stdjson.JSONDecodeError as problem:
        what = problem.msg.removesuffix(" at")
        raise NotJson(f"The body is not JSON: {what} at line {problem.lineno}, column {problem.colno}.") from None


def _examined(text: str) -> Json:
    flaws = Flaws()
    value = _mend(text, flaws)
    if flaws.errors:
        raise flaws.refusal()
    return value


def _mend(text: str, flaws: Flaws) -> Json:
    if text.startswith("\ufeff"):
        flaws.add("byte-order-mark", ())
    return _mended(_parsed(text.removeprefix("\ufeff"), _LENIENT), (), flaws)


def _mended(value: Json, path: tuple[str, ...], flaws: Flaws) -> Json:
    match value:
        case str():
            return _mended_text(value, path, flaws)
        case list():
            return [_mended(item, (*path, str(index)), flaws) for index, item in enumerate(value)]
        case dict():
            return _mended_object(value, path, flaws)
        case _Forbidden():
            flaws.add(value.kind, path)
            return value.instead
        case _:
            return value


def _mended_object(value: dict[str, Json], path: tuple[str, ...], flaws: Flaws) -> dict[str, Json]:
    if len(value) > MAX_KEYS:
        flaws.add("too-many-keys", path)
    for name in value.repeated if isinstance(value, _Repeating) else ():
        flaws.add("duplicate-key", (*path, name))
    mended: dict[str, Json] = {}
    for name, item in value.items():
        key = _mended_text(name, (*path, name), flaws)
        if key in mended:  # two keys that became equal by the replacement: one value is lost, so report it
            flaws.add("duplicate-key", (*path, key))
        mended[key] = _mended(item, (*path, name), flaws)
    return mended


def _mended_text(value: str, path: tuple[str, ...], flaws: Flaws) -> str:
    characters = set(FORBIDDEN_CHARACTER.findall(value))
    if "\0" in characters:
        flaws.add("nul-character", path)
    if characters - {"\0"}:
        flaws.add("lone-surrogate", path)
    return FORBIDDEN_CHARACTER.sub("\ufffd", value)
