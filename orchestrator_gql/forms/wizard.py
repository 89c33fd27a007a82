"""One turn of a form: the client's pages so far go in; the next page, field errors or the form's data come out.

The form is run from its start at every turn, so nothing is kept between turns. What a turn decides is one plain
generator, ``_dialogue``: it yields what the form is to be told and is sent what the form asks. Two small drivers
carry the words, one inside a thread for the forms that are ordinary functions, one on the loop for async ones.
"""

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cached_property
from inspect import isasyncgen, isasyncgenfunction, isawaitable, iscoroutinefunction, isgenerator
from typing import Any, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_forms.exceptions import FormValidationError

from orchestrator_gql.forms.accepted import Accepted
from orchestrator_gql.forms.errors import DEFAULT_LOCALE, field_errors
from orchestrator_gql.forms.masks import NO_SECRECY, Secrecy
from orchestrator_gql.forms.pages import SubmitFormPage
from orchestrator_gql.forms.schemas import page_schema
from orchestrator_gql.forms.shown import Page, show
from orchestrator_gql.forms.submitted_pages import asked_values, judge
from orchestrator_gql.types import Json, State
from orchestrator_gql.utils.author_calls import AuthorRaised, attempt
from orchestrator_gql.utils.errors import FieldError, StepError
from orchestrator_gql.utils.secrets import NOTHING, Secrets

logger = logging.getLogger(__name__)

MAX_PAGES = 200

LAST_WORDS = 1.0
"""Seconds that an async form may take to clean up where it is left at one of its pages."""

Form: TypeAlias = Callable[[State], Any]
"""What authors write: takes the state, gives a generator of pages, a page class, a dict, nothing, or one of these
later (async)."""

RunSync: TypeAlias = Callable[..., Awaitable[Any]]
"""Runs a function with its arguments where it blocks nobody, as ``asyncio.to_thread`` does."""


@dataclass(frozen=True)
class _Asked:
    """A page that was asked: its place, the digest of what was shown before it, and what is not shown."""

    page: type[BaseModel]
    index: int = 0
    behind: str = ""
    secrecy: Secrecy = NO_SECRECY

    @cached_property
    def shown(self) -> Page:
        """As it is shown now."""
        return show(self.page, self.index, self.behind, self.secrecy.secrets)

    def then(self, page: type[BaseModel], secrecy: Secrecy) -> "_Asked":
        """The page that is asked behind it."""
        return _Asked(page, self.index + 1, self.shown.digest, secrecy)

    def before(self) -> tuple[dict[str, Json], dict[str, Json]]:
        """What its fields hold before they are answered, and what of that a client is shown."""
        properties = page_schema(self.page)["properties"]
        initial = {key: field["default"] for key, field in properties.items() if "default" in field}
        approved = self.secrecy.approved_at(self.index)
        begun = self.shown.initial_data | self.secrecy.shown(self.shown.schema, approved)
        return initial | approved, self.secrecy.redact(begun)


@dataclass(frozen=True, slots=True)
class NextPage:
    """The form asks for one more page."""

    page: Page


@dataclass(frozen=True, slots=True)
class PageInvalid:
    """A page was not accepted; ``page`` is the one to show again, ``page_index`` its place among the client's."""

    page_index: int
    errors: tuple[FieldError, ...]
    page: Page


@dataclass(frozen=True, slots=True)
class Complete:
    """The form is filled in.

    ``data`` is what it contributes to the state, as JSON. ``pages`` are the accepted answers, as JSON: initial values
    filled in, read-only fields left out. ``last`` is the page that was answered last, None where none was asked;
    ``shown_digest`` the digest of it, as it is shown now. It is made with the rest of the turn, for what a page shows
    may be megabytes. ``secrets`` are of the data, ``page_secrets`` of the list of pages.
    """

    data: dict[str, Json]
    pages: tuple[dict[str, Json], ...]
    last: _Asked | None = field(default=None, compare=False, repr=False)
    shown_digest: str = field(default="", compare=False)
    secrets: Secrets = field(default=NOTHING, compare=False, repr=False)
    page_secrets: Secrets = field(default=NOTHING, compare=False, repr=False)

    def refused(self, error: FieldError) -> PageInvalid:
        """The answer that none of it is taken, for a reason that only shows once all is there."""
        last = self.last or _Asked(_NothingAsked)
        return PageInvalid(last.index, (error,), last.shown)


Turn: TypeAlias = NextPage | PageInvalid | Complete
T = TypeVar("T", bound=Turn)


def _as_approved(page: Page, secrecy: Secrecy) -> Page:
    """The page with what was approved in its fields; its digest is of the page that everybody is shown."""
    values = secrecy.shown(page.schema, secrecy.approved_at(page.index))
    return replace(page, initial_data={**page.initial_data, **values}) if values else page


@dataclass(frozen=True, slots=True)
class _Ended:
    """The form asks nothing more; this is what it returned."""

    result: Any


_Question: TypeAlias = type[BaseModel] | _Ended | ValidationError | FormValidationError
_Dialogue: TypeAlias = Generator[BaseModel | None, Any, Turn]
_SyncForm: TypeAlias = Generator[Any, Any, Any]
_AsyncForm: TypeAlias = AsyncGenerator[Any, Any]


async def turn(
    form: Form,
    state: State,
    pages: Sequence[Json],
    *,
    locale: str = DEFAULT_LOCALE,
    run_sync: RunSync = asyncio.to_thread,
    secrecy: Secrecy = NO_SECRECY,
) -> Turn:
    """Run the form on a copy of the state and feed it the pages.

    After each accepted page the copy is updated with the page's values, as pydantic-forms does, so the form may
    change or return it. What the form itself raises is raised here, but for validation errors: those are answered.
    ``StepError``: the form yields or returns what no form may.
    """
    if isasyncgenfunction(form) or iscoroutinefunction(form):
        own: State = await run_sync(deepcopy, state)
        dialogue = _dialogue(own, pages, locale, secrecy)
        begun = form(own)
    else:
        begun, dialogue = await run_sync(_begin, form, state, pages, locale, secrecy)
    if isinstance(begun, Turn):
        return begun
    asked = await begun if isawaitable(begun) else begun
    if isasyncgen(asked):
        return await _converse_async(asked, dialogue, run_sync)
    outcome: Turn = await run_sync(_converse, _asking(asked), dialogue)
    return outcome


def _begin(form: Form, state: State, pages: Sequence[Json], locale: str, secrecy: Secrecy) -> tuple[Any, _Dialogue]:
    """The turn where the form is an ordinary function; else what has to be awaited on the loop."""
    own = deepcopy(state)
    dialogue = _dialogue(own, pages, locale, secrecy)
    try:
        asked = form(own)
    except StopIteration as error:  # no thread can hand this one over: futures refuse it
        raise StepError("A form function raised StopIteration.", "form-definition") from error
    is_async = isawaitable(asked) or isasyncgen(asked)
    return asked if is_async else _converse(_asking(asked), dialogue), dialogue


def _asking(asked: Any) -> _SyncForm:
    return asked if isgenerator(asked) else _once(asked)


def _once(asked: Any) -> _SyncForm:
    """A lone page class asked as a form of one page, whose values are its data."""
    if isinstance(asked, type):
        answer = yield asked
        return answer.model_dump(warnings=False)
    return asked


def _converse(form: _SyncForm, dialogue: _Dialogue) -> Turn:
    with _closing(form):
        told = next(dialogue)
        while True:
            question: Any
            try:
                question = form.send(told)
            except StopIteration as end:
                question = _Ended(end.value)
            except (ValidationError, FormValidationError) as error:
                question = error
            said = _say(dialogue, question)
            if isinstance(said, Turn):
                return said
            told = said


async def _converse_async(form: _AsyncForm, dialogue: _Dialogue, run_sync: RunSync) -> Turn:
    async with _closing_async(form):
        told: Any = next(dialogue)
        while True:
            question: Any
            try:
                question = await _sent(form, told)
            except StopAsyncIteration:
                question = _Ended(None)
            except (ValidationError, FormValidationError) as error:
                question = error
            told = await run_sync(_say, dialogue, question)
            if isinstance(told, Turn):
                return told


def _sent(form: _AsyncForm, told: Any) -> Awaitable[Any]:
    """The form's next word. Where it cannot be closed, the interpreter ends it: a loop would do it in a task of the
    loop's own, and end itself where the form raises a KeyboardInterrupt there."""
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(firstiter=None, finalizer=None)
    try:
        return form.asend(told)
    finally:
        sys.set_asyncgen_hooks(*hooks)


@contextmanager
def _closing(form: _SyncForm) -> Iterator[None]:
    """Close the form, which is left at one of its pages: what its clean-up raises changes nothing of the turn."""
    try:
        yield
    finally:
        closed = attempt(form.close)
        if isinstance(closed, AuthorRaised):
            _warn(closed)


@asynccontextmanager
async def _closing_async(form: _AsyncForm) -> AsyncIterator[None]:
    try:
        yield
    finally:
        try:
            async with asyncio.timeout(LAST_WORDS):
                await form.aclose()
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            _warn(AuthorRaised(error))


def _warn(raised: AuthorRaised) -> None:
    logger.warning("a form that was left at a page did not end in peace\n%s", raised.described.trace)


def _say(dialogue: _Dialogue, question: Any) -> BaseModel | Turn | None:
    try:
        return dialogue.send(_understood(question))
    except StopIteration as end:
        outcome: Turn = end.value
        return outcome


def _understood(question: Any) -> _Question:
    """A form's word as one of those that forms may say; an async generator cannot return, so it yields its data."""
    if isinstance(question, _Ended | ValidationError | FormValidationError):
        return question
    if isinstance(question, type) and issubclass(question, BaseModel):
        return question
    if isinstance(question, dict):
        return _Ended(question)
    message = f"A form yields page classes, not {type(question).__name__}: write `answer = yield ThePage`."
    raise StepError(message, "form-definition")


def _dialogue(own: State, answers: Sequence[Json], locale: str, secrecy: Secrecy) -> _Dialogue:
    last: _Asked | None = None
    accepted = Accepted(secrecy.secrets)
    question: _Question = yield None
    for index, answer in enumerate(answers):
        if isinstance(question, ValidationError | FormValidationError):
            return _refused(last, question, answers[:index], locale)
        if isinstance(question, _Ended) or index >= MAX_PAGES:
            return _too_many(last or _Asked(_NothingAsked), expected=index, received=len(answers))
        last = last.then(question, secrecy) if last else _Asked(question, secrecy=secrecy)
        model, errors = judge(question, answer, locale=locale, before=last.before)
        if model is None:
            return PageInvalid(index, errors, last.shown)
        own.update(model.model_dump(warnings=False))
        accepted.add(asked_values(model), last.shown.schema)
        secrecy = replace(secrecy, secrets=accepted.known)
        question = yield model
    match question:
        case ValidationError() | FormValidationError():
            return _refused(last, question, answers, locale)
        case _Ended(result=result):
            return _complete(result, accepted, last)
        case page:
            asked = last.then(page, secrecy) if last else _Asked(page, secrecy=secrecy)
            return NextPage(_as_approved(asked.shown, secrecy))


def _complete(result: Any, accepted: Accepted, last: _Asked | None) -> Complete:
    if result is not None and not isinstance(result, dict):
        message = f"A form returns a dict or nothing, not {type(result).__name__}: write `return answer.model_dump()`."
        raise StepError(message, "form-definition")
    data, secrets = accepted.with_data(result or {})
    digest = last.shown.digest if last else ""
    return Complete(data, tuple(accepted.pages), last, digest, secrets, accepted.secrets)


class _NothingAsked(SubmitFormPage):
    """This form has no page."""


def _too_many(last: _Asked, *, expected: int, received: int) -> PageInvalid:
    message = f"Of the {received} pages sent, this form takes {expected}."
    error = FieldError((), message, "too_many_pages", {"expected": expected, "received": received})
    return PageInvalid(last.index, (error,), last.shown)


def _refused(
    last: _Asked | None, error: ValidationError | FormValidationError, answers: Sequence[Json], locale: str
) -> PageInvalid:
    """The form itself did not accept its last answer; without an answer there is only its author to blame."""
    if last is None:
        raise error
    shown = last.shown
    errors = field_errors(last.page, error, answer=answers[last.index], locale=locale)
    # What failed may be another model of the author's, whose fields no client has seen.
    placed = (
        each if set(each.path[:1]) <= shown.schema["properties"].keys() else replace(each, path=()) for each in errors
    )
    return PageInvalid(last.index, tuple(placed), shown)
