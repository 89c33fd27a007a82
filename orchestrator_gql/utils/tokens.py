"""Random identifiers: callback tokens, which are secret and masked in stored and shown values, and sortable row ids."""

import base64
import hashlib
import json as stdjson
import re
import secrets
from collections.abc import Iterable
from functools import lru_cache
from uuid import UUID, uuid4

from uuid_utils.compat import uuid7

from orchestrator_gql.utils.json import Json, encode

MARK = "[callback token]"

# Codes 20 to 7f, because a token is printable ASCII: the terminal colour escape \u001b needs no further search.
_PERCENT_ESCAPE = re.compile(r"%(?:25)*([2-7][0-9A-Fa-f])")
_JSON_ESCAPE = re.compile(r"\\+u00([2-7][0-9A-Fa-f])")
_JSON_ESCAPE_BEGINNINGS = tuple(f"\\u00{digit}" for digit in range(2, 8))
_IN_BASE64 = 5
"""Bytes of the shortest secret that is searched in base64: a shorter secret fully determines too few characters."""

_URL_SAFE = str.maketrans("+/", "-_")


def new_token() -> str:
    """Return a new one-time secret: 256 random bits, 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """Return the SHA-256 by which a token is stored and looked up (32 bytes).

    A token has 256 random bits: nobody can find it from its hash by trying, and the timing of an index look-up by the
    hash leaks nothing useful.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def hint(token: str) -> str:
    """Return the last four characters, which help support staff to tell two tokens apart."""
    return token[-4:]


def new_id() -> UUID:
    """Return a UUID of version 7 (RFC 9562, section 5.7): its time in milliseconds, a counter, then 32 random bits.

    Within one operating system process, each new id sorts after all earlier ids, even in the same millisecond. Lists
    are ordered by time and id, so entries of the same moment keep their order. The neighbours of a known id are easier
    to guess: an id is a name and never a secret (see `new_receipt`).
    """
    return uuid7()


def new_id_behind(previous: UUID | None) -> UUID:
    """A new id that sorts after the id ``previous``, which another server may have made: the clocks of servers differ.

    The caller must hold the lock of what the ids are of.
    """
    id = new_id()
    return id if previous is None or previous < id else UUID(int=previous.int + 1)


def new_receipt() -> str:
    """Return the receipt of a delivery: a UUID of 122 random bits; its holder may read the outcome of the delivery."""
    return str(uuid4())


def conceal(value: Json, tokens: Iterable[str]) -> Json:
    """Return ``value`` with each of ``tokens`` replaced by a mark in all texts and keys.

    This finds a token unchanged, with any of its characters %-encoded (once or more) or JSON-escaped (with backslashes
    doubled or not), and inside base64 of both alphabets. The base64 characters that a token shares with its neighbours
    stay; they show at most six bits of the token at each end. If no token is found, the same object is returned, after
    one search through its text.

    >>> conceal({"url": "https://example.org/callback/s3cr%33t-token"}, ["s3cr3t-token"])
    {'url': 'https://example.org/callback/[callback token]'}
    """
    return conceal_spelled(value, [spelling for token in tokens if token for spelling in spellings_of(token)], MARK)


def conceal_spelled(value: Json, spellings: Iterable[str], mark: str) -> Json:
    """Do the same as `conceal` for these spellings only; each character may be escaped."""
    text = value if isinstance(value, str) else _searchable(value)
    unescaped = _unescaped(text)
    held = tuple(spelling for spelling in spellings if _may_hold(text, unescaped, spelling))
    if not held:
        return value
    # JSON escapes quotes, backslashes and other characters, so spellings with them are searched text by text
    escaped = (spelling for spelling in spellings if encode(spelling) != f'"{spelling}"' or not spelling.isascii())
    return _concealed(value, (*held, *escaped), mark)


def _searchable(value: Json) -> str:
    try:
        return encode(value)
    except ValueError:  # a form's page may contain NaN
        return stdjson.dumps(value)


@lru_cache(maxsize=512)  # of the processes that run just now: 0.7 KB each, and a new search costs 8 microseconds
def spellings_of(token: str) -> frozenset[str]:
    """Return the token, and the base64 characters that it fully determines, for each of its three alignments."""
    spellings, raw = {token}, token.encode("utf-8", "surrogatepass")
    for before in range(3 if len(raw) >= _IN_BASE64 else 0):
        first, last = -(-before * 4 // 3), (before + len(raw)) * 4 // 3
        standard = base64.b64encode(b"\0" * before + raw).decode()[first:last]
        spellings |= {standard, standard.translate(_URL_SAFE)}
    return frozenset(spellings - {""})


def _unescaped(text: str) -> str:
    if "%" in text:
        text = _PERCENT_ESCAPE.sub(_character, text)
    if any(beginning in text for beginning in _JSON_ESCAPE_BEGINNINGS):
        text = _JSON_ESCAPE.sub(_character, text)
    return text


def _character(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16))


def _may_hold(text: str, unescaped: str, spelling: str) -> bool:
    """Return whether a thorough search is worth its cost.

    An escape sign right before a token may swallow the token's first characters as its digits when the whole text is
    unescaped; the second half of the token is safe from that.
    """
    return spelling in text or (unescaped is not text and spelling[len(spelling) // 2 :] in unescaped)


def _concealed(value: Json, spellings: Iterable[str], mark: str) -> Json:
    match value:
        case str():
            return _concealed_text(value, spellings, mark)
        case list() | tuple():
            return [_concealed(item, spellings, mark) for item in value]
        case dict():
            shown = ((_concealed_text(name, spellings, mark), item) for name, item in value.items())
            return {name: _concealed(item, spellings, mark) for name, item in shown}
        case _:
            return value


def _concealed_text(text: str, spellings: Iterable[str], mark: str) -> str:
    unescaped = _unescaped(text)
    for spelling in spellings:
        if _may_hold(text, unescaped, spelling):
            text = re.sub("".join(map(_any_escape_of, spelling)), mark, text)
    return text


def _any_escape_of(character: str) -> str:
    if not " " <= character <= "\x7f":  # escapes of other characters have another form, or escape single bytes
        return re.escape(character)
    code = "".join(f"[{digit}{digit.upper()}]" for digit in f"{ord(character):02x}")
    return rf"(?:{re.escape(character)}|%(?:25)*{code}|\\+u00{code})"
