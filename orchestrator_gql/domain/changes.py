"""Finds the differences between two versions of a subscription."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestrator_gql.domain.paths import path_of
from orchestrator_gql.types import Json

_Place = tuple[str | int, ...]
_ABSENT = object()


def diff(old: Mapping[str, Json], new: Mapping[str, Json]) -> dict[str, dict[str, Json]]:
    """The differences of two dumped models: ``{path: {"from": …, "to": …}}``, in the order of the fields.

    Only the innermost different values are listed. An added value has None in ``from``, a removed value None in ``to``.
    Items of a list are compared by their position.

    >>> diff({"saps": [{"vlan": 10}]}, {"saps": [{"vlan": 20}, {"vlan": 30}]})
    {'saps[0].vlan': {'from': 10, 'to': 20}, 'saps[1]': {'from': None, 'to': {'vlan': 30}}}
    """
    return {
        path_of(place): {"from": _shown(before), "to": _shown(after)} for place, before, after in _walk(old, new, ())
    }


def _walk(old: Any, new: Any, place: _Place) -> Iterator[tuple[_Place, Any, Any]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in {**old, **new}:
            yield from _walk(old.get(key, _ABSENT), new.get(key, _ABSENT), (*place, key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            yield from _walk(_at(old, index), _at(new, index), (*place, index))
    elif type(old) is not type(new) or old != new:  # True equals 1 in Python, not in JSON
        yield place, old, new


def _at(items: Sequence[Any], index: int) -> Any:
    return items[index] if index < len(items) else _ABSENT


def _shown(value: Any) -> Json:
    return None if value is _ABSENT else value
