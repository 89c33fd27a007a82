"""The subject of a process: one short line that says what the process is about, without secrets."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from orchestrator_gql.types import Json
from orchestrator_gql.utils.json.redaction import MASK
from orchestrator_gql.utils.json.text import encode, in_one_line, preview
from orchestrator_gql.workflow.title import titled, value_at

LONGEST = 200
"""Characters of a subject."""

MOST_ANSWERS = 3
"""Answers of the start form that a subject without a title shows."""

MISSING = "?"
"""What a title shows for a field that has no value."""

_CUT = 2_000
"""Characters of one value that are looked at."""

Redact = Callable[[Any], Any]


def subject_by_title(title: str, values: Mapping[str, Json], redact: Redact) -> str:
    """The subject by the author's template; ``values`` have masks in the places of their secrets.

    >>> subject_by_title("Deploy {version} to {site}", {"version": 2, "site": ["AMS", "LON"]}, lambda value: value)
    'Deploy 2 to AMS, LON'
    """

    def text_of(name: str) -> str:
        top = name.partition(".")[0]
        value = value_at(redact({top: _beginning(values.get(top))}), name)
        return text_of_value(value) or MISSING

    return _line(redact(titled(title, text_of)))


def subject_by_answers(pages: Iterable[Json], redact: Redact, *, ignored: Iterable[str] = ()) -> str:
    """The subject by the first answers of the start form, without secret ones; empty if there are none.

    >>> subject_by_answers([{"port": 7, "password": "[redacted]"}, {"speed": None, "site": "AMS"}], lambda value: value)
    'port 7, site AMS'
    """
    shown: list[str] = []
    left_out = frozenset(ignored)
    for page in pages:
        for key, value in page.items() if isinstance(page, dict) else ():
            if len(shown) == MOST_ANSWERS:
                break
            text = "" if key in left_out else text_of_value(redact({key: _beginning(value)})[key])
            if text and MASK not in text:
                shown.append(f"{key.replace('_', ' ')} {text}")
    return _line(redact(", ".join(shown)))


def subject_by_text(texts: Iterable[str | None], redact: Redact) -> str:
    """The subject by the first of the texts that is not blank."""
    return next((line for text in texts if text and (line := _line(redact(text[:_CUT])))), "")


def text_of_value(value: Json) -> str:
    """A JSON value in one short line; empty for null, an empty text, an empty list and an empty object.

    >>> text_of_value(["AMS", "LON", "PAR", "BER"])
    'AMS, LON, PAR…'
    """
    if value is None or value in ("", [], {}):
        return ""
    match value:
        case str():
            return preview(in_one_line(value), LONGEST)
        case list():
            texts = [text for item in value[:MOST_ANSWERS] if (text := text_of_value(item))]
            return ", ".join(texts) + ("…" if len(value) > MOST_ANSWERS else "")
        case _:
            return preview(in_one_line(encode(value)), LONGEST)


def _beginning(value: Json) -> Json:
    """The beginning of a value that may have megabytes: only its first characters are shown."""
    match value:
        case str():
            return value[:_CUT]
        case list():
            return [_beginning(item) for item in value[: MOST_ANSWERS + 1]]
        case dict():
            return {key[:_CUT]: _beginning(item) for key, item in list(value.items())[:100]}
        case _:
            return value


def _line(text: str) -> str:
    return preview(in_one_line(text), LONGEST)
