"""Deadlines use a steady clock: jumps of the machine's clock do not move it, and it corrects small drifts."""

import logging
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from orchestrator_gql.utils.clock import SteadyClock, read_instant

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY_AND_MORE = 26 * 3600.0


class Machine:
    """A machine whose clock may be set."""

    def __init__(self) -> None:
        self.elapsed = 1000.0
        self.wall = BEGAN.timestamp()
        self.clock = SteadyClock(lambda: self.wall, lambda: self.elapsed)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.elapsed += seconds
        self.wall += seconds

    def since(self) -> float:
        """The seconds that passed by the steady clock."""
        return (self.clock.now() - BEGAN).total_seconds()


def test_the_clock_shows_the_time_of_the_machine() -> None:
    machine = Machine()

    machine.wait(3600)

    assert machine.clock.now() == BEGAN + timedelta(hours=1)


@pytest.mark.parametrize("step", [DAY_AND_MORE, -DAY_AND_MORE, 61.0, -61.0])
def test_a_jump_of_the_machines_clock_moves_no_deadline(step: float, caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine()
    machine.wait(10)

    machine.wall += step
    at_once = machine.since()
    for _ in range(100):
        machine.wait(36)
        machine.clock.now()

    assert at_once == pytest.approx(10)
    assert machine.since() == pytest.approx(3610)
    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert warning.__dict__["seconds"] == round(step)


def test_a_jump_back_has_no_effect_and_the_next_jump_is_logged_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    machine = Machine()
    for step in (DAY_AND_MORE, -DAY_AND_MORE, -DAY_AND_MORE):
        machine.wall += step
        machine.wait(1)
        machine.clock.now()

    assert machine.since() == pytest.approx(3)
    assert len(caplog.records) == 2


@pytest.mark.parametrize("drift", [30.0, -30.0])
def test_a_small_difference_is_corrected_slowly_and_time_never_goes_back(drift: float) -> None:
    machine = Machine()
    machine.wall += drift

    times = [machine.clock.now()]
    for _ in range(400):
        machine.wait(1)
        times.append(machine.clock.now())

    steps = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    assert min(steps) == pytest.approx(0.9 if drift < 0 else 1.0)
    assert max(steps) == pytest.approx(1.1 if drift > 0 else 1.0)
    assert machine.since() == pytest.approx(400 + drift)


def test_another_machines_clock_is_adopted_once_and_then_followed_slowly() -> None:
    machine = Machine()

    machine.clock.follow(BEGAN + timedelta(hours=26), ago=2.0)
    adopted = machine.since()
    machine.wall -= DAY_AND_MORE  # the machine's own clock has no influence any more
    machine.wait(100)
    machine.clock.follow(BEGAN + timedelta(hours=26, seconds=105), ago=2.0)
    just_after = machine.since()
    machine.wait(100)
    machine.clock.follow(BEGAN, ago=0.0)

    assert adopted == pytest.approx(DAY_AND_MORE + 2)
    assert just_after == pytest.approx(DAY_AND_MORE + 102)
    assert machine.since() == pytest.approx(DAY_AND_MORE + 207)


def test_an_instant_is_read_in_utc() -> None:
    assert read_instant("2026-03-02T10:00:00+01:00") == BEGAN
    assert read_instant("2026-03-02T10:00:00+01:00").tzinfo is UTC


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-03-02T09:00", "soon"])
def test_a_text_that_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_instant(text)
