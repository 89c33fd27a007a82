"""JSON values as people read them: no `null`, no braces; a value that is not there is a dash."""

import json
from collections.abc import Iterator

from orchestrator_gql.utils.json import Json

NOTHING = "-"
"""What stands for a value that is not there, or is empty."""


def is_nothing(value: Json) -> bool:
    """Whether there is nothing to show."""
    return value is None or (isinstance(value, str | list | dict) and not value)


def text_of(value: Json) -> str:
    """The value in one line.

    >>> text_of(None), text_of([]), text_of(True), text_of(["a", 1]), text_of([{"node": "ams", "port": None}])
    ('-', '-', 'yes', 'a, 1', 'node: ams, port: -')
    """
    if is_nothing(value):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {text_of(item)}" for key, item in value.items())
    if isinstance(value, list):
        is_plain = not any(isinstance(item, dict | list) for item in value)
        return (", " if is_plain else "; ").join(map(text_of, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def lines_of(value: Json) -> Iterator[str]:
    """The value as lines: a line for each key, each item and each line of a text; the parts of an item stand together.

    >>> list(lines_of({"ports": [{"name": "ge-0", "up": True}, {"name": "ge-1", "up": None}], "tags": []}))
    ['ports:', '  - name: ge-0', '    up: yes', '  - name: ge-1', '    up: -', 'tags: -']
    """
    if is_nothing(value):
        yield NOTHING
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _labelled(key, item)
    elif isinstance(value, list):
        for item in value:
            yield from _item(item)
    elif isinstance(value, str):
        yield from value.splitlines()
    else:
        yield text_of(value)


def _labelled(label: str, value: Json) -> Iterator[str]:
    inner = list(lines_of(value))
    if len(inner) == 1 and (is_nothing(value) or not isinstance(value, dict | list)):
        yield f"{label}: {inner[0]}"
    else:
        yield f"{label}:"
        yield from (f"  {line}" for line in inner)


def _item(value: Json) -> Iterator[str]:
    if is_nothing(value) or not isinstance(value, dict | list):
        yield from lines_of(value)
        return
    for number, line in enumerate(lines_of(value)):
        yield f"{'  ' if number else '- '}{line}"
