"""Finds the members of enums by their JSON.

An enum may have values that JSON does not have, such as dates, decimals or tuples. Pydantic writes them as JSON, offers
that JSON in its schema, and then refuses it: it compares it with the values themselves.
"""

import sys
from collections.abc import Iterator
from contextlib import suppress
from enum import Enum
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticSerializationError, to_jsonable_python

from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.utils.json.boundary import to_json
from orchestrator_gql.utils.json.core_schemas import holder_of, schemas_in
from orchestrator_gql.utils.json.equality import is_same
from orchestrator_gql.utils.json.text import Json, copied

_KEY = "[key]"
"""The last part of the place of an error in a key of a dict."""

_REFUSALS = ("enum", "literal_error")

_MEMBERS = {"enum": "members", "literal": "expected"}
"""Where the core schema of each type has the members."""

_IN_JSON = {str, int, float, bool}

_WithJson = tuple[Enum, list[Json]]


def with_members(value: Json, error: ValidationError, core: Any) -> Any | None:
    """A copy of the value with members of enums in place of their JSON; None if the errors are of another kind.

    >>> from datetime import date
    >>> from pydantic import TypeAdapter
    >>> class Release(Enum):
    ...     SPRING = date(2026, 4, 1)
    >>> adapter = TypeAdapter(list[Release])
    >>> try:
    ...     adapter.validate_python(["2026-04-01"])
    ... except ValidationError as error:
    ...     print(with_members(["2026-04-01"], error, adapter.core_schema))
    [<Release.SPRING: datetime.date(2026, 4, 1)>]
    """
    groups = list(_enums_in(core))
    if not groups:
        return None
    wanted: dict[str, list[_WithJson]] = {}
    root, is_changed = [copied(value)], False
    # Keys come last, the innermost first: the place of each value and key names the keys as they are in JSON.
    for detail in sorted(error.errors(include_url=False, include_input=False), key=_depth_of_key):
        if detail["type"] in _REFUSALS:
            expected = detail["ctx"]["expected"]
            if expected not in wanted:  # a list may have very many wrong values
                wanted[expected] = [
                    _with_json(member) for group in groups if _is_expected(group, expected) for member in group
                ]
            is_changed |= _put(root, detail["loc"], wanted[expected])
    return root[0] if is_changed else None


def _put(root: list[Any], place: tuple[int | str, ...], members: list[_WithJson]) -> bool:
    is_key = place[-1:] == (_KEY,)
    holder, key = holder_of(root, place)
    held = key if is_key else holder[key]
    fitting = (member for member, json in members if any(is_same(held, str(one) if is_key else one) for one in json))
    member = None if isinstance(held, Enum) else next(fitting, None)
    if member is None:
        return False
    if is_key:
        items = [(member if name == key else name, item) for name, item in holder.items()]
        holder.clear()
        holder.update(items)
    else:
        holder[key] = member
    return True


def _depth_of_key(detail: ErrorDetails) -> int:
    place = detail["loc"]
    return -len(place) if place[-1:] == (_KEY,) else -sys.maxsize


def _with_json(member: Enum) -> _WithJson:
    """The member with its JSON as pydantic writes it, and as the state holds it."""
    json: list[Json] = []
    with suppress(PydanticSerializationError):
        json.append(to_jsonable_python(member))
    with suppress(StepError):
        json.append(to_json(member, where="member"))
    return member, json


def _enums_in(core: Any) -> Iterator[list[Enum]]:
    """The members of each enum that pydantic does not find by their JSON."""
    for schema in schemas_in(core):
        members = [each for each in schema.get(_MEMBERS.get(schema.get("type", ""), ""), ()) if isinstance(each, Enum)]
        kinds = {type(member.value) for member in members}
        if kinds and (len(kinds) > 1 or not kinds <= _IN_JSON):
            yield members


def _is_expected(group: list[Enum], expected: str) -> bool:
    """True if pydantic named these members: several enums of a type may have members with the same JSON."""
    return all(repr(member.value) in expected for member in group)
