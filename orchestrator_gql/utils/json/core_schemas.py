"""Walks through the core schemas of pydantic, which say how a type is validated, and to the places of its errors."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_NO_SCHEMAS = frozenset({"default", "expected", "function", "members", "metadata", "serialization"})
"""The parts of a core schema that hold no schema."""


def schemas_in(core: Any) -> Iterator[Mapping[str, Any]]:
    """The core schema and all schemas in it."""
    if isinstance(core, list | tuple):
        for part in core:
            yield from schemas_in(part)
    elif isinstance(core, Mapping):
        yield core
        for name, part in core.items():
            if name not in _NO_SCHEMAS:
                yield from schemas_in(part)


def holder_of(root: list[Any], place: Iterable[int | str]) -> tuple[Any, Any]:
    """The innermost list or dict at the place of an error in ``root[0]``, and the key in it.

    Pydantic also names parts in the place that are no keys, such as the branch of a union.

    >>> holder_of([{"port": [10, 20]}], ("port", "list[int]", 1))
    ([10, 20], 1)
    """
    holder: Any = root
    key: Any = 0
    for part in place:
        match holder[key], part:
            case (dict() as below, _) if part in below:
                holder, key = below, part
            case (list() as below, int()) if part < len(below):
                holder, key = below, part
    return holder, key


def is_read_once(core: Any) -> bool:
    """True if a part of the type is an `Iterable`: pydantic makes an iterator of the list, which can be read once.

    >>> from collections.abc import Iterable, Sequence
    >>> from pydantic import TypeAdapter
    >>> [is_read_once(TypeAdapter(kind).core_schema) for kind in (dict[str, Iterable[int]], Sequence[int])]
    [True, False]
    """
    return any(schema.get("type") == "generator" for schema in schemas_in(core))
