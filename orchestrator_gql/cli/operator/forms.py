"""A page of a form on a terminal: print it, ask for its fields, and describe its errors."""

import json
from collections.abc import Callable, Iterable, Mapping
from getpass import getpass
from types import MappingProxyType
from typing import Any

from orchestrator_gql.cli.client import VerbRefused
from orchestrator_gql.cli.places import page_errors
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.cli.values import is_nothing, lines_of, text_of
from orchestrator_gql.utils.errors import PayloadInvalid
from orchestrator_gql.utils.json import Json, read
from orchestrator_gql.utils.json.secret_values import MASK

Page = dict[str, Json]
"""The answers to one page."""

Choose = Callable[[dict[str, Any], str], str]
"""Lets the person search for a value of a field: the JSON Schema of the field and the question; blank for none."""

CHOICES = 6
"""The values of a choice that the description of a form names, if they fit into `CHOICES_WIDTH` characters."""

CHOICES_WIDTH = 72

JSON_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}

EXAMPLES = MappingProxyType(
    {
        "date": "2026-01-31",
        "date-time": "2026-01-31T14:05:00Z",
        "time": "14:05:00",
        "duration": "P1DT2H30M",
    }
)
"""A value of each format of a time, as the dashboard shows it; the date with its time has a timezone."""

GAP = "…"
"""The placeholder of a field without a value."""


class HungUp(VerbRefused):
    """The person closed the input instead of answering."""


def shown(title: str, page: dict[str, Any], answers: Page) -> list[str]:
    """The lines of the page: each field with its value; a text of several lines stands under the field's name.

    ``title`` is the name of the step or the workflow. If the page has the same title, it is printed once.

    >>> shown("Approve", {"title": "Approve", "schema": {}}, {})
    ['Approve']
    """
    is_same = page["title"].casefold() == title.casefold()
    lines = [printable(title if is_same else f"{title}: {page['title']}")]
    for name, field in _fields(page).items():
        value = answers.get(name, page["initialData"].get(name, GAP))
        value = MASK if name in answers and _is_secret(field) else value
        label = printable(f"  {field['title']}")
        text = _named(field, value) if isinstance(value, str) and value else text_of(value)
        rows = text.splitlines() if isinstance(value, str) else list(lines_of(value))
        if len(rows) > 1 and (isinstance(value, str | dict) or _has_parts(value)):
            lines += [f"{label}:", *(f"    {printable(row)}" for row in rows)]
        else:
            lines.append(f"{label}: {printable(text)}")
    return lines


def described(page: dict[str, Any]) -> list[str]:
    """Each field that a person may fill in, as a line: its name, its type, its default and its title."""
    required, lines = page["schema"].get("required", ()), list[str]()
    for name in _editable(page):
        field = _fields(page)[name]
        types = [_type(each) for each in (field, *field.get("anyOf", ())) if each.get("type") not in (None, "null")]
        kind = f"one of {_some_choices(field)}" if "enum" in field else " or ".join(types)
        default = page["initialData"].get(name)
        parts = (
            kind or "any value",
            "required" if name in required else "optional",
            f"default {MASK if _is_secret(field) else _text(default)}" if not is_nothing(default) else "",
            field["title"] if field["title"] != name else "",
        )
        lines.append(f"{name}: {'; '.join(filter(None, parts))}")  # a comma would make a choice of the next part
    return lines


def _type(schema: dict[str, Any]) -> str:
    """The type of a field; with an example if it is a text that is written in one way only."""
    example = EXAMPLES.get(str(schema.get("format")))
    return f"{schema['type']} such as {example}" if example else str(schema["type"])


def _has_parts(value: Json) -> bool:
    """Whether the value is a list of objects or of lists: its items stand below each other."""
    return isinstance(value, list) and any(isinstance(item, dict | list) for item in value)


def error_text(response: dict[str, Any]) -> str:
    """The errors of a page in one line: the page, the fields and the reasons."""
    schema = response["page"]["schema"]
    errors = page_errors(response["errors"], schema)
    is_field_of_another_page = response["page"].get("hasNext") and "there is no field" in errors
    pages = (
        ". More pages follow: --pages gives all pages, and --set fields of the last" if is_field_of_another_page else ""
    )
    return f"Page {response['pageIndex'] + 1}, {response['page']['title']!r}: {errors}{pages}"


def as_field(page: dict[str, Any], name: str, value: Json, text: str) -> Json:
    """The value of ``--set`` as the field takes it: the text, or the choice with this label, if JSON does not fit.

    >>> page = {"schema": {"properties": {"vlan": {"type": "string"}, "mtu": {"type": "integer"}}}}
    >>> as_field(page, "vlan", 100, "100"), as_field(page, "mtu", 1500, "1500")
    ('100', 1500)
    """
    field = _fields(page).get(name)
    if field is None or _takes(page, field, value):
        return value
    return next((each for each in (_value(field, text), text) if _takes(page, field, each)), value)


def _takes(page: dict[str, Any], field: dict[str, Any], value: Json) -> bool:
    """Whether the value is a choice of the field or has one of its types; a field without types takes everything."""
    kinds = [field, *(_resolved(page, each) for each in field.get("anyOf", ()))]
    choices = [choice for kind in kinds for choice in kind.get("enum", ())]
    types = {str(kind["type"]) for kind in kinds if "type" in kind} - {"null"}
    if value is None or not types:
        return True
    return value in choices if choices else any(isinstance(value, JSON_TYPES.get(type_, object)) for type_ in types)


def missing_fields(page: dict[str, Any], answers: Page) -> list[str]:
    """The required fields that have no value yet."""
    required = page["schema"].get("required", ())
    return [name for name in required if name in _editable(page) and name not in {**page["initialData"], **answers}]


def invalid_fields(response: dict[str, Any]) -> list[str]:
    """The fields to ask for again: the fields with errors, or all fields if the error concerns the whole page."""
    editable = _editable(response["page"])
    names = [error["path"][0] if error["path"] else None for error in response["errors"]]
    return [name for name in editable if name in names] or editable


def fill_in(
    page: dict[str, Any],
    answers: Page,
    names: Iterable[str] | None = None,
    *,
    choosers: Mapping[str, Choose] = MappingProxyType({}),
) -> Page:
    """Ask for the fields ``names``, or for every field, and return the new answers; empty input keeps a known value.

    ``choosers`` ask for the fields of these JSON Schema formats.
    """
    answer, fields = dict(answers), _fields(page)
    known = {**page["initialData"], **answers}
    required = page["schema"].get("required", ())
    for name in _editable(page) if names is None else names:
        field = fields[name]
        is_secret = _is_secret(field)
        has_value = not is_nothing(known.get(name))
        current = f" [{MASK if is_secret else _text(known[name])}]" if has_value else ""
        between = "; " if "options" in field else ", "
        choices = f" ({between.join(_named(field, value) for value in field['enum'])})" if "enum" in field else ""
        question = printable(f"  {field['title']}{choices}{current}: ")
        chooser = choosers.get(str(field.get("format")))
        while not (typed := chooser(field, question) if chooser else reply(question, is_secret=is_secret)):
            if name not in required or name in known:
                break
            print(printable(f"  {field['title']} needs a value; Ctrl-D leaves the form."))
        if typed:
            answer[name] = _value(field, typed)
    return answer


def reply(question: str, *, is_secret: bool = False) -> str:
    """The text that the person types; a secret is typed without an echo. Raises `HungUp` at the end of the input."""
    try:
        return getpass(question) if is_secret else input(question).strip()
    except EOFError:
        print()
        raise HungUp("Nothing was decided.") from None


def example(page: dict[str, Any]) -> str:
    """The page as JSON: each editable field with its value or a placeholder."""
    return as_json({name: page["initialData"].get(name, GAP) for name in _editable(page)})


def as_json(answer: Page) -> str:
    """The answers to a page as JSON for the command line."""
    return json.dumps(answer, ensure_ascii=False)


def _fields(page: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The JSON Schemas of the page's fields, with their references resolved, each with a title.

    A title behind a reference is the name of a class, alike for all fields of that class.
    """
    whole = page["schema"]
    return {
        name: {
            **_resolved(page, field),
            "title": name,
            **field,
        }
        for name, field in whole.get("properties", {}).items()
    }


def _resolved(page: dict[str, Any], field: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema behind the reference of the field, with what the field itself says."""
    return {**page["schema"].get("$defs", {}).get(str(field.get("$ref")).rpartition("/")[2], {}), **field}


def _editable(page: dict[str, Any]) -> list[str]:
    return [name for name, field in _fields(page).items() if not field.get("readOnly")]


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _some_choices(field: dict[str, Any]) -> str:
    """The first choices, and how many others there are: at least one, and as many as a line can hold."""
    names = [_named(field, _text(each)) for each in field["enum"][:CHOICES]]
    while len(names) > 1 and len(", ".join(names)) > CHOICES_WIDTH:
        names.pop()
    left = len(field["enum"]) - len(names)
    return f"{', '.join(names)}{f' and {left} more' if left else ''}"


def _named(field: dict[str, Any], value: Json) -> str:
    """The value as text; a choice whose label differs has its label behind it."""
    label = str(field.get("options", {}).get(value, value)) if isinstance(value, str) else None
    return _text(value) if label in (None, value) else f"{value} = {label}"


def _value(field: dict[str, Any], typed: str) -> Json:
    """The typed text: the choice with this label, or as JSON if the field is no text field and the text is JSON."""
    labelled = [value for value, label in field.get("options", {}).items() if label == typed]
    if len(labelled) == 1 and typed not in field.get("enum", ()):
        return str(labelled[0])
    if "string" in (schema.get("type") for schema in (field, *field.get("anyOf", ()))):
        return typed
    try:
        return read(typed.encode())
    except PayloadInvalid:
        return typed


def _is_secret(field: Json) -> bool:
    from orchestrator_gql.utils.json.secrets import is_marked  # only here: it compiles a hundred patterns

    return is_marked(field)
