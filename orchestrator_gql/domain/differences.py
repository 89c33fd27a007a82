"""The differences of two versions of a subscription as people read them: by path, without secrets, of bounded size."""

from collections.abc import Mapping
from typing import Any

from orchestrator_gql.domain.paths import keys_of
from orchestrator_gql.types import Json
from orchestrator_gql.utils.json import encode
from orchestrator_gql.utils.json.redaction import MASK
from orchestrator_gql.utils.json.secrets import masked, places_in

MOST = 1_000
"""The differences that are listed."""

LONGEST = 2_000
"""The characters of the JSON of a value that is shown as a whole."""

_HEAD = 200
_UNCOUNTED = ("version",)
"""The fields that differ in any two versions."""


def differences(changes: Mapping[str, Mapping[str, Json]], schema: Json) -> list[Json]:
    """The changes that ``diff`` found: ``{"path", "change", "old", "new"}`` for each, in the order of the fields.

    ``change`` is ``added`` if there was no value or null before, ``removed`` if there is none or null after, otherwise
    ``changed``. ``schema`` is the JSON Schema of the subscription; a value that it marks as secret is masked, and the
    beginning of a long value is shown as text. After `MOST` differences follows ``{"change": "omitted", "count"}``.

    >>> differences({"port.vlan": {"from": 10, "to": None}}, {})
    [{'path': 'port.vlan', 'change': 'removed', 'old': 10, 'new': None}]
    """
    counted = {path: change for path, change in changes.items() if path not in _UNCOUNTED}
    shown: list[Json] = [_difference(path, counted[path], schema) for path in list(counted)[:MOST]]
    if len(counted) > MOST:
        shown.append({"change": "omitted", "count": len(counted) - MOST})
    return shown


def _difference(path: str, change: Mapping[str, Json], schema: Json) -> dict[str, Json]:
    old, new = change["from"], change["to"]
    kind = "added" if old is None else "removed" if new is None else "changed"
    keys = keys_of(path)
    return {"path": path, "change": kind, "old": _shown(keys, old, schema), "new": _shown(keys, new, schema)}


def _shown(keys: tuple[str | int, ...], value: Json, schema: Json) -> Json:
    """The value at the place, with masks for its secrets; a long value is cut."""
    if schema and value is not None:
        around = _around(keys, value)
        value = _at(masked(around, places_in(schema, around)), keys)
    text = value if isinstance(value, str) else encode(value)
    if len(text) <= LONGEST:
        return value
    return f"{text[:_HEAD]}… ({len(text):,} characters)"


def _around(keys: tuple[str | int, ...], value: Json) -> Json:
    """A document with only this value at its place."""
    for key in reversed(keys):
        value = {key: value} if isinstance(key, str) else [*[None] * key, value]
    return value


def _at(document: Any, keys: tuple[str | int, ...]) -> Json:
    for key in keys:
        if document == MASK:
            break  # a part around the value is secret
        document = document[key]
    result: Json = document
    return result
