"""`orchestrator-gql confirm`: the open form of a process, shown, filled in and answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from orchestrator_gql.cli.client import VerbRefused
from orchestrator_gql.cli.operator.dialogue import Dialogue, given, listed
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
    url: str, id: UUID, *, fields: Sequence[str], pages: str | None, comment: str | None, is_agreed: bool
) -> None:
    """Show the form page by page, ask, and submit what was shown.

    Where somebody approved it already and nothing else is given, it is their answers that are shown and confirmed.
    Raises `VerbRefused` where the server does not take it, and `OperationRefused` where what was given is no answer.
    """
    last, whole = given(fields), listed(pages) if pages is not None else None
    asked = open_request(url, id)
    refuse_if_blocked(asked)
    approved = [page["pages"] for page in asked["answers"] if page["pages"]]
    answers = whole or (approved[0] if approved else [{}])
    answers = [*answers[:-1], {**answers[-1], **last}]
    print(printable(outcome(_Confirmation(asked["step"]["name"], answers, is_agreed, url, id, asked, comment).run())))


@dataclass(slots=True)
class _Confirmation(Dialogue):
    """The open form of a process on its way."""

    url: str
    id: UUID
    asked: dict[str, Any]
    comment: str | None

    def turn(self) -> dict[str, Any]:
        turn = open_request(self.url, self.id, pages=self.answers[:-1])
        if turn["id"] != self.asked["id"]:
            raise VerbRefused("It was decided meanwhile, and the process asks something else: look at it again.")
        form: dict[str, Any] = turn["form"]
        return form

    def submitted(self, digest: str | None) -> dict[str, Any]:
        answer = {"inputRequestId": self.asked["id"], "pages": self.answers, "expectedVersion": self.asked["version"]}
        answer |= {"shownDigest": digest, "comment": self.comment}
        said: dict[str, Any] = request(self.url, SUBMIT, {"input": answer})["submitForm"]
        return said


def outcome(said: dict[str, Any]) -> str:
    """Where the process stands, and, where more people must say yes, how many have."""
    process, asked = said["process"], said["inputRequest"]
    stands = f"{process['id']} is {process['status']}"
    if asked["status"] != "OPEN":
        return stands
    count = f"{len(asked['decisions'])} of {asked['approvalsNeeded']}"
    return f"{stands}: approved, {count}; still needed: {missing(asked)}"
