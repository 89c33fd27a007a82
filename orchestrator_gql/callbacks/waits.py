"""The rules of a wait: whether its callbacks let it go on, succeed, ask or fail, and what that changes at them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from orchestrator_gql.callbacks.rules import WITH_RESULT, Arrival, Callback
from orchestrator_gql.types import CallbackStatus


@dataclass(frozen=True, slots=True)
class WaitChanges:
    """What a commit stores for a wait: everything that its decision changes at the callbacks.

    ``issued`` are new callbacks, each with the digest of its token; ``tokens`` are further digests of known callbacks.
    ``refs`` are external ids of callbacks, each with the service that delivers by it. ``arrivals`` are deliveries and
    polled results; ``ended`` are callbacks that end, each with its new status. ``watched`` are open callbacks whose
    timers are set again. ``payloads`` are large values by id. ``answered`` are the callbacks of a wait that has its
    results now.
    """

    issued: tuple[tuple[Callback, bytes], ...] = ()
    tokens: tuple[tuple[UUID, bytes], ...] = ()
    refs: tuple[tuple[UUID, str | None, str], ...] = ()
    arrivals: tuple[Arrival, ...] = ()
    ended: tuple[Callback, ...] = ()
    watched: tuple[Callback, ...] = ()
    payloads: tuple[tuple[UUID, str], ...] = ()
    answered: tuple[Callback, ...] = ()


class WaitVerdict(StrEnum):
    """What happens to a wait: it goes on, its remote service is polled first, or it is over."""

    WAIT = "wait"
    POLL = "poll"
    SUCCEED = "succeed"
    REISSUE = "reissue"
    ASK = "ask"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class WaitDecision:
    """What happens to a wait, and its ``callbacks`` after those whose time is over have ended.

    ``ended`` are the callbacks that end now, each with its new status; the callbacks that a success withdraws are among
    them. ``reissued`` are the callbacks whose action runs again.
    """

    verdict: WaitVerdict
    callbacks: tuple[Callback, ...]
    ended: tuple[Callback, ...] = ()
    reissued: tuple[Callback, ...] = ()


def decide_wait(
    callbacks: Sequence[Callback],
    now: datetime,
    *,
    needed: int,
    on_timeout: str,
    max_attempts: int,
    polled: Collection[UUID] | None,
) -> WaitDecision:
    """Decide a wait: end the callbacks whose time is over, and say whether the wait is over too.

    ``needed`` is the number of results that are enough; ``on_timeout`` and ``max_attempts`` are those of the step.
    ``polled`` are the callbacks whose remote service was polled already; None if the step polls no service.
    """
    ended = {
        callback.id: replace(callback, status=status)
        for callback in callbacks
        if callback.is_open and (status := callback.deadline(now)) is not None
    }
    if polled is not None and any(id not in polled for id in ended):
        return WaitDecision(WaitVerdict.POLL, tuple(callbacks))
    after = tuple(ended.get(callback.id, callback) for callback in callbacks)
    if not is_over(after, needed):
        return WaitDecision(WaitVerdict.WAIT, after, tuple(ended.values()))
    results = sum(callback.status in WITH_RESULT for callback in after)
    if results >= needed:
        withdrawn = (replace(callback, status=CallbackStatus.WITHDRAWN) for callback in after if callback.is_open)
        return WaitDecision(WaitVerdict.SUCCEED, after, (*ended.values(), *withdrawn))
    reissued = tuple(callback for callback in after if _may_be_reissued(callback, max_attempts))
    if on_timeout == "retry" and results + len(reissued) >= needed:
        return WaitDecision(WaitVerdict.REISSUE, after, tuple(ended.values()), reissued)
    verdict = WaitVerdict.ASK if on_timeout == "operator" else WaitVerdict.FAIL
    return WaitDecision(verdict, after, tuple(ended.values()))


def is_over(callbacks: Sequence[Callback], needed: int) -> bool:
    """True if enough results arrived, or if no further result can arrive."""
    results = sum(callback.status in WITH_RESULT for callback in callbacks)
    return results >= needed or not any(callback.is_open for callback in callbacks)


def _may_be_reissued(callback: Callback, max_attempts: int) -> bool:
    if callback.status in WITH_RESULT or callback.issue_number >= max_attempts:
        return False
    if callback.status is CallbackStatus.FAILED_BY_REMOTE:
        return callback.failure is not None and callback.failure.is_retryable
    return True
