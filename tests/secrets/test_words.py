"""The secrets of a process are masked in texts in every notation, and a harmless text stays unchanged."""

import base64
import json
import shlex
from collections.abc import Callable
from html import escape
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kinds import SECRETS, spellings

from orchestrator_gql.utils.json.redaction import MASK
from orchestrator_gql.utils.json.secrets import Found
from orchestrator_gql.utils.secrets import NOTHING, Secrets

WRITERS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "Python": repr,
    "JSON": json.dumps,
    "JSON in JSON": lambda text: json.dumps({"log": json.dumps({"said": text})}),
    "URL": quote,
    "URL in a URL": lambda text: quote(quote(text)),
    "base64": lambda text: base64.b64encode(f"user:{text}!".encode()).decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "shell": lambda text: f"curl -p {shlex.quote(text)} host",
    "HTML": escape,
    "bytes": lambda text: text.encode().hex(),
    "shortened by pydantic": lambda text: (
        f"input_value={repr(text)[:25]}...{repr(text)[-24:]}" if len(text) > 50 else text
    ),
    "cut off": lambda text: f"was {text[: max(len(text) * 2 // 3, 8)]}" if len(text) > 12 else text,
}


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("way", WRITERS)
def test_a_secret_is_masked_in_every_notation(kind: str, way: str) -> None:
    secret = SECRETS[kind]
    text = WRITERS[way](secret)

    shown = NOTHING.knowing([secret]).text(text)

    assert MASK in shown
    assert [spelling for spelling in (*spellings(secret), text) if spelling in shown] == []


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("x7", MASK, id="the whole text"),
        pytest.param("login 'x7' and \"x7\"", f"login '{MASK}' and \"{MASK}\"", id="in quotes"),
        pytest.param("0x7f and box7", "0x7f and box7", id="a part of other words"),
        pytest.param({"x7": ["x7", 7]}, {"x7": [MASK, 7]}, id="nested"),
    ],
)
def test_a_short_secret_is_masked_only_as_a_whole(value: Any, shown: Any) -> None:
    assert NOTHING.knowing(["x7"]).concealed(value) == shown


def test_a_number_that_is_a_secret_is_masked_as_text_and_as_number() -> None:
    secrets = NOTHING.knowing(["471108"])

    assert secrets.concealed({"pin": 471108, "said": "pin 471108", "vlan": 4711}) == {
        "pin": MASK, "said": f"pin {MASK}", "vlan": 4711
    }  # fmt: skip


@given(st.text(min_size=4, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_a_secret_is_masked_in_any_surrounding_text(secret: str, before: str, behind: str) -> None:
    shown = NOTHING.knowing([secret]).text(before + secret + behind)

    assert secret not in shown.replace(MASK, "\0") or secret in MASK


@given(st.text("abcdefgh ", max_size=60))
def test_a_text_without_a_secret_stays_unchanged(text: str) -> None:
    assert NOTHING.knowing(["S3CR3T", "pä55wörd", "1234567"]).text(text) == text


def test_the_repr_of_secrets_does_not_show_them() -> None:
    assert "s3cr3t" not in repr(Secrets(frozenset({"/pin"}), ("s3cr3t",))) + repr(Found({"/pin"}, ["s3cr3t"]))


def test_the_number_of_known_secrets_is_bounded_and_the_newest_stay() -> None:
    known = Secrets()
    for n in range(1_000):
        known = known.knowing([f"secret-{n:04d}", "x" * 20_000])

    assert len(known.values) == 100
    assert known.values[-1] == "secret-0999"
