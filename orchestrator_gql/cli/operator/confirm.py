"""`orchestrator-gql confirm`: the open form of a process, shown, filled in and answered."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from orchestrator_gql.cli.client import OperationRefused, VerbRefused
from orchestrator_gql.cli.operator import forms
from orchestrator_gql.cli.operator.forms import Page
from orchestrator_gql.cli.operator.requests import DECISIONS, PAGE, demand_may, missing, open_request, refused
from orchestrator_gql.cli.request import request
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.utils.errors import PayloadInvalid
from orchestrator_gql.utils.json import Json, read

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
    given, listed = _given(fields), _listed(pages) if pages is not None else None
    asked = open_request(url, id)
    demand_may(asked)
    approved = [page["pages"] for page in asked["answers"] if page["pages"]]
    answers = listed or (approved[0] if approved else [{}])
    answers = [*answers[:-1], {**answers[-1], **given}]
    _Dialogue(url, id, asked, answers, comment, is_agreed=is_agreed).run()


@dataclass(slots=True)
class _Dialogue:
    """A form on its way: what it is of, and the answers so far, the last of them to the page that is shown."""

    url: str
    id: UUID
    asked: dict[str, Any]
    answers: list[Page]
    comment: str | None
    is_agreed: bool

    def run(self) -> None:
        """Until it is submitted, or refused."""
        is_done = False
        while not is_done:
            turn = open_request(self.url, self.id, pages=self.answers[:-1])
            if turn["id"] != self.asked["id"]:
                raise VerbRefused("It was decided meanwhile, and the process asks something else: look at it again.")
            match turn["form"]["__typename"]:
                case "FormPage":
                    is_done = self._turned(turn["form"])
                case "FormInvalid":
                    self._mend(turn["form"])
                case _ if self.answers[-1]:
                    raise VerbRefused(f"Its form takes {len(self.answers) - 1} pages, not {len(self.answers)}.")
                case _:  # a form may ask nothing at all
                    self.answers.pop()
                    is_done = self._submitted(None)

    def _turned(self, page: dict[str, Any]) -> bool:
        for line in forms.shown(self.asked["title"], page, self.answers[-1]):
            print(line)
        if not self.is_agreed:
            demand_somebody()
            if lacking := forms.needed(page, self.answers[-1]):
                self.answers[-1] = forms.asked(page, self.answers[-1], lacking)
            if not self._agrees(page):
                return False
        return self._submitted(page["digest"])

    def _agrees(self, page: dict[str, Any]) -> bool:
        """Whether they say yes; who wants to change something does so, and is shown the page again."""
        can_edit = not page["schema"].get("properties") or forms.example(page) != "{}"
        choice = forms.reply(f"{printable(page['submitLabel'])}? [y/N{', e edits' if can_edit else ''}] ").lower()
        if can_edit and choice in ("e", "edit"):
            self.answers[-1] = forms.asked(page, self.answers[-1])
            return False
        if choice not in ("y", "yes"):
            raise VerbRefused("Nothing was submitted.")
        return True

    def _submitted(self, digest: str | None) -> bool:
        answer = {"inputRequestId": self.asked["id"], "pages": self.answers, "expectedVersion": self.asked["version"]}
        answer |= {"shownDigest": digest, "comment": self.comment}
        said = request(self.url, SUBMIT, {"input": answer})["submitForm"]
        match said["__typename"]:
            case "SubmitFormSuccess":
                print(printable(outcome(said)))
                return True
            case "FormIncomplete" if not self.is_agreed:
                self.answers.append({})
            case "FormIncomplete":
                raise OperationRefused(printable(self._more(said["nextPage"])))
            case "FormInvalid":
                self._mend(said)
            case _:
                raise refused(said)
        return False

    def _mend(self, said: dict[str, Any]) -> None:
        """Say what is wrong, and ask again that page alone; the answers to the others stay."""
        wrong = printable(forms.faults(said, self.answers))
        place = said["pageIndex"]
        is_lasting = any(one["type"] == "too_many_pages" for one in said["errors"])
        if self.is_agreed or is_lasting or not sys.stdin.isatty():
            raise VerbRefused(wrong)
        print(wrong)
        self.answers[place] = forms.asked(said["page"], self.answers[place], forms.faulty(said))

    def _more(self, page: dict[str, Any]) -> str:
        pages = ", ".join([*(forms.as_json(answer) for answer in self.answers), forms.example(page)])
        return f"Page {page['index'] + 1} is asked, too: {page['title']!r}. Give all of them: --pages '[{pages}]'"


def outcome(said: dict[str, Any]) -> str:
    """Where the process stands, and, where more people must say yes, how many have."""
    process, asked = said["process"], said["inputRequest"]
    stands = f"{process['id']} is {process['status']}"
    if asked["status"] != "OPEN":
        return stands
    count = f"{len(asked['decisions'])} of {asked['approvalsNeeded']}"
    return f"{stands}: approved, {count}; still needed: {missing(asked)}"


def demand_somebody() -> None:
    """Raise `OperationRefused` where nobody sits at the terminal."""
    if not sys.stdin.isatty():
        raise OperationRefused("Nobody is there to be asked: say --yes.")


def _listed(pages: str) -> list[Page]:
    try:
        found = read(pages.encode())
    except PayloadInvalid as wrong:
        raise OperationRefused(f"--pages: {wrong.message}") from None
    if not isinstance(found, list) or not found or not all(isinstance(page, dict) for page in found):
        raise OperationRefused("--pages must be a JSON list of objects, one for each page.")
    return found


def _given(fields: Sequence[str]) -> Page:
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
