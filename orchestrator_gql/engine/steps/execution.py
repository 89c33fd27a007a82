"""One step in, one Outcome out: the only room that runs authors' code, and no transaction is open while it does."""

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from typing import Any, TypeVar

from orchestrator_gql import forms
from orchestrator_gql.callbacks import contract, external_ids
from orchestrator_gql.callbacks.rules import Callback, Delivery
from orchestrator_gql.engine.steps import arguments as step_arguments
from orchestrator_gql.engine.steps.arguments import wanted_by
from orchestrator_gql.engine.steps.failures import failed, failure_of, without_tokens
from orchestrator_gql.engine.steps.models import load_models
from orchestrator_gql.engine.steps.state import changed, fetched, focus, put_back
from orchestrator_gql.forms.errors import DEFAULT_LOCALE
from orchestrator_gql.process import Failed, Outcome, Process, Success
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Principal
from orchestrator_gql.types import Json, State
from orchestrator_gql.utils.arguments import bind
from orchestrator_gql.utils.author_calls import AuthorRaised, attempt, attempt_async, returned_by, value_of
from orchestrator_gql.utils.errors import OrchestratorError, StepError, StorageUnavailable, WorkflowDefinitionError
from orchestrator_gql.utils.json import encode, to_json
from orchestrator_gql.utils.json.secrets import Found
from orchestrator_gql.utils.secrets import Secrets, known_to_logs
from orchestrator_gql.workflow.callback_step import names_of
from orchestrator_gql.workflow.model import ActionStep, AwaitStep, InputStep, Predicate, Step, Workflow

logger = logging.getLogger("orchestrator_gql.engine.authors.execution")

POLL = timedelta(seconds=30)
"""How long a poll may take: the wait is over, and an operator waits for the verdict."""

PATIENCE = 0.5
"""Seconds between two looks at a database that is away."""

T = TypeVar("T")

Tokens = Mapping[str | None, str]
"""The tokens of the URLs that an action hands out, by the name of the callback; None where there is but one."""


async def run(runtime: Runtime, process: Process, step: ActionStep, tokens: Tokens) -> Outcome:
    """Run the body of an action or validation; ``tokens`` are of the URLs that it hands out."""
    secrets = tuple(tokens.values())
    try:
        own = step_arguments.given(runtime, process, step, tokens)
        state = await seen_by(runtime, process, step, step.function)
        seen = returned_by(focus, step, state)
        arguments = await patiently(lambda: step_arguments.arguments(runtime, step.function, seen, own))
        made = partial(_made, runtime, process, step, state, seen, secrets)
        return await call(runtime, step.function, arguments, step.timeout, made)
    except (AuthorRaised, OrchestratorError) as error:
        return failed(runtime, process, step, error, secrets)


def _made(
    runtime: Runtime,
    process: Process,
    step: ActionStep,
    state: Mapping[str, Json],
    seen: Mapping[str, Json],
    secrets: tuple[str, ...],
    result: Any,
) -> Success:
    """What the step came to that returned ``result``; an author's serializers and lenses have their say in it."""
    where, wait = f"Step {step.name!r}", step.awaits
    refs = external_ids.refs_in(result, is_named=wait.expect is not None, where=where) if wait else {}
    hidden = frozenset({wait.route_key, external_ids.KEY}) if wait else frozenset[str]()
    added, models, found = step_arguments.contributed(result, where=where, hidden=hidden)
    delta = changed(process.state, state, put_back(step, state, seen, without_tokens(added, secrets)))
    _demand_size(runtime, step, state, delta)
    return Success(delta, models, refs=refs, secrets=found.standing_in(delta) if step.lenses else found)


async def seen_by(runtime: Runtime, process: Process, step: Step, function: Callable[..., Any]) -> Mapping[str, Json]:
    """The state as the function may see it: of the large values only those that it asks for are fetched."""
    names = {parameter.name for parameter in returned_by(wanted_by, function)}
    keys = None if step.lenses or "state" in names else names
    return await patiently(lambda: fetched(runtime, process.state, keys))


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
    own = await step_arguments.with_decisions(runtime, step.form, state, step_arguments.given(runtime, process))
    secrecy = forms.Secrecy(process.secrets, runtime.redact, approved)
    seen = {**returned_by(focus, step, state), **own}
    turned = await form_turn(runtime, step.form, seen, pages, locale, secrecy)
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
    return replace(turned, data=step_arguments.contributed(turned.data, where=where)[0])


async def blocked_reason(runtime: Runtime, workflow: Workflow) -> str | None:
    """Why the workflow's own predicate does not let it start now; None where it does, or there is none."""
    if workflow.run_predicate is None:
        return None
    return await call(runtime, workflow.run_predicate, {}, None, _reason)


def _reason(said: Any) -> str | None:
    return str(said) if said else None


async def holds(runtime: Runtime, predicate: Predicate, state: State) -> bool:
    """What a condition says of the state."""
    whole = dict(await patiently(lambda: fetched(runtime, state)))
    return await call(runtime, partial(predicate, whole), {}, None, bool)


async def expected(runtime: Runtime, process: Process, step: ActionStep) -> tuple[str, ...] | Failed:
    """Which callbacks the action is to expect, as an author's function of the state says."""
    wait = step.awaits
    assert wait is not None and callable(wait.expect), "only such a step is asked"
    what = f"expect of callback step {wait.group!r}"
    try:
        state = await patiently(lambda: fetched(runtime, process.state))
        seen = returned_by(focus, step, state)
        names = await call(runtime, partial(wait.expect, seen), {}, None, partial(_names, what))
        if wait.needed(len(names)) > len(names):
            raise StepError(f"The {what} names {len(names)}, and {wait.require} are required.", "bad-expect")
        return names
    except (AuthorRaised, OrchestratorError) as error:
        return Failed(failure_of(error, runtime))


def _names(what: str, said: Any) -> tuple[str, ...]:
    try:
        return names_of(said, what)
    except WorkflowDefinitionError as wrong:
        raise StepError(wrong.message, "bad-expect") from None


async def polled(runtime: Runtime, process: Process, step: AwaitStep, callback: Callback) -> Delivery | None:
    """Ask the remote service once, before its time counts as over; None where it has no answer that can be taken."""
    poll = step.poll
    assert poll is not None, "only such a step is asked"
    extra = {"process_id": str(process.id), "step": step.name}
    try:
        own = {
            **step_arguments.given(runtime, process),
            "callback_name": callback.name,
            "remote_ref": callback.remote_ref,
        }
        state = await seen_by(runtime, process, step, poll)
        seen = returned_by(focus, step, state)
        arguments = await patiently(lambda: step_arguments.arguments(runtime, poll, seen, own))
        found = Found()
        payload = await call(runtime, poll, arguments, POLL, partial(_polled, found))
        if payload is None:
            return None
        if contract.violations(step.contract, payload):
            logger.warning("a polled answer breaks the contract of its callback", extra=extra)
            return None
        return replace(Delivery.of(payload, encode(payload).encode(), peer=None), secrets=Secrets.of(found))
    except Exception as error:
        kind = error.described.kind if isinstance(error, AuthorRaised) else type(error).__name__
        logger.warning("a remote service could not be polled", extra=extra | {"error": kind})
        return None


def _polled(found: Found, said: Any) -> Json:
    return None if said is None else to_json(said, where="the answer", found=found)


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
        return form(**bind(wanted_by(form), own, given={**models, "state": own}))

    def turn() -> Awaitable[forms.Turn]:
        run_sync = partial(in_thread, runtime)
        return forms.turn(begin, dict(state), pages, locale=locale, run_sync=run_sync, secrecy=secrecy)

    with known_to_logs(secrecy.secrets.values):
        models = await load_models(runtime, wanted_by(form), state)
        return value_of(await attempt_async(turn))


async def call(
    runtime: Runtime,
    function: Callable[..., Any],
    arguments: dict[str, Any],
    timeout: timedelta | None,
    then: Callable[[Any], T],
) -> T:
    """What ``then`` makes of what the author's function returned; both may be an author's, and run in one place.

    Raises `AuthorRaised`, and `StepError` where it takes too long.
    """
    limit = timeout.total_seconds() if timeout else None
    try:
        async with asyncio.timeout(limit) as bound:
            if iscoroutinefunction(function):
                return value_of(await attempt_async(lambda: _awaited(function(**arguments), then)))
            made = await in_thread(runtime, _called, function, arguments, then)
            if not isinstance(made, _Later):
                return made  # type: ignore[no-any-return]
            return value_of(await attempt_async(lambda: _awaited(made.result, then)))
    except TimeoutError:
        if not bound.expired():
            raise
        raise StepError(f"The step took longer than its {limit:g} seconds.", "step-timeout") from None


@dataclass(frozen=True, slots=True)
class _Later:
    """What a function returned that is not async itself, and is to be awaited."""

    result: Awaitable[Any]


def _called(function: Callable[..., Any], arguments: dict[str, Any], then: Callable[[Any], T]) -> T | _Later:
    result = function(**arguments)
    return _Later(result) if isawaitable(result) else then(result)


async def _awaited(result: Awaitable[Any], then: Callable[[Any], T]) -> T:
    return then(await result)


async def in_thread(runtime: Runtime, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run a sync function on the steps' own threads, so that a blocking one never holds up the loop."""
    context = contextvars.copy_context()
    called = partial(context.run, attempt, function, *args, **kwargs)
    return value_of(await asyncio.get_running_loop().run_in_executor(runtime.threads, called))


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
