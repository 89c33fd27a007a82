"""A form that somebody fills in at a terminal, or that the command line answers: page by page until it is taken."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator_gql.cli.client import OperationRefused, VerbRefused
from orchestrator_gql.cli.operator import forms
from orchestrator_gql.cli.operator.forms import Page
from orchestrator_gql.cli.operator.requests import refused
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.utils.errors import PayloadInvalid
from orchestrator_gql.utils.json import Json, read


@dataclass(slots=True)
class Dialogue(ABC):
    """A form on its way: what it is of, and the answers so far, the last of them to the page that is shown."""

    title: str
    answers: list[Page]
    is_agreed: bool

    @abstractmethod
    def turn(self) -> dict[str, Any]:
        """What the server answers to all pages but the last: a page, what is wrong, or that it is complete."""

    @abstractmethod
    def submitted(self, digest: str | None) -> dict[str, Any]:
        """What the server says to all pages, the last of which was shown with this digest."""

    def run(self) -> dict[str, Any]:
        """Until it is submitted, or refused; what the server said."""
        said = None
        while said is None:
            turn = self.turn()
            match turn["__typename"]:
                case "FormPage":
                    said = self._turned(turn)
                case "FormInvalid":
                    self._mend(turn)
                case "FormComplete" if self.answers[-1]:
                    raise VerbRefused(f"Its form takes {len(self.answers) - 1} pages, not {len(self.answers)}.")
                case "FormComplete":  # a form may ask nothing at all
                    self.answers.pop()
                    said = self._sent(None)
                case _:
                    raise refused(turn)
        return said

    def _turned(self, page: dict[str, Any]) -> dict[str, Any] | None:
        for line in forms.shown(self.title, page, self.answers[-1]):
            print(line)
        if not self.is_agreed:
            demand_somebody()
            if lacking := forms.needed(page, self.answers[-1]):
                self.answers[-1] = forms.asked(page, self.answers[-1], lacking)
            if not self._agrees(page):
                return None
        return self._sent(page["digest"])

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

    def _sent(self, digest: str | None) -> dict[str, Any] | None:
        said = self.submitted(digest)
        match said["__typename"]:
            case "FormIncomplete" if not self.is_agreed:
                self.answers.append({})
            case "FormIncomplete":
                raise OperationRefused(printable(self._more(said["nextPage"])))
            case "FormInvalid":
                self._mend(said)
            case kind if kind.endswith("Success"):
                return said
            case _:
                raise refused(said)
        return None

    def _mend(self, said: dict[str, Any]) -> None:
        """Say what is wrong, and ask again that page alone; the answers to the others stay."""
        wrong = printable(forms.faults(said))
        place = said["pageIndex"]
        is_lasting = any(one["type"] == "too_many_pages" for one in said["errors"])
        if self.is_agreed or is_lasting or not sys.stdin.isatty():
            raise VerbRefused(wrong)
        print(wrong)
        self.answers[place] = forms.asked(said["page"], self.answers[place], forms.faulty(said))

    def _more(self, page: dict[str, Any]) -> str:
        pages = ", ".join([*(forms.as_json(answer) for answer in self.answers), forms.example(page)])
        return f"Page {page['index'] + 1} is asked, too: {page['title']!r}. Give all of them: --pages '[{pages}]'"


def demand_somebody() -> None:
    """Raise `OperationRefused` where nobody sits at the terminal."""
    if not sys.stdin.isatty():
        raise OperationRefused("Nobody is there to be asked: say --yes.")


def listed(pages: str) -> list[Page]:
    """The pages as ``--pages`` gives them; `OperationRefused` where they are none."""
    try:
        found = read(pages.encode())
    except PayloadInvalid as wrong:
        raise OperationRefused(f"--pages: {wrong.message}") from None
    if not isinstance(found, list) or not found or not all(isinstance(page, dict) for page in found):
        raise OperationRefused("--pages must be a JSON list of objects, one for each page.")
    return found


def given(fields: Sequence[str]) -> Page:
    """The fields as ``--set`` gives them; `OperationRefused` where one is none."""
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
