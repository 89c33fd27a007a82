"""The dialogue with a form: its replies, its questions, and the outcome of a turn.

A plain generator decides the turn. It yields the replies to the form and receives the form's questions; `wizard`
connects it with the form, in a thread or on an event loop.
"""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError
from pydantic_forms.exceptions import FormValidationError

from orchestrator_gql.forms.accepted import Accepted
from orchestrator_gql.forms.errors import field_errors
from orchestrator_gql.forms.masks import NO_SECRECY, Secrecy
from orchestrator_gql.forms.pages import SubmitFormPage
from orchestrator_gql.forms.schemas import may_mark, page_schema
from orchestrator_gql.forms.shown import Page, check, show
from orchestrator_gql.forms.submitted_pages import judge, submitted_values
from orchestrator_gql.types import Json, State
from orchestrator_gql.utils.errors import FieldError, StepError
from orchestrator_gql.utils.secrets import NOTHING, Secrets

MAX_PAGES = 200


@dataclass(frozen=True)
class _AskedPage:
    """A page that the form asks: its index, the page before, and the values to hide."""

    page: type[BaseModel]
    index: int = 0
    previous: "_AskedPage | None" = None
    secrecy: Secrecy = NO_SECRECY

    @cached_property
    def shown(self) -> Page:
        """The page as a client sees it now."""
        for page in self._not_drawn():  # in order: 200 pages that draw each other would be a deep recursion
            page.shown  # noqa: B018 - it is kept
        behind = self.previous.shown.digest if self.previous else ""
        return show(self.page, self.index, behind, self.secrecy)

    def _not_drawn(self) -> list["_AskedPage"]:
        """The pages before that were not drawn yet, first to last."""
        pages, page = [], self.previous
        while page is not None and "shown" not in page.__dict__:
            pages.append(page)
            page = page.previous
        return pages[::-1]

    def marks(self) -> dict[str, Json]:
        """The JSON Schema of the page, to find what it marks as secret; empty if the page can mark nothing."""
        check(self.page)
        return page_schema(self.page) if may_mark(self.page) else {}

    def before(self) -> tuple[dict[str, Json], dict[str, Json]]:
        """The values of the fields before the client changes them, and the same values as the client sees them."""
        properties = page_schema(self.page)["properties"]
        initial = {key: field["default"] for key, field in properties.items() if "default" in field}
        approved = self.secrecy.approved_at(self.index)
        initial_shown = self.shown.initial_data | self.secrecy.shown(self.shown.schema, approved)
        return initial | approved, self.secrecy.redact(initial_shown)


@dataclass(frozen=True, slots=True)
class NextPage:
    """The form asks the next page."""

    page: Page


@dataclass(frozen=True, slots=True)
class PageInvalid:
    """A page was not accepted; ``page`` must be shown again, ``page_index`` is its index in the submitted pages."""

    page_index: int
    errors: tuple[FieldError, ...]
    page: Page


@dataclass(frozen=True, slots=True)
class Complete:
    """The form is filled in.

    ``data`` is added to the state, as JSON. ``pages`` are the accepted pages, as JSON, with initial values and without
    read-only fields. ``last`` is the last page of the form, None if the form asked none. ``shown_digest`` is the digest
    of the last page as it is shown now; it is computed with the turn, because a page may show megabytes. ``secrets``
    are the secrets in the data, ``page_secrets`` those in the list of pages.
    """

    data: dict[str, Json]
    pages: tuple[dict[str, Json], ...]
    last: _AskedPage | None = field(default=None, compare=False, repr=False)
    shown_digest: str = field(default="", compare=False)
    secrets: Secrets = field(default=NOTHING, compare=False, repr=False)
    page_secrets: Secrets = field(default=NOTHING, compare=False, repr=False)

    def refused(self, error: FieldError) -> PageInvalid:
        """The refusal of a complete form, for a reason that is known only when all pages are there."""
        last = self.last or _AskedPage(_NoPage)
        return PageInvalid(last.index, (error,), last.shown)


Turn: TypeAlias = NextPage | PageInvalid | Complete


def _as_approved(page: Page, secrecy: Secrecy) -> Page:
    """The page with the approved values in its fields; the digest stays that of the page which everybody sees."""
    values = secrecy.shown(page.schema, secrecy.approved_at(page.index))
    return replace(page, initial_data={**page.initial_data, **values}) if values else page


@dataclass(frozen=True, slots=True)
class FormResult:
    """The form asks no more pages and returned ``result``."""

    result: Any


_Question: TypeAlias = type[BaseModel] | FormResult | ValidationError | FormValidationError
Dialogue: TypeAlias = Generator[BaseModel | None, Any, Turn]


def advance(dialogue: Dialogue, question: Any) -> BaseModel | Turn | None:
    """Answer the question of the form: the filled-in page, or the outcome of the turn.

    Raises ``StepError`` for a question that a form may not ask.
    """
    try:
        return dialogue.send(_checked_question(question))
    except StopIteration as end:
        outcome: Turn = end.value
        return outcome


def _checked_question(question: Any) -> _Question:
    """The question, if a form may ask it. An async generator cannot return its data, so it yields a dict."""
    if isinstance(question, FormResult | ValidationError | FormValidationError):
        return question
    if isinstance(question, type) and issubclass(question, BaseModel):
        return question
    if isinstance(question, dict):
        return FormResult(question)
    message = f"A form yields page classes, not {type(question).__name__}: write `answer = yield ThePage`."
    raise StepError(message, "form-definition")


def begin_dialogue(
    own_state: State, pages: Sequence[Json], locale: str, secrecy: Secrecy, *, is_bound: bool
) -> Dialogue:
    """The dialogue of a turn with these pages. Accepted values are added to ``own_state``, which the form has."""
    last: _AskedPage | None = None
    accepted = Accepted(secrecy.secrets)
    question: _Question = yield None
    for index, values in enumerate(pages):
        if isinstance(question, ValidationError | FormValidationError):
            return _refused(last, question, pages[:index], locale, secrecy.secrets)
        if isinstance(question, FormResult) or index >= MAX_PAGES:
            return _too_many(last or _AskedPage(_NoPage), expected=index, received=len(pages))
        last = _asked_after(last, question, secrecy)
        model, errors = judge(question, values, locale=locale, before=last.before)
        if model is None:
            return PageInvalid(index, _concealed(errors, secrecy.secrets), last.shown)
        own_state.update(model.model_dump(warnings=False))
        accepted.add(submitted_values(model), last.shown.schema if is_bound else last.marks())
        secrecy = replace(secrecy, secrets=accepted.known)
        question = yield model
    match question:
        case ValidationError() | FormValidationError():
            return _refused(last, question, pages, locale, secrecy.secrets)
        case FormResult(result=result):
            return _complete(result, accepted, last, is_bound=is_bound)
        case page:
            return NextPage(_as_approved(_asked_after(last, page, secrecy).shown, secrecy))


def _asked_after(last: _AskedPage | None, page: type[BaseModel], secrecy: Secrecy) -> _AskedPage:
    return _AskedPage(page, last.index + 1 if last else 0, last, secrecy)


def _complete(result: Any, accepted: Accepted, last: _AskedPage | None, *, is_bound: bool) -> Complete:
    if result is not None and not isinstance(result, dict):
        message = f"A form returns a dict or nothing, not {type(result).__name__}: write `return answer.model_dump()`."
        raise StepError(message, "form-definition")
    data, secrets = accepted.with_data(result or {})
    digest = last.shown.digest if last and is_bound else ""
    return Complete(data, tuple(accepted.pages), last, digest, secrets, accepted.secrets)


class _NoPage(SubmitFormPage):
    """This form has no page."""


def _too_many(last: _AskedPage, *, expected: int, received: int) -> PageInvalid:
    pages = {0: "no page", 1: "one page"}.get(expected, f"{expected} pages")
    message = f"This form has {pages}, but {received} {'was' if received == 1 else 'were'} sent."
    error = FieldError((), message, "too_many_pages", {"expected": expected, "received": received})
    return PageInvalid(last.index, (error,), last.shown)


def _concealed(errors: Iterable[FieldError], secrets: Secrets) -> tuple[FieldError, ...]:
    """The errors with masks for the secrets in their messages: a rule of the author may quote a value of the state."""
    return tuple(replace(error, message=secrets.concealed(error.message)) for error in errors)


def _refused(
    last: _AskedPage | None,
    error: ValidationError | FormValidationError,
    pages: Sequence[Json],
    locale: str,
    secrets: Secrets,
) -> PageInvalid:
    """The form raised an error about the last page. Without a page it is an error of the author, and is raised."""
    if last is None:
        raise error
    shown = last.shown
    errors = field_errors(last.page, error, answer=pages[last.index], locale=locale)
    # The error may come from another model of the author, and the client does not know its fields.
    located = (
        field_error if set(field_error.path[:1]) <= shown.schema["properties"].keys() else replace(field_error, path=())
        for field_error in errors
    )
    return PageInvalid(last.index, _concealed(located, secrets), shown)
