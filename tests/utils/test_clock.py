"""The clock that deadlines are judged by: steps of the machine's clock do not move it, small drifts are made up for."""

import logging
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from orchestrator_gql.utils.clock import SteadyClock

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


def test_it_tells_what_the_machine_tells() -> None:
    machine = Machine()

    machine.wait(3600)

    assert machine.clock.now() == BEGAN + timedelta(hours=1)


@pytest.mark.parametrize("step", [DAY_AND_MORE, -DAY_AND_MORE, 61.0, -61.0])
def test_a_step_of_the_machines_clock_brings_no_deadline_forward_and_puts_none_off(
    step: float, caplog: pytest.LogCaptureFixture
) -> None:
    machine = Machine()
    machine.wait(10)

    machine.wall += step
    at_once = machine.since()
    for _ in range(100):
        machine.wait(36)
        machine.clock.now()

    assert at_once == pytest.approx(10)
    assert machine.since() == pytest.approx(3610)
    (said,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert said.__dict__["seconds"] == round(step)


def test_a_step_that_is_taken_back_leaves_no_trace_and_another_one_is_told_again(
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
def test_a_small_difference_is_made_up_for_slowly_and_time_never_goes_back(drift: float) -> None:
    machine = Machine()
    machine.wall += drift

    told = [machine.clock.now()]
    for _ in range(400):
        machine.wait(1)
        told.append(machine.clock.now())

    steps = [(later - earlier).total_seconds() for earlier, later in pairwise(told)]
    assert min(steps) == pytest.approx(0.9 if drift < 0 else 1.0)
    assert max(steps) == pytest.approx(1.1 if drift > 0 else 1.0)
    assert machine.since() == pytest.approx(400 + drift)


def test_another_machines_clock_is_taken_over_at_first_and_then_followed_as_slowly() -> None:
    machine = Machine()

    machine.clock.follow(BEGAN + timedelta(hours=26), ago=2.0)
    taken_over = machine.since()
    machine.wall -= DAY_AND_MORE  # its own does not matter any more
    machine.wait(100)
    machine.clock.follow(BEGAN + timedelta(hours=26, seconds=105), ago=2.0)
    just_after = machine.since()
    machine.wait(100)
    machine.clock.follow(BEGAN, ago=0.0)

    assert taken_over == pytest.approx(DAY_AND_MORE + 2)
    assert just_after == pytest.approx(DAY_AND_MORE + 102)
    assert machine.since() == pytest.approx(DAY_AND_MORE + 207)
