"""Measure how deep a body is nested before a parser reads it.

A body with 200,000 levels must not exhaust the recursion limit, and ten million brackets must not cost more than an
ordinary body. So the C loops of ``bytes`` remove the strings and count the brackets; there is no parser in Python. Up
to the first syntax error these strings are the same that a parser finds, and no parser reads behind that error.
"""

import re
from array import array
from collections.abc import Sequence
from itertools import accumulate, islice

from orchestrator_gql.utils.errors import NotJson
from orchestrator_gql.utils.json.flaws import MAX_DEPTH, Flaws

_TO_SIGNS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'"[]{}'))

_BRACKET = re.compile(r'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.?)*+"?)*+([\[\]{}]?)', re.DOTALL)
"""The text up to the next bracket outside strings, or to the end. It matches anywhere, so no search is quadratic."""


def is_deeper(body: bytes, limit: int) -> bool:
    """Return whether arrays and objects are nested in more than ``limit`` levels.

    >>> is_deeper(b'[["[[["]]', 2), is_deeper(b'[["[[["]]', 1)
    (False, True)
    """
    return body.count(b"[") + body.count(b"{") > limit and max(_levels(body), default=0) > limit


def demand_depth(body: bytes) -> None:
    """Raise ``PayloadInvalid`` for JSON that is deeper than a body may be; it was read with another limit."""
    if is_deeper(body, MAX_DEPTH):
        refuse_deeper(body, body.decode(), limit=MAX_DEPTH)


def refuse_deeper(body: bytes, text: str, *, limit: int) -> None:
    """Raise ``PayloadInvalid`` if ``body`` has more than ``limit`` levels; ``text`` is the decoded body."""
    levels = _levels(body)
    if max(levels, default=0) <= limit:
        return
    bracket = next(islice(_BRACKET.finditer(text), levels.index(limit + 1), None), None)
    if levels[-1] != 0 or bracket is None:
        raise NotJson("The body is not JSON: its brackets do not match.")
    flaws = Flaws()
    flaws.add("too-deep", (), _where(text, bracket.start(1), limit))
    raise flaws.refusal()


def cut_off(text: str, flaws: Flaws, *, limit: int) -> str:
    """Return the text with null for every value deeper than ``limit``; each replacement is added to ``flaws``.

    >>> cut_off('[1, [2, [3]], "[["]', Flaws(), limit=1)
    '[1, null, "[["]'
    """
    kept, depth, start = [], 0, 0
    for bracket in _BRACKET.finditer(text):
        depth += 1 if bracket[1] in ("[", "{") else -1 if bracket[1] else 0
        if depth == limit + 1 and bracket[1] in ("[", "{"):
            kept.append(text[start : bracket.start(1)])
            flaws.add("too-deep", (), _where(text, bracket.start(1), limit))
        elif depth == limit and bracket[1] in ("]", "}"):
            kept.append("null")
            start = bracket.end()
    return "".join(kept) + (text[start:] if depth <= limit else "")


def _levels(body: bytes) -> Sequence[int]:
    """Return the depth after each bracket outside strings."""
    skeleton = body.replace(rb"\\", b"").replace(rb"\"", b"").translate(None, _NOT_STRUCTURE)
    brackets = b"".join(skeleton.split(b'"')[::2]).translate(_TO_SIGNS)
    return array("i", accumulate(array("b", brackets)))


def _where(text: str, offset: int, limit: int) -> str:
    line = text.count("\n", 0, offset) + 1
    return f": more than {limit} levels at line {line}, column {offset - text.rfind(chr(10), 0, offset)}"
