"""Runs authors' code: executes a step and returns its outcome. No transaction is open during that time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from orchestrator_gql.callbacks import external_ids
from orchestrator_gql.callbacks.rules import Callback, Delivery
from orchestrator_gql.domain import SubscriptionDocument, documents_of
from orchestrator_gql.engine.steps import arguments as step_arguments
from orchestrator_gql.engine.steps import calls
from orchestrator_gql.engine.steps.arguments import wanted_by
from orchestrator_gql.engine.steps.calls import name_of
from orchestrator_gql.engine.steps.failures import (
    failed,
    failure_at,
    failure_of,
    in_request,
    log_failure,
    without_tokens,
)
from orchestrator_gql.engine.steps.state import changed, fetched, has_large_values, put_back
from orchestrator_gql.process import Failed, Outcome, Process, Success, WaitUntil
from orchestrator_gql.process.outcomes import new_success
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Principal
from orchestrator_gql.types import Failure, Json
from orchestrator_gql.utils.arguments import bind
from orchestrator_gql.utils.author_calls import AuthorRaised, returned_by
from orchestrator_gql.utils.author_handover import Limit
from orchestrator_gql.utils.errors import (
    OrchestratorError,
    StepError,
    StorageUnavailable,
    WorkflowBlocked,
    WorkflowDefinitionError,
)
from orchestrator_gql.utils.json import encode, to_json
from orchestrator_gql.utils.json.equality import is_same
from orchestrator_gql.utils.json.secrets import Found
from orchestrator_gql.utils.secrets import Secrets
from orchestrator_gql.workflow.callback_step import hands_out_url, names_of
from orchestrator_gql.workflow.model import START_NAMES, ActionStep, AwaitStep, Step, Workflow
from orchestrator_gql.workflow.step_options import Condition
from orchestrator_gql.workflow.wait_until import time_of

POLL = 30.0
"""Seconds that a poll may take: the wait is over already, and an operator waits for the outcome."""

PATIENCE = 0.5
"""Seconds between two tries to read from an unavailable database."""

_NOTHING_HIDDEN: frozenset[str] = frozenset()

T = TypeVar("T")

Tokens = Mapping[str | None, str]
"""The tokens of the URLs that an action hands out, by the name of the callback (None for an unnamed callback)."""


async def run(runtime: Runtime, process: Process, step: ActionStep, tokens: Tokens) -> Outcome:
    """Run the function of an action or validation; ``tokens`` are the tokens of the URLs that it hands out."""
    secrets, name = tuple(tokens.values()), f"step {step.name!r} of process {process.id}"
    try:
        state = process.state
        if has_large_values(state):
            state = await state_for(runtime, process, step, step.function)
        caller = calls.for_step(runtime, name, Limit(step.timeout.total_seconds()) if step.timeout else None)
        visible = await caller.focused(step, state) if step.lenses else state
        arguments = None if tokens else step_arguments.simple_arguments(step.function, visible)
        if arguments is None:
            own = step_arguments.given(runtime, process, step, tokens)
            arguments = await patiently(lambda: step_arguments.arguments(runtime, step.function, visible, own))
        to_outcome: Callable[[Any], Outcome] = partial(_success, runtime, process, step, state, visible, secrets)
        if step.is_wait:
            to_outcome = partial(_waited, runtime)
        return await caller.call(step.function, arguments, to_outcome)
    except (AuthorRaised, OrchestratorError) as error:
        return failed(runtime, process, step, error, secrets)


def _success(
    runtime: Runtime,
    process: Process,
    step: ActionStep,
    state: Mapping[str, Json],
    visible: Mapping[str, Json],
    secrets: tuple[str, ...],
    result: Any,
) -> Success:
    """The outcome of a step that returned ``result``; the author's serializers and lenses run here."""
    where, wait = f"Step {step.name!r}", step.awaits
    refs: external_ids.Refs = {}
    if wait:
        refs = external_ids.refs_in(result, is_named=wait.expect is not None, where=where)
    if wait and not refs and wait.poll is None and not hands_out_url(step, wait):
        raise StepError(
            f"{where} hands out no URL and returned no {external_ids.KEY}: nothing could answer.", "bad-remote-ref"
        )
    hidden = frozenset({wait.route_key, external_ids.KEY}) if wait else _NOTHING_HIDDEN
    if not (secrets or step.lenses) and state is process.state:  # no large value was loaded for the step
        plain = step_arguments.plain_result(result, hidden)
        if plain is not None and plain[1] <= runtime.settings.max_step_bytes:
            return new_success(plain[0], refs=refs)
    added, returned, found = step_arguments.contributed(result, where=where, hidden=hidden)
    delta = changed(process.state, state, put_back(step, state, visible, without_tokens(added, secrets)))
    _demand_size(runtime, step, state, delta)
    documents: tuple[SubscriptionDocument, ...] = ()
    if returned:
        workflow = runtime.registry.find(process.workflow_name)
        documents = tuple(documents_of(returned, allows_in_use=workflow is not None and workflow.allow_in_use))
    return new_success(delta, documents, refs=refs, secrets=found.standing_in(delta) if step.lenses else found)


def _waited(runtime: Runtime, result: Any) -> Success | WaitUntil:
    """The outcome of a step that waits until the time ``result``."""
    now = runtime.clock.now()
    until = time_of(result, now)
    return WaitUntil(until) if until > now else new_success({})


async def state_for(runtime: Runtime, process: Process, step: Step, function: Callable[..., Any]) -> Mapping[str, Json]:
    """The state for the function. Large values are fetched only if the function has a parameter for them."""
    if not has_large_values(process.state):
        return process.state
    names = {parameter.name for parameter in returned_by(wanted_by, function)}
    keys = None if step.lenses or "state" in names else names
    return await patiently(lambda: fetched(runtime, process.state, keys))


async def patiently(look: Callable[[], Awaitable[T]]) -> T:
    """The result of ``look``, repeated while the database is unavailable: the step must not fail because of it."""
    while True:
        try:
            return await look()
        except StorageUnavailable:  # the database has logged it
            await asyncio.sleep(PATIENCE)


async def blocked_reason(runtime: Runtime, workflow: Workflow, principal: Principal) -> str | None:
    """The reason why the workflow's predicate forbids the start now; None if it allows it, or if there is none.

    Raises `AuthorCodeFailed`.
    """
    predicate = workflow.run_predicate
    if predicate is None:
        return None
    what = f"The run_predicate of workflow {workflow.name!r}"
    with in_request(what):
        arguments = returned_by(lambda: bind(wanted_by(predicate), values_of_start(workflow, principal)))
        return await calls.for_person(runtime, what, predicate).call(predicate, arguments, _reason)


async def demand_unblocked(runtime: Runtime, workflow: Workflow, principal: Principal) -> None:
    """Raise `WorkflowBlocked` if the workflow's predicate forbids the start now; see `blocked_reason`."""
    reason = await blocked_reason(runtime, workflow, principal)
    if reason is not None:
        raise WorkflowBlocked(f"Workflow {workflow.name!r} cannot be started: {reason}")


def values_of_start(workflow: Workflow, principal: Principal) -> dict[str, Any]:
    """The values of `START_NAMES`, for the functions that an author hands over for the start."""
    values = (principal.id, workflow.name, str(workflow.target))
    return dict(zip(START_NAMES, values, strict=True))


def _reason(result: Any) -> str | None:
    if result is None or isinstance(result, str):
        return result or None
    # True may be meant as "it may start" or as "it is blocked": neither is guessed.
    raise StepError(f"It returned {type(result).__name__}, and not None or the reason as a text.", "bad-result")


async def holds(runtime: Runtime, process: Process, condition: Condition) -> bool:
    """The result of a condition for the state of the process."""
    predicate = await patiently(lambda: step_arguments.bound(runtime, process, condition.predicate, condition))
    return await call(runtime, predicate, bool)


async def expected(runtime: Runtime, process: Process, step: ActionStep) -> tuple[str, ...] | Failed:
    """The names of the callbacks that the action expects, from the author's function of the state."""
    wait = step.awaits
    assert wait is not None and callable(wait.expect), "only a step with a function for its names comes here"
    expect = wait.expect
    what = f"expect of callback step {wait.group!r}"
    try:
        function = await patiently(lambda: step_arguments.bound(runtime, process, expect, step))
        names = await call(runtime, function, partial(_names, what))
        if isinstance(wait.require, int) and wait.require > len(names):
            raise StepError(f"The {what} names {len(names)}, and {wait.require} are required.", "bad-expect")
        if any(process.secrets.concealed(name) != name for name in names):  # people see the names, in lists and events
            raise StepError(f"A name of the {what} would show a secret: make it of other values.", "bad-expect")
        return names
    except (AuthorRaised, OrchestratorError) as error:
        return Failed(failure_at(runtime, process, step, error))


def _names(what: str, result: Any) -> tuple[str, ...]:
    try:
        return names_of(result, what)
    except WorkflowDefinitionError as error:
        raise StepError(error.message, "bad-expect") from None


async def polled(runtime: Runtime, process: Process, step: AwaitStep, callback: Callback) -> Delivery | Failure | None:
    """Poll the remote service once before its callback ends; None if it has no result.

    A failure if the poll has a parameter for which there is no value: it then never asks anything.
    """
    poll = step.poll
    assert poll is not None, "only a step with a poll comes here"
    try:
        own = {"callback_name": callback.name, "remote_ref": callback.remote_ref}
        function = await patiently(lambda: step_arguments.bound(runtime, process, poll, step, own))
    except (AuthorRaised, OrchestratorError) as error:
        return failure_at(runtime, process, step, error)
    try:
        found = Found()
        payload = await call(runtime, function, partial(_polled, found), Limit(POLL))
        if payload is None:
            return None
        return replace(Delivery.of(payload, encode(payload).encode(), peer=None), secrets=Secrets.of(found))
    except Exception as error:
        failure = failure_of(error, runtime)
        log_failure(runtime, process, step, logging.WARNING, "a remote service could not be polled", failure, error)
        return None


def _polled(found: Found, result: Any) -> Json:
    return None if result is None else to_json(result, where="the answer", found=found)


async def call(
    runtime: Runtime, function: Callable[[], Any], then: Callable[[Any], T], limit: Limit | None = None
) -> T:
    """The result of ``then``, called with the result of the author's function; see `calls.Caller.call`."""
    return await calls.for_step(runtime, name_of(function), limit).call(function, {}, then)


def _demand_size(runtime: Runtime, step: Step, state: Mapping[str, Json], delta: Mapping[str, Json]) -> None:
    changed = {key: value for key, value in delta.items() if key not in state or not is_same(state[key], value)}
    limit = runtime.settings.max_step_bytes
    if changed and (size := len(encode(changed).encode())) > limit:
        largest = max(changed, key=lambda key: len(encode(changed[key])))
        raise StepError(
            f"Step {step.name!r} changes {size} bytes of the state, over the limit of {limit}; "
            f"the largest is {largest!r}: store large data elsewhere and keep a reference to it, or raise "
            "ORCHESTRATOR_MAX_STEP_BYTES.",
            "result-too-large",
        )
