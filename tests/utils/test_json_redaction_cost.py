"""The search for secrets takes time in proportion to the length of any text, in short calls."""

import string
import time
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator_gql.config.settings import SECRETS
from orchestrator_gql.utils.json.redaction import Redactor
from orchestrator_gql.utils.json.remembered import RememberedTexts
from orchestrator_gql.utils.json.secret_words import LONGEST_REMEMBERED, Words

N = 8 * 1024
WORDS = " ".join("".join(Random(1).choices(string.ascii_lowercase, k=7)) for _ in range(N // 4))
HOSTILE = [
    ("token ", "a:"), ("token ", "de:ad:be:ef:"), ("secrets: ", "{"), ("", '"password": { '),
    ("", '"password": "  '), ("", "password: ' "), ("password: ", "["), ("", "password: ["), ('password: "', "\\"),
    ("token ", "\\"), ("", "password\\\\\\\\ "), ('{"password": "', '\\"'), ("", "password "), ("", "token="),
    ("", "password:\n"), ("", "password: |\n  "), ("password", " "), ("password:", " "), ("password:", "\n"),
    ("token ", "a"), ("token ", "."), ("token ", "-"), ("", "-----BEGIN PRIVATE KEY----- "), ("", "http://a:"),
    ("token http://", "a"), ("", "://a@"), ("", "<password>"), ("<password>", "x"), ("", '<password a="'),
    ("secret ", "set "), ("key ", "tacacs a "), ("", "snmp "), ("password ", "username a "), ("", "curl -u "),
    ("", "curl -u a:"), ("", "mysql -p"), ("", "echo a "), ("", "docker a "), ("", "Authorization: "),
    ("", "Authorization: Digest\n"), ("", "'Authorization: Digest a "), ("", "Cookie: a\\"), ("password=", ","),
    ("password=", "a)"), ("password=", "("), ("password=", "()"), ("password=", "a&"), ("password=", "<"),
    ("password=", "\\a"), ("token ", "$1$"), ("token ", "$"), ("", "eyJ"), ("", "eyJaaaaaaaa.aa "), ("", "bearer "),
    ("", 'password "a '), ("", "password is a1 "), ("", '"password: |\\n  '), ("", "password:\\n "),
    ("", "crypto isakmp "), ("", "password: |\\\\n  a "), ("", "--password "), ("", '--password="'),
    ("", "password: {{ "), ("", "vault login -a "), ("", "pre-shared-key address "), ("token ", "é"),
    ("token ", "İ "), ("token ", "\\n"), ('secret: {"', '"\\'), ("secret: {", ",'"), ("password ", WORDS),
    ("", "name=password value="), ("", "password: a b;c,d "), ("", "x,password,"),
    ("", "password: |\\na "),
]  # fmt: skip


def cost(prefix: str, unit: str, size: int) -> float:
    text = prefix + (unit * (size // len(unit) + 1))[:size]
    best = float("inf")
    for _ in range(2):
        redact = Redactor(SECRETS)
        begin = time.process_time()
        redact.text(text)
        best = min(best, time.process_time() - begin)
    return best


@pytest.mark.parametrize(("prefix", "unit"), HOSTILE)
def test_a_text_that_is_eight_times_as_long_takes_eight_times_as_long(prefix: str, unit: str) -> None:
    # a quadratic search takes 64 times as long; the millisecond allows for the clock
    assert cost(prefix, unit, 8 * N) < 30 * (cost(prefix, unit, N) + 0.001)


def test_beginnings_of_private_keys_without_an_end_are_searched_once() -> None:
    unit = "-----BEGIN PRIVATE KEY-----!"

    # sixteen times the length; a quadratic search takes 256 times as long
    assert cost("", unit, 1024 * 1024) < 60 * (cost("", unit, 64 * 1024) + 0.001)


@pytest.mark.parametrize("slashes", range(7))
def test_backslashes_before_a_quote_are_counted_across_stretches(slashes: int) -> None:
    text = f'{{"password": "a{chr(92) * slashes}" b", "c": 1}}'

    assert {Redactor(SECRETS, stretch=stretch).text(text) for stretch in range(1, 40)} == {Redactor(SECRETS).text(text)}


def texts() -> st.SearchStrategy[str]:
    lines = (Path(__file__).parent / "data" / "lines_with_secrets.txt").read_text().splitlines()
    known = [line.replace("␤", "\n").replace("⟦", "").replace("⟧", "") for line in lines if line]
    ends = st.sampled_from(["\n", " ", "", ", ", "\\n", '"', "'", "\\", "x" * 250, "\n" * 3, " " * 300])
    return st.lists(st.tuples(st.sampled_from(known + [unit for _, unit in HOSTILE[:70]]), ends), max_size=12).map(
        lambda parts: "".join(text for part in parts for text in part)
    )


@settings(max_examples=200, deadline=None)
@given(texts(), st.integers(1, 700))
def test_the_length_of_a_stretch_does_not_change_the_masked_text(text: str, stretch: int) -> None:
    assert Redactor(SECRETS, stretch=stretch).text(text) == Redactor(SECRETS).text(text)


def test_a_long_text_is_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "password=hunter2 " + "x" * 5000
    redact = Redactor(SECRETS)
    searched = list[str]()

    def search(text: str) -> str:
        searched.append(text)
        return "shown"

    monkeypatch.setattr(redact, "_searched", search)

    assert [redact.text(text), redact.text(text), redact.text(text + "y")] == ["shown"] * 3
    assert searched == [text, text + "y"]


@given(st.lists(st.integers(0, 30), max_size=60))
def test_remembered_texts_stay_within_their_limit_of_bytes(numbers: list[int]) -> None:
    memory = RememberedTexts(3000)

    for number in numbers:
        text = f"{number} " * (number + 1)
        assert memory.made("", text, str.upper) == text.upper()
        assert memory.bytes <= 3000

    assert memory.bytes == 0 or len(memory) > 0


def test_a_text_remembered_for_one_kind_is_not_returned_for_another() -> None:
    memory = RememberedTexts()

    assert (memory.made("a", "x", str.upper), memory.made("b", "x", lambda text: text)) == ("X", "x")


@pytest.mark.parametrize("length", [LONGEST_REMEMBERED + 1, 1000, 10_000])
def test_a_long_key_of_a_stranger_is_judged_and_not_remembered(length: int) -> None:
    words = Words(SECRETS, ())
    keys = ["x" * length, "password".rjust(length, "x"), "x" * LONGEST_REMEMBERED]

    assert [words.holds(key) for key in keys] == [False, True, False]
    assert [words.word(key) is not None for key in keys] == [False, True, False]

    remembered = [*words._keys, *words._words]
    assert remembered.count(keys[2]) == 2
    assert max(map(len, remembered)) == LONGEST_REMEMBERED
