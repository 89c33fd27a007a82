"""A `Window` opens when its clock says so, and `wait_until` refuses what is no time."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_gql import Window, wait_until
from orchestrator_gql.utils.errors import StepError, WorkflowDefinitionError
from orchestrator_gql.workflow.wait_until import DAYS, time_of

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NIGHT = Window("22:00", "04:00", days=("fri", "sat"), timezone="Europe/Amsterdam")
TIMES = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 30)]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-03-06T12:00", "2026-03-06T22:00"),  # a Friday
        ("2026-03-06T22:00", "2026-03-06T22:00"),
        ("2026-03-07T03:59", "2026-03-07T03:59"),  # the window of the day before
        ("2026-03-07T04:00", "2026-03-07T22:00"),
        ("2026-03-08T03:59", "2026-03-08T03:59"),
        ("2026-03-08T04:00", "2026-03-13T22:00"),
        ("2026-03-28T23:30", "2026-03-28T23:30"),  # the clocks go forward in this night
        ("2026-03-29T03:30", "2026-03-29T03:30"),
        ("2026-03-29T04:00", "2026-04-03T22:00"),
    ],
)
def test_a_window_is_open_until_its_end_and_opens_next_on_one_of_its_days(now: str, opens: str) -> None:
    assert NIGHT.opens(at(now)) == at(opens)


def test_a_night_in_which_the_clocks_go_back_is_an_hour_longer() -> None:
    night = Window("22:00", "04:00", timezone="Europe/Amsterdam")
    begin = at("2026-10-24T22:00")
    is_open = [night.opens(begin + timedelta(hours=hour)) == begin + timedelta(hours=hour) for hour in range(9)]

    assert is_open == [True] * 7 + [False, False]


def test_a_window_whose_start_and_end_are_equal_lasts_a_day() -> None:
    day = Window("00:00", "00:00", days=("sun",))
    sunday = datetime(2026, 3, 8, tzinfo=UTC)

    assert day.opens(sunday - timedelta(seconds=1)) == sunday
    assert day.opens(sunday + timedelta(hours=23, minutes=59)) == sunday + timedelta(hours=23, minutes=59)
    assert day.opens(sunday + timedelta(days=1)) == sunday + timedelta(days=7)


@pytest.mark.parametrize(
    ("timezone", "before"),
    [
        ("Europe/Amsterdam", datetime(2026, 3, 28, 12, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 3, 7, 12, tzinfo=UTC)),
        ("America/Santiago", datetime(2026, 9, 5, 12, tzinfo=UTC)),  # midnight does not exist
        ("Australia/Lord_Howe", datetime(2026, 10, 3, 1, tzinfo=UTC)),  # by half an hour
    ],
)
@pytest.mark.parametrize("days", [DAYS, ("sat",), ("sun",)])
def test_a_window_is_open_when_it_opens_also_if_the_clock_skips_its_start(
    timezone: str, before: datetime, days: tuple[str, ...]
) -> None:
    times = [f"{hour:02}:{minute:02}" for hour in (0, 1, 2, 3, 23) for minute in (0, 15, 45)]
    for start, end in product(times, times):
        window = Window(start, end, days=days, timezone=timezone)
        opens = window.opens(before)
        assert window.opens(opens) == opens, (start, end)
        assert window.opens(opens + timedelta(days=1)) > opens


@given(
    st.integers(0, 730 * 1440),
    st.sampled_from(TIMES),
    st.sampled_from(TIMES),
    st.sets(st.sampled_from(DAYS), min_size=1),
    st.sampled_from(["UTC", "Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
)
def test_the_time_at_which_a_window_opens_is_the_first_in_it(
    minutes: int, start: str, end: str, days: set[str], timezone: str
) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    window = Window(start, end, days=tuple(days), timezone=timezone)
    opens = window.opens(now)

    assert now <= opens <= now + timedelta(days=15, hours=2)  # the clock may skip the window of one week
    assert window.opens(opens) == opens
    if opens > now:
        assert window.opens(opens - timedelta(seconds=1)) == opens
        local = opens.astimezone(ZoneInfo(timezone))
        hour, minute = map(int, start.split(":"))
        is_changed = local.utcoffset() != (local - timedelta(hours=3)).utcoffset()
        assert (local.hour, local.minute) == (hour, minute) or is_changed


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("24:00", "04:00"), "'24:00'"),
        (("9:00", "04:00"), "'9:00'"),
        ((22, "04:00"), "22"),
        (("22:00", "04:00:00"), "'04:00:00'"),
        (("22:00", "04:00", ()), "days"),
        (("22:00", "04:00", ("friday",)), "'friday'"),
        (("22:00", "04:00", "fri"), r"days of a window are 'fri': write .* such as \('tue', 'wed'\)"),
        (("22:00", "04:00", None), "days"),
        (("22:00", "04:00", 5), "days"),
        (("22:00", "04:00", (["fri"],)), "days"),
        (("22:00", "04:00", ("fri",), "Europe/Nowhere"), "'Europe/Nowhere'"),
        (("22:00", "04:00", ("fri",), "../etc/passwd"), "timezone"),
        (("22:00", "04:00", ("fri",), None), "timezone"),
    ],
)
def test_a_window_that_cannot_be_is_refused_at_import(arguments: Any, reason: str) -> None:
    with pytest.raises(WorkflowDefinitionError, match=reason):
        Window(*arguments)


@pytest.mark.parametrize("until", [None, "22:00", 3600, timedelta(hours=1), datetime(2026, 3, 6, tzinfo=UTC), Window])
def test_a_wait_needs_a_window_or_a_function(until: Any) -> None:
    with pytest.raises(WorkflowDefinitionError, match=r"'Wait' waits until .*: give a window, such as Window\("):
        wait_until("Wait", until)


NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("result", "time"),
    [
        (None, NOW),
        (NOW + timedelta(hours=1), NOW + timedelta(hours=1)),
        ("2026-03-06T14:00:00+01:00", NOW + timedelta(hours=1)),
        ("2026-03-06T13:00:00Z", NOW + timedelta(hours=1)),
        ("2020-01-01T00:00:00Z", datetime(2020, 1, 1, tzinfo=UTC)),
        (Window("13:00", "14:00"), NOW + timedelta(hours=1)),
        (Window("11:00", "14:00"), NOW),
    ],
)
def test_a_time_is_a_window_a_datetime_a_text_or_none(result: Any, time: datetime) -> None:
    assert time_of(result, NOW) == time


@pytest.mark.parametrize(
    "result", ["tomorrow", "", "2026-03-06T14:00:00", NOW.replace(tzinfo=None), True, 5, {}, "2126-03-06T13:00:00Z"]
)
def test_a_result_that_is_no_time_fails_the_step(result: Any) -> None:
    with pytest.raises(StepError) as refused:
        time_of(result, NOW)
    assert refused.value.failure_code == "bad-time"


def test_a_time_without_a_timezone_is_named_with_what_to_return() -> None:
    with pytest.raises(StepError, match=r"2026-03-06T12:00:00, which has no timezone: .* datetime\.now\(UTC\)"):
        time_of(NOW.replace(tzinfo=None), NOW)


def test_a_long_text_that_is_no_time_is_not_shown() -> None:
    with pytest.raises(StepError) as refused:
        time_of("state of the router: " + "x" * 100_000, NOW)
    assert "got a str:" in refused.value.message
