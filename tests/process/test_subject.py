"""The subject is one short line without secrets, whatever the values are."""

import unicodedata
from typing import Any

import pytest

from orchestrator_gql.config.settings import Settings
from orchestrator_gql.process.subject import LONGEST, subject_by_answers, subject_by_title
from orchestrator_gql.utils.json.redaction import Redactor

REDACT = Redactor(Settings.model_fields["redact"].default)

VALUES: dict[str, Any] = {
    "text": ("Ring 7", "Ring 7"),
    "number": (7, "7"),
    "large number": (2**70, "1180591620717411303424"),
    "false": (False, "false"),
    "zero": (0, "0"),
    "null": (None, "?"),
    "empty": ("", "?"),
    "blank": (" \t\n", "?"),
    "list": (["AMS", "LON", 3], "AMS, LON, 3"),
    "long list": (list(range(10_000)), "0, 1, 2…"),
    "empty list": ([], "?"),
    "object": ({"a": 1}, '{"a":1}'),
    "lines": ("one\r\ntwo\u2028three\u0085four", "one two three four"),
    "control characters": ("\x1b[31mred\x07\0", "[31mred"),
    "direction of writing": ("evil\u202egnp.exe\u2066", "evil gnp.exe"),
    "half of a character": ("half \ud800 of it", "half of it"),
    "braces": ("{not_a_field}", "{not_a_field}"),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_stands_in_the_title_as_one_line(name: str) -> None:
    value, shown = VALUES[name]

    assert subject_by_title("Deploy {it} now", {"it": value}, REDACT) == f"Deploy {shown} now"


@pytest.mark.parametrize(
    "value", ["x" * 1_000_000, ["y" * 5_000] * 9, {"z" * 9_000: {"z": "z" * 90_000}}, "\n" * 90_000]
)
def test_a_subject_is_bounded_whatever_the_values_are(value: Any) -> None:
    subjects = subject_by_title("{it} {it} {it}", {"it": value}, REDACT), subject_by_answers([{"it": value}], REDACT)

    for subject in subjects:
        assert len(subject) <= LONGEST
        assert not {unicodedata.category(character) for character in subject} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("values", "title"),
    [
        ({"password": "hunter2hunter2"}, "Log in with {password}"),
        ({"login": {"password": "hunter2hunter2"}}, "Log in with {login.password}"),
        ({"login": {"password": "hunter2hunter2"}}, "Log in with {login}"),
        ({"log": "password=hunter2hunter2"}, "It printed {log}"),
        ({"word": "hunter2hunter2"}, "Set password={word}"),
    ],
)
def test_a_title_shows_no_value_behind_a_secret_key(values: dict[str, Any], title: str) -> None:
    assert "hunter2" not in subject_by_title(title, values, REDACT)
    assert "hunter2" not in subject_by_answers([values], REDACT) or "word" in values


def test_a_field_without_a_value_is_a_question_mark() -> None:
    values = {"site": {"name": "AMS"}, "port": 7}

    title = "{site.name} {site.rack} {port.speed} {version}"
    assert subject_by_title(title, values, REDACT) == "AMS ? ? ?"


def test_the_first_answers_are_the_subject_without_secret_and_ignored_ones() -> None:
    pages = [
        {"subscription_id": "x", "note": None, "site_name": "AMS"},
        {"password": "hunter2", "ports": [1, 2]},
        "no object",
        {"is_urgent": True, "more": "not shown"},
    ]

    shown = subject_by_answers(pages, REDACT, ignored=["subscription_id"])
    assert shown == "site name AMS, ports 1, 2, is urgent true"
