"""A form that a person at a terminal or the command line's options fill in, page by page."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator_gql.cli.client import OperationRefused, VerbRefused
from orchestrator_gql.cli.operator import forms
from orchestrator_gql.cli.operator.forms import Page
from orchestrator_gql.cli.operator.mutations import verb_refusal
from orchestrator_gql.cli.terminal import printable
from orchestrator_gql.utils.errors import PayloadInvalid
from orchestrator_gql.utils.json import Json, read


@dataclass(slots=True)
class Dialogue(ABC):
    """A form that is being filled in: its title and the answers so far; the last answers belong to the shown page."""

    title: str
    answers: list[Page]
    is_agreed: bool
    texts: Mapping[str, str]
    """The values of ``--set`` as they were typed; the first page that is shown says of which types they are."""

    @abstractmethod
    def turn(self) -> dict[str, Any]:
        """The server's response to all pages except the last: a page, errors, or that the form is complete."""

    @abstractmethod
    def submitted(self, digest: str | None) -> dict[str, Any]:
        """Submit all pages and return the server's response; ``digest`` is the digest of the last shown page."""

    def choosers(self) -> Mapping[str, forms.Choose]:
        """What asks for the fields of a JSON Schema format."""
        return {}

    def run(self) -> dict[str, Any]:
        """Go on until the form is submitted, and return the server's response; raises `VerbRefused` if it refuses."""
        response = None
        while response is None:
            turn = self.turn()
            match turn["__typename"]:
                case "FormPage":
                    response = self._answer_page(turn)
                case "FormInvalid":
                    self._correct_page(turn)
                case "FormComplete" if self.answers[-1]:
                    raise VerbRefused(f"Its form takes {len(self.answers) - 1} pages, not {len(self.answers)}.")
                case "FormComplete":  # a form may ask nothing at all
                    self.answers.pop()
                    response = self._submit(None)
                case _:
                    raise verb_refusal(turn)
        return response

    def _answer_page(self, page: dict[str, Any]) -> dict[str, Any] | None:
        typed = {name: forms.as_field(page, name, self.answers[-1][name], text) for name, text in self.texts.items()}
        self.answers[-1], self.texts = {**self.answers[-1], **typed}, {}
        for line in forms.shown(self.title, page, self.answers[-1]):
            print(line)
        if not self.is_agreed:
            require_terminal()
            if names := forms.missing_fields(page, self.answers[-1]):
                self.answers[-1] = forms.fill_in(page, self.answers[-1], names, choosers=self.choosers())
            if not self._agrees(page):
                return None
        return self._submit(page["digest"])

    def _agrees(self, page: dict[str, Any]) -> bool:
        """Whether the person agrees. False after an edit: then the page is shown again."""
        can_edit = not page["schema"].get("properties") or forms.example(page) != "{}"
        choice = forms.reply(f"{printable(page['submitLabel'])}? [y/N{', e edits' if can_edit else ''}] ").lower()
        if can_edit and choice in ("e", "edit"):
            self.answers[-1] = forms.fill_in(page, self.answers[-1], choosers=self.choosers())
            return False
        if choice not in ("y", "yes"):
            raise VerbRefused("Nothing was submitted.")
        return True

    def _submit(self, digest: str | None) -> dict[str, Any] | None:
        response = self.submitted(digest)
        match response["__typename"]:
            case "FormIncomplete" if not self.is_agreed:
                self.answers.append({})
            case "FormIncomplete":
                raise OperationRefused(printable(self._next_page_message(response["nextPage"])))
            case "FormInvalid":
                self._correct_page(response)
            case kind if kind.endswith("Success"):
                return response
            case _:
                raise verb_refusal(response)
        return None

    def _correct_page(self, response: dict[str, Any]) -> None:
        """Print the errors and ask for that page alone again; the answers to the other pages stay."""
        message = printable(forms.error_text(response))
        page_index = response["pageIndex"]
        is_lasting = any(error["type"] == "too_many_pages" for error in response["errors"])
        if self.is_agreed or is_lasting or not sys.stdin.isatty():
            raise VerbRefused(message)
        print(message)
        self.answers[page_index] = forms.fill_in(
            response["page"],
            self.answers[page_index],
            forms.invalid_fields(response),
            choosers=self.choosers(),
        )

    def _next_page_message(self, page: dict[str, Any]) -> str:
        pages = ", ".join([*(forms.as_json(answer) for answer in self.answers), forms.example(page)])
        return f"The form has a page {page['index'] + 1}, too: {page['title']!r}. Give all pages: --pages '[{pages}]'"


def require_terminal() -> None:
    """Raise `OperationRefused` if standard input is no terminal, so that nobody can be asked."""
    if not sys.stdin.isatty():
        raise OperationRefused("Nobody is at the terminal to be asked: give --yes.")


def parse_pages(pages: str) -> list[Page]:
    """The pages of the option ``--pages``; raises `OperationRefused` if the text is no list of JSON objects."""
    try:
        values = read(pages.encode(), name="The text")
    except PayloadInvalid as error:
        raise OperationRefused(f"--pages: {error.message}") from None
    if not isinstance(values, list) or not values or not all(isinstance(page, dict) for page in values):
        raise OperationRefused("--pages must be a JSON list of objects, one for each page.")
    return values


def parse_fields(fields: Sequence[str]) -> dict[str, str]:
    """The texts of the options ``--set`` by field; raises `OperationRefused` if an option is no NAME=VALUE."""
    for field in fields:
        if "=" not in field:
            raise OperationRefused(f"{field!r} is no NAME=VALUE.")
    return {name: text for name, _, text in (field.partition("=") for field in fields)}


def as_values(texts: Mapping[str, str]) -> Page:
    """The texts read as JSON; a text that is no JSON needs no quotes."""
    return {name: _as_value(text) for name, text in texts.items()}


def _as_value(text: str) -> Json:
    try:
        return read(text.encode())
    except PayloadInvalid:
        return text
