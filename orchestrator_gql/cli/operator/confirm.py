"""`orchestrator-gql confirm`: the open form of a process, shown and answered."""

import json
import sys
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from orchestrator_gql.cli.client import OperationRefused, VerbRefused
from orchestrator_gql.cli.operator.verbs import told
from orchestrator_gql.cli.request import request
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.utils.errors import PayloadInvalid
from orchestrator_gql.utils.json import Json, read

FORM = """\
query Form($id: ID!, $pages: [JSON!]!) { process(id: $id) { status openInputRequest {
  id version title canSubmit blockedReason form(pages: $pages) { __typename
    ... on FormPage { title schema initialData submitLabel digest }
    ... on FormInvalid { errors { pointer message } } } } } }
"""
SUBMIT = """\
mutation Submit($input: SubmitFormInput!) { submitForm(input: $input) { __typename
  ... on SubmitFormSuccess { process { id status } }
  ... on FormIncomplete { nextPage { title } }
  ... on FormInvalid { errors { pointer message } }
  ... on ConflictError { message by { name } at }
  ... on UserError { message } } }
"""


def confirm(
    url: str, id: UUID, *, fields: Sequence[str], pages: str | None, comment: str | None, is_agreed: bool
) -> None:
    """Show the last page of the form, ask, and submit; bound to what was shown."""
    given = _pages(fields, pages)
    asked = _open(url, id, given[:-1])
    page = asked["form"]
    if page["__typename"] != "FormPage":
        raise OperationRefused(printable("The pages before the last are not accepted: " + _faults(page)))
    for line in shown(asked["title"], page, given[-1]):
        print(line)
    if not is_agreed and not _agrees(page["submitLabel"]):
        raise VerbRefused("Nothing was submitted.")
    answer = {"inputRequestId": asked["id"], "pages": given, "expectedVersion": asked["version"]}
    answer |= {"shownDigest": page["digest"], "comment": comment}
    said = request(url, SUBMIT, {"input": answer})["submitForm"]
    match said["__typename"]:
        case "SubmitFormSuccess":
            print(printable(f"{said['process']['id']} is {said['process']['status']}"))
        case "FormIncomplete":
            raise OperationRefused(printable(f"One more page is asked: {said['nextPage']['title']!r}. Use --pages."))
        case "FormInvalid":
            raise VerbRefused(printable(_faults(said)))
        case _:
            raise VerbRefused(printable(told(said)))


def shown(title: str, page: dict[str, Any], given: dict[str, Json]) -> list[str]:
    """The page on a terminal: each field with its value, a text of several lines under its name."""
    told = [printable(f"{title}: {page['title']}")]
    for name, field in page["schema"].get("properties", {}).items():
        value = given.get(name, page["initialData"].get(name))
        text = value if isinstance(value, str) else json.dumps(value)
        label = printable(f"  {field.get('title') or name}")
        if "\n" in text:
            told += [f"{label}:", *(f"    {printable(line)}" for line in text.splitlines())]
        else:
            told.append(f"{label}: {printable(text)}")
    return told


def _open(url: str, id: UUID, pages: Sequence[Json]) -> dict[str, Any]:
    process = request(url, FORM, {"id": str(id), "pages": list(pages)})["process"]
    if process is None:
        raise VerbRefused(f"There is no process {id}, or it is not visible to you.")
    asked: dict[str, Any] | None = process["openInputRequest"]
    if asked is None or asked["form"] is None:
        raise VerbRefused(f"The process is {process['status']}: it asks nobody.")
    if not asked["canSubmit"]:
        raise VerbRefused(printable(asked["blockedReason"] or "You may not answer it."))
    return asked


def _pages(fields: Sequence[str], pages: str | None) -> list[dict[str, Json]]:
    if pages is not None:
        found = _json(pages)
        if not isinstance(found, list) or not found or not all(isinstance(page, dict) for page in found):
            raise OperationRefused("--pages must be a JSON list of objects, one for each page.")
        return [*found[:-1], {**found[-1], **_fields(fields)}]
    return [_fields(fields)]


def _fields(fields: Sequence[str]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for field in fields:
        name, sign, value = field.partition("=")
        if not sign:
            raise OperationRefused(f"{field!r} is no NAME=VALUE.")
        try:
            found[name] = read(value.encode())
        except PayloadInvalid:
            found[name] = value  # a text needs no quotes
    return found


def _json(text: str) -> Json:
    try:
        return read(text.encode())
    except PayloadInvalid as wrong:
        raise OperationRefused(f"--pages: {wrong.message}") from None


def _faults(said: dict[str, Any]) -> str:
    return "; ".join(f"{one['pointer'] or 'the page'}: {one['message']}" for one in said["errors"])


def _agrees(label: str) -> bool:
    if not sys.stdin.isatty():
        raise OperationRefused("Nobody is there to be asked: say --yes.")
    return input(f"{printable(label)}? [y/N] ").strip().lower() in ("y", "yes")
