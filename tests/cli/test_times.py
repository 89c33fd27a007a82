"""The times that the terminal prints: how long something takes already, and how long it may still take."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator_gql.cli.operator.requests import due
from orchestrator_gql.cli.operator.show import lines
from orchestrator_gql.cli.operator.times import age, left, moment
from orchestrator_gql.cli.operator.waits import _callback, _cells, _line

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def after(**time: float) -> str:
    return (NOW + timedelta(**time)).isoformat()


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ({"seconds": 0}, "0 s"),
        ({"seconds": 0.2}, "1 s"),
        ({"seconds": 59.5}, "1 min"),
        ({"seconds": 90}, "1 min 30 s"),
        ({"minutes": 10, "seconds": -2}, "9 min 58 s"),
        ({"hours": 1, "seconds": -0.5}, "1 h"),
        ({"hours": 2, "minutes": 30, "seconds": -1}, "2 h 30 min"),
        ({"hours": 24, "seconds": -2}, "1 d"),
        ({"days": 3, "hours": 4, "seconds": -2}, "3 d 4 h"),
        ({"days": 400, "minutes": -1}, "400 d"),
    ],
)
def test_the_time_that_is_left_is_rounded_up(time: dict[str, float], words: str) -> None:
    assert left(after(**time), NOW) == words


def test_no_time_is_left_as_nothing_or_more_than_there_is() -> None:
    size = {"d": 86400, "h": 3600, "min": 60, "s": 1}
    for seconds in (*range(1, 100_000, 7), *range(100_000, 3_000_000, 4_999)):
        words = left(after(seconds=seconds), NOW).split()
        shown = sum(int(count) * size[unit] for count, unit in zip(words[::2], words[1::2], strict=True))
        assert seconds <= shown < seconds + max(1, seconds / 24), words


def test_each_command_says_how_much_time_is_left_or_lacks() -> None:
    for until, expected in [(after(hours=24, seconds=-2), "1 d left"), (after(minutes=-90), "overdue by 1 h")]:
        wait = {"process": "x", "workflow": "w", "what": "form", "since": after(hours=-1), "until": until}
        wait |= {"kind": "FORM", "message": "It waits.", "subject": ""}
        process: dict[str, Any] = dict.fromkeys(("subject", "note", "failure", "openInputRequest"))
        process |= {"workflowName": "w", "id": "x", "status": "SUSPENDED", "startedAt": after(hours=-1)}
        process |= {"steps": [], "callbacks": [], "availableActions": []}
        process |= {"lockKeys": ["node:ams-1", "node:lon-1"], "whyWaiting": {"message": "It waits.", "until": until}}

        assert expected in _cells(wait, NOW)
        assert f", for 1 h, {expected}. It waits." in _line(wait, NOW)
        assert f"  It waits. ({expected})" in lines(process, NOW, {})
        assert "  lock: node:ams-1, node:lon-1" in lines(process, NOW, {})
        assert due({"dueAt": until}, NOW) == expected.replace("1 d left", "due in 1 d")


def test_show_says_since_when_a_process_waits_for_a_worker() -> None:
    process: dict[str, Any] = dict.fromkeys(("subject", "note", "failure", "openInputRequest"))
    process |= {"workflowName": "w", "id": "x", "status": "RUNNING", "startedAt": after(hours=-3)}
    process |= {"steps": [], "callbacks": [], "availableActions": [], "lockKeys": []}
    since = after(hours=-2)
    process |= {"whyWaiting": {"kind": "WORKER", "message": "It waits for a worker.", "since": since, "until": None}}

    assert f"  It waits for a worker. (for 2 h, since {moment(since)})" in lines(process, NOW, {})


def test_an_age_is_rounded_down() -> None:
    assert age(after(hours=-23, minutes=-59), NOW) == "23 h"


def test_at_the_deadline_waits_names_no_running_action() -> None:
    """The server knows no reason while a worker has the process: it runs the action, or ends the wait."""
    process = {"id": "x", "workflowName": "w", "subject": "", "whyWaiting": None}
    ends: list[tuple[dict[str, float], str]] = [
        ({"seconds": 5}, "The action that calls the service still runs."),
        ({"seconds": 0}, "Its time is over, and it goes on."),
        ({"seconds": -1}, "Its time is over, and it goes on."),
    ]
    for end, message in ends:
        callback = {"id": "c", "name": None, "issuedAt": after(minutes=-1), "process": process}
        callback |= {"expiresAt": after(hours=1), "heartbeatDueAt": after(**end)}

        assert _callback(callback, NOW)["message"] == message
