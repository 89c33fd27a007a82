"""A page of a form on a terminal: shown, filled in by who is asked, and what is wrong with it."""

import json
from collections.abc import Iterable
from getpass import getpass
from typing import Any

from orchestrator_gql.cli.client import VerbRefused
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.utils.errors import PayloadInvalid
from orchestrator_gql.utils.json import Json, read
from orchestrator_gql.utils.json.redaction import MASK
from orchestrator_gql.utils.json.secrets import is_marked

Page = dict[str, Json]
"""The answers to one page."""

GAP = "…"
"""What stands where somebody must still fill something in."""


class HungUp(VerbRefused):
    """Whoever was asked is gone."""


def shown(title: str, page: dict[str, Any], given: Page) -> list[str]:
    """The page on a terminal: each field with its value, a text of several lines under its name.

    ``title`` is what the page belongs to: the step, or the workflow. A page that is called the same says it once.

    >>> shown("Approve", {"title": "Approve", "schema": {}}, {})
    ['Approve']
    """
    is_same = page["title"].casefold() == title.casefold()
    told = [printable(title if is_same else f"{title}: {page['title']}")]
    for name, field in _fields(page).items():
        value = given.get(name, page["initialData"].get(name, GAP))
        value = MASK if name in given and is_marked(field) else value
        text = value if isinstance(value, str) else json.dumps(value)
        label = printable(f"  {field.get('title') or name}")
        if "\n" in text:
            told += [f"{label}:", *(f"    {printable(line)}" for line in text.splitlines())]
        else:
            told.append(f"{label}: {printable(text)}")
    return told


def faults(said: dict[str, Any]) -> str:
    """What was not accepted: the page, the field, and why."""
    wrong = "; ".join(f"{one['pointer'] or 'the page'}: {one['message']}" for one in said["errors"])
    return f"Page {said['pageIndex'] + 1}, {said['page']['title']!r}: {wrong}"


def needed(page: dict[str, Any], given: Page) -> list[str]:
    """The fields without which the page is not accepted and that have no value yet."""
    required = page["schema"].get("required", ())
    return [name for name in required if name in _editable(page) and name not in {**page["initialData"], **given}]


def faulty(said: dict[str, Any]) -> list[str]:
    """The fields to ask for again: those that are wrong, or all where it is the page that is wrong."""
    editable = _editable(said["page"])
    named = [one["path"][0] if one["path"] else None for one in said["errors"]]
    return [name for name in editable if name in named] or editable


def asked(page: dict[str, Any], given: Page, names: Iterable[str] | None = None) -> Page:
    """The page with what somebody types in for these fields, or for each; nothing typed keeps a value that is there."""
    answer, fields = dict(given), _fields(page)
    known = {**page["initialData"], **given}
    for name in _editable(page) if names is None else names:
        field = fields[name]
        is_secret = is_marked(field)
        stands = f" [{MASK if is_secret else _text(known[name])}]" if name in known else ""
        choices = f" ({', '.join(map(_text, field['enum']))})" if "enum" in field else ""
        typed = reply(printable(f"  {field.get('title') or name}{choices}{stands}: "), is_secret=is_secret)
        if typed:
            answer[name] = _value(field, typed)
    return answer


def reply(question: str, *, is_secret: bool = False) -> str:
    """What is typed in, a secret without an echo; `HungUp` where whoever is asked does so."""
    try:
        return getpass(question) if is_secret else input(question).strip()
    except EOFError:
        print()
        raise HungUp("Nothing was decided.") from None


def example(page: dict[str, Any]) -> str:
    """The page as JSON to begin with: each field that is asked, with its value or a gap."""
    return as_json({name: page["initialData"].get(name, GAP) for name in _editable(page)})


def as_json(answer: Page) -> str:
    """The answers to a page as they are given on the command line."""
    return json.dumps(answer, ensure_ascii=False)


def _fields(page: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The page's fields, with what they refer to beside them."""
    whole = page["schema"]
    return {
        name: {**whole.get("$defs", {}).get(str(field.get("$ref")).rpartition("/")[2], {}), **field}
        for name, field in whole.get("properties", {}).items()
    }


def _editable(page: dict[str, Any]) -> list[str]:
    return [name for name, field in _fields(page).items() if not field.get("readOnly")]


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _value(field: dict[str, Any], typed: str) -> Json:
    """What was typed, as JSON where the field is no text and it is JSON."""
    if "string" in (one.get("type") for one in (field, *field.get("anyOf", ()))):
        return typed
    try:
        return read(typed.encode())
    except PayloadInvalid:
        return typed
