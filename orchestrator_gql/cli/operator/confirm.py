"""`orchestrator-gql confirm`: show, fill in and submit the open form of a process."""

import json
import sys
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from orchestrator_gql.cli.client import VerbRefused
from orchestrator_gql.cli.operator.dialogue import Dialogue, as_values, parse_fields, parse_pages
from orchestrator_gql.cli.operator.requests import DECISIONS, PAGE, missing, open_request, refuse_if_blocked
from orchestrator_gql.cli.request import request
from orchestrator_gql.cli.terminal import printable

SUBMIT = f"""\
mutation Submit($input: SubmitFormInput!) {{ submitForm(input: $input) {{ __typename
  ... on SubmitFormSuccess {{ process {{ id status }}
    inputRequest {{ status approvalsNeeded assignee {{ name }} {DECISIONS} }} }}
  ... on FormIncomplete {{ nextPage {{ {PAGE} }} }}
  ... on FormInvalid {{ pageIndex errors {{ path pointer type message }} page {{ {PAGE} }} }}
  ... on PayloadInvalidError {{ errors {{ pointer message }} }}
  ... on ConflictError {{ by {{ name }} at }}
  ... on UserError {{ code message }} }} }}
"""


def confirm(
    url: str,
    id: UUID,
    *,
    fields: Sequence[str],
    pages: str | None,
    comment: str | None,
    is_agreed: bool,
    is_json: bool = False,
) -> None:
    """Show the form page by page, ask the person, and submit the shown values.

    If somebody approved the form already and no other values are given, that person's answers are shown and confirmed.
    Raises `VerbRefused` if the server refuses, and `OperationRefused` if ``fields`` or ``pages`` cannot be read.
    """
    texts, all_pages = parse_fields(fields), parse_pages(pages) if pages is not None else None
    input_request = open_request(url, id)
    refuse_if_blocked(input_request)
    approved = [page["pages"] for page in input_request["answers"] if page["pages"]]
    answers = all_pages or (approved[0] if approved else [{}])
    answers = [*answers[:-1], {**answers[-1], **as_values(texts)}]
    dialogue = _Confirmation(input_request["step"]["name"], answers, is_agreed, texts, url, id, input_request, comment)
    with redirect_stdout(sys.stderr) if is_json else nullcontext():
        response = dialogue.run()
    if is_json:
        print(json.dumps({**response["process"], "inputRequest": response["inputRequest"]}))
    else:
        print(printable(outcome(response)))


@dataclass(slots=True)
class _Confirmation(Dialogue):
    """The dialogue about the open form of a process."""

    url: str
    id: UUID
    input_request: dict[str, Any]
    comment: str | None

    def turn(self) -> dict[str, Any]:
        turn = open_request(self.url, self.id, pages=self.answers[:-1])
        if turn["id"] != self.input_request["id"]:
            raise VerbRefused("The form was decided meanwhile, and the process asks something else: look at it again.")
        form: dict[str, Any] = turn["form"]
        return form

    def submitted(self, digest: str | None) -> dict[str, Any]:
        answer = {
            "inputRequestId": self.input_request["id"],
            "pages": self.answers,
            "expectedVersion": self.input_request["version"],
        }
        answer |= {"shownDigest": digest, "comment": self.comment}
        response: dict[str, Any] = request(self.url, SUBMIT, {"input": answer})["submitForm"]
        return response


def outcome(response: dict[str, Any]) -> str:
    """The status of the process and, if more people must approve, the number of approvals."""
    process, input_request = response["process"], response["inputRequest"]
    status = f"{process['id']} is {process['status']}"
    if input_request["status"] != "OPEN":
        return status
    count = f"{len(input_request['decisions'])} of {input_request['approvalsNeeded']}"
    return f"{status}: approved, {count}; still needed: {missing(input_request)}"
