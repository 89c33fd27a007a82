"""The words of a search."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_gql.domain.search_words import LONGEST, terms_of, words_of


def finds(search: str, *texts: str) -> bool:
    """True if each term of the search begins a word of the texts."""
    return all(any(word.startswith(term) for word in words_of(*texts)) for term in terms_of(search))


CASES = [
    ("the beginning", "nod", True),
    ("capitals", "AMS", True),
    ("the whole", "Node ams-core1 (uva)", True),
    ("a part after a sign", "core", True),
    ("a number in a word", "1", True),
    ("words in another order", "uva node", True),
    ("a term in brackets", "(uva", True),
    ("the middle of a word", "ode", False),
    ("another word", "node utr", False),
    ("a wildcard", "%", False),
    ("nothing", "  ", True),
]


@pytest.mark.parametrize(("title", "search", "is_found"), CASES, ids=[case[0] for case in CASES])
def test_a_term_begins_a_word(title: str, search: str, is_found: bool) -> None:
    assert finds(search, "Node ams-core1 (uva)") is is_found


@given(st.text(max_size=80))
def test_every_text_finds_itself(text: str) -> None:
    assert finds(text, text)


@given(st.text(max_size=3_000))
def test_words_are_bounded_and_can_be_stored(text: str) -> None:
    words = words_of(text, None, "x")

    assert len(words) <= 100
    assert all(0 < len(word) <= LONGEST and "\0" not in word for word in words)
