"""Decides the wait of a process. Nothing is stored: `waits.write` stores the decision, behind the fence of a commit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.callbacks.failures import failure_json, failure_of_wait, failures_of
from orchestrator_gql.callbacks.rules import WITH_RESULT, Accepted, Arrival, Callback, Delivery
from orchestrator_gql.callbacks.waits import WaitChanges, WaitDecision, WaitVerdict, decide_wait
from orchestrator_gql.config.assignee import SYSTEM
from orchestrator_gql.engine import secrecy
from orchestrator_gql.engine.callbacks import results
from orchestrator_gql.engine.callbacks.waits import entry_again
from orchestrator_gql.engine.steps.state import changed, through_lenses
from orchestrator_gql.engine.woken import KnownCallbacks
from orchestrator_gql.process import Await, Failed, Outcome, Process, Reissue, RetryLater, Success, Suspend
from orchestrator_gql.storage import callbacks
from orchestrator_gql.types import Failure, Json, ResultSource, StepStatus
from orchestrator_gql.utils.author_calls import AuthorRaised
from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.utils.exception_text import RAISED
from orchestrator_gql.utils.json import encode
from orchestrator_gql.utils.json.stored import INLINE, Stored
from orchestrator_gql.utils.secrets import Secrets
from orchestrator_gql.utils.tokens import new_id
from orchestrator_gql.workflow.model import AwaitStep

CLOCKS_APART = timedelta(seconds=5)
"""An upper limit for the difference of the clocks of two servers on one database."""

Polled: TypeAlias = Mapping[UUID, Delivery | None]
"""The results of polls at the deadline, by callback id; None if the remote service had no result."""


@dataclass(frozen=True, slots=True)
class DecidedWait:
    """The outcome of a wait, and what the commit stores for it."""

    outcome: Outcome
    changes: WaitChanges


def decide(
    conn: Connection,
    process: Process,
    step: AwaitStep,
    now: datetime,
    polled: Polled,
    claimed: Sequence[Arrival],
    known: KnownCallbacks,
) -> DecidedWait | None:
    """Decide the current wait; None if a remote service must be polled first. Nothing is stored.

    ``claimed`` are the deliveries that the same commit stores before. The callbacks of the wait may be ``known``.
    """
    stored = known.get((process.id, process.position)) or callbacks.of_wait(conn, process.id, process.position)
    before = _after(stored, claimed)
    if not before:
        missing = Failure("callback-missing", "No callback was issued for this wait.", now)
        return DecidedWait(Failed(missing), WaitChanges())
    arrivals = [
        results.arrival(process, callback, step, delivery, source=ResultSource.POLL, at=now)
        for callback in before
        if (delivery := polled.get(callback.id)) is not None
    ]
    needed = step.needed(len(before))
    decision = decide_wait(
        _after(before, arrivals),
        now,
        needed=needed,
        on_timeout=step.on_timeout,
        max_attempts=step.max_attempts,
        polled=polled if step.poll is not None else None,
    )
    changes = WaitChanges(arrivals=tuple(arrivals), ended=decision.ended)
    match decision.verdict:
        case WaitVerdict.POLL:
            return None
        case WaitVerdict.WAIT:
            watched = tuple(callback for callback in decision.callbacks if _needs_timers(process, callback, now))
            return DecidedWait(Await(), replace(changes, watched=watched))
        case WaitVerdict.SUCCEED:
            changes = replace(changes, answered=decision.callbacks)
            return _succeeded(conn, process, step, decision, changes, [*claimed, *arrivals], polled, now)
        case WaitVerdict.REISSUE:
            failure = failure_of_wait(needed, decision.callbacks, now)
            return DecidedWait(_again(process, step, decision.reissued, failure, now), changes)
        case WaitVerdict.ASK:
            return DecidedWait(Suspend(f"{step.group or step.name}: no result", SYSTEM.key), changes)
        case WaitVerdict.FAIL:
            return DecidedWait(Failed(failure_of_wait(needed, decision.callbacks, now)), changes)


def _again(
    process: Process, step: AwaitStep, reissued: Sequence[Callback], failure: Failure, now: datetime
) -> Reissue | RetryLater:
    """The action runs again, after its pause. The process rests at the wait meanwhile, so an operator may still act."""
    entry = entry_again("on-timeout", reissued)
    if step.retry is None:
        return Reissue(failure, entry)
    execution = process.execution_at_position
    until = execution.retry_at if execution is not None and execution.status is StepStatus.WAITING else None
    if until is None:
        until = now + step.retry.wait(max(callback.issue_number for callback in reissued))
    return Reissue(failure, entry) if until <= now else RetryLater(failure, until)


def _after(before: Iterable[Callback], arrivals: Iterable[Arrival]) -> list[Callback]:
    """The callbacks after the deliveries to them."""
    known = {arrived.callback.id: arrived.after for arrived in arrivals}
    return [known.get(callback.id, callback) for callback in before]


def _needs_timers(process: Process, callback: Callback, now: datetime) -> bool:
    """True if a timer of an open callback may have fired already, so that the timers must be set again.

    A server whose clock is ahead fires a timer a moment before this server agrees that the time is over. The timer is
    gone then, and the wait would never end.
    """
    if not callback.is_open:
        return False
    due = min(at for at in (callback.expires_at, callback.heartbeat_due_at) if at is not None)
    is_second_look = process.execution_at_position is not None
    return is_second_look or due - now < CLOCKS_APART


def _succeeded(
    conn: Connection,
    process: Process,
    step: AwaitStep,
    decision: WaitDecision,
    changes: WaitChanges,
    arrivals: Sequence[Arrival],
    polled: Polled,
    now: datetime,
) -> DecidedWait:
    """Success with the results in the state. A large result stays in its own row, unless a lens needs it.

    Results have names if their callbacks have: the callbacks may be older than the step.
    """
    with_result = [callback for callback in decision.callbacks if callback.status in WITH_RESULT]
    new = {
        arrived.callback.id: arrived.delivery.payload for arrived in arrivals if isinstance(arrived.outcome, Accepted)
    }
    first = with_result[0]
    is_named = first.name is not None
    is_large = sum(callback.result_bytes or 0 for callback in with_result) > INLINE and not step.lenses
    result: Json | Stored
    if is_large and not is_named and first.payload_id is not None:
        result = Stored(first.payload_id, first.result_bytes or 0)
    else:
        loaded = callbacks.results(conn, [callback for callback in with_result if callback.id not in new]) | new
        result = {c.name: loaded[c.id] for c in with_result} if is_named else loaded[first.id]
        if is_large:
            payload_id, text = new_id(), encode(result)
            result = Stored(payload_id, len(text))
            changes = replace(changes, payloads=((payload_id, text),))
    additions = {step.result_key: result}
    if is_named:
        failures = failures_of(decision.callbacks, now)
        additions[step.failures_key] = {name: failure_json(failure) for name, failure in failures.items()}
    secrets = secrecy.of_results(conn, step, with_result, polled, new)
    return DecidedWait(_success(conn, step, process, additions, secrets, now), changes)


def _success(
    conn: Connection,
    step: AwaitStep,
    process: Process,
    additions: Mapping[str, Json],
    secrets: Secrets,
    now: datetime,
) -> Outcome:
    """Success with the results in the state. A lens is an author's code: its exception fails the step here. Otherwise
    the commit would be tried for ever."""
    if not step.lenses:
        return Success(changed(process.state, process.state, dict(additions)), secrets=secrets)
    try:
        delta = through_lenses(conn, process, step, additions)
    except AuthorRaised as raised:
        if isinstance(raised.error, StepError):  # it took too long
            return Failed(Failure(raised.error.failure_code, raised.error.message, now))
        return Failed(Failure(RAISED, f"The lens of {step.name!r} raised {raised}", now))
    return Success(delta, secrets=secrets.standing_in(delta))
