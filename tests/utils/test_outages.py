"""An outage is one line a minute, whatever fails, and one line at its end."""

import logging
import sqlite3

import pytest

from orchestrator_gql.utils.outages import CALM, EVERY, QUEUE, READS, WAKE_UPS, WRITES, Outage


class Time:
    """A clock to turn."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def outage(time: Time, caplog: pytest.LogCaptureFixture) -> Outage:
    caplog.set_level(logging.INFO)
    return Outage(time)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage().partition(";")[0] for record in caplog.records]


DOWN, UP = "the database is unavailable", "the database is available again"


def test_many_failures_of_all_kinds_are_a_line_a_minute(
    outage: Outage, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        for kind in (READS, WRITES, WAKE_UPS, QUEUE):
            for _ in range(10):
                outage.failed(kind, ConnectionError("refused"))
        time.now += EVERY

    assert lines(caplog) == [DOWN] * 3
    facts = vars(caplog.records[-1])
    assert (facts["failures"], facts["seconds"]) == (81, 120)
    assert facts["failing"] == "queue,reads,wake-ups,writes"


def test_the_end_is_logged_once_when_everything_works_again(
    outage: Outage, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    outage.failed(READS, ConnectionError("refused"))
    outage.failed(WAKE_UPS, ConnectionError("refused"))
    time.now += CALM
    outage.worked(READS)
    assert lines(caplog) == [DOWN]
    outage.worked(WAKE_UPS, is_sure=True)
    for kind in (READS, WRITES):
        outage.worked(kind)

    assert lines(caplog) == [DOWN, UP]


def test_a_disk_that_is_full_does_not_flap(outage: Outage, time: Time, caplog: pytest.LogCaptureFixture) -> None:
    """Reads work all the time, and so do transactions that write nothing."""
    for _ in range(10):
        outage.failed(WRITES, sqlite3.OperationalError("database or disk is full"))
        time.now += 5
        outage.worked(READS)
        outage.worked(WRITES)

    assert lines(caplog) == [DOWN]
    assert vars(caplog.records[0])["error"] == "OperationalError: database or disk is full"


def test_an_outage_ends_though_nobody_writes_any_more(
    outage: Outage, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    outage.failed(WRITES, ConnectionError("refused"))
    time.now += EVERY
    outage.worked(READS)

    assert lines(caplog) == [DOWN, UP]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            'connection failed: connection to server at "10.0.0.9", port 5432 failed: FATAL:  too many connections for '
            'role "orchestrator"',
            'ConnectionError: FATAL:  too many connections for role "orchestrator"',
        ),
        (
            'connection to server at "10.0.0.9", port 5432 failed: Connection refused\n\tIs the server running on that '
            "host and accepting TCP/IP connections?",
            "ConnectionError: Connection refused",
        ),
        ('could not translate host name "db.internal" to address', "ConnectionError"),
    ],
)
def test_the_reason_why_postgresql_refused_a_connection_is_logged_without_the_address(
    outage: Outage, caplog: pytest.LogCaptureFixture, text: str, reason: str
) -> None:
    outage.failed(READS, ConnectionError(text))

    assert vars(caplog.records[0])["error"] == outage.error == reason


def test_the_message_of_the_driver_of_postgresql_is_not_logged(
    outage: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    outage.failed(READS, ConnectionError("connection to server at db.internal failed"))

    assert vars(caplog.records[0])["error"] == "ConnectionError"
