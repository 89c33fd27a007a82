"""Copy a value that is plain JSON already, which most results of steps are, without a look at each part of it."""

from typing import Any

import orjson

from orchestrator_gql.utils.json.depth import is_deeper
from orchestrator_gql.utils.json.flaws import RETURNED_DEPTH
from orchestrator_gql.utils.json.text import Json

__all__ = ["copied_if_plain"]

_FLAT = frozenset({str, int, float, bool, type(None)})
_PLAIN = _FLAT | {dict, list, tuple}


def copied_if_plain(value: Any) -> tuple[Json, int] | None:
    """Return a copy of the dict or list, and the size of its JSON text in bytes. The copy shares no part with it.

    None if a part is not exactly of a type of JSON, or is not allowed, or if orjson does not write it exactly: an
    integer beyond 64 bits, and a null beside floats, because NaN becomes null. `to_json` then looks at each part.

    >>> copied_if_plain({"vlans": (10, 20)})
    ({'vlans': [10, 20]}, 17)
    >>> copied_if_plain({"vlans": {10, 20}}) is None
    True
    """
    try:
        text = orjson.dumps(value, option=_STRANGERS_ARE_ERRORS)
    except orjson.JSONEncodeError:  # half a surrogate pair, a key that is not exactly a text, a value that holds itself
        return None
    kinds = {*map(type, value.values() if type(value) is dict else value)}
    is_flat = kinds <= _FLAT
    if not is_flat and not _add_kinds_in(value, kinds):
        return None
    if float in kinds and b"null" in text:
        return None
    if is_flat:
        return value.copy(), len(text)
    return None if is_deeper(text, RETURNED_DEPTH) else (orjson.loads(text), len(text))


_STRANGERS_ARE_ERRORS = (
    orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS
)


def _add_kinds_in(value: Any, kinds: set[type]) -> bool:
    """Add the types of all parts; False if one is not plain. The value has an end: orjson has written it."""
    level = [value]
    while level:
        inner: list[Any] = []
        for container in level:
            items = container.values() if type(container) is dict else container
            found = {*map(type, items)}
            if not found <= _PLAIN:
                return False
            kinds |= found
            if not found <= _FLAT:
                inner += [item for item in items if type(item) not in _FLAT]
        level = inner
    return True
