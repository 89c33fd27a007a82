"""Random identifiers: secret callback tokens, kept out of what is stored and shown, and row ids that sort by time."""

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

# Codes 20 to 7f, for a token is printable ASCII: the colours of a terminal, \u001b, are no reason to search on.
_PERCENT_ESCAPE = re.compile(r"%(?:25)*([2-7][0-9A-Fa-f])")
_JSON_ESCAPE = re.compile(r"\\+u00([2-7][0-9A-Fa-f])")
_JSON_ESCAPE_BEGINNINGS = tuple(f"\\u00{digit}" for digit in range(2, 8))
_IN_BASE64 = 5
"""Bytes from which on a secret is looked for in base64: of a shorter one too few characters are its alone."""

_URL_SAFE = str.maketrans("+/", "-_")


def new_token() -> str:
    """A fresh one-time secret: 256 random bits, 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """The SHA-256 under which a token is stored and looked up (32 bytes).

    A token is 256 random bits, so a plain hash cannot be searched, and an index look-up by it leaks no useful timing.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def hint(token: str) -> str:
    """The four characters that help support to tell two tokens apart."""
    return token[-4:]


def new_id() -> UUID:
    """A UUID of version 7 (RFC 9562, section 5.7): its time in milliseconds, a counter, then 32 random bits.

    Each id of a process sorts after the ids that the process made before it, within one millisecond too. Lists are
    ordered by time and id, so entries of one moment are listed in the order in which they were made. The neighbour of
    an id is easier to guess than the id itself: an id is a name and never a secret (see `new_receipt`).
    """
    return uuid7()


def new_receipt() -> str:
    """The receipt of a delivery: a UUID of 122 random bits, for who holds it may ask what became of the delivery."""
    return str(uuid4())


def conceal(value: Json, tokens: Iterable[str]) -> Json:
    """``value`` with each of ``tokens`` replaced by a mark wherever it stands in a text or a key.

    Found are a token as it is, with any of its characters %-encoded (once or more) or JSON-escaped (backslashes
    doubled or not), and within base64 of either alphabet. Of base64 the characters that a token shares with its
    neighbours stay: they tell at most six of its bits at either end. Where nothing is found the very same value is
    given back, after one search through its text.

    >>> conceal({"url": "https://example.org/callback/s3cr%33t-token"}, ["s3cr3t-token"])
    {'url': 'https://example.org/callback/[callback token]'}
    """
    return conceal_spelled(value, [spelling for token in tokens if token for spelling in spellings_of(token)], MARK)


def conceal_spelled(value: Json, spellings: Iterable[str], mark: str) -> Json:
    """As `conceal`, of what is spelled in these ways only, where each character may be escaped."""
    text = value if isinstance(value, str) else _searchable(value)
    unescaped = _unescaped(text)
    held = tuple(spelling for spelling in spellings if _may_hold(text, unescaped, spelling))
    if not held:
        return value
    # JSON writes quotes, backslashes and the like otherwise than the texts in it, so these are searched one by one
    return _concealed(
        value, (*held, *(spelling for spelling in spellings if encode(spelling) != f'"{spelling}"' or not spelling.isascii())), mark
    )


def _searchable(value: Json) -> str:
    try:
        return encode(value)
    except ValueError:  # a page may show NaN
        return stdjson.dumps(value)


@lru_cache(maxsize=4096)
def spellings_of(token: str) -> frozenset[str]:
    """The token, and the characters of base64 that are its alone at each of the three places in a group."""
    found, raw = {token}, token.encode("utf-8", "surrogatepass")
    for before in range(3 if len(raw) >= _IN_BASE64 else 0):
        first, last = -(-before * 4 // 3), (before + len(raw)) * 4 // 3
        standard = base64.b64encode(b"\0" * before + raw).decode()[first:last]
        found |= {standard, standard.translate(_URL_SAFE)}
    return frozenset(found - {""})


def _unescaped(text: str) -> str:
    if "%" in text:
        text = _PERCENT_ESCAPE.sub(_character, text)
    if any(beginning in text for beginning in _JSON_ESCAPE_BEGINNINGS):
        text = _JSON_ESCAPE.sub(_character, text)
    return text


def _character(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16))


def _may_hold(text: str, unescaped: str, spelling: str) -> bool:
    """Whether a thorough search is worth its price.

    An escape sign right before a token can take the token's first characters for its own digits when a text is
    unescaped as a whole; its second half is safe from that.
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
    if not " " <= character <= "\x7f":  # an escape of it is another's, or of its bytes
        return re.escape(character)
    code = "".join(f"[{digit}{digit.upper()}]" for digit in f"{ord(character):02x}")
    return rf"(?:{re.escape(character)}|%(?:25)*{code}|\\+u00{code})"
