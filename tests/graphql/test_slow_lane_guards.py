"""The small rules of the slow lane, each alone: rests, turns within a client, and the variables of the context."""

import asyncio
from contextvars import ContextVar
from functools import partial
from pathlib import Path

import pytest
from support.database import sqlite_url
from support.web import site_of
from test_slow_lane import Clock, all_of
from test_subscription import follow, socket_of
from toy_face import SECONDS, serving

from orchestrator_gql.graphql.slow_lane import LONGEST_REST, READ, SLICE, Pace, SlowLane

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
        lane.note_others()

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
