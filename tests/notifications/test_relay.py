"""The outbox: with any number of servers, every event makes one notification, and each has one sender at a time."""

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
from orchestrator_gql.notifications.relay import STORED_EVERY, OutboxRelay
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
    """Let that many processes fail."""
    for process_id in [await engine.start(failing) for _ in range(times)]:
        await engine.reaches(process_id, FAILED)


async def relay(engine: Engine, targets: Sequence[Target] = (OPS,)) -> OutboxRelay:
    """A relay that has loaded its cursor, like that of a server that starts."""
    started = OutboxRelay(engine.runtime, targets)
    await started.begin()
    return started


async def stored(engine: Engine, count: int, *relays: OutboxRelay) -> list[Notification]:
    """The outbox, as soon as the relays have stored that many notifications."""

    async def look() -> list[Notification] | None:
        await asyncio.gather(*(each.read_on() for each in relays))
        rows = await outbox(engine)
        return rows if len(rows) >= count else None

    return await engine.until(look, awaited=f"{count} notifications")


async def test_a_restart_leaves_no_gap_and_repeats_nothing(offer: Offer) -> None:
    engine = await offer(failing)
    first = await relay(engine)
    await fail(engine, 3)
    await stored(engine, 3, first)
    await fail(engine, 3)
    second = await relay(engine)
    notified = await stored(engine, 6, second)
    third = await relay(engine)
    await third.read_on()

    again = await outbox(engine)
    assert set(Counter(notification.process_id for notification in again).values()) == {1}
    assert len(again) == len(notified) == 6


@pytest.mark.each_pair
async def test_if_two_relays_read_the_same_events_only_one_stores_notifications(offer: Offer) -> None:
    engine = await offer(failing)
    first, second = await relay(engine), await relay(engine)
    await fail(engine, 10)

    notified = await stored(engine, 10, first, second, first, second)
    await asyncio.gather(first.read_on(), second.read_on())

    assert len(await outbox(engine)) == len(notified) == 10
    assert set(Counter(each.process_id for each in notified).values()) == {1}


@pytest.mark.each_pair
async def test_a_cursor_that_is_deleted_under_a_relay_is_stored_again_at_the_same_event(offer: Offer) -> None:
    engine = await offer(failing)
    reader = await relay(engine)
    await engine.runtime.database.transaction(outbox_cursor.leave)
    await fail(engine, 2)

    notified = await stored(engine, 2, reader)

    assert len(notified) == 2


async def test_without_notifications_the_cursor_is_stored_once_in_a_while(offer: Offer) -> None:
    engine = await offer(failing)
    nobody = await relay(engine, [])
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


async def test_a_process_that_is_deleted_before_its_notification_is_skipped(offer: Offer) -> None:
    engine = await offer(failing)
    reader = await relay(engine)
    await fail(engine, 2)
    gone = (await engine.events())[0].process_id
    await engine.runtime.database.transaction(
        lambda conn: conn.execute(delete(processes).where(processes.c.id == gone))
    )

    (left,) = await stored(engine, 1, reader)

    assert left.process_id != gone


async def test_a_new_target_receives_no_notification_of_earlier_events(tmp_path: Path) -> None:
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


async def test_events_before_a_restart_of_the_server_are_notified_after_it(tmp_path: Path) -> None:
    clock = TurnableClock()
    async with receiving() as receiver:
        settings = {"webhooks": {"ops": hook(receiver.url)}}
        for _ in range(3):
            async with engine_of(sqlite_url(tmp_path), failing, clock=clock, **settings) as engine:
                await fail(engine, 3)
        clock.turn(LEASE.total_seconds())  # the notifications of the dead server become due again
        async with engine_of(sqlite_url(tmp_path), failing, clock=clock, **settings) as engine:
            whole = await reach(engine, SENT, 9)

    assert set(Counter(notification.process_id for notification in whole).values()) == {1}
    assert {request.id for request in receiver.received} == {str(notification.id) for notification in whole}


async def test_two_servers_send_each_notification_once(postgres: PostgresServer) -> None:
    clock = TurnableClock()
    with postgres.database() as url:
        async with receiving() as receiver:
            hooks = {"ops": hook(receiver.url)}
            async with (
                engine_of(url, failing, clock=clock, webhooks=hooks) as first,
                engine_of(url, failing, clock=clock, webhooks=hooks) as second,
            ):
                await asyncio.gather(fail(first, 20), fail(second, 20))
                await reach(first, SENT, 40)
                await second.until(lambda: _nothing_pending(second), awaited="an empty outbox")

    assert Counter(Counter(each.id for each in receiver.received).values()) == {1: 40}


async def _nothing_pending(engine: Engine) -> bool:
    return not await outbox(engine, statuses=[PENDING])


def waiting(engine: Engine, process_id: Any, target: str = "webhook:ops") -> Notification:
    """A notification that is due."""
    now = engine.clock.now()
    kind = NotificationKind.PROCESS_FAILED
    return Notification(new_id(), target, kind, process_id, None, {"type": str(kind)}, due_at=now, created_at=now)


async def claimed(engine: Engine, most: int = 8) -> list[Notification]:
    """The notifications that another sender claims now."""
    now = engine.clock.now()

    def claim(conn: Connection) -> list[Notification]:
        return notifications.claim(conn, {"webhook:ops": most}, now=now, lease_until=now + LEASE)

    return await engine.runtime.database.transaction(claim)


async def settled(engine: Engine, notification: Notification, status: NotificationStatus) -> bool:
    """True if the sender that claimed the notification may still store its result."""
    now = engine.clock.now()

    def settle(conn: Connection) -> bool:
        return notifications.settle(conn, notification, Try(now, 200), status=status, at=now, due_at=now)

    return await engine.runtime.database.transaction(settle)


async def test_a_notification_belongs_to_one_sender_until_its_lease_ends_and_then_to_the_next_sender(
    offer: Offer,
) -> None:
    engine = await offer(failing)
    process_id = await engine.start(failing)
    new = [waiting(engine, process_id) for _ in range(5)]
    await engine.runtime.database.transaction(lambda conn: notifications.put(conn, new))

    claims = await asyncio.gather(*(claimed(engine, 3) for _ in range(4)))
    mine = [row for rows in claims for row in rows]
    none = await claimed(engine)
    engine.clock.turn(LEASE.total_seconds())
    second = await claimed(engine)
    by_id = {row.id: row for row in second}
    late = [await settled(engine, row, DEAD) for row in mine]
    in_time = [await settled(engine, by_id[row.id], SENT) for row in mine]
    twice = [await settled(engine, by_id[row.id], DEAD) for row in mine]

    assert sorted(row.id for row in mine) == sorted(row.id for row in new)
    assert (none, [row.tries for row in second]) == ([], [2] * 5)
    assert (late, in_time, twice) == ([False] * 5, [True] * 5, [False] * 5)
    assert {row.status for row in await outbox(engine)} == {SENT}


async def test_a_notification_to_a_removed_target_is_given_up_after_a_day(tmp_path: Path) -> None:
    clock = TurnableClock()
    async with engine_of(sqlite_url(tmp_path), failing, clock=clock) as engine:
        process_id = await engine.start(failing)
        new = [waiting(engine, process_id, "webhook:gone")]
        await engine.runtime.database.transaction(lambda conn: notifications.put(conn, new))
    for hours, status in ((23, PENDING), (2, DEAD)):
        clock.turn(hours * 3600)
        async with engine_of(sqlite_url(tmp_path), failing, clock=clock) as engine:
            (notification,) = await outbox(engine)
        assert notification.status is status

    assert notification.last_error == "Its target is not configured any more."


async def test_notifications_are_deleted_with_their_process(offer: Offer) -> None:
    engine = await offer(failing)
    process_id = await engine.start(failing)
    await engine.reaches(process_id, FAILED)

    def store_and_delete(conn: Connection) -> int:
        notifications.put(conn, [waiting(engine, process_id)])
        conn.execute(delete(processes).where(processes.c.id == process_id))
        return conn.execute(select(func.count()).select_from(rows)).scalar_one()

    assert await engine.runtime.database.transaction(store_and_delete) == 0


async def test_the_query_of_a_sender_uses_the_index_of_pending_notifications(tmp_path: Path) -> None:
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

    assert [address for address in private.split() if is_public(address)] == []
    assert all(map(is_public, ("192.0.43.8", "2606:2800:21f:cb07::1", "64:ff9b::192.0.43.8")))
