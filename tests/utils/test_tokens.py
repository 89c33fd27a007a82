"""No live token is shown: not escaped, not encoded, not within base64."""

import base64
import doctest
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orchestrator_gql.utils import tokens
from orchestrator_gql.utils.tokens import MARK, conceal, new_token

TOKEN = "Xy7-_Qa0" * 5 + "Zk9"

secret = st.binary(min_size=32, max_size=32).map(lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("="))


@st.composite
def spelled(draw: st.DrawFn) -> tuple[str, str]:
    """A token, and a spelling in which each character is escaped differently."""
    token = draw(secret)
    ways = ("{0}", "%{1:02x}", "%{1:02X}", "%25{1:02X}", "\\u{1:04x}", "\\\\u{1:04X}")
    return token, "".join(draw(st.sampled_from(ways)).format(character, ord(character)) for character in token)


def test_a_token_is_concealed_in_all_texts_and_keys() -> None:
    state = {"url": f"https://o.example/callback/{TOKEN}/progress", "all": [{TOKEN: 1}, (TOKEN, None, 2.5)]}

    concealed = conceal(state, [TOKEN])

    assert concealed == {"url": f"https://o.example/callback/{MARK}/progress", "all": [{MARK: 1}, [MARK, None, 2.5]]}


@pytest.mark.parametrize(
    "spelling",
    [
        TOKEN.replace("-", "%2d"),
        TOKEN.replace("-", "%252D"),
        "".join(f"%{ord(character):02X}" for character in TOKEN),
        TOKEN.replace("_", "\\u005F"),
        TOKEN.replace("_", "\\\\\\\\u005f"),
    ],
)
def test_an_escaped_token_is_concealed_and_its_surroundings_stay(spelling: str) -> None:
    text = f"100%20 \\u0041 before/{spelling}?after=%2F"

    concealed = conceal({"trace": text}, [TOKEN])

    assert concealed == {"trace": f"100%20 \\u0041 before/{MARK}?after=%2F"}


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "https://o.example/callback/"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_token_within_base64_is_concealed_at_every_offset(before: str, encode: Any) -> None:
    text = encode(f"{before}{TOKEN}, kept".encode()).decode()

    concealed = conceal(text, [TOKEN])

    assert MARK in concealed
    assert len(concealed.replace(MARK, "")) <= len(text) - len(TOKEN) * 4 // 3 + 2


@pytest.mark.parametrize("before", range(3))
def test_a_token_in_both_alphabets_of_base64_is_concealed(before: int) -> None:
    token = "??>>~~" * 7

    standard = base64.b64encode(b"x" * before + token.encode()).decode()

    assert {"+", "/"} & set(standard)
    assert MARK in conceal(standard, [token])
    assert MARK in conceal(standard.replace("+", "-").replace("/", "_"), [token])


def test_all_occurrences_of_several_tokens_are_concealed() -> None:
    first, second = new_token(), new_token()

    concealed = conceal(f"{first} {second} {first}", [first, second])

    assert concealed == f"{MARK} {MARK} {MARK}"


def test_a_value_without_a_token_is_returned_as_the_same_object() -> None:
    state = {"output": ["TASK [port] 100%20", "\\u0041"], "vlan": 100}

    assert conceal(state, [new_token()]) is state
    assert conceal(state, []) is state
    assert conceal(state, [""]) is state


def test_escape_signs_right_before_a_token_do_not_hide_it() -> None:
    token = "25" + "41" * 20

    texts = ["%" + token, "%25" + token, "\\u00" + token, "%" + token[:-1] + "%31"]

    assert conceal(texts, [token]) == [f"%{MARK}", f"%25{MARK}", f"\\u00{MARK}", f"%{MARK}"]


@given(spelled(), st.text(), st.text())
def test_no_spelling_of_a_token_survives(pair: tuple[str, str], before: str, after: str) -> None:
    token, spelling = pair
    assume(not before.endswith("\\"))  # it would escape the backslash of the spelling

    concealed = conceal({before: [before + spelling + after]}, [token])

    assert concealed == {before: [before + MARK + after]}


@given(secret, st.binary(max_size=9), st.binary(max_size=9))
def test_no_base64_of_a_token_survives(token: str, before: bytes, after: bytes) -> None:
    encoded = base64.b64encode(before + token.encode() + after).decode()

    concealed = conceal(encoded, [token])

    bits_gone = 6 * (len(encoded) - len(concealed.replace(MARK, "", 1)))
    assert concealed.count(MARK) == 1
    assert bits_gone >= 8 * len(token) - 12


def test_the_examples_in_the_docs_of_tokens_hold() -> None:
    assert doctest.testmod(tokens).failed == 0


def test_few_tokens_are_kept_in_memory() -> None:
    for _ in range(2_000):
        conceal("a text without a token", [new_token()])

    assert tokens.spellings_of.cache_info().currsize <= 512
