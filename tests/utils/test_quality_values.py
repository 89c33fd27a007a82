"""Every header of preferences is read with the same rules."""

import pytest

from orchestrator_gql.forms.errors import DEFAULT_LOCALE, locale_of
from orchestrator_gql.graphql.transport.negotiation import GRAPHQL, JSON, negotiate
from orchestrator_gql.utils.quality_values import quality_values


@pytest.mark.parametrize(
    ("header", "read"),
    [
        ("", [("", 1.0)]),
        ("gzip , BR", [("gzip", 1.0), ("br", 1.0)]),
        ("br;q=0.5,gzip; q=0.25,deflate ;Q = 0.125", [("br", 0.5), ("gzip", 0.25), ("deflate", 0.125)]),
        ("text/html;level=1;q=0.5;q=1", [("text/html", 0.5)]),
        *((f"br;q={wrong}", [("br", 0.0)]) for wrong in ("", "0", "0.000", "-1", "1.1", "nan", "inf", "much")),
    ],
)
def test_a_value_has_its_quality(header: str, read: list[tuple[str, float]]) -> None:
    assert quality_values(header) == read


@pytest.mark.parametrize("before_quality", [";q=", "; q=", " ; Q = "])
def test_spaces_before_the_quality_change_nothing(before_quality: str) -> None:
    """They are allowed, and many libraries of clients write them."""
    accept = negotiate(f"{GRAPHQL}{before_quality}0.5, {JSON}")

    assert accept is not None and accept.media_type == JSON
    assert locale_of(f"nl-NL{before_quality}0.5, de{before_quality}0.8, en{before_quality}0.1") == "de_DE"


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        (None, DEFAULT_LOCALE),
        ("", DEFAULT_LOCALE),
        ("nl", "nl_NL"),
        ("fr, nl-BE;q=0.2", "nl_NL"),
        ("nl;q=0, de;q=0.1", "de_DE"),
        ("nl;q=much, de;q=0.1", "de_DE"),
        ("*, nl;q=0", DEFAULT_LOCALE),
    ],
)
def test_the_language_of_a_form_is_the_preferred_one_that_is_known(header: str | None, locale: str) -> None:
    assert locale_of(header) == locale
