"""The differences of two versions of a subscription as people read them: by path, without secrets, of bounded size."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from orchestrator_gql.domain.changes import diff
from orchestrator_gql.domain.paths import keys_of
from orchestrator_gql.types import Json
from orchestrator_gql.utils.json import encode
from orchestrator_gql.utils.json.redaction import MASK

Model: TypeAlias = Mapping[str, Json]

MOST = 1_000
"""The differences that are listed."""

LONGEST = 2_000
"""The characters of the JSON of a value that is shown as a whole."""

_HEAD = 200
_UNCOUNTED = ("version",)
"""The fields that differ in any two versions."""


def differences(old: Model, new: Model, hide: Callable[[dict[str, Json]], dict[str, Json]]) -> list[Json]:
    """The differences of two versions: ``{"path", "change", "old", "new"}`` for each, in the order of the fields.

    ``change`` is ``added`` if there was no value or null before, ``removed`` if there is none or null after, otherwise
    ``changed``. ``hide`` puts masks in place of the secrets of a model, and the beginning of a long value is shown as
    text. After `MOST` differences follows ``{"change": "omitted", "count"}``.

    >>> differences({"port": {"vlan": 10}}, {"port": {"vlan": None}}, dict)
    [{'path': 'port.vlan', 'change': 'removed', 'old': 10, 'new': None}]
    """
    changes = {path: change for path, change in diff(old, new).items() if path not in _UNCOUNTED}
    before, after = hide(dict(old)), hide(dict(new))
    shown: list[Json] = []
    for path in list(changes)[:MOST]:
        keys, change = keys_of(path), changes[path]
        kind = "added" if change["from"] is None else "removed" if change["to"] is None else "changed"
        values = {"old": _shown(before, keys), "new": _shown(after, keys)}
        shown.append({"path": path, "change": kind, **values})
    if len(changes) > MOST:
        shown.append({"change": "omitted", "count": len(changes) - MOST})
    return shown


def _shown(document: Json, keys: tuple[str | int, ...]) -> Json:
    """The value at the place, null if there is none; a long value is cut."""
    value = _at(document, keys)
    text = value if isinstance(value, str) else encode(value)
    if len(text) <= LONGEST:
        return value
    return f"{text[:_HEAD]}… ({len(text):,} characters)"


def _at(document: Any, keys: tuple[str | int, ...]) -> Json:
    for key in keys:
        if document == MASK:
            return MASK  # a part around the value is secret
        if isinstance(document, dict):
            document = document.get(key)
        elif isinstance(document, list) and isinstance(key, int) and key < len(document):
            document = document[key]
        else:
            return None
    result: Json = document
    return result
