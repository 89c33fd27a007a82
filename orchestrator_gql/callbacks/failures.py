"""Why callbacks ended without a result, and why their wait is over without the results that it needs."""

from collections.abc import Sequence
from datetime import datetime

from orchestrator_gql.callbacks.rules import WITH_RESULT, Callback
from orchestrator_gql.types import CallbackStatus, Failure, Json


def failures_of(wait_callbacks: Sequence[Callback], now: datetime) -> dict[str | None, Failure]:
    """Why callbacks ended without a result, by name."""
    return {
        callback.name: failure_of(callback, now)
        for callback in wait_callbacks
        if not callback.is_open and callback.status not in WITH_RESULT
    }


def failure_of_wait(needed: int, wait_callbacks: Sequence[Callback], now: datetime) -> Failure:
    """The reason why the wait is over without the results of at least ``needed`` of its callbacks."""
    missing = failures_of(wait_callbacks, now)
    if None in missing:
        return missing[None]
    answered = sorted(callback.name or "" for callback in wait_callbacks if callback.status in WITH_RESULT)
    message = f"{len(answered)} of {len(wait_callbacks)} callbacks were answered; {needed} are required."
    details = {
        "answered": answered,
        "failures": {name: failure_json(failure) for name, failure in missing.items()},
    }
    return Failure("callbacks-incomplete", message, now, details)


def failure_of(callback: Callback, now: datetime) -> Failure:
    """The reason why the callback ended without a result."""
    if callback.failure is not None:
        return callback.failure
    asked = f"it was asked at {callback.issued_at:%Y-%m-%d %H:%M:%S} UTC"
    match callback.status:
        case CallbackStatus.EXPIRED:
            return Failure("callback-expired", f"The remote service did not answer in time; {asked}.", now)
        case CallbackStatus.HEARTBEAT_LOST:
            heartbeat_timeout = f"{callback.heartbeat:g} seconds"
            return Failure(
                "heartbeat-lost", f"The remote service was silent for more than {heartbeat_timeout}; {asked}.", now
            )
        case _:
            return Failure("callback-withdrawn", "The callback was withdrawn.", now)


def failure_json(failure: Failure) -> dict[str, Json]:
    """A failure in the form in which the steps after the wait read it."""
    return {"code": failure.code, "message": failure.message, "details": failure.details}
