"""The words by which people find a product subscription."""

from collections.abc import Iterator

LONGEST = 64
"""The characters of a word that are compared."""

_MOST = 100
"""The words of one subscription: a note of 10,000 characters is searched by its beginning."""

_MOST_TERMS = 8


def words_of(*texts: str | None) -> list[str]:
    """The words of the texts, in lower case, from each place at which a search may begin.

    >>> sorted(words_of("Node AMS-core1"))
    ['1', 'ams-core1', 'core1', 'node']
    """
    found: dict[str, None] = {}
    for text in texts:
        for chunk in (text or "").casefold().split():
            for word in _from_each_start(chunk):
                found[word] = None
                if len(found) == _MOST:
                    return list(found)
    return list(found)


def terms_of(text: str) -> list[str]:
    """The terms of a search: each of them must be the beginning of a word.

    >>> terms_of("  Ams-1 (UVA)")
    ['ams-1', 'uva)']
    """
    terms = [_storable(_stripped(term)[:LONGEST]) for term in text.casefold().split()]
    return list(dict.fromkeys(terms))[:_MOST_TERMS]


def _stripped(term: str) -> str:
    first = next((index for index, sign in enumerate(term) if sign.isalnum()), 0)
    return term[first:]


def _from_each_start(chunk: str) -> Iterator[str]:
    """The chunk from its start, and from each start of letters or digits in it."""
    yield _storable(chunk[:LONGEST])
    for index in range(1, len(chunk)):
        before, sign = chunk[index - 1], chunk[index]
        if sign.isalnum() and (not before.isalnum() or before.isdigit() is not sign.isdigit()):
            yield _storable(chunk[index : index + LONGEST])


def _storable(word: str) -> str:
    return word.replace("\0", "\ufffd")
