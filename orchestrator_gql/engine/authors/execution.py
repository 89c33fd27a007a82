"""One step in, one Outcome out: the only room that runs authors' code, and no transaction is open while it does."""

import asyncio
import contextvars
import logging
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from typing import Any, TypeVar

from orchestrator_gql import forms
from orchestrator_gql.callbacks import contract, references
from orchestrator_gql.callbacks.mailbox import Delivery, Mailbox
from orchestrator_gql.engine.authors import inject
from orchestrator_gql.engine.authors.lenses import focus, put_back
from orchestrator_gql.engine.authors.models import load_models
from orchestrator_gql.engine.authors.stored import changed, fetched
from orchestrator_gql.forms.faults import DEFAULT_LOCALE
from orchestrator_gql.process import Failed, Outcome, Process, Success, Wait
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Principal
from orchestrator_gql.types import Failure, Json, State
from orchestrator_gql.utils.arguments import bind
from orchestrator_gql.utils.errors import (
    OrchestratorError,
    ProcessFailureError,
    StepError,
    StorageUnavailable,
    WorkflowDefinitionError,
)
from orchestrator_gql.utils.json import bounded, encode, to_json
from orchestrator_gql.utils.json.secrets import Found
from orchestrator_gql.utils.secrets import Secrets, known_to_logs
from orchestrator_gql.utils.tokens import conceal
from orchestrator_gql.workflow.callback_step import names_of
from orchestrator_gql.workflow.model import ActionStep, AwaitStep, InputStep, Predicate, Step, Workflow

logger = logging.getLogger(__name__)

TRACE = 20_000
"""Characters of a trace that are kept: its end, where the cause stands."""

MESSAGE = 10_000

POLL = timedelta(seconds=30)
"""How long a poll may take: the wait is over, and an operator waits for the verdict."""

PATIENCE = 0.5
"""Seconds between two looks at a database that is away."""

T = TypeVar("T")

Tokens = Mapping[str | None, str]
"""The tokens of the URLs that an action hands out, by the name of the callback; None where there is but one."""

ARGUMENTS = ("missing-argument", "bad-argument")
"""Failures that name the function and the parameter, but not the step."""


async def run(runtime: Runtime, process: Process, step: ActionStep, tokens: Tokens) -> Outcome:
    """Run the body of an action or validation; ``tokens`` are of the URLs that it hands out."""
    secrets = tuple(tokens.values())
    try:
        own = inject.given(runtime, process, step, tokens)
        state = await seen_by(runtime, process, step, step.function)
        seen = focus(step, state)
        arguments = await patiently(lambda: inject.arguments(runtime, step.function, seen, own))
        result = await call(runtime, step.function, arguments, step.timeout)
        where, wait = f"Step {step.name!r}", step.awaits
        refs = references.refs_in(result, is_named=wait.expect is not None, where=where) if wait else {}
        hidden = frozenset({wait.route_key, references.KEY}) if wait else frozenset[str]()
        added, models, found = inject.contributed(result, where=where, hidden=hidden)
        delta = changed(process.state, state, put_back(step, state, seen, _without_tokens(added, secrets)))
        _demand_size(runtime, step, state, delta)
        return Success(delta, models, refs=refs, secrets=found.standing_in(delta) if step.lenses else found)
    except (Exception, SystemExit, asyncio.CancelledError) as error:
        if is_ours(error):
            raise
        return failed(runtime, process, step, error, secrets)


async def seen_by(runtime: Runtime, process: Process, step: Step, function: Callable[..., Any]) -> Mapping[str, Json]:
    """The state as the function may see it: of the large values only those that it asks for are fetched."""
    names = {parameter.name for parameter in inject.wanted_by(function)}
    keys = None if step.lenses or "state" in names else names
    return await patiently(lambda: fetched(runtime, process.state, keys))


def is_ours(error: BaseException) -> bool:
    """True where the engine itself is stopped; False where an author's function awaited a task that was cancelled.

    Taken for the engine's own, that would end the advance of a process whose lease is renewed for ever after.
    """
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0


async def patiently(look: Callable[[], Awaitable[T]]) -> T:
    """What the database says, however long it is away: that is no fault of the step that waits for it."""
    is_told = False
    while True:
        try:
            return await look()
        except StorageUnavailable:
            if not is_told:
                logger.warning("the database is away; a step waits for what it needs of it")
            is_told = True
            await asyncio.sleep(PATIENCE)


async def turn(
    runtime: Runtime,
    process: Process,
    step: InputStep,
    pages: list[Json],
    *,
    approved: Sequence[Json] = (),
    locale: str = DEFAULT_LOCALE,
) -> forms.Turn:
    """One turn of an input step's form, its faults told in the language of ``locale``.

    What the form adds to the state is without the engine's own names. Where somebody ``approved`` the form already,
    its pages begin with what was approved.
    """
    state = await seen_by(runtime, process, step, step.form)
    own = await inject.with_decisions(runtime, step.form, state, inject.given(runtime, process))
    secrecy = forms.Secrecy(process.secrets, runtime.redact, approved)
    turned = await form_turn(runtime, step.form, {**focus(step, state), **own}, pages, locale, secrecy)
    return _without_own_names(turned, f"The form of step {step.name!r}")


async def start_turn(
    runtime: Runtime, workflow: Workflow, principal: Principal, pages: list[Json], *, locale: str = DEFAULT_LOCALE
) -> forms.Turn:
    """One turn of a workflow's start form; without one it is complete at once, and a page is one too many."""
    given = {"reporter": principal.id, "workflow_name": workflow.name, "workflow_target": workflow.target}
    secrecy = forms.Secrecy(redact=runtime.redact)
    turned = await form_turn(runtime, workflow.initial_form or _no_form, given, pages, locale, secrecy)
    return _without_own_names(turned, f"The start form of {workflow.name!r}")


def _without_own_names(turned: forms.Turn, where: str) -> forms.Turn:
    if not isinstance(turned, forms.Complete):
        return turned
    return replace(turned, data=inject.contributed(turned.data, where=where)[0])


async def blocked_reason(runtime: Runtime, workflow: Workflow) -> str | None:
    """Why the workflow's own predicate does not let it start now; None where it does, or there is none."""
    if workflow.run_predicate is None:
        return None
    reason = await call(runtime, workflow.run_predicate, {}, None)
    return str(reason) if reason else None


async def holds(runtime: Runtime, predicate: Predicate, state: State) -> bool:
    """What a condition says of the state."""
    whole = dict(await patiently(lambda: fetched(runtime, state)))
    return bool(await call(runtime, partial(predicate, whole), {}, None))


async def expected(runtime: Runtime, process: Process, step: ActionStep) -> tuple[str, ...] | Failed:
    """Which callbacks the action is to expect, as an author's function of the state says."""
    wait = step.awaits
    assert wait is not None and callable(wait.expect), "only such a step is asked"
    what = f"expect of callback step {wait.group!r}"
    try:
        state = await patiently(lambda: fetched(runtime, process.state))
        names = names_of(await call(runtime, partial(wait.expect, focus(step, state)), {}, None), what)
        if wait.needed(len(names)) > len(names):
            raise StepError(f"The {what} names {len(names)}, and {wait.require} are required.", "bad-expect")
        return names
    except WorkflowDefinitionError as wrong:
        return Failed(Failure("bad-expect", wrong.message, runtime.clock.now()))
    except (Exception, SystemExit, asyncio.CancelledError) as error:
        if is_ours(error):
            raise
        return Failed(failure_of(error, runtime))


async def poll(runtime: Runtime, process: Process, step: AwaitStep, mailbox: Mailbox) -> Delivery | None:
    """Ask the remote service once, before its time counts as over; None where it has no answer that can be taken."""
    ask = step.poll
    assert ask is not None, "only such a step is asked"
    extra = {"process_id": str(process.id), "step": step.name}
    try:
        own = {**inject.given(runtime, process), "callback_name": mailbox.name, "remote_ref": mailbox.remote_ref}
        state = await seen_by(runtime, process, step, ask)
        arguments = await patiently(lambda: inject.arguments(runtime, ask, focus(step, state), own))
        said = await call(runtime, ask, arguments, POLL)
        if said is None:
            return None
        found = Found()
        letter = to_json(said, where="the answer", found=found)
        if contract.violations(step.contract, letter):
            logger.warning("a polled answer breaks the contract of its callback", extra=extra)
            return None
        return replace(Delivery.of(letter, encode(letter).encode(), peer=None), secrets=Secrets.of(found))
    except (Exception, SystemExit, asyncio.CancelledError) as error:
        if is_ours(error):
            raise
        logger.warning("a remote service could not be polled", extra=extra | {"error": type(error).__name__})
        return None


def _no_form() -> None:
    return None


async def form_turn(
    runtime: Runtime,
    form: Callable[..., Any],
    state: Mapping[str, Any],
    pages: list[Json],
    locale: str,
    secrecy: forms.Secrecy,
) -> forms.Turn:
    """One turn of a form function that takes what it wants by name, ``state`` among it."""

    def begin(own: State) -> Any:
        return form(**bind(inject.wanted_by(form), own, given={**models, "state": own}))

    with known_to_logs(secrecy.secrets.values):
        models = await load_models(runtime, inject.wanted_by(form), state)
        run_sync = partial(in_thread, runtime)
        return await forms.turn(begin, dict(state), pages, locale=locale, run_sync=run_sync, secrecy=secrecy)


def failure_of(error: BaseException, runtime: Runtime, tokens: Iterable[str] = ()) -> Failure:
    """What an exception of an author's code is to operators: bounded, and without the tokens."""
    code, message, details, trace = _told(error)
    return Failure(
        code=code,
        message=_without_tokens(message[:MESSAGE], tokens),
        details=bounded(_without_tokens(details, tokens)),
        traceback=_without_tokens(trace, tokens) if trace else None,
        occurred_at=runtime.clock.now(),
    )


async def call(
    runtime: Runtime, function: Callable[..., Any], arguments: dict[str, Any], timeout: timedelta | None
) -> Any:
    limit = timeout.total_seconds() if timeout else None
    try:
        async with asyncio.timeout(limit) as bound:
            if iscoroutinefunction(function):
                return await function(**arguments)
            result = await in_thread(runtime, function, **arguments)
            return await result if isawaitable(result) else result
    except TimeoutError:
        if not bound.expired():  # the author's own
            raise
        raise StepError(f"The step took longer than its {limit:g} seconds.", "step-timeout") from None


async def in_thread(runtime: Runtime, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run a sync function on the steps' own threads, so that a blocking one never holds up the loop."""
    context = contextvars.copy_context()
    call = partial(context.run, _without_stop, function, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(runtime.threads, call)


def _without_stop(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return function(*args, **kwargs)
    except StopIteration as error:  # no future takes it: whoever waits for the thread would wait for ever
        raise RuntimeError("StopIteration was raised: was `next` called on something empty?") from error


def failed(runtime: Runtime, process: Process, step: Step, error: BaseException, tokens: Iterable[str] = ()) -> Outcome:
    failure = failure_of(error, runtime, tokens)
    if failure.code in ARGUMENTS:
        failure = replace(failure, message=f"Step {step.name!r}: {failure.message}")
    log = logger.warning if isinstance(error, OrchestratorError) else logger.error
    log("step failed", extra={"process_id": str(process.id), "step": step.name, "code": failure.code})
    tries = process.record.tries if process.record else 1
    if isinstance(step, ActionStep) and step.retry is not None and tries < step.retry.attempts:
        return Wait(failure, runtime.clock.now() + step.retry.wait(tries))
    return Failed(failure)


def _told(error: BaseException) -> tuple[str, str, Json, str | None]:
    if isinstance(error, ProcessFailureError):
        try:
            return error.code, error.message, to_json(error.details, where="details"), None
        except StepError as wrong:
            return error.code, error.message, {"unreadable": wrong.message}, None
    if isinstance(error, StepError):
        return error.failure_code, error.message, None, None
    trace = "".join(traceback.format_exception(error))[-TRACE:]
    return "step-raised", f"{type(error).__name__}: {error}", None, trace


def _without_tokens(value: Any, tokens: Iterable[str]) -> Any:
    return conceal(value, tokens) if tokens else value


def _demand_size(runtime: Runtime, step: Step, state: Mapping[str, Json], delta: Mapping[str, Json]) -> None:
    changed = {key: value for key, value in delta.items() if state.get(key) != value or key not in state}
    limit = runtime.settings.max_step_bytes
    if changed and (size := len(encode(changed).encode())) > limit:
        largest = max(changed, key=lambda key: len(encode(changed[key])))
        raise StepError(
            f"Step {step.name!r} changes {size} bytes of the state, over the limit of {limit}; "
            f"the largest is {largest!r}: store large data elsewhere and keep a reference to it.",
            "result-too-large",
        )
