"""One turn of a form: the submitted pages go in; the next page, field errors or the form's data come out.

Every turn runs the form from its start, so nothing is kept between turns. The `dialogue` decides
the turn. Two small drivers connect it with the form: one runs in a thread (for forms that are ordinary functions), one
runs on the event loop (for async forms).
"""

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from copy import deepcopy
from inspect import isasyncgen, isawaitable, isgenerator
from typing import Any, TypeAlias

from pydantic import ValidationError
from pydantic_forms.exceptions import FormValidationError

from orchestrator_gql.forms.dialogue import Dialogue, FormResult, Turn, advance, begin_dialogue
from orchestrator_gql.forms.errors import DEFAULT_LOCALE
from orchestrator_gql.forms.masks import NO_SECRECY, Secrecy
from orchestrator_gql.types import Json, State
from orchestrator_gql.utils.author_calls import AuthorRaised, attempt
from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.utils.exception_text import log_trace

logger = logging.getLogger(__name__)

CLEAN_UP_SECONDS = 1.0
"""Seconds that an async form may take to clean up when it is left at one of its pages."""

Form: TypeAlias = Callable[[State], Any]
"""A form function of an author: takes the state, returns a generator of pages, a page class, a dict or None; may be
async."""

RunSync: TypeAlias = Callable[..., Awaitable[Any]]
"""Runs a function with its arguments outside the event loop, as ``asyncio.to_thread`` does."""

RunAsync: TypeAlias = Callable[[Callable[[], Awaitable[Turn]]], Awaitable[Turn]]
"""Awaits the awaitable that the function returns, perhaps on another event loop."""

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


async def _finish_async(started: Any, dialogue: Dialogue, run_sync: RunSync) -> Turn:
    form_run = await started if isawaitable(started) else started
    if isasyncgen(form_run):
        return await _converse_async(form_run, dialogue, run_sync)
    outcome: Turn = await run_sync(_converse, _as_generator(form_run), dialogue)
    return outcome


def _begin(
    form: Form, state: State, pages: Sequence[Json], locale: str, secrecy: Secrecy, is_bound: bool
) -> tuple[Any, Dialogue]:
    """The turn if the form is an ordinary function; otherwise the object that the event loop must await."""
    own_state = deepcopy(state)
    dialogue = begin_dialogue(own_state, pages, locale, secrecy, is_bound=is_bound)
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


def _converse(form: _SyncForm, dialogue: Dialogue) -> Turn:
    with _closing(form):
        reply = next(dialogue)
        while True:
            question: Any
            try:
                question = form.send(reply)
            except StopIteration as end:
                question = FormResult(end.value)
            except (ValidationError, FormValidationError) as error:
                question = error
            next_reply = advance(dialogue, question)
            if isinstance(next_reply, Turn):
                return next_reply
            reply = next_reply


async def _converse_async(form: _AsyncForm, dialogue: Dialogue, run_sync: RunSync) -> Turn:
    async with _closing_async(form):
        reply: Any = next(dialogue)
        while True:
            question: Any
            try:
                question = await _send(form, reply)
            except StopAsyncIteration:
                question = FormResult(None)
            except (ValidationError, FormValidationError) as error:
                question = error
            reply = await run_sync(advance, dialogue, question)
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
