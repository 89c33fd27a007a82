"""The short way for plain JSON gives what the way that looks at each part gives, or leaves the value to it."""

from enum import Enum, IntEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator_gql.engine.steps.arguments import plain_result
from orchestrator_gql.utils.json import encode
from orchestrator_gql.utils.json.boundary import _Boundary
from orchestrator_gql.utils.json.plain import copied_if_plain


class Text(str):
    __slots__ = ()


class Wrapped(str):
    __slots__ = ()

    def unwrap(self) -> str:
        return "unwrapped"


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Odd(Enum):
    ONE = Wrapped("one")

    def unwrap(self) -> int:
        return 1


class Row(tuple[Any, ...]):
    __slots__ = ()


NUMBERS = st.integers() | st.floats() | st.sampled_from([2**63, 2**64, -(2**70), 10**40, float("nan"), -0.0, 1e22])
TEXTS = st.text() | st.text(st.characters(categories=["Cs"])) | st.sampled_from(["null", "[" * 70, Text("a")])
OTHERS = st.sampled_from([UUID(int=7), Colour.RED, Level.HIGH, Odd.ONE, Wrapped("a"), Row([1]), b"x", {1, 2}])
LEAVES = st.none() | st.booleans() | NUMBERS | TEXTS | OTHERS
KEYS = st.text(max_size=3) | st.sampled_from([Text("a"), 1, "1", True, None, UUID(int=7), "\udfff", Colour.RED])
VALUES = st.recursive(
    LEAVES,
    lambda parts: st.lists(parts, max_size=4) | st.tuples(parts, parts) | st.dictionaries(KEYS, parts, max_size=4),
    max_leaves=12,
)


def deep(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


@given(st.lists(VALUES) | st.dictionaries(KEYS, VALUES))
@example({"a": None, "b": 1.5})
@example({"a": float("nan"), "b": None})
@example({"a": [float("inf")]})
@example({Text("a"): 1})
@example({"a": [{Text("a"): 1}]})
@example({1: 1})
@example({"a": deep(63)})
@example({"a": deep(64)})
@example({"a": "[" * 70 + "{" * 70, "b": []})
@example([(), [[]], {"a": ()}])
def test_the_copy_is_what_the_boundary_makes(value: Any) -> None:
    plain = copied_if_plain(value)
    if plain is None:
        return
    expected = _Boundary("result").plain(value, ())

    assert repr(plain[0]) == repr(expected)  # 1, 1.0, True and -0.0 are different
    assert types_in(plain[0]) == types_in(expected)
    assert plain[1] == len(encode(expected).encode())


def types_in(value: Any) -> Any:
    if isinstance(value, dict):
        return type(value), [(type(key), types_in(item)) for key, item in value.items()]
    return (type(value), list(map(types_in, value))) if isinstance(value, list) else type(value)


@pytest.mark.parametrize(
    "value",
    [
        {"n": 1},
        {"node": "ams-1", "up": True, "load": 0.5},
        {"none": None, "n": 1},
        {"ports": [{"vlan": 10}, {"vlan": 20}], "é": "☃"},
        [],
        [1, "two"],
        {"pair": (1, 2)},
    ],
)
def test_plain_values_take_the_short_way_and_share_nothing_with_their_copy(value: Any) -> None:
    plain = copied_if_plain(value)

    assert plain is not None
    assert plain[0] is not value
    if isinstance(value, dict) and "ports" in value:
        value["ports"][0]["vlan"] = 30
        assert plain[0]["ports"][0]["vlan"] == 10


def test_a_value_that_holds_itself_has_no_copy() -> None:
    value: dict[str, Any] = {}
    value["again"] = [value, value]

    assert copied_if_plain(value) is None


def test_a_result_with_a_name_that_is_not_stored_does_not_take_the_short_way() -> None:
    hidden = frozenset({"route"})

    assert plain_result({"vlan": 10}, hidden) == ({"vlan": 10}, 11)
    assert plain_result({"vlan": 10, "process_id": "mine"}, hidden) is None
    assert plain_result({"vlan": 10, "route": "/here"}, hidden) is None
    assert plain_result([1], hidden) is None
    assert plain_result(None, hidden) is None
