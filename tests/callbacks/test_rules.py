"""What a mailbox says to whatever is delivered: the whole table of verdicts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_gql.callbacks.rules import (
    Accepted,
    Callback,
    Delivery,
    Duplicate,
    Rejected,
    judge,
    judge_progress,
)
from orchestrator_gql.types import AttemptOutcome, CallbackStatus, Json
from orchestrator_gql.utils.errors import FieldError
from orchestrator_gql.utils.tokens import new_id

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OPEN = Callback(
    id=new_id(),
    process_id=new_id(),
    step_index=1,
    record_seq=2,
    status=CallbackStatus.PENDING,
    token_hint="wxyz",
    wait_seq=1,
    result_key="callback_result",
    issued_at=NOW,
    expires_at=NOW + timedelta(hours=1),
)
TAKEN = (CallbackStatus.RECEIVED, CallbackStatus.VALIDATED, CallbackStatus.REJECTED, CallbackStatus.FAILED_BY_REMOTE)


def payload(value: Json, *, is_failure: bool = False) -> Delivery:
    """A delivery of that value."""
    return Delivery.of(value, b"as it came", peer=None, is_failure=is_failure)


def holding(value: Json, status: CallbackStatus, *, is_failure: bool = False) -> Callback:
    """A mailbox that took that letter."""
    return replace(OPEN, status=status, receipt="r-1", result_digest=payload(value, is_failure=is_failure).digest)


@pytest.mark.parametrize("is_early", [False, True])
def test_an_open_mailbox_takes_a_letter_and_says_whether_it_was_early(is_early: bool) -> None:
    assert judge(OPEN, payload({"rc": 0}), NOW, is_early=is_early) == Accepted(is_early)


@pytest.mark.parametrize("status", [*TAKEN, CallbackStatus.WITHDRAWN])
def test_the_letter_that_was_taken_has_its_receipt_for_ever(status: CallbackStatus) -> None:
    callback = holding({"rc": 0, "host": "ams-1"}, status)
    long_after = NOW + timedelta(days=400)

    verdict = judge(callback, payload({"host": "ams-1", "rc": 0.0}), long_after, is_early=False)

    assert verdict == Duplicate("r-1")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((status, AttemptOutcome.CONFLICT) for status in TAKEN),
        (CallbackStatus.WITHDRAWN, AttemptOutcome.WITHDRAWN),
        (CallbackStatus.EXPIRED, AttemptOutcome.LATE),
        (CallbackStatus.HEARTBEAT_LOST, AttemptOutcome.LATE),
    ],
)
def test_a_closed_mailbox_refuses_another_letter_with_the_reason(
    status: CallbackStatus, outcome: AttemptOutcome
) -> None:
    verdict = judge(holding({"rc": 0}, status), payload({"rc": 1}), NOW, is_early=False)

    assert isinstance(verdict, Rejected)
    assert verdict.outcome is outcome


@pytest.mark.parametrize(
    ("callback", "status"),
    [
        (OPEN, CallbackStatus.EXPIRED),
        (replace(OPEN, expires_at=None, heartbeat_due_at=NOW + timedelta(hours=1)), CallbackStatus.HEARTBEAT_LOST),
    ],
)
def test_a_letter_is_late_from_the_very_instant_of_the_deadline(callback: Callback, status: CallbackStatus) -> None:
    deadline = NOW + timedelta(hours=1)
    just_before = deadline - timedelta(microseconds=1)

    assert judge(callback, payload(1), just_before, is_early=False) == Accepted(is_early=False)
    late = judge(callback, payload(1), deadline, is_early=False)

    assert isinstance(late, Rejected)
    assert late.outcome is AttemptOutcome.LATE
    assert (callback.deadline(just_before), callback.deadline(deadline)) == (None, status)


def test_a_mailbox_without_a_deadline_never_closes_by_itself() -> None:
    endless = replace(OPEN, expires_at=None)

    assert judge(endless, payload(1), NOW + timedelta(days=10_000), is_early=False) == Accepted(is_early=False)


@pytest.mark.parametrize(
    "refusal",
    [AttemptOutcome.MALFORMED, AttemptOutcome.UNSUPPORTED_TYPE, AttemptOutcome.TOO_LARGE],
)
def test_a_body_that_could_not_be_read_is_refused_for_that_reason_while_the_url_is_open(
    refusal: AttemptOutcome,
) -> None:
    unread = Delivery(b"?", 1, refusal=refusal, error="It is not JSON.")

    assert judge(OPEN, unread, NOW, is_early=False) == Rejected(refusal, "It is not JSON.")
    closed = judge(replace(OPEN, status=CallbackStatus.WITHDRAWN), unread, NOW, is_early=False)

    assert isinstance(closed, Rejected)
    assert closed.outcome is AttemptOutcome.WITHDRAWN


def test_a_body_that_could_not_be_read_is_no_duplicate_of_anything() -> None:
    unread = Delivery(b"?", 1, refusal=AttemptOutcome.MALFORMED)

    verdict = judge(holding({"rc": 0}, CallbackStatus.RECEIVED), unread, NOW, is_early=False)

    assert isinstance(verdict, Rejected)
    assert verdict.outcome is AttemptOutcome.CONFLICT


def test_a_result_that_breaks_the_contract_is_refused_with_the_places() -> None:
    errors = (FieldError(("rc",), "is missing", "missing"),)

    verdict = judge(OPEN, payload({}), NOW, is_early=False, errors=errors)

    assert isinstance(verdict, Rejected)
    assert (verdict.outcome, verdict.errors) == (AttemptOutcome.INVALID, errors)


def test_a_failure_report_need_not_fit_the_contract_of_results() -> None:
    errors = (FieldError(("rc",), "is missing", "missing"),)
    said = payload({"message": "unreachable"}, is_failure=True)

    assert judge(OPEN, said, NOW, is_early=False, errors=errors) == Accepted(is_early=False)


def test_a_failure_report_is_no_duplicate_of_a_result_of_the_same_words() -> None:
    words = {"message": "unreachable"}
    reported = holding(words, CallbackStatus.FAILED_BY_REMOTE, is_failure=True)

    assert isinstance(judge(reported, payload(words, is_failure=True), NOW, is_early=False), Duplicate)
    assert isinstance(judge(reported, payload(words), NOW, is_early=False), Rejected)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((status, AttemptOutcome.CONFLICT) for status in TAKEN),
        (CallbackStatus.EXPIRED, AttemptOutcome.CONFLICT),
        (CallbackStatus.HEARTBEAT_LOST, AttemptOutcome.CONFLICT),
        (CallbackStatus.WITHDRAWN, AttemptOutcome.WITHDRAWN),
    ],
)
def test_a_report_after_the_end_is_refused(status: CallbackStatus, outcome: AttemptOutcome) -> None:
    refused = judge_progress(replace(OPEN, status=status), NOW)

    assert refused is not None
    assert refused.outcome is outcome


def test_a_report_is_taken_until_the_deadline() -> None:
    late = judge_progress(OPEN, NOW + timedelta(hours=1))

    assert judge_progress(OPEN, NOW) is None
    assert late is not None
    assert late.outcome is AttemptOutcome.LATE


@given(st.lists(st.integers(0, 3), max_size=12))
def test_of_any_sequence_of_letters_the_first_is_taken_and_no_other(values: list[int]) -> None:
    callback, taken = OPEN, list[int]()

    for value in values:
        verdict = judge(callback, payload(value), NOW, is_early=False)
        if isinstance(verdict, Accepted):
            taken.append(value)
            callback = holding(value, CallbackStatus.RECEIVED)
        else:
            assert isinstance(verdict, Duplicate) == (value == taken[0])

    assert taken == values[:1]
