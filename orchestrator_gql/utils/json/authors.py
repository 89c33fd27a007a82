"""JSON text for authors: it takes every value that a step may return."""

import json
from typing import Any

from orchestrator_gql.utils.json.boundary import to_json
from orchestrator_gql.utils.json.text import Json, encode


def json_dumps(obj: Any, indent: bool = False, sort_keys: bool = False) -> str:
    """JSON text of any value that a step may return: ids, times, addresses, models, product subscriptions, lists.

    A secret is masked. Raises ``StepError`` ``not-json`` with the place of a value that is not JSON.

    >>> from uuid import UUID
    >>> json_dumps({"node": UUID(int=1), "ports": {2, 1}}, sort_keys=True)
    '{"node":"00000000-0000-0000-0000-000000000001","ports":[1,2]}'
    """
    plain = to_json(obj, where="value")
    if not (indent or sort_keys):
        return encode(plain)
    shape: Any = {"indent": 2} if indent else {"separators": (",", ":")}
    return json.dumps(plain, ensure_ascii=False, sort_keys=sort_keys, **shape)


def json_loads(s: str | bytes | bytearray) -> Json:
    """The value of JSON text; an id or a time stays text, as in the state.

    >>> json_loads(b'{"since": "2026-01-01T00:00:00+00:00"}')
    {'since': '2026-01-01T00:00:00+00:00'}
    """
    return json.loads(s)
