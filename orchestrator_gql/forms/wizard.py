"""One turn of a form: the submitted pages go in; the next page, field errors or the form's data come out.

Every turn runs the form from its start, so nothing is kept between turns. One plain generator, ``_dialogue``, decides
the turn: it yields the replies to the form and receives the form's questions. Two small drivers connect it with the
form: one runs in a thread (for forms that are ordinary functions), one runs on the event loop (for async forms).
"""

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cached_property
from inspect import isasyncgen, isawaitable, isgenerator
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError
from pydantic_forms.exceptions import FormValidationError

from orchestrator_gql.forms.accepted import Accepted
from orchestrator_gql.forms.errors import DEFAULT_LOCALE, field_errors
from orchestrator_gql.forms.masks import NO_SECRECY, Secrecy
from orchestrator_gql.forms.pages import SubmitFormPage
from orchestrator_gql.forms.schemas import may_mark, page_schema
from orchestrator_gql.forms.shown import Page, check, show
from orchestrator_gql.forms.submitted_pages import judge, submitted_values
from orchestrator_gql.types import Json, State
from orchestrator_gql.utils.author_calls import AuthorRaised, attempt
from orchestrator_gql.utils.errors import FieldError, StepError
from orchestrator_gql.utils.exception_text import log_trace
from orchestrator_gql.utils.secrets import NOTHING, Secrets

logger = logging.getLogger(__name__)

MAX_PAGES = 200

CLEAN_UP_SECONDS = 1.0
"""Seconds that an async form may take to clean up when it is left at one of its pages."""

Form: TypeAlias = Callable[[State], Any]
"""A form function of an author: takes the state, returns a generator of pages, a page class, a dict or None; may be
async."""

RunSync: TypeAlias = Callable[..., Awaitable[Any]]
"""Runs a function with its arguments outside the event loop, as ``asyncio.to_thread`` does."""

RunAsync: TypeAlias = Callable[[Callable[[], Awaitable["Turn"]]], Awaitable["Turn"]]
"""Awaits the awaitable that the function returns, perhaps on another event loop."""


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
        return show(self.page, self.index, behind, self.secrecy.secrets)

    def _not_drawn(self) -> list["_AskedPage"]:
        """The pages before that were not drawn yet, first to last."""
        pages, page = [], self.previous
        while page is not None and "shown" not in page.__dict__:
            pages.append(page)
            page = page.previous
        return pages[::-1]

    def then(self, page: type[BaseModel], secrecy: Secrecy) -> "_AskedPage":
        """The page that the form asks next."""
        return _AskedPage(page, self.index + 1, self, secrecy)

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
class _FormResult:
    """The form asks no more pages and returned ``result``."""

    result: Any


_Question: TypeAlias = type[BaseModel] | _FormResult | ValidationError | FormValidationError
_Dialogue: TypeAlias = Generator[BaseModel | None, Any, Turn]
_SyncForm: TypeAlias = Generator[Any, Any, Any]
_AsyncForm: TypeAlias = AsyncGenerator[Any, Any]


async def _awaited(begin: Callable[[], Awaitable[Turn]]) -> Turn:
    return await begin()


async def turn(
    form: Form,
    state: State,
    pages: Sequence[Json],
    *,
    locale: str = DEFAULT_LOCALE,
    run_sync: RunSync = asyncio.to_thread,
    run_async: RunAsync = _awaited,
    secrecy: Secrecy = NO_SECRECY,
    is_bound: bool = True,
) -> Turn:
    """Run the form on a copy of the state and send it the pages.

    After each accepted page the copy is updated with the page's values, as pydantic-forms does, so the form may
    change or return the copy. A validation error of the form becomes a `PageInvalid`; every other exception of the form
    is raised. ``is_bound`` is false if nobody compares the digest of the last page, as with a start form: then a
    complete form draws no page and has no digest. Raises ``StepError`` if the form yields or returns a value that is
    not allowed. ``run_sync`` runs the sync code of the form, and ``run_async`` its async code.
    """
    started, dialogue = await run_sync(_begin, form, state, pages, locale, secrecy, is_bound)
    if isinstance(started, Turn):
        return started
    return await run_async(lambda: _finish_async(started, dialogue, run_sync))


async def _finish_async(started: Any, dialogue: _Dialogue, run_sync: RunSync) -> Turn:
    form_run = await started if isawaitable(started) else started
    if isasyncgen(form_run):
        return await _converse_async(form_run, dialogue, run_sync)
    outcome: Turn = await run_sync(_converse, _as_generator(form_run), dialogue)
    return outcome


def _begin(
    form: Form, state: State, pages: Sequence[Json], locale: str, secrecy: Secrecy, is_bound: bool
) -> tuple[Any, _Dialogue]:
    """The turn if the form is an ordinary function; otherwise the object that the event loop must await."""
    own_state = deepcopy(state)
    dialogue = _dialogue(own_state, pages, locale, secrecy, is_bound=is_bound)
    try:
        form_run = form(own_state)
    except StopIteration as error:  # a thread cannot pass on a StopIteration: futures refuse it
        raise StepError("A form function raised StopIteration.", "form-definition") from error
    is_async = isawaitable(form_run) or isasyncgen(form_run)
    return form_run if is_async else _converse(_as_generator(form_run), dialogue), dialogue


def _as_generator(form_run: Any) -> _SyncForm:
    return form_run if isgenerator(form_run) else _single_page_form(form_run)


def _single_page_form(form_run: Any) -> _SyncForm:
    """A form of one page, whose values are the data; any other object is the data itself."""
    if isinstance(form_run, type):
        answer = yield form_run
        return answer.model_dump(warnings=False)
    return form_run


def _converse(form: _SyncForm, dialogue: _Dialogue) -> Turn:
    with _closing(form):
        reply = next(dialogue)
        while True:
            question: Any
            try:
                question = form.send(reply)
            except StopIteration as end:
                question = _FormResult(end.value)
            except (ValidationError, FormValidationError) as error:
                question = error
            next_reply = _advance(dialogue, question)
            if isinstance(next_reply, Turn):
                return next_reply
            reply = next_reply


async def _converse_async(form: _AsyncForm, dialogue: _Dialogue, run_sync: RunSync) -> Turn:
    async with _closing_async(form):
        reply: Any = next(dialogue)
        while True:
            question: Any
            try:
                question = await _send(form, reply)
            except StopAsyncIteration:
                question = _FormResult(None)
            except (ValidationError, FormValidationError) as error:
                question = error
            reply = await run_sync(_advance, dialogue, question)
            if isinstance(reply, Turn):
                return reply


def _send(form: _AsyncForm, reply: Any) -> Awaitable[Any]:
    """The next question of the form.

    The hooks are removed so that the interpreter, not the event loop, finalizes a form that cannot be closed. The loop
    would close the form in its own task, and a KeyboardInterrupt of the form would end the loop.
    """
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(firstiter=None, finalizer=None)
    try:
        return form.asend(reply)
    finally:
        sys.set_asyncgen_hooks(*hooks)


@contextmanager
def _closing(form: _SyncForm) -> Iterator[None]:
    """Close the form at the end of the turn. An exception in its clean-up does not change the result of the turn."""
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
            async with asyncio.timeout(CLEAN_UP_SECONDS):
                await form.aclose()
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            _warn(AuthorRaised(error))


def _warn(raised: AuthorRaised) -> None:
    log_trace(logger, logging.WARNING, "a form that was left at a page did not end in peace", raised.described.trace)


def _advance(dialogue: _Dialogue, question: Any) -> BaseModel | Turn | None:
    try:
        return dialogue.send(_checked_question(question))
    except StopIteration as end:
        outcome: Turn = end.value
        return outcome


def _checked_question(question: Any) -> _Question:
    """The question, if a form may ask it. An async generator cannot return its data, so it yields a dict."""
    if isinstance(question, _FormResult | ValidationError | FormValidationError):
        return question
    if isinstance(question, type) and issubclass(question, BaseModel):
        return question
    if isinstance(question, dict):
        return _FormResult(question)
    message = f"A form yields page classes, not {type(question).__name__}: write `answer = yield ThePage`."
    raise StepError(message, "form-definition")


def _dialogue(own_state: State, pages: Sequence[Json], locale: str, secrecy: Secrecy, *, is_bound: bool) -> _Dialogue:
    last: _AskedPage | None = None
    accepted = Accepted(secrecy.secrets)
    question: _Question = yield None
    for index, values in enumerate(pages):
        if isinstance(question, ValidationError | FormValidationError):
            return _refused(last, question, pages[:index], locale)
        if isinstance(question, _FormResult) or index >= MAX_PAGES:
            return _too_many(last or _AskedPage(_NoPage), expected=index, received=len(pages))
        last = last.then(question, secrecy) if last else _AskedPage(question, secrecy=secrecy)
        model, errors = judge(question, values, locale=locale, before=last.before)
        if model is None:
            return PageInvalid(index, errors, last.shown)
        own_state.update(model.model_dump(warnings=False))
        accepted.add(submitted_values(model), last.shown.schema if is_bound else last.marks())
        secrecy = replace(secrecy, secrets=accepted.known)
        question = yield model
    match question:
        case ValidationError() | FormValidationError():
            return _refused(last, question, pages, locale)
        case _FormResult(result=result):
            return _complete(result, accepted, last, is_bound=is_bound)
        case page:
            next_page = last.then(page, secrecy) if last else _AskedPage(page, secrecy=secrecy)
            return NextPage(_as_approved(next_page.shown, secrecy))


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
    message = f"Of the {received} pages sent, this form takes {expected}."
    error = FieldError((), message, "too_many_pages", {"expected": expected, "received": received})
    return PageInvalid(last.index, (error,), last.shown)


def _refused(
    last: _AskedPage | None, error: ValidationError | FormValidationError, pages: Sequence[Json], locale: str
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
    return PageInvalid(last.index, tuple(located), shown)
