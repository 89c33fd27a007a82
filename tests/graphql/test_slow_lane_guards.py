"""The small rules of the slow lane, each alone: rests, turns within a client, and the variables of the context."""

import asyncio
import gc
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from shared_streams import note, staged
from stories import telling
from support.database import sqlite_url
from support.web import site_of
from test_slow_lane import STEPS, Clock, all_of
from test_subscription import follow, socket_of
from toy_face import SECONDS, serving

from orchestrator_gql.graphql import slow_lane
from orchestrator_gql.graphql.slow_lane import LONGEST_REST, READ, SLICE, Pace, SlowLane
from orchestrator_gql.graphql.weighing_executor import WeighingExecutor
from orchestrator_gql.reads.weight import Weight

pytestmark = pytest.mark.usefixtures("little_to_look_through")

CALLER: ContextVar[str] = ContextVar("CALLER", default="nobody")


def emptied(lane: SlowLane, client: str = "client") -> Pace:
    """An operation that has completed its first objects."""
    pace = Pace(lane, client)
    while pace.may_go_on():
        pass
    return pace


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the lanes rest, which are over at once."""
    noted = list[float]()
    later = asyncio.BaseEventLoop.call_later

    def call_later(self: asyncio.BaseEventLoop, delay: float, *arguments: object, **options: object) -> object:
        noted.append(delay)
        return later(self, 0, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(asyncio.BaseEventLoop, "call_later", call_later)
    return noted


async def test_operations_of_one_client_take_turns(rests: list[float]) -> None:
    clock, log = Clock(), list[str]()
    lane = SlowLane(clock=clock)

    await asyncio.gather(*(all_of(emptied(lane), 60, partial(clock.complete, log, name)) for name in ("a", "b")))

    assert log.index("b") < 20


async def test_the_lane_never_rests_longer_than_others_need(rests: list[float]) -> None:
    clock = Clock()
    lane = SlowLane(clock=clock)

    def long() -> None:
        clock.now += 5
        with lane.request():
            pass

    await lane.run("client", long)
    await lane.run("client", lambda: None)

    assert rests
    assert max(rests) <= LONGEST_REST


@pytest.mark.parametrize(("pause", "cost"), [("pause", SLICE), ("next_read", READ)])
async def test_what_follows_a_pause_counts_as_a_slice(pause: str, cost: float, rests: list[float]) -> None:
    pace = Pace(SlowLane(clock=Clock()), "client")

    for _ in range(3):
        await getattr(pace, pause)()

    assert rests[:2] == pytest.approx([cost, cost])


async def test_objects_and_loads_belong_to_the_caller_whoever_woke_the_lane(rests: list[float]) -> None:
    lane, seen = SlowLane(clock=Clock()), list[str]()

    async def operation(name: str) -> None:
        CALLER.set(name)
        pace = emptied(lane, name)
        objects = asyncio.gather(*(pace.later(lambda: seen.append(CALLER.get())) for _ in range(3)))
        await asyncio.sleep(0)
        loaded = asyncio.Event()

        def load() -> None:
            seen.append(CALLER.get())
            loaded.set()

        pace.when_complete(load)
        await objects
        await loaded.wait()

    async with asyncio.timeout(10):
        await asyncio.gather(operation("ada"), operation("eve"))

    assert sorted(seen) == ["ada"] * 4 + ["eve"] * 4


async def test_only_the_objects_inside_a_slice_go_on_in_it(rests: list[float]) -> None:
    pace = emptied(SlowLane(clock=Clock()))

    inside = await pace.later(pace.may_go_on)

    assert (inside, pace.may_go_on()) == (True, False)


async def test_no_object_begins_in_a_slice_whose_time_is_over() -> None:
    clock = Clock()
    pace = emptied(SlowLane(clock=clock))

    def complete() -> bool:
        clock.now += SLICE
        return pace.may_go_on()

    assert not await pace.later(complete)


async def test_a_commit_makes_the_lane_rest_only_for_a_while() -> None:
    clock, changes = Clock(), 0
    lane = SlowLane(lambda: changes, clock=clock)
    clock.now += 10
    changes = 1

    at_work = lane._are_others_at_work()
    clock.now += 10

    assert (at_work, lane._are_others_at_work()) == (True, False)


async def test_an_error_whose_caller_has_left_is_not_reported(rests: list[float]) -> None:
    loop, shown, lane = asyncio.get_running_loop(), list[object](), SlowLane(clock=Clock())
    loop.set_exception_handler(lambda _, context: shown.append(context))

    def fail() -> None:
        loop.call_soon(works[0].cancel)  # before its task goes on
        raise LookupError

    works = [asyncio.create_task(lane.run("client", fail))]
    await asyncio.wait(works)
    assert works.pop().cancelled()
    gc.collect()

    assert shown == []


async def test_a_live_subscriber_never_uses_up_its_first_objects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_lane, "AT_ONCE", 12)
    waited, whole = list[object](), Pace.later

    async def later(pace: Pace, complete: Any, *drop: Any) -> Any:
        waited.append(complete)
        return await whole(pace, complete, *drop)

    monkeypatch.setattr(Pace, "later", later)
    async with staged(tmp_path, has_history=False) as stage:
        live = stage.subscribe("subscription { processEvents { events { id process { id } } } }")
        await stage.settled()
        for _ in range(10):
            await stage.commit(note(stage))
            await stage.settled()

    assert len(live.event_ids()) == 10
    assert waited == []


@pytest.mark.parametrize("at_once", [0, 1_000_000], ids=["cut", "in one piece"])
async def test_a_large_operation_reads_as_often_in_slices_and_its_lists_wait_as_its_objects_do(
    at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("AT_ONCE", at_once), ("SLICE", 0.0), ("SHORT_SLICE", 0.0)):
        monkeypatch.setattr(slow_lane, name, value)
    reads, waited, read, later = list[object](), set[str](), Weight.read, WeighingExecutor._later

    async def noted_read(weight: Weight, *arguments: Any) -> Any:
        reads.append(arguments)
        return await read(weight, *arguments)

    async def noted(executor: WeighingExecutor, pace: Pace, complete: Any) -> Any:
        waited.add(complete.func.__name__)
        return await later(executor, pace, complete)

    async with telling(tmp_path) as story:
        for _ in range(4):
            await story.asks()
        monkeypatch.setattr(Weight, "read", noted_read)
        monkeypatch.setattr(WeighingExecutor, "_later", noted)
        await story.site.ask(STEPS)

    assert len(reads) == 2  # the processes and their steps
    assert waited == (set() if at_once else {"complete_iterable_value", "collect_and_execute_subfields"})


async def test_requests_over_http_and_sockets_make_the_lane_rest(tmp_path: Path) -> None:
    async with (
        asyncio.timeout(SECONDS),
        site_of(sqlite_url(tmp_path)) as site,
        serving(site.app) as address,
        socket_of(address) as socket,
    ):
        lane: SlowLane = site.app.state.graphql.lane
        noted = list[float]()
        for send in (
            lambda: site.http.post("/graphql", json={"query": "{ __typename }"}),
            lambda: follow(socket, "{ __typename }"),
        ):
            lane._others_at = before = lane.now() - 100
            await send()
            while lane._others_at == before:  # noqa: ASYNC110 - a time sends no event
                await asyncio.sleep(0.01)
            noted.append(lane.now() - lane._others_at)

    assert max(noted) < 50
