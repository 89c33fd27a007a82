"""Large operations in slices: the others go on between two of them, and the clients take turns."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from stories import Story, telling
from test_subscription import follow, heard, socket_of
from toy_face import serving

from orchestrator_gql.events import stream
from orchestrator_gql.graphql import slow_lane
from orchestrator_gql.graphql.slow_lane import AT_ONCE, SHORT_SLICE, SLICE, Pace, SlowLane
from orchestrator_gql.storage.events import BEGINNING

OBJECT = 0.001
"""Seconds that an object of these tests takes, by their clock."""

STEPS = "{ processes(first: 60) { nodes { id status workflowName steps { name status startedAt } } } }"


class Clock:
    """Moves only when the test turns it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def complete(self, log: list[str], name: str) -> str:
        """Complete an object."""
        self.now += OBJECT
        log.append(name)
        return name


async def ticked(log: list[str]) -> None:
    """Note each turn of the loop."""
    while True:
        await asyncio.sleep(0)
        log.append("others")


async def all_of(pace: Pace, count: int, complete: Callable[[], object]) -> list[object]:
    """Complete so many objects as the executor does."""
    return await asyncio.gather(*(pace.later(complete) for _ in range(count) if not pace.may_go_on()))


async def test_the_others_work_between_two_slices() -> None:
    clock, log = Clock(), list[str]()
    pace = Pace(SlowLane(clock=clock), "client")
    others = asyncio.create_task(ticked(log))

    done = await all_of(pace, AT_ONCE + 50, partial(clock.complete, log, "object"))
    others.cancel()

    runs = [len(run) for run in "".join("o" if each == "object" else " " for each in log).split()]
    assert (len(done), sum(runs)) == (50, 50)
    assert max(runs) <= SLICE / OBJECT + 1
    assert len(runs) >= 8


async def test_the_first_objects_of_an_operation_never_wait_and_a_pause_of_a_replay_does_not_renew_them() -> None:
    lane = SlowLane()
    pace = Pace(lane, "client")

    first = [pace.may_go_on() for _ in range(AT_ONCE + 1)]
    await pace.pause()

    assert first == [True] * AT_ONCE + [False]
    assert (pace.may_go_on(), lane.slices) == (False, 1)
    pace.renew()
    assert pace.may_go_on()


async def test_clients_take_turns_whatever_number_of_operations_each_has() -> None:
    clock, log = Clock(), list[str]()
    lane = SlowLane(clock=clock)
    of_greedy = [Pace(lane, "greedy") for _ in range(20)]
    modest = Pace(lane, "modest")
    for pace in (*of_greedy, modest):
        while pace.may_go_on():
            pass

    await asyncio.gather(
        *(all_of(pace, 10, partial(clock.complete, log, "greedy")) for pace in of_greedy),
        all_of(modest, 10, partial(clock.complete, log, "modest")),
    )

    assert len(log) == 210
    assert max(index for index, name in enumerate(log) if name == "modest") < 40


@pytest.mark.parametrize("is_alone", [True, False], ids=["alone", "beside others"])
async def test_the_lane_rests_after_a_slice_only_if_others_are_at_work(is_alone: bool) -> None:
    clock, rests = Clock(), list[float]()
    changes = iter(range(1_000)) if not is_alone else iter([0] * 1_000)
    lane = SlowLane(partial(next, changes), clock=clock)
    clock.now += 10  # nothing began for long
    pace = Pace(lane, "client")
    loop = asyncio.get_running_loop()
    later = loop.call_later

    def noted(delay: float, *arguments: object, **options: object) -> object:
        rests.append(delay)
        return later(0, *arguments, **options)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "call_later", noted)
        await all_of(pace, AT_ONCE + 20, partial(clock.complete, [], "object"))

    assert (rests == []) if is_alone else (len(rests) >= 3 and all(rest >= SHORT_SLICE - 1e-9 for rest in rests[:3]))


async def test_a_request_of_somebody_else_makes_the_lane_rest() -> None:
    clock = Clock()
    lane = SlowLane(clock=clock)
    clock.now += 10
    assert not lane._are_others_at_work()
    with lane.request():
        pass
    assert lane._are_others_at_work()
    clock.now += 10
    assert not lane._are_others_at_work()


async def test_work_that_asks_for_more_slices_during_its_own_gets_them() -> None:
    clock, log = Clock(), list[str]()
    lane = SlowLane(clock=clock)

    def outer(_: float) -> bool:
        lane.ask("client", lambda _: bool(clock.complete(log, "inner")) and False)
        return False

    lane.ask("client", outer)
    await lane.run("another", lambda: None)
    await lane.run("another", lambda: None)

    assert log == ["inner"]


async def test_an_error_reaches_its_caller_only_and_an_operation_that_has_ended_is_not_completed() -> None:
    clock, log = Clock(), list[str]()
    pace = Pace(SlowLane(clock=clock), "client")

    def fail() -> None:
        raise LookupError

    ended = asyncio.create_task(pace.later(partial(clock.complete, log, "ended")))
    await asyncio.sleep(0)
    ended.cancel()
    results = await asyncio.gather(
        pace.later(fail), pace.later(partial(clock.complete, log, "good")), return_exceptions=True
    )

    assert isinstance(results[0], LookupError)
    assert (results[1], log) == ("good", ["good"])


class Panic(BaseException):
    """As a panic of a library in Rust: no `Exception`."""


@pytest.mark.parametrize("error", [StopIteration, asyncio.CancelledError, LookupError])
async def test_every_error_of_an_object_is_an_error_of_its_operation(error: type[BaseException]) -> None:
    lane = SlowLane(clock=Clock())
    pace = Pace(lane, "client")

    def fail() -> None:
        raise error

    async with asyncio.timeout(10):
        results = await asyncio.gather(pace.later(fail), pace.later(lambda: "good"), return_exceptions=True)
        alone = await asyncio.gather(lane.run("client", fail), return_exceptions=True)

    assert isinstance(results[0], Exception)
    assert isinstance(alone[0], Exception)
    assert results[1] == "good"


async def test_whatever_a_turn_raises_the_others_get_theirs() -> None:
    loop, shown = asyncio.get_running_loop(), list[object]()
    loop.set_exception_handler(lambda _, context: shown.append(context["exception"]))
    lane = SlowLane(clock=Clock())
    pace = Pace(lane, "client")

    def fail() -> None:
        raise Panic

    async with asyncio.timeout(10):
        failing = asyncio.create_task(pace.later(fail))
        await asyncio.sleep(0)
        others = lane.run("another", lambda: 1), lane.run("client", lambda: 2), pace.later(lambda: 3)
        good = list(await asyncio.gather(*others))
    failing.cancel()

    assert good == [1, 2, 3]
    assert [type(error) for error in shown] == [Panic]


async def test_a_turn_of_a_caller_that_has_ended_delays_nobody() -> None:
    lane = SlowLane(clock=Clock())
    pauses = [asyncio.create_task(Pace(lane, client).pause()) for client in ("gone", "gone", "another") * 20]
    await asyncio.sleep(0)

    for pause in pauses:
        pause.cancel()
    await asyncio.wait(pauses)
    before = lane.slices
    await lane.run("client", lambda: None)

    assert (lane.slices - before, lane.waiting) == (1, 0)


async def test_what_was_completed_for_a_caller_that_has_ended_is_dropped() -> None:
    clock, dropped = Clock(), list[str]()
    pace = Pace(SlowLane(clock=clock), "client")
    waiting: list[asyncio.Task[str]] = []

    def complete() -> str:
        asyncio.get_running_loop().call_soon(waiting[0].cancel)  # before its task goes on
        return clock.complete([], "object")

    waiting.append(asyncio.create_task(pace.later(complete, dropped.append)))
    await asyncio.wait(waiting)

    assert (waiting[0].cancelled(), dropped) == (True, ["object"])


async def test_what_is_loaded_waits_for_all_objects_and_runs_as_the_operation() -> None:
    clock, log = Clock(), list[str]()
    pace = Pace(SlowLane(clock=clock), "client")

    objects = [asyncio.create_task(pace.later(partial(clock.complete, log, "object"))) for _ in range(12)]
    await asyncio.sleep(0)
    pace.when_complete(lambda: log.append("read"))
    await asyncio.gather(*objects)
    await asyncio.sleep(0.05)

    assert log == ["object"] * 12 + ["read"]


@pytest.mark.parametrize("at_once", [10, 1_000_000], ids=["cut", "in one piece"])
async def test_a_large_list_is_equal_in_slices_and_in_one_piece(
    at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_lane, "AT_ONCE", at_once)
    monkeypatch.setattr(slow_lane, "SLICE", 0.0)
    monkeypatch.setattr(slow_lane, "SHORT_SLICE", 0.0)
    async with telling(tmp_path) as story:
        for _ in range(5):
            await story.asks()
        before, answer = _slices(story), await story.site.ask(STEPS)
        slices = _slices(story) - before

    nodes = answer["processes"]["nodes"]
    assert len(nodes) == 5
    assert all(len(node["steps"]) >= 1 and list(node) == ["id", "status", "workflowName", "steps"] for node in nodes)
    assert slices == 0 if at_once > 10 else slices >= 5


def _slices(story: Story) -> int:
    slices: int = story.site.app.state.graphql.lane.slices
    return slices


async def test_a_replay_waits_for_a_turn_before_each_batch_and_a_live_subscriber_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "BATCH", 4)
    async with telling(tmp_path) as story, serving(story.site.app) as address, socket_of(address) as socket:
        for _ in range(3):
            await story.asks()
        before = _slices(story)
        await follow(socket, f'subscription {{ processEvents(after: "{BEGINNING}") {{ caughtUp events {{ id }} }} }}')
        batches = 1
        while not (await heard(socket))["caughtUp"]:
            batches += 1
        replayed, documents = _slices(story) - before, 2
        await story.asks()
        while not (await heard(socket))["events"]:
            pass
        live = _slices(story) - before - replayed

    assert batches > 3
    assert replayed >= batches - 1
    assert live <= documents
