"""The outbox: every event is told once, whoever reads the log and whenever, and no row is two senders'."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import Offer
from sqlalchemy import Connection, delete, func, select
from support.clock import TurnableClock
from support.database import PostgresServer, sqlite_url
from support.engine import Engine, engine_of
from support.outbox import hook, outbox, reach
from support.receiver import receiving

from orchestrator_gql import begin, step
from orchestrator_gql.notifications.recipients import Target
from orchestrator_gql.notifications.relay import STORED_EVERY, Follower
from orchestrator_gql.outbound.addresses import is_public
from orchestrator_gql.storage import notifications, outbox_cursor
from orchestrator_gql.storage.notifications import Notification, Try
from orchestrator_gql.storage.tables import notifications as rows
from orchestrator_gql.storage.tables import processes
from orchestrator_gql.types import NotificationKind, NotificationStatus, ProcessStatus
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.utils.tokens import new_id
from orchestrator_gql.workflow import workflow

pytestmark = pytest.mark.one_dispatcher

PENDING, SENT, DEAD = NotificationStatus.PENDING, NotificationStatus.SENT, NotificationStatus.DEAD
FAILED = ProcessStatus.FAILED
OPS = Target("webhook:ops", None, None)
LEASE = timedelta(minutes=2)


@step("Break")
def break_down() -> None:
    raise ProcessFailureError("It is broken.")


@workflow("Fail")
def failing() -> Any:
    return begin >> break_down


async def fail(engine: Engine, times: int = 1) -> None:
    """So many processes fail."""
    for process_id in [await engine.start(failing) for _ in range(times)]:
        await engine.reaches(process_id, FAILED)


async def follower(engine: Engine, targets: Sequence[Target] = (OPS,)) -> Follower:
    """One that has taken its place: as a server that starts, or starts again, has it."""
    made = Follower(engine.runtime, targets)
    await made.begin()
    return made


async def told(engine: Engine, count: int, *followers: Follower) -> list[Notification]:
    """The outbox, once the followers brought it to so many."""

    async def look() -> list[Notification] | None:
        await asyncio.gather(*(one.read_on() for one in followers))
        found = await outbox(engine)
        return found if len(found) >= count else None

    return await engine.until(look, told=f"{count} notifications")


async def test_a_restart_leaves_no_gap_and_repeats_nothing(offer: Offer) -> None:
    engine = await offer(failing)
    first = await follower(engine)
    await fail(engine, 3)
    await told(engine, 3, first)
    await fail(engine, 3)
    second = await follower(engine)
    found = await told(engine, 6, second)
    third = await follower(engine)
    await third.read_on()

    again = await outbox(engine)
    assert set(Counter(one.process_id for one in again).values()) == {1}
    assert len(again) == len(found) == 6


async def test_of_two_that_read_the_same_events_one_tells_of_them(offer: Offer) -> None:
    engine = await offer(failing)
    one, other = await follower(engine), await follower(engine)
    await fail(engine, 10)

    found = await told(engine, 10, one, other, one, other)
    await asyncio.gather(one.read_on(), other.read_on())

    assert len(await outbox(engine)) == len(found) == 10
    assert set(Counter(each.process_id for each in found).values()) == {1}


async def test_a_place_that_vanishes_under_a_follower_is_taken_again_where_it_stood(offer: Offer) -> None:
    engine = await offer(failing)
    one = await follower(engine)
    await engine.runtime.database.transaction(outbox_cursor.leave)
    await fail(engine, 2)

    found = await told(engine, 2, one)

    assert len(found) == 2


async def test_where_there_is_nothing_to_tell_the_place_is_stored_once_in_a_while(offer: Offer) -> None:
    engine = await offer(failing)
    nobody = await follower(engine, [])
    before = await engine.read(outbox_cursor.load)
    await fail(engine)
    await engine.events()
    await nobody.read_on()
    soon = await engine.read(outbox_cursor.load)
    engine.clock.turn(STORED_EVERY.total_seconds())
    await nobody.read_on()
    later = await engine.read(outbox_cursor.load)

    assert before == soon
    assert later != before


async def test_a_process_that_is_gone_before_it_is_told_of_is_passed_over(offer: Offer) -> None:
    engine = await offer(failing)
    one = await follower(engine)
    await fail(engine, 2)
    gone = (await engine.events())[0].process_id
    await engine.runtime.database.transaction(
        lambda conn: conn.execute(delete(processes).where(processes.c.id == gone))
    )

    (left,) = await told(engine, 1, one)

    assert left.process_id != gone


async def test_who_is_configured_now_is_not_told_of_what_was_before(tmp_path: Path) -> None:
    clock = TurnableClock()
    async with receiving() as receiver:
        settings = {"webhooks": {"ops": hook(receiver.url)}}
        async with engine_of(sqlite_url(tmp_path), failing, clock=clock) as engine:
            await fail(engine)
        async with engine_of(sqlite_url(tmp_path), failing, clock=clock, **settings) as engine:
            await fail(engine)
            await reach(engine, SENT)
        async with engine_of(sqlite_url(tmp_path), failing, clock=clock) as engine:
            forgotten = await engine.read(outbox_cursor.load)
            await fail(engine)
        async with engine_of(sqlite_url(tmp_path), failing, clock=clock, **settings) as engine:
            await fail(engine)
            await reach(engine, SENT, 2)
            whole = await outbox(engine)

    assert forgotten is None
    assert len(whole) == len(receiver.received) == 2


async def test_what_happened_while_the_server_was_down_is_told_when_it_is_back(tmp_path: Path) -> None:
    clock = TurnableClock()
    async with receiving() as receiver:
        settings = {"webhooks": {"ops": hook(receiver.url)}}
        for _ in range(3):
            async with engine_of(sqlite_url(tmp_path), failing, clock=clock, **settings) as engine:
                await fail(engine, 3)
        clock.turn(LEASE.total_seconds())  # what was on its way falls due again
        async with engine_of(sqlite_url(tmp_path), failing, clock=clock, **settings) as engine:
            whole = await reach(engine, SENT, 9)

    assert set(Counter(one.process_id for one in whole).values()) == {1}
    assert {one.id for one in receiver.received} == {str(one.id) for one in whole}


async def test_two_servers_send_each_notification_once(postgres: PostgresServer) -> None:
    clock = TurnableClock()
    with postgres.database() as url:
        async with receiving() as receiver:
            hooks = {"ops": hook(receiver.url)}
            async with (
                engine_of(url, failing, clock=clock, webhooks=hooks) as one,
                engine_of(url, failing, clock=clock, webhooks=hooks) as other,
            ):
                await asyncio.gather(fail(one, 20), fail(other, 20))
                await reach(one, SENT, 40)
                await other.until(lambda: _nothing_pending(other), told="an empty outbox")

    assert Counter(Counter(each.id for each in receiver.received).values()) == {1: 40}


async def _nothing_pending(engine: Engine) -> bool:
    return not await outbox(engine, statuses=[PENDING])


def waiting(engine: Engine, process_id: Any, target: str = "webhook:ops") -> Notification:
    """A notification that is due."""
    now = engine.clock.now()
    kind = NotificationKind.PROCESS_FAILED
    return Notification(new_id(), target, kind, process_id, None, {"type": str(kind)}, due_at=now, created_at=now)


async def claimed(engine: Engine, most: int = 8) -> list[Notification]:
    """What one more sender takes now."""
    now = engine.clock.now()

    def claim(conn: Connection) -> list[Notification]:
        return notifications.claim(conn, {"webhook:ops": most}, now=now, lease_until=now + LEASE)

    return await engine.runtime.database.transaction(claim)


async def settled(engine: Engine, one: Notification, status: NotificationStatus) -> bool:
    """Whether the sender that claimed it may still say what came of it."""
    now = engine.clock.now()

    def settle(conn: Connection) -> bool:
        return notifications.settle(conn, one, Try(now, 200), status=status, at=now, due_at=now)

    return await engine.runtime.database.transaction(settle)


async def test_a_row_is_one_senders_until_its_lease_is_over_and_then_only_the_next_ones(offer: Offer) -> None:
    engine = await offer(failing)
    process_id = await engine.start(failing)
    new = [waiting(engine, process_id) for _ in range(5)]
    await engine.runtime.database.transaction(lambda conn: notifications.put(conn, new))

    both = await asyncio.gather(*(claimed(engine, 3) for _ in range(4)))
    mine = [one for taken in both for one in taken]
    none = await claimed(engine)
    engine.clock.turn(LEASE.total_seconds())
    second = await claimed(engine)
    by_id = {one.id: one for one in second}
    late = [await settled(engine, one, DEAD) for one in mine]
    in_time = [await settled(engine, by_id[one.id], SENT) for one in mine]
    twice = [await settled(engine, by_id[one.id], DEAD) for one in mine]

    assert sorted(one.id for one in mine) == sorted(one.id for one in new)
    assert (none, [one.tries for one in second]) == ([], [2] * 5)
    assert (late, in_time, twice) == ([False] * 5, [True] * 5, [False] * 5)
    assert {one.status for one in await outbox(engine)} == {SENT}


async def test_what_is_due_to_a_target_that_is_gone_is_given_up_after_a_day(tmp_path: Path) -> None:
    clock = TurnableClock()
    async with engine_of(sqlite_url(tmp_path), failing, clock=clock) as engine:
        process_id = await engine.start(failing)
        new = [waiting(engine, process_id, "webhook:gone")]
        await engine.runtime.database.transaction(lambda conn: notifications.put(conn, new))
    for hours, status in ((23, PENDING), (2, DEAD)):
        clock.turn(hours * 3600)
        async with engine_of(sqlite_url(tmp_path), failing, clock=clock) as engine:
            (one,) = await outbox(engine)
        assert one.status is status

    assert one.last_error == "Its target is not configured any more."


async def test_notifications_go_with_their_process(offer: Offer) -> None:
    engine = await offer(failing)
    process_id = await engine.start(failing)
    await engine.reaches(process_id, FAILED)

    def come_and_go(conn: Connection) -> int:
        notifications.put(conn, [waiting(engine, process_id)])
        conn.execute(delete(processes).where(processes.c.id == process_id))
        return conn.execute(select(func.count()).select_from(rows)).scalar_one()

    assert await engine.runtime.database.transaction(come_and_go) == 0


async def test_the_looks_of_a_sender_use_the_index_of_what_waits(tmp_path: Path) -> None:
    async with engine_of(sqlite_url(tmp_path), failing) as engine:

        def explained(conn: Connection) -> str:
            query = "SELECT min(due_at) FROM notifications WHERE status = 'PENDING' AND target = 'webhook:ops'"
            return "".join(row[-1] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}"))

        assert "ix_notifications_pending" in await engine.read(explained)


def test_only_addresses_of_the_internet_are_public() -> None:
    private = (
        "127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 "
        "::1 :: fe80::1 fe80::1%eth0 fd00::1 ff02::1 ::ffff:10.0.0.1 64:ff9b::10.0.0.1 2002:7f00:1:: 2002:a00:1::"
    )

    assert [one for one in private.split() if is_public(one)] == []
    assert all(map(is_public, ("192.0.43.8", "2606:2800:21f:cb07::1", "64:ff9b::192.0.43.8")))
