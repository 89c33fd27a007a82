"""Large operations wait while another request is on its way, over each protocol, but never for long."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from stories import telling
from support.database import sqlite_url
from support.web import site_of
from test_slow_lane import Clock
from test_slow_lane_guards import rests as rests  # noqa: PLC0414 - a fixture
from test_subscription import follow, heard, socket_of
from toy_face import SECONDS, serving

from orchestrator_gql.graphql import slow_lane, subscriptions
from orchestrator_gql.graphql.document_queue import SHORT, DocumentQueue
from orchestrator_gql.graphql.slow_lane import QUIET, SHORT_SLICE, SLICE, SlowLane
from orchestrator_gql.storage.events import BEGINNING

LONG = 3600.0
"""Seconds that no test waits: so it fails if the lane waits for a request that it must not wait for."""

KNOWN = "{ __typename }"
REPLAY = f'subscription {{ processEvents(after: "{BEGINNING}") {{ caughtUp events {{ id %s }} }} }}'
PLAIN, WITH_ROWS = REPLAY % "", REPLAY % "process { id }"


async def turned() -> None:
    """Let the loop run what is ready."""
    for _ in range(8):
        await asyncio.sleep(0)


async def done(work: "asyncio.Task[str]") -> str:
    """The result of the work."""
    async with asyncio.timeout(SECONDS):
        return await work


async def test_a_slice_waits_until_no_request_is_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_lane, "LONGEST_REST", LONG)
    lane, outside = SlowLane(clock=Clock()), copy_context()

    with lane.request():
        with lane.request():
            work = asyncio.create_task(lane.run("another", lambda: "done"), context=outside)
            await turned()
            is_held = [not work.done()]
        await turned()
        is_held.append(not work.done())

    assert await done(work) == "done"
    assert is_held == [True, True]


async def test_a_slice_waits_for_requests_no_longer_than_its_longest_rest() -> None:
    clock, outside = Clock(), copy_context()
    lane = SlowLane(clock=clock)

    with lane.request():
        work = asyncio.create_task(lane.run("another", lambda: "done"), context=outside)
        await turned()
        is_held = not work.done()
        clock.now += slow_lane.LONGEST_REST
        assert await done(work) == "done"

    assert is_held


async def test_after_each_slice_the_next_one_waits_for_requests_again(rests: list[float]) -> None:
    clock, outside, slices = Clock(), copy_context(), list[float]()
    lane = SlowLane(clock=clock)

    def work(_: float) -> bool:
        clock.now += 2 * slow_lane.LONGEST_REST
        slices.append(clock.now)
        return len(slices) < 3

    with lane.request():
        outside.run(lane.ask, "another", work)
        clock.now += slow_lane.LONGEST_REST
        while not slices:  # noqa: ASYNC110 - a turn of the lane sends no event
            await asyncio.sleep(0)
        with lane.request():
            pass
        await turned()
        await turned()
        during = len(slices)
    async with asyncio.timeout(SECONDS):
        while len(slices) < 3:  # noqa: ASYNC110 - a turn of the lane sends no event
            await asyncio.sleep(0)

    assert during == 1


async def test_the_end_of_a_request_leaves_no_second_turn_behind() -> None:
    lane, outside = SlowLane(clock=Clock()), copy_context()

    with lane.request():
        work = asyncio.create_task(lane.run("another", lambda: "done"), context=outside)
        await turned()
        held = lane._held
    await done(work)

    assert held is not None
    assert held.cancelled()


async def test_a_request_inside_another_one_does_not_hide_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_lane, "LONGEST_REST", LONG)
    lane = SlowLane(clock=Clock())

    with lane.request():
        with lane.request():
            pass
        assert await done(asyncio.create_task(lane.run("client", lambda: "own"))) == "own"


async def test_an_unknown_document_counts_as_a_whole_slice(rests: list[float]) -> None:
    queue = DocumentQueue(SlowLane(clock=Clock()))

    await queue.pause("client")
    await queue.pause("client")

    assert rests[:1] == [pytest.approx(SLICE)]


async def test_a_request_that_lasts_holds_no_slice_if_no_other_request_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_lane, "LONGEST_REST", LONG)
    clock, outside = Clock(), copy_context()
    lane = SlowLane(clock=clock)

    with lane.request():
        clock.now += 2 * QUIET
        work = asyncio.create_task(lane.run("another", lambda: "done"), context=outside)
        assert await done(work) == "done"


async def test_the_lane_does_not_wait_for_a_request_that_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_lane, "LONGEST_REST", LONG)
    lane = SlowLane(clock=Clock())

    with lane.request():
        inside = [asyncio.create_task(lane.run("client", lambda: "own")) for _ in range(3)]
        assert [await done(each) for each in inside] == ["own"] * 3


@pytest.mark.parametrize("is_alone", [True, False], ids=["alone", "beside others"])
async def test_a_slice_is_short_while_others_are_at_work(is_alone: bool) -> None:
    clock, lengths = Clock(), list[float]()
    lane = SlowLane(clock=clock)
    clock.now += 10

    def work(until: float) -> bool:
        lengths.append(until - clock.now)
        return False

    if not is_alone:
        with lane.request():
            pass
    lane.ask("client", work)
    await turned()

    assert lengths == [pytest.approx(SLICE if is_alone else SHORT_SLICE)]


@pytest.fixture
def open_requests(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the lanes noted: the begin and the end of each request."""
    noted, whole = list[str](), SlowLane.request

    @contextmanager
    def request(lane: SlowLane) -> Iterator[None]:
        with whole(lane):
            noted.append("begin")
            yield
        noted.append("end")

    monkeypatch.setattr(SlowLane, "request", request)
    return noted


async def test_the_lane_knows_the_requests_of_each_protocol_until_they_are_answered(
    open_requests: list[str], tmp_path: Path
) -> None:
    async with (
        asyncio.timeout(SECONDS),
        site_of(sqlite_url(tmp_path)) as site,
        serving(site.app) as address,
        socket_of(address) as socket,
    ):
        ways: list[Callable[[], Awaitable[object]]] = [
            lambda: site.http.post("/graphql", json={"query": KNOWN}),
            lambda: site.http.post("/api/processes/x/callback/y", json={}),
            lambda: site.http.get("/health/live"),
            lambda: follow(socket, KNOWN),
        ]
        for send in ways:
            await send()
            while open_requests[-1:] != ["end"]:  # noqa: ASYNC110 - a list sends no event
                await asyncio.sleep(0.01)
            assert open_requests == ["begin", "end"]
            open_requests.clear()
        assert await heard(socket) == "Query"
        assert '"complete"' in str(await socket.recv())

        await follow(socket, PLAIN)  # it lasts, so it is not on its way any more when its first result comes
        await heard(socket)
        assert open_requests == ["begin", "end"]


@pytest.mark.parametrize("place", ["", "/orchestrator"])
async def test_an_application_that_a_host_has_mounted_notes_each_request_once(
    place: str, open_requests: list[str], tmp_path: Path
) -> None:
    """Else the lane would wait for a stream of events of it until the stream ends."""
    async with site_of(sqlite_url(tmp_path), public_url=f"http://testserver{place}") as site:
        host = Starlette(routes=[Mount(place, site.app)])
        async with httpx.AsyncClient(transport=httpx.ASGITransport(host), base_url="http://testserver") as http:
            for send in (http.post(f"{place}/graphql", json={"query": KNOWN}), http.get(f"{place}/health/live")):
                assert (await send).status_code == 200
                assert open_requests == ["begin", "end"]
                open_requests.clear()


async def test_an_unknown_document_waits_for_a_turn_before_its_execution_and_a_known_one_does_not(
    tmp_path: Path,
) -> None:
    async with site_of(sqlite_url(tmp_path)) as site:
        lane: SlowLane = site.app.state.graphql.lane
        slices = []
        for query in ("{ first: __typename }", "{ first: __typename }", "{ second: __typename #" + "x" * SHORT + "\n}"):
            before = lane.slices
            await site.ask(query)
            slices.append(lane.slices - before)

    assert slices == [3, 0, 1]


@pytest.mark.parametrize(("query", "most"), [(WITH_ROWS, 3), (PLAIN, 1_000)], ids=["with rows", "plain"])
async def test_old_events_whose_rows_are_read_come_in_small_pieces(
    query: str, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "PIECE", 3)
    async with telling(tmp_path) as story, serving(story.site.app) as address, socket_of(address) as socket:
        for _ in range(3):
            await story.asks()
        await follow(socket, query)
        batches = [await heard(socket)]
        while not batches[-1]["caughtUp"]:
            batches.append(await heard(socket))
        sizes = [len(batch["events"]) for batch in batches]
        page = await story.site.ask("{ events(first: 200) { nodes { id } } }")

    assert [event["id"] for batch in batches for event in batch["events"]] == [
        node["id"] for node in page["events"]["nodes"]
    ]
    assert max(sizes) <= most
    assert (len(sizes) > 3) is (query == WITH_ROWS)
