"""Equal subscriptions that begin behind the same cursor at the same time get one first response, the right one."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from shared_streams import LEAVES, Stage, Subscriber, note, staged
from toy_face import SECONDS

from orchestrator_gql.graphql import shared_beginnings
from orchestrator_gql.graphql.shared_beginnings import Beginnings
from orchestrator_gql.graphql.slow_lane import Pace
from orchestrator_gql.security import LOCAL_OPERATOR, Permission
from orchestrator_gql.storage.events import BEGINNING

WITH_ROWS = "subscription ($after: String) { processEvents(after: $after) { cursor events { id process { status } } } }"
BY_HEADER = "subscription { processEvents { cursor events { id } } }"
ADA, EVE = replace(LOCAL_OPERATOR, id="ada"), replace(LOCAL_OPERATOR, id="eve")
READER = replace(LOCAL_OPERATOR, permissions=frozenset({Permission.READ}))


def beginnings(stage: Stage) -> Beginnings:
    """The first responses of the server."""
    return stage.shared.beginnings


async def all_begin(stage: Stage, *subscribers: Subscriber) -> None:
    """Wait until each has its first response."""
    await stage.until(lambda: all(subscriber.got for subscriber in subscribers))


@pytest.mark.parametrize(("query", "by_header"), [(LEAVES, False), (WITH_ROWS, False), (BY_HEADER, True)])
async def test_many_that_come_back_at_once_are_executed_once_and_get_what_each_would_get_alone(
    query: str, by_header: bool, tmp_path: Path
) -> None:
    place: dict[str, Any] = {"after": BEGINNING} if by_header else {"variables": {"after": BEGINNING}}
    async with staged(tmp_path) as stage:
        crowd = [stage.subscribe(query, **place) for _ in range(30)]
        await stage.settled()
        alone = await stage.alone_from(crowd[0])
        made = beginnings(stage).made
        await stage.commit(note(stage))
        await stage.settled()

    assert made == 1
    assert all(each.got[: len(alone)] == alone for each in crowd)
    assert all(len(each.event_ids()) == len(set(each.event_ids())) == len(stage.history) + 1 for each in crowd)


async def test_after_a_commit_the_missed_events_are_read_again(tmp_path: Path) -> None:
    async with staged(tmp_path, has_history=False) as stage:
        first = stage.subscribe(LEAVES, {"after": BEGINNING})
        await all_begin(stage, first)
        new = await stage.commit(note(stage))
        second = stage.subscribe(LEAVES, {"after": BEGINNING})
        await all_begin(stage, second)
        alone = await stage.alone_from(second)
        made = beginnings(stage).made

    assert (made, second.got[:1]) == (2, alone)
    assert second.data()[0]["cursor"] == new


@pytest.mark.parametrize(
    ("one", "another", "made"),
    [
        ({}, {}, 1),
        ({"principal": ADA}, {"principal": EVE}, 1),
        ({"query": WITH_ROWS}, {"query": WITH_ROWS}, 1),
        ({"query": WITH_ROWS, "principal": ADA}, {"query": WITH_ROWS, "principal": EVE}, 2),
        ({"principal": LOCAL_OPERATOR}, {"principal": READER}, 2),
        ({"locale": "en"}, {"locale": "nl"}, 2),
        ({"after": BEGINNING}, {}, 2),
        ({}, {"variables": {}}, 1),
        ({"variables": {}}, {"variables": {}}, 0),
    ],
)
async def test_only_equal_operations_with_equal_rights_and_cursors_share(
    one: dict[str, Any], another: dict[str, Any], made: int, tmp_path: Path
) -> None:
    usual: dict[str, Any] = {"query": LEAVES, "variables": {"after": BEGINNING}}
    async with staged(tmp_path, has_history=False) as stage:
        both = [stage.subscribe(**{**usual, **facts}) for facts in (one, another)]
        await all_begin(stage, *both)
        for each in both:
            if each.request.variables:
                assert each.got[:1] == (await stage.alone_from(each))[:1]
        assert beginnings(stage).made == made


@pytest.mark.parametrize("cursor", ["no cursor", "AAAA", "x" * 100])
async def test_each_gets_its_own_error(cursor: str, tmp_path: Path) -> None:
    async with staged(tmp_path, has_history=False) as stage:
        crowd = [stage.subscribe(LEAVES, {"after": cursor}) for _ in range(3)]
        await stage.until(lambda: all(each.is_over for each in crowd))
        alone = await stage.alone_from(crowd[0])

    assert [each.got for each in crowd] == [alone] * 3
    assert b"errors" in alone[0][0]
    assert not beginnings(stage)._making


NO_TEXT: list[Any] = [["x"], {"a": 1}, [[BEGINNING]], 1, True, 1.0, 0]


@pytest.mark.parametrize("cursor", NO_TEXT, ids=repr)
async def test_a_cursor_that_is_no_text_is_refused_as_alone_and_spoils_nothing_for_others(
    cursor: Any, tmp_path: Path
) -> None:
    async with staged(tmp_path, has_history=False) as stage:
        wrong = stage.subscribe(LEAVES, {"after": cursor})
        await stage.until(lambda: wrong.is_over or wrong.task.done())
        alone = await stage.alone_from(wrong)
        crowd = [stage.subscribe(LEAVES, {"after": BEGINNING}, principal=each) for each in (ADA, EVE)]
        await all_begin(stage, *crowd)
        made = beginnings(stage).made

    assert wrong.got == alone
    assert b"String cannot represent a non string value" in alone[0][0]
    assert made == 1 + bool(cursor)


def held(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """No first response is executed until the event is set."""
    may_go_on, whole = asyncio.Event(), Beginnings._executed

    async def executed(self: Beginnings, *arguments: Any) -> Any:
        await may_go_on.wait()
        return await whole(self, *arguments)

    monkeypatch.setattr(Beginnings, "_executed", executed)
    return may_go_on


@pytest.mark.parametrize("turns", range(7))
async def test_who_comes_when_the_last_one_leaves_gets_a_response_of_its_own(
    turns: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The response that is given up ends a turn of the event loop later."""
    may_go_on = held(monkeypatch)
    async with asyncio.timeout(SECONDS), staged(tmp_path, has_history=False) as stage:
        leaver = stage.subscribe(LEAVES, {"after": BEGINNING})
        await stage.until(lambda: beginnings(stage).made == 1)
        leaver.task.cancel()
        for _ in range(turns):
            await asyncio.sleep(0)
        comer = stage.subscribe(LEAVES, {"after": BEGINNING})
        await asyncio.sleep(0)
        may_go_on.set()
        await stage.until(lambda: bool(comer.got) or comer.task.done())

    assert comer.got


async def test_who_leaves_takes_the_response_from_nobody_and_with_the_last_it_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = held(monkeypatch)
    async with asyncio.timeout(SECONDS), staged(tmp_path, has_history=False) as stage:
        crowd = [stage.subscribe(LEAVES, {"after": BEGINNING}) for _ in range(3)]
        await stage.until(lambda: beginnings(stage).made == 1)
        await crowd[0].leaves()
        may_go_on.set()
        await all_begin(stage, *crowd[1:])

        may_go_on.clear()
        last = stage.subscribe(WITH_ROWS, {"after": BEGINNING})
        await stage.until(lambda: beginnings(stage).made == 2)
        making = list(beginnings(stage)._making.values())[-1]
        await last.leaves()
        await stage.until(making.task.cancelled)
        assert making not in beginnings(stage)._making.values()

    assert not crowd[0].got


async def test_who_comes_at_the_moment_when_the_last_one_leaves_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = held(monkeypatch)
    async with asyncio.timeout(SECONDS), staged(tmp_path, has_history=False) as stage:
        first = stage.subscribe(LEAVES, {"after": BEGINNING})
        await stage.until(lambda: beginnings(stage).made == 1)
        first.task.cancel()
        second = stage.subscribe(LEAVES, {"after": BEGINNING})
        await stage.until(lambda: beginnings(stage).made == 2 or second.task.done())
        may_go_on.set()
        assert not second.task.done()
        await all_begin(stage, second)

    assert not first.got


async def test_what_is_kept_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_beginnings, "KEPT_SECONDS", 3600)
    async with staged(tmp_path) as stage:
        crowd = [stage.subscribe(LEAVES, {"after": event.cursor}) for event in stage.history[:12]]
        await all_begin(stage, *crowd)
        assert len(beginnings(stage)._making) == shared_beginnings.KEPT

        monkeypatch.setattr(shared_beginnings, "KEPT_BYTES", 10)
        large = [stage.subscribe(LEAVES, {"after": BEGINNING}) for _ in range(2)]
        await all_begin(stage, *large)
        alone = await stage.alone_from(large[0])
        assert [each.got[:1] for each in large] == [alone[:1]] * 2

    assert len(beginnings(stage)._making) <= shared_beginnings.KEPT


async def test_missed_events_wait_for_a_turn_of_the_slow_lane_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = asyncio.Event()

    async def pause(_: Pace) -> None:
        await may_go_on.wait()

    monkeypatch.setattr(Pace, "pause", pause)
    async with asyncio.timeout(SECONDS), staged(tmp_path, has_history=False) as stage:
        subscriber = stage.subscribe(LEAVES, {"after": BEGINNING})
        await stage.until(lambda: bool(beginnings(stage)._making))
        for _ in range(20):
            await asyncio.sleep(0)
        made = beginnings(stage).made
        may_go_on.set()
        await all_begin(stage, subscriber)

    assert made == 0


async def test_what_is_kept_is_forgotten_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_beginnings, "KEPT_SECONDS", 0)
    async with staged(tmp_path, has_history=False) as stage:
        await all_begin(stage, stage.subscribe(LEAVES, {"after": BEGINNING}))
        await stage.until(lambda: not beginnings(stage)._making)
