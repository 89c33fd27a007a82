"""Differences as people read them: the kinds, the masks, and the bounds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_gql.domain.differences import LONGEST, MOST, differences
from orchestrator_gql.domain.paths import keys_of, path_of
from orchestrator_gql.utils.json import encode
from orchestrator_gql.utils.json.redaction import MASK
from orchestrator_gql.utils.json.secrets import masked, places_in

SECRET = {"writeOnly": True}
SCHEMA: dict[str, Any] = {
    "$defs": {"Login": {"properties": {"user": {}, "pin": SECRET}}},
    "properties": {
        "pin": SECRET,
        "pins": {"items": SECRET},
        "login": {"anyOf": [{"$ref": "#/$defs/Login"}, {"type": "null"}]},
        "logins": {"items": {"$ref": "#/$defs/Login"}},
        "vault": {**SECRET, "properties": {"key": {}}},
    },
}


def hide(model: dict[str, Any]) -> dict[str, Any]:
    """The model with masks for what the schema marks as secret."""
    shown: dict[str, Any] = masked(model, places_in(SCHEMA, model))
    return shown


CASES: list[tuple[str, Any, Any, list[tuple[str, str, Any, Any]]]] = [
    ("a value", {"vlan": 1}, {"vlan": 2}, [("vlan", "changed", 1, 2)]),
    ("false and 0", {"a": False}, {"a": 0}, [("a", "changed", False, 0)]),
    ("an added value", {"note": None}, {"note": "x"}, [("note", "added", None, "x")]),
    ("a removed value", {"note": "x"}, {}, [("note", "removed", "x", None)]),
    ("a version", {"version": 1}, {"version": 2}, []),
    ("a secret", {"pin": "1"}, {"pin": "2"}, [("pin", "changed", MASK, MASK)]),
    ("an added secret", {}, {"pin": "2"}, [("pin", "added", None, MASK)]),
    ("a secret in a list", {"pins": ["1", "2"]}, {"pins": ["1", "3"]}, [("pins[1]", "changed", MASK, MASK)]),
    (
        "a secret in an added part",
        {"login": None},
        {"login": {"user": "ada", "pin": "1"}},
        [("login", "added", None, {"user": "ada", "pin": MASK})],
    ),
    (
        "a secret in a part of a list",
        {"logins": [{"user": "ada", "pin": "1"}]},
        {"logins": [{"user": "bob", "pin": "2"}]},
        [("logins[0].user", "changed", "ada", "bob"), ("logins[0].pin", "changed", MASK, MASK)],
    ),
    ("a part of a secret", {"vault": {"key": "1"}}, {"vault": {"key": "2"}}, [("vault.key", "changed", MASK, MASK)]),
]


@pytest.mark.parametrize(("title", "old", "new", "expected"), CASES, ids=[case[0] for case in CASES])
def test_each_difference_has_a_path_a_kind_and_masked_values(
    title: str, old: Any, new: Any, expected: list[tuple[str, str, Any, Any]]
) -> None:
    shown = [{"path": path, "change": kind, "old": before, "new": after} for path, kind, before, after in expected]

    assert differences(old, new, hide) == shown


@pytest.mark.parametrize("value", ["x" * 50_000, ["x" * 50_000], {"a": list(range(20_000))}])
def test_a_long_value_is_cut(value: Any) -> None:
    (shown,) = differences({}, {"text": value}, hide)

    assert isinstance(shown, dict)
    assert len(str(shown["new"])) < LONGEST
    assert str(shown["new"]).endswith(f"… ({len(value if isinstance(value, str) else encode(value)):,} characters)")


def test_many_differences_are_counted() -> None:
    shown = differences({}, {f"field_{index}": index for index in range(MOST + 7)}, hide)

    assert len(shown) == MOST + 1
    assert shown[-1] == {"change": "omitted", "count": 7}


@given(st.lists(st.text() | st.integers(0, 999), min_size=1, max_size=6))
def test_a_path_leads_back_to_its_keys(keys: list[str | int]) -> None:
    assert list(keys_of(path_of(keys))) == keys
