"""The decision of a wait, for every status of its callbacks."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from test_rules import NOW, OPEN

from orchestrator_gql.callbacks.rules import Callback
from orchestrator_gql.callbacks.waits import WaitVerdict, decide_wait
from orchestrator_gql.types import CallbackStatus, Failure
from orchestrator_gql.utils.tokens import new_id

LATE = NOW + timedelta(hours=1)
BUSY = Failure("busy", "try later", NOW, is_retryable=True)
BROKEN = Failure("broken", "no disk", NOW)


def waiting(*statuses: CallbackStatus, failure: Failure | None = None) -> list[Callback]:
    """The callbacks of a wait, with those statuses."""
    return [replace(OPEN, id=new_id(), name=f"c{n}", status=s, failure=failure) for n, s in enumerate(statuses)]


PENDING, RECEIVED, EXPIRED = CallbackStatus.PENDING, CallbackStatus.RECEIVED, CallbackStatus.EXPIRED
FAILED_BY_REMOTE = CallbackStatus.FAILED_BY_REMOTE


@pytest.mark.parametrize(
    ("callbacks", "at", "needed", "on_timeout", "verdict", "ended"),
    [
        (waiting(PENDING), NOW, 1, "fail", WaitVerdict.WAIT, []),
        (waiting(RECEIVED), NOW, 1, "fail", WaitVerdict.SUCCEED, []),
        (waiting(RECEIVED, PENDING), NOW, 2, "fail", WaitVerdict.WAIT, []),
        (waiting(RECEIVED, PENDING), NOW, 1, "fail", WaitVerdict.SUCCEED, ["WITHDRAWN"]),
        (waiting(RECEIVED, PENDING), LATE, 2, "fail", WaitVerdict.FAIL, ["EXPIRED"]),
        (waiting(RECEIVED, PENDING), LATE, 1, "fail", WaitVerdict.SUCCEED, ["EXPIRED"]),
        (waiting(PENDING), LATE, 1, "fail", WaitVerdict.FAIL, ["EXPIRED"]),
        (waiting(PENDING), LATE, 1, "retry", WaitVerdict.REISSUE, ["EXPIRED"]),
        (waiting(PENDING), LATE, 1, "operator", WaitVerdict.ASK, ["EXPIRED"]),
        (waiting(FAILED_BY_REMOTE, failure=BUSY), NOW, 1, "retry", WaitVerdict.REISSUE, []),
        (waiting(FAILED_BY_REMOTE, failure=BROKEN), NOW, 1, "retry", WaitVerdict.FAIL, []),
        (waiting(FAILED_BY_REMOTE, EXPIRED, failure=BROKEN), NOW, 2, "retry", WaitVerdict.FAIL, []),
    ],
)
def test_a_wait_is_decided_by_its_callbacks_and_the_time(
    callbacks: list[Callback], at: datetime, needed: int, on_timeout: str, verdict: WaitVerdict, ended: list[str]
) -> None:
    decision = decide_wait(callbacks, at, needed=needed, on_timeout=on_timeout, max_attempts=3, polled=None)

    assert decision.verdict is verdict
    assert [callback.status for callback in decision.ended] == ended


def test_a_wait_polls_each_overdue_callback_before_it_ends() -> None:
    first, second = waiting(PENDING, PENDING)
    terms: dict[str, Any] = {"needed": 2, "on_timeout": "fail", "max_attempts": 3}

    in_time = decide_wait([first, second], NOW, **terms, polled=())
    asked = decide_wait([first, second], LATE, **terms, polled={first.id})
    ended = decide_wait([first, second], LATE, **terms, polled={first.id, second.id})

    assert [decision.verdict for decision in (in_time, asked, ended)] == [
        WaitVerdict.WAIT,
        WaitVerdict.POLL,
        WaitVerdict.FAIL,
    ]
    assert asked.ended == ()


def test_a_callback_that_was_issued_often_enough_is_not_issued_again() -> None:
    (callback,) = waiting(PENDING)
    terms: dict[str, Any] = {"needed": 1, "on_timeout": "retry", "max_attempts": 3, "polled": None}

    verdicts = [decide_wait([replace(callback, issue_number=n)], LATE, **terms).verdict for n in (1, 2, 3)]

    assert verdicts == [WaitVerdict.REISSUE, WaitVerdict.REISSUE, WaitVerdict.FAIL]
