"""The outcome of every delivery to a callback, for every status of the callback."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_gql.callbacks.rules import Accepted, Callback, Delivery, Duplicate, Rejected, judge, judge_progress
from orchestrator_gql.types import AttemptOutcome, CallbackStatus, Json, ResultSource
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
ACCEPTED = (CallbackStatus.RECEIVED, CallbackStatus.VALIDATED, CallbackStatus.REJECTED, CallbackStatus.FAILED_BY_REMOTE)


def delivery_of(value: Json, *, is_failure: bool = False) -> Delivery:
    """A delivery with this payload."""
    return Delivery.of(value, b"as it came", peer=None, is_failure=is_failure)


def callback_with_result(value: Json, status: CallbackStatus, *, is_failure: bool = False) -> Callback:
    """A callback that accepted this payload."""
    return replace(OPEN, status=status, receipt="r-1", result_digest=delivery_of(value, is_failure=is_failure).digest)


@pytest.mark.parametrize("is_early", [False, True])
def test_an_open_callback_accepts_a_delivery_and_says_if_it_was_early(is_early: bool) -> None:
    assert judge(OPEN, delivery_of({"rc": 0}), NOW, is_early=is_early) == Accepted(is_early)


@pytest.mark.parametrize("status", [*ACCEPTED, CallbackStatus.WITHDRAWN])
def test_the_accepted_payload_always_gets_its_receipt_again(status: CallbackStatus) -> None:
    callback = callback_with_result({"rc": 0, "host": "ams-1"}, status)
    long_after = NOW + timedelta(days=400)

    result = judge(callback, delivery_of({"host": "ams-1", "rc": 0.0}), long_after, is_early=False)

    assert result == Duplicate("r-1")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((status, AttemptOutcome.CONFLICT) for status in ACCEPTED),
        (CallbackStatus.WITHDRAWN, AttemptOutcome.WITHDRAWN),
        (CallbackStatus.EXPIRED, AttemptOutcome.LATE),
        (CallbackStatus.HEARTBEAT_LOST, AttemptOutcome.LATE),
    ],
)
def test_a_closed_callback_rejects_another_payload_with_the_reason(
    status: CallbackStatus, outcome: AttemptOutcome
) -> None:
    result = judge(callback_with_result({"rc": 0}, status), delivery_of({"rc": 1}), NOW, is_early=False)

    assert isinstance(result, Rejected)
    assert result.outcome is outcome


@pytest.mark.parametrize(
    ("callback", "status"),
    [
        (OPEN, CallbackStatus.EXPIRED),
        (replace(OPEN, expires_at=None, heartbeat_due_at=NOW + timedelta(hours=1)), CallbackStatus.HEARTBEAT_LOST),
    ],
)
def test_a_delivery_is_late_from_the_exact_time_of_the_deadline(callback: Callback, status: CallbackStatus) -> None:
    deadline = NOW + timedelta(hours=1)
    just_before = deadline - timedelta(microseconds=1)

    assert judge(callback, delivery_of(1), just_before, is_early=False) == Accepted(is_early=False)
    late = judge(callback, delivery_of(1), deadline, is_early=False)

    assert isinstance(late, Rejected)
    assert late.outcome is AttemptOutcome.LATE
    assert (callback.deadline(just_before), callback.deadline(deadline)) == (None, status)


def test_a_callback_without_a_deadline_never_expires() -> None:
    endless = replace(OPEN, expires_at=None)

    assert judge(endless, delivery_of(1), NOW + timedelta(days=10_000), is_early=False) == Accepted(is_early=False)


@pytest.mark.parametrize(
    "refusal",
    [AttemptOutcome.MALFORMED, AttemptOutcome.UNSUPPORTED_TYPE, AttemptOutcome.TOO_LARGE],
)
def test_an_unreadable_body_is_rejected_for_that_reason_while_the_callback_is_open(
    refusal: AttemptOutcome,
) -> None:
    unread = Delivery(b"?", 1, refusal=refusal, error="It is not JSON.")

    assert judge(OPEN, unread, NOW, is_early=False) == Rejected(refusal, "It is not JSON.")
    closed = judge(replace(OPEN, status=CallbackStatus.WITHDRAWN), unread, NOW, is_early=False)

    assert isinstance(closed, Rejected)
    assert closed.outcome is AttemptOutcome.WITHDRAWN


def test_an_unreadable_body_is_never_a_duplicate() -> None:
    unread = Delivery(b"?", 1, refusal=AttemptOutcome.MALFORMED)

    result = judge(callback_with_result({"rc": 0}, CallbackStatus.RECEIVED), unread, NOW, is_early=False)

    assert isinstance(result, Rejected)
    assert result.outcome is AttemptOutcome.CONFLICT


def test_a_result_that_breaks_the_contract_is_rejected_with_the_places() -> None:
    errors = (FieldError(("rc",), "is missing", "missing"),)

    result = judge(OPEN, delivery_of({}), NOW, is_early=False, errors=errors)

    assert isinstance(result, Rejected)
    assert (result.outcome, result.errors) == (AttemptOutcome.INVALID, errors)


def test_a_failure_report_need_not_fit_the_contract_of_results() -> None:
    errors = (FieldError(("rc",), "is missing", "missing"),)
    report = delivery_of({"message": "unreachable"}, is_failure=True)

    assert judge(OPEN, report, NOW, is_early=False, errors=errors) == Accepted(is_early=False)


def test_a_failure_report_is_no_duplicate_of_a_result_with_the_same_payload() -> None:
    payload = {"message": "unreachable"}
    callback = callback_with_result(payload, CallbackStatus.FAILED_BY_REMOTE, is_failure=True)

    assert isinstance(judge(callback, delivery_of(payload, is_failure=True), NOW, is_early=False), Duplicate)
    assert isinstance(judge(callback, delivery_of(payload), NOW, is_early=False), Rejected)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((status, AttemptOutcome.CONFLICT) for status in ACCEPTED),
        (CallbackStatus.EXPIRED, AttemptOutcome.CONFLICT),
        (CallbackStatus.HEARTBEAT_LOST, AttemptOutcome.CONFLICT),
        (CallbackStatus.WITHDRAWN, AttemptOutcome.WITHDRAWN),
    ],
)
def test_a_progress_report_after_the_end_is_rejected(status: CallbackStatus, outcome: AttemptOutcome) -> None:
    rejection = judge_progress(replace(OPEN, status=status), NOW)

    assert rejection is not None
    assert rejection.outcome is outcome


def test_a_progress_report_is_accepted_until_the_deadline() -> None:
    late = judge_progress(OPEN, NOW + timedelta(hours=1))

    assert judge_progress(OPEN, NOW) is None
    assert late is not None
    assert late.outcome is AttemptOutcome.LATE


@given(st.lists(st.integers(0, 3), max_size=12))
def test_of_any_sequence_of_deliveries_only_the_first_is_accepted(values: list[int]) -> None:
    callback, accepted = OPEN, list[int]()

    for value in values:
        result = judge(callback, delivery_of(value), NOW, is_early=False)
        if isinstance(result, Accepted):
            accepted.append(value)
            callback = callback_with_result(value, CallbackStatus.RECEIVED)
        else:
            assert isinstance(result, Duplicate) == (value == accepted[0])

    assert accepted == values[:1]


@pytest.mark.parametrize("source", [ResultSource.OPERATOR, ResultSource.ADOPTED])
@pytest.mark.parametrize("status", list(CallbackStatus))
def test_an_operator_may_give_a_result_whatever_the_status_is(source: ResultSource, status: CallbackStatus) -> None:
    long_after = NOW + timedelta(days=1)

    assert judge(replace(OPEN, status=status), delivery_of(1), long_after, source=source) == Accepted(is_early=False)


def test_a_poll_is_accepted_after_the_deadline_and_otherwise_judged_like_a_delivery() -> None:
    late, errors = NOW + timedelta(hours=1), (FieldError(("rc",), "wrong", "int_type"),)

    assert judge(OPEN, delivery_of(1), late, source=ResultSource.POLL) == Accepted(is_early=False)
    invalid = judge(OPEN, delivery_of(1), late, source=ResultSource.POLL, errors=errors)
    withdrawn = judge(replace(OPEN, status=CallbackStatus.WITHDRAWN), delivery_of(1), late, source=ResultSource.POLL)
    assert [refused.outcome for refused in (invalid, withdrawn)] == [AttemptOutcome.INVALID, AttemptOutcome.WITHDRAWN]
