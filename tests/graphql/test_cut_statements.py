"""However an operation is cut into slices, it sends the same number of statements."""

from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import pytest
from stories import SUSPENDED, telling
from test_statements import CALLBACKS, DASHBOARD, INBOX, cost

from orchestrator_gql.graphql import slow_lane

CUTS = {"in one piece": (1_000_000, [0.0]), "each object alone": (0, [1.0]), "after some objects": (20, [1.0])}
"""The objects that are completed at once, and the seconds that pass between two looks at the clock."""
CUTS |= {f"unevenly {at_once}": (at_once, [0.001, 0.0, 0.004, 0.002, 0.0, 0.007, 0.0]) for at_once in (0, 3, 11, 40)}


def clock_of(steps: list[float]) -> Callable[[], float]:
    """A clock that goes on by the next step whenever it is asked."""
    now, rest = 0.0, cycle(steps)

    def clock() -> float:
        nonlocal now
        now += next(rest)
        return now

    return clock


async def test_the_number_of_statements_does_not_depend_on_the_slices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts, slices = {}, {}
    async with telling(tmp_path) as story:
        for _ in range(6):
            process_id, token = await story.waits()
            await story.say("reportCallbackProgress", token=token, message="on it")
            await story.say("receiveCallback", token=token, result={"rc": 0})
            await story.site.engine.reaches(process_id, SUSPENDED)
        for query in (DASHBOARD, INBOX, CALLBACKS):
            await story.site.ask(query)  # its document is known from now on
        lane = story.site.app.state.graphql.lane
        for name, (at_once, steps) in CUTS.items():
            monkeypatch.setattr(slow_lane, "AT_ONCE", at_once)
            monkeypatch.setattr(lane, "_clock", clock_of(steps))
            before = lane.slices
            counts[name] = [await cost(story, query) for query in (DASHBOARD, INBOX, CALLBACKS)]
            slices[name] = lane.slices - before

    assert counts == dict.fromkeys(CUTS, counts["in one piece"])
    assert slices["in one piece"] < 10 < slices["each object alone"]
    assert len(set(slices.values())) > 3
