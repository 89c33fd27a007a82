"""The secrets of a process: their places in its state and their texts, both masked when values are shown.

A value at a known place is masked. Other texts are searched for the secrets in many spellings: plain, quoted by Python
or JSON, %-encoded, in base64, line by line, and cut off.
"""

import json as stdjson
import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

from orchestrator_gql.utils.errors import OrchestratorError
from orchestrator_gql.utils.json import Json
from orchestrator_gql.utils.json.redaction import MASK
from orchestrator_gql.utils.json.secrets import Found, Place, masked, place_of, pointer, value_at
from orchestrator_gql.utils.tokens import conceal_spelled, spellings_of

ANYWHERE = 4
"""Characters of the shortest secret that is searched inside texts; a shorter one must be the whole text, or quoted."""

PIECE = 16
"""Characters of a part of a long secret, or of one of its lines, that are masked like the secret."""

LONGEST = 16 * 1024
"""Characters of the longest secret that is known by its text; every secret is known by its place."""

MOST = 100
"""The most secrets that are known by their texts."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """The places of secrets, as JSON pointers into a value such as the state, and their texts, the newest last.

    >>> secrets = Secrets(frozenset({"/login/pin"}), ("s3cr3t",))
    >>> secrets.shown({"login": {"user": "ada", "pin": "7"}, "log": ["s3cr3t is wrong"]})
    {'login': {'user': 'ada', 'pin': '[redacted]'}, 'log': ['[redacted] is wrong']}
    """

    places: frozenset[str] = frozenset()
    values: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, found: Found) -> "Secrets":
        """Return the secrets that a conversion to JSON found."""
        return cls(frozenset(found.places)).knowing(found.values)

    @classmethod
    def read(cls, stored: Mapping[str, Any] | None) -> "Secrets":
        """Return the secrets from the JSON of `written`."""
        return cls(frozenset(stored["places"]), tuple(stored["values"])) if stored else NOTHING

    @property
    def written(self) -> dict[str, Any] | None:
        """The secrets as JSON; None if there are none."""
        return {"places": sorted(self.places), "values": list(self.values)} if self else None

    def __bool__(self) -> bool:
        return bool(self.places or self.values)

    def shown(self, value: Any) -> Any:
        """Return the value with its secrets masked; the same object if it has none."""
        return self.concealed(masked(value, self.places)) if self.places or self.values else value

    def concealed(self, value: Any) -> Any:
        """Return another value, to which the places do not belong, with the known texts masked."""
        return _concealed(value, self.values) if self.values and value is not None else value

    def text(self, text: str) -> str:
        """Return a text, such as a trace, with its secrets masked; it may begin or end in the middle of a secret."""
        return _without_ends(_concealed(text, self.values), self.values) if self.values and text else text

    def knowing(self, values: Iterable[str]) -> "Secrets":
        """Return these secrets and the texts of others."""
        new = [value for value in dict.fromkeys(values) if value not in self.values and 0 < len(value) <= LONGEST]
        return Secrets(self.places, (*self.values, *new)[-MOST:]) if new else self

    def within(self, key: str | int) -> "Secrets":
        """Return the secrets of the part of the value under that key."""
        top = pointer((key,))
        places = (place[len(top) :] for place in self.places if place == top or place.startswith(top + "/"))
        return Secrets(frozenset(places), self.values)

    def under(self, *keys: str | int) -> "Secrets":
        """Return the secrets for an outer value that holds this value under those keys."""
        return Secrets(frozenset(pointer(keys) + place for place in self.places), self.values)

    def standing_in(self, value: Any) -> "Secrets":
        """Return the secrets with every place of the value where a secret is the whole text."""
        return Secrets(frozenset(map(pointer, _standing(value, frozenset(self.values), (), 1))), self.values)

    def also(self, others: "Secrets") -> "Secrets":
        """Return these secrets and the others."""
        return Secrets(self.places | others.places, self.values).knowing(others.values) if others else self

    def after(self, state: Mapping[str, Json], delta: Mapping[str, Json], found: "Secrets") -> "Secrets":
        """Return the secrets of the state after the delta changes it; ``found`` are the secrets of the delta.

        A place is removed when its value changes. If a text of the delta is a known secret as a whole, its place is
        added. The text of a secret is kept: the trace of a later step may still contain it.
        """
        if not (self.places or self.values or found.places or found.values):
            return self
        known = self.knowing(found.values)
        kept = {place for place in self.places if _is_kept(place, state, delta)}
        spread = set(map(pointer, _standing(delta, frozenset(known.values), (), ANYWHERE)))
        places = frozenset(kept | found.places | spread)
        return self if places == self.places and known is self else Secrets(places, known.values)


NOTHING = Secrets()


def _is_kept(place: str, state: Mapping[str, Json], delta: Mapping[str, Json]) -> bool:
    keys = place_of(place)
    return keys[0] not in delta or value_at(dict(state), keys) == value_at(dict(delta), keys)


def _standing(value: Any, known: frozenset[str], place: Place, least: int) -> Iterator[Place]:
    match value:
        case str() if len(value) >= least and value in known:
            yield place
        case int() | float() if str(value) in known and len(str(value)) >= ANYWHERE:
            yield place
        case dict():
            for key, item in value.items():
                yield from _standing(item, known, (*place, key), least)
        case list():
            for index, item in enumerate(value):
                yield from _standing(item, known, (*place, index), least)


def _concealed(value: Any, values: tuple[str, ...]) -> Any:
    long, exact = _spelled(values)
    shown = conceal_spelled(value, long, MASK) if long else value
    return _without_exact(shown, exact) if exact else shown


@lru_cache(maxsize=256)
def _spelled(values: tuple[str, ...]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the spellings of secrets to search inside texts, the longest first, and the secrets to match as a whole.

    The latter are short, or are numbers.
    """
    long = {value for value in values if len(value) >= ANYWHERE and value not in MASK}
    parts = long | {line.strip() for value in long if "\n" in value for line in value.splitlines()}
    spelled = {spelling for part in parts if part in long or len(part) >= PIECE for spelling in _spellings(part)}
    exact = frozenset(value for value in values if len(value) < ANYWHERE or _is_number(value))
    return tuple(sorted(spelled, key=lambda spelling: (-len(spelling), spelling))), exact


def _is_number(value: str) -> bool:
    return value.isascii() and value.replace(".", "", 1).removeprefix("-").isdigit()


def _spellings(value: str) -> set[str]:
    once = _escaped(value)
    twice = {again for spelling in once - {value} for again in _escaped(spelling)}  # JSON inside a JSON text
    raw = value.encode("utf-8", "replace")
    encoded = {quote(raw), quote(raw, safe=""), quote_plus(raw)}
    encoded |= {spelling.replace("%", "%25") for spelling in encoded}
    marked_up = {escape(value), escape(value, quote=False), shlex.quote(value).strip("'")}
    spellings = once | twice | encoded | marked_up | spellings_of(value) | {raw.hex()}
    return {spelling for spelling in spellings if len(spelling) >= ANYWHERE}


def _escaped(value: str) -> set[str]:
    json = (stdjson.dumps(value), stdjson.dumps(value, ensure_ascii=False))
    return {value, repr(value)[1:-1], *(text[1:-1] for text in json)}


def _without_exact(value: Any, exact: frozenset[str]) -> Any:
    match value:
        case str():
            return MASK if value in exact else _without_quoted(value, exact)
        case int() | float() if len(str(value)) >= ANYWHERE and str(value) in exact:
            return MASK
        case list() | tuple():
            return [_without_exact(item, exact) for item in value]
        case dict():
            return {key: _without_exact(item, exact) for key, item in value.items()}
        case _:
            return value


def _without_quoted(text: str, exact: frozenset[str]) -> str:
    for secret in exact:
        for mark in ("'", '"'):
            text = text.replace(f"{mark}{secret}{mark}", f"{mark}{MASK}{mark}")
    return text


def _without_ends(text: str, values: tuple[str, ...]) -> str:
    """Return the text with a cut beginning or end of a long secret masked."""
    for value in values:
        for part in {value, repr(value)[1:-1]}:
            if len(part) >= 2 * ANYWHERE:
                text = _without_cut(text, part)
    return text


def _without_cut(text: str, secret: str) -> str:
    begins = min(PIECE, len(secret) // 2)
    for length in range(min(len(secret) - 1, 2048), begins - 1, -1):  # the text itself begins or ends within the secret
        if text.endswith(secret[:length]):
            text = text[:-length] + MASK
        if text.startswith(secret[-length:]):
            text = MASK + text[length:]
    if len(secret) <= 2 * PIECE:
        return text
    for piece, reach in ((secret[:PIECE], 1), (secret[-PIECE:], -1)):  # only one end of the secret is shown
        at = text.find(piece)
        while at >= 0:
            begin, end = at, at + PIECE
            while reach > 0 and end < len(text) and secret.startswith(text[at : end + 1]):
                end += 1
            while reach < 0 and begin > 0 and secret.endswith(text[begin - 1 : end]):
                begin -= 1
            text = text[:begin] + MASK + text[end:]
            at = text.find(piece, begin + len(MASK))
    return text


_known_here: ContextVar[list[str] | None] = ContextVar("known_here", default=None)
_BEARS = "_orchestrator_secrets"


@contextmanager
def known_to_logs(values: Iterable[str]) -> Iterator[list[str]]:
    """Mask these secrets, and those that are added to the list, in log lines while the block runs.

    An exception that leaves the block carries the secrets, so that the log can mask them in its trace.
    """
    known = list(values)
    token = _known_here.set(known)
    try:
        yield known
    except BaseException as error:
        if known:
            _mark(error, known)
        raise
    finally:
        _known_here.reset(token)


def _mark(error: BaseException, known: list[str]) -> None:
    if isinstance(error, OrchestratorError):  # clients see the message, and it may quote a secret
        error.message = NOTHING.knowing(known).text(error.message)
        error.args = (error.message,)
    with suppress(Exception):  # an author's own exception may forbid it
        setattr(error, _BEARS, tuple(known))


def learn(values: Iterable[str]) -> None:
    """Mask these secrets in log lines too, as long as the block of `known_to_logs` runs."""
    known = _known_here.get()
    if known is not None:
        known += (value for value in values if value not in known)


def without_known(text: str, error: BaseException | None) -> str:
    """Return the log line with the secrets masked that are known here, or that the exception or its causes carry."""
    known = [*(_known_here.get() or ())]
    checked_ids: set[int] = set()
    while error is not None and id(error) not in checked_ids:
        checked_ids.add(id(error))
        known += getattr(error, _BEARS, ())
        error = error.__cause__ or error.__context__
    return NOTHING.knowing(known).text(text) if known else text
