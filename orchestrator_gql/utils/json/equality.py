"""Says whether two values are the same JSON. Python's `==` does not: there True equals 1, and 1 equals 1.0."""

from collections.abc import Mapping
from typing import Any


def is_same(one: Any, other: Any) -> bool:
    """True if both are the same JSON value; the order of keys does not matter.

    >>> is_same({"a": 1, "b": [2]}, {"b": [2], "a": 1}), is_same({"a": 1}, {"a": True}), is_same(1, 1.0)
    (True, False, False)
    """
    # `==` is fast, and most values that are compared differ, or are one object.
    return one is other or (one == other and _has_same_types(one, other))


def _has_same_types(one: Any, other: Any) -> bool:
    """For two equal values: True if each value in one has the type of the value in the other."""
    if isinstance(one, Mapping):
        return all(item is other[key] or _has_same_types(item, other[key]) for key, item in one.items())
    if isinstance(one, list | tuple):
        return all(a is b or _has_same_types(a, b) for a, b in zip(one, other, strict=True))
    return type(one) is type(other)
