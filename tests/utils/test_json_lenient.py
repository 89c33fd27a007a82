"""The lenient reader turns a refused body into a value that can be stored, and reports every change."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from orchestrator_gql.utils.errors import NotJson, PayloadInvalid
from orchestrator_gql.utils.json import encode, read, read_lenient

names = st.sampled_from(["rc", "out", "a/b", "~", "é"])
odd = st.sampled_from(
    ["NaN", "-Infinity", "1e999", "7" * 41, r'"\u0000"', r'"\ud800"', r'"x\udc00"', '{"rc": 0, "rc": 1}']
)
odd_names = st.sampled_from([r"a\u0000", r"a\ud800", r"a\udfff"])
honest = (
    st.none() | st.booleans() | st.integers(-999, 999) | st.text(st.characters(exclude_characters="\0", codec="utf-8"))
)


def written(leaf: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """JSON texts of nested arrays and objects with such leaves."""

    def within(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        members = st.lists(st.tuples(names | odd_names, inner), max_size=4)
        return st.lists(inner, max_size=4).map(lambda items: f"[{','.join(items)}]") | members.map(
            lambda pairs: "{" + ",".join(f'"{name}":{value}' for name, value in pairs) + "}"
        )

    return st.recursive(leaf, within, max_leaves=12)


@given(written(honest.map(encode) | odd))
def test_the_result_can_be_read_strictly_and_every_change_is_reported(text: str) -> None:
    body = text.encode()

    value, replaced = read_lenient(body)

    assert read(encode(value).encode()) == value
    try:
        assert read(body) == value
        assert replaced == ()
    except PayloadInvalid as refused:
        assert not isinstance(refused, NotJson)
        assert replaced


@given(st.recursive(honest, lambda inner: st.lists(inner) | st.dictionaries(names, inner), max_leaves=12))
def test_a_body_for_the_strict_reader_gives_the_same_value_and_nothing_is_replaced(value: Any) -> None:
    body = encode(value).encode()

    assert read_lenient(body) == (read(body), ())


@given(st.binary(max_size=200))
def test_any_bytes_give_a_value_or_the_error_not_json(body: bytes) -> None:
    try:
        value, _ = read_lenient(body)
    except NotJson:
        return
    assert read(encode(value).encode()) == value


@given(st.integers(65, 300), written(honest.map(encode) | odd))
def test_a_value_too_deep_becomes_null_and_is_reported(levels: int, inner: str) -> None:
    value, replaced = read_lenient(("[" * levels + inner + "]" * levels).encode())

    assert read(encode(value).encode()) == value
    assert any(note.endswith("what lies deeper became null") for note in replaced)


def test_two_keys_that_become_equal_are_reported() -> None:
    value, replaced = read_lenient(rb'{"a\u0000": 1, "a\ufffd": 2}')

    assert value == {"a\ufffd": 2}
    assert [note.partition(";")[0] for note in replaced] == [
        "/a\ufffd holds a NUL character",
        "/a\ufffd is given more than once",
    ]
