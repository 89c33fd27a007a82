"""The canonical form is that of RFC 8785 for every value, whichever encoder writes it."""

from enum import StrEnum
from math import inf, nan
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_gql.utils.json import canonical
from orchestrator_gql.utils.json.text import _canonical_slowly, _is_quickly_canonical


class Colour(StrEnum):
    """A text with a type of its own."""

    RED = "red"


texts = st.text(st.characters(codec="utf-8")) | st.sampled_from(["\ue000", "\U00010000", "\uffff", "a\U0001f600", "é"])
leaves = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    leaves | texts | st.just(Colour.RED),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(texts, inner, max_size=6),
    max_leaves=20,
)


@given(values)
def test_both_encoders_write_the_same_bytes(value: Any) -> None:
    assert canonical(value) == _canonical_slowly(value)


def test_every_character_is_written_as_the_rfc_demands() -> None:
    for code in (*range(0xD800), *range(0xE000, 0x11000)):
        value = {chr(code): chr(code)}

        assert _is_quickly_canonical(value)
        assert canonical(value) == _canonical_slowly(value)


def test_keys_are_sorted_by_utf_16() -> None:
    value = {"\U0001f600": 1, "\ufb33": 2, "a": 3}

    assert canonical(value) == '{"a":3,"\U0001f600":1,"\ufb33":2}'.encode()


@pytest.mark.parametrize("value", [nan, inf, -inf, "\ud800", {"\udfff": 1}, {1: 2}, UUID(int=1), object(), {"a": {1}}])
def test_a_value_that_is_not_json_is_refused_in_every_place(value: Any) -> None:
    for placed in (value, [value], {"a": [None, value]}, (value,)):
        with pytest.raises(ValueError):
            canonical(placed)


@pytest.mark.parametrize("value", [1.0, 1e21, 1e-7, Colour.RED, [{"a": (0.5,)}], {"a": [[[Colour.RED]]]}])
def test_floats_and_types_of_python_are_not_written_by_orjson(value: Any) -> None:
    assert not _is_quickly_canonical(value)


@pytest.mark.parametrize("value", [None, "a", [1, "b", None], {"a": {"b": [True, 2**53, ()]}}, {}, []])
def test_usual_values_are_written_by_orjson(value: Any) -> None:
    assert _is_quickly_canonical(value)
