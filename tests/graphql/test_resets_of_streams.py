"""Shared subscriptions beside retention: a reset reaches every subscriber that missed events, and no other."""

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from shared_streams import Stage, Subscriber, note, staged
from support.until import PATIENCE

from orchestrator_gql.events.stream import Batch
from orchestrator_gql.graphql.sharing_keys import Key
from orchestrator_gql.graphql.subscription_groups import MOST_WAITING, Group
from orchestrator_gql.graphql.transport.request import GraphQLRequest
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.storage import pruned_events
from orchestrator_gql.types import EventKind
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.utils.tokens import new_id

QUERY = """subscription ($after: String, $filter: EventFilter) {
  processEvents(after: $after, filter: $filter) { cursor reset events { id } } }"""
NOTES = {"filter": {"kinds": ["PROCESS_NOTE_CHANGED"]}}
EVERYTHING: dict[str, Any] = {}


def resets(subscriber: Subscriber) -> int:
    """The number of resets that it got."""
    return sum(batch["reset"] for batch in subscriber.data())


async def add_and_prune(stage: Stage, **facts: Any) -> None:
    """Add events of another process, delete them, and add one more: the mark is behind all cursors of before."""
    other = new_id()
    event = replace(stage.history[0], process_id=other, **facts)
    await stage.commit(event, event)
    await stage.settled()
    await prune(stage, other)
    await stage.commit(replace(event, process_id=new_id()))


async def prune(stage: Stage, process_id: Any) -> None:
    """Delete the events of a process that has ended."""
    database = stage.story.site.engine.runtime.database
    await database.transaction(lambda conn: pruned_events.remove(conn, [process_id], 1_000))


def group_of(stage: Stage) -> Group:
    """The only group."""
    (group,) = stage.shared._groups.values()
    return group


async def falls_behind(stage: Stage, subscriber: Subscriber) -> None:
    subscriber.may_read.clear()
    for _ in range(2 * MOST_WAITING):
        await stage.commit(note(stage))
        await stage.settled()
    subscriber.may_read.set()


async def cannot_be_written_to(stage: Stage, subscriber: Subscriber) -> None:
    def fail(_: object) -> bool:
        raise RuntimeError("the socket is broken")

    list(group_of(stage).members)[-1]._write_now = fail


async def loses_its_group(stage: Stage, subscriber: Subscriber) -> None:
    fail_once(stage)
    group = group_of(stage)
    stage.story.site.engine.runtime.notifier.notify()
    await stage.until(lambda: group.is_over)


def fail_once(stage: Stage) -> None:
    """The next read of the feed fails."""
    read = stage.feed._read

    async def fail(_: str) -> Batch:
        stage.feed._read = read
        raise StorageUnavailable

    stage.feed._read = fail


@pytest.mark.parametrize("writes_at_once", [True, False])
@pytest.mark.parametrize("accident", [falls_behind, cannot_be_written_to, loses_its_group])
async def test_whoever_had_no_events_for_days_is_not_reset(accident: Any, writes_at_once: bool, tmp_path: Path) -> None:
    async with staged(tmp_path, has_history=False) as stage:
        good, idle = (stage.subscribe(QUERY, NOTES, writes_at_once=writes_at_once) for _ in range(2))
        await stage.settled()
        await add_and_prune(stage)
        await stage.settled()
        await accident(stage, idle)
        for _ in range(3):
            await stage.commit(note(stage))
            await stage.until(lambda: good.event_ids() == idle.event_ids())
        end = await stage.log(good.data()[0]["cursor"], NOTES["filter"])
        await stage.until(lambda: good.event_ids() == end)

    assert (resets(good), resets(idle)) == (0, 0)
    assert idle.event_ids() == good.event_ids() == end


async def test_the_cursor_of_a_member_moves_with_its_group(tmp_path: Path) -> None:
    """In the middle of a send, too: a member that is behind goes on at the response that it did not get."""
    async with staged(tmp_path, has_history=False) as stage:
        subscriber = stage.subscribe(QUERY, NOTES)
        await stage.settled()
        (member,) = group_of(stage).members
        begin = await stage.commit(replace(stage.history[0], process_id=new_id()))
        await stage.settled()
        subscriber.may_read.clear()
        await stage.commit(note(stage))
        await stage.until(lambda: not member.is_idle)
        seen = member.cursor
        subscriber.may_read.set()
        await stage.settled()
        assert (seen, member.cursor) == (begin, await stage.end())


@pytest.mark.parametrize("variables", [NOTES, EVERYTHING], ids=["filter", "all"])
@pytest.mark.parametrize("writes_at_once", [True, False])
async def test_a_member_that_missed_events_is_reset_and_the_others_are_not(
    writes_at_once: bool, variables: Any, tmp_path: Path
) -> None:
    async with staged(tmp_path, has_history=False) as stage:
        good, behind = (stage.subscribe(QUERY, variables, writes_at_once=writes_at_once) for _ in range(2))
        await stage.settled()
        behind.may_read.clear()
        for _ in range(2 * MOST_WAITING):
            await stage.commit(note(stage))
            await stage.settled()
        await add_and_prune(stage, kind=EventKind.PROCESS_NOTE_CHANGED, payload={"note": "x"})
        behind.may_read.set()
        await stage.until(lambda: resets(behind) == 1)
        await stage.settled()
        begin = behind.data()[-1]["cursor"]
        await stage.commit(note(stage), note(stage))
        await stage.settled()
        rest = await stage.log(begin, None)

    assert (resets(good), resets(behind)) == (0, 1)
    assert len(rest) == 2
    assert behind.event_ids()[-2:] == good.event_ids()[-2:] == rest
    assert behind.shared


@pytest.mark.parametrize("variables", [NOTES, EVERYTHING], ids=["filter", "all"])
async def test_a_feed_that_missed_events_resets_every_member_of_every_group_once(
    variables: Any, tmp_path: Path
) -> None:
    async with staged(tmp_path, has_history=False) as stage:
        subscribers = [stage.subscribe(QUERY, variables, writes_at_once=number != 1) for number in range(3)]
        subscribers.append(stage.subscribe(QUERY + " ", variables))
        await stage.settled()
        read = stage.feed._read
        is_pruned = False

        async def late(cursor: str) -> Batch:
            """The feed reads again only after the events behind its cursor were deleted."""
            return await read(cursor) if is_pruned else Batch((), cursor, caught_up=True)

        stage.feed._read = late
        other = new_id()
        await stage.commit(replace(note(stage), process_id=other), replace(note(stage), process_id=other))
        await prune(stage, other)
        end = await stage.commit(note(stage))
        is_pruned = True
        stage.story.site.engine.runtime.notifier.notify()
        await stage.until(lambda: all(map(resets, subscribers)))
        await stage.settled()
        new = await stage.commit(note(stage), note(stage))
        await stage.settled()

    assert [resets(each) for each in subscribers] == [1] * 4
    for subscriber in subscribers:
        first, reset, last = subscriber.data()
        assert (reset["reset"], reset["events"], reset["cursor"]) == (True, [], end)
        assert (last["reset"], len(last["events"]), last["cursor"]) == (False, 2, new)
        assert first["cursor"] != end
        assert subscriber.shared == 2


async def test_subscribers_share_again_after_the_log_could_not_be_read_once(tmp_path: Path) -> None:
    async with staged(tmp_path, has_history=False) as stage:
        subscribers = [stage.subscribe(QUERY, EVERYTHING, writes_at_once=number != 1) for number in range(3)]
        await stage.settled()
        await loses_its_group(stage, subscribers[0])
        await stage.commit(note(stage))
        await stage.until(lambda: all(len(each.event_ids()) == 1 for each in subscribers))
        await stage.settled()
        await stage.commit(note(stage))
        await stage.settled()
        assert (stage.shared.groups, stage.shared.members, stage.feed.followers) == (1, 3, 1)

    assert [each.shared for each in subscribers] == [1] * 3
    assert [len(each.event_ids()) for each in subscribers] == [2] * 3


async def test_while_the_log_cannot_be_read_by_the_feed_everybody_goes_on_alone(tmp_path: Path) -> None:
    """They try again with each event, and not in a circle."""
    tries = 0

    async def fail(_: str) -> Batch:
        nonlocal tries
        tries += 1
        raise StorageUnavailable

    async with staged(tmp_path, has_history=False) as stage:
        subscribers = [stage.subscribe(QUERY, EVERYTHING) for _ in range(3)]
        await stage.settled()
        stage.feed._read = fail
        stage.story.site.engine.runtime.notifier.notify()
        await stage.until(lambda: not stage.shared.groups)
        for count in range(1, 6):
            await stage.commit(note(stage))
            await stage.until(lambda count=count: all(len(each.event_ids()) == count for each in subscribers))  # type: ignore[misc]
        await stage.until(lambda: not stage.shared.groups)

    assert tries <= 1 + 3 * 5
    assert not any(each.is_over or each.shared for each in subscribers)


@pytest.mark.parametrize("wanted", [{"kinds": ["PROCESS_NOTE_CHANGED"]}, {"processIds": ["FIRST"]}, None], ids=str)
async def test_a_member_learns_that_it_has_caught_up_though_the_last_events_do_not_fit(
    wanted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with staged(tmp_path, has_history=False) as stage:
        if wanted and "processIds" in wanted:
            wanted = {"processIds": [str(stage.history[0].process_id)]}
        query = QUERY.replace("cursor", "caughtUp", 1).replace("reset", "cursor reset", 1)
        subscribers = [stage.subscribe(query, {"filter": wanted}, writes_at_once=each) for each in (True, False)]
        await stage.settled()
        monkeypatch.setattr("orchestrator_gql.events.stream.BATCH", 3)
        other = replace(stage.history[0], process_id=new_id())
        for size in (1, 2, 3, 5, 8):
            end = await stage.commit(note(stage), *[other] * size)
            await stage.settled()
            for subscriber in subscribers:
                assert subscriber.data()[-1]["caughtUp"]
                assert wanted or subscriber.data()[-1]["cursor"] == end
        expected = await stage.log(subscribers[0].data()[0]["cursor"], wanted)

    assert [each.event_ids() for each in subscribers] == [expected] * 2


async def test_a_group_that_ends_before_it_began_lets_nobody_wait_for_it(tmp_path: Path) -> None:
    async with staged(tmp_path, has_history=False) as stage:
        shared, key, request = stage.shared, Key(b"", "en", "any"), GraphQLRequest(QUERY, {}, None)
        join = partial(shared.group, key, request, stage.context(LOCAL_OPERATOR).maker())
        before = await stage.end()
        after = await stage.commit(note(stage))
        groups: list[Group] = []

        async def joins() -> None:
            groups.append(await join(before))
            groups[0].add(before, None)

        async def leaves() -> None:
            (member,) = groups[0].members
            await shared.leave(key, groups[0], member)

        # They run in this order, and before the task of the group.
        first = asyncio.create_task(joins())
        waiting = asyncio.create_task(join(after))
        last = asyncio.create_task(leaves())
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(first, last)
            found = await waiting
        assert (groups[0].is_over, found.is_over) == (True, False)
        await shared.leave(key, found, found.add(after, None))
        assert (shared.groups, stage.feed.followers) == (0, 0)
