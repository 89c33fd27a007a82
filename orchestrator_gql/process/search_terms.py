"""What the index of a search for processes has of a text: each four characters of it that follow each other.

A database compares small letters, by rules of its own. So the terms are those of a text without accents, without other
letters than A to Z, and in small letters: no rule changes them. If a text contains another one, it has all its terms.
"""

import unicodedata
from collections.abc import Iterable

LENGTH = 4
"""Characters of a term. With three, a number of six digits would be found among nearly all thousands of numbers."""

MOST = 16
"""About so many terms of a search are looked for."""

_SAME = str.maketrans({"\u0131": "i", "\u017f": "s"})
"""In Turkish a small I has no dot; and SQLite, if it was built with ICU, compares a long s as an s."""


def terms_of(texts: Iterable[str | None]) -> set[str]:
    """The terms of the texts.

    >>> sorted(terms_of(["Zürich", None]))
    ['rich', 'uric', 'zuri']
    """
    folded = (_folded(text) for text in texts if text)
    return {text[at : at + LENGTH] for text in folded for at in range(len(text) - LENGTH + 1)}


def terms_to_find(text: str) -> list[str]:
    """Terms that each text has that contains the text of a search; none if the text is too short, or in other letters.

    >>> terms_to_find("AMS-1")
    ['ams-', 'ms-1']
    """
    terms = sorted(terms_of([text]))
    return terms[:: max(1, len(terms) // MOST)]


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFD", text).translate(_SAME)
    return plain.encode("ascii", "ignore").decode().lower()
