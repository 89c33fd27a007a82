"""Sends what is in the outbox: each target at its own pace, so that a dead one holds up no other."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta

from orchestrator_gql.notifications.recipients import Way
from orchestrator_gql.notifications.retry import judged
from orchestrator_gql.outbound.send_result import Answer
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import notifications
from orchestrator_gql.storage.notifications import Notification, Try
from orchestrator_gql.types import NotificationStatus
from orchestrator_gql.utils.errors import StorageUnavailable

logger = logging.getLogger("orchestrator_gql.engine.notifications.sender")

AT_ONCE = 8
"""Notifications that are on their way to one target at the same time."""

LEASE = timedelta(minutes=2)
"""For so long a notification is this server's; sending takes at most seventy seconds, of a mail server that dawdles."""

POLL = 0.5
"""Seconds: what another server made due, or a clock that was stepped, is noticed after that."""

FAREWELL = 3.0
"""Seconds that what is on its way is given when the server stops; the rest is sent again when its lease is over."""


class Sender:
    """One server's; any number of them share the outbox."""

    def __init__(self, runtime: Runtime, ways: Mapping[str, Way]) -> None:
        self._runtime = runtime
        self._ways = ways
        self._on_the_way: dict[str, set[asyncio.Task[None]]] = {target: set() for target in ways}

    async def run(self) -> None:
        """Send what falls due, until cancelled."""
        try:
            while True:
                self._runtime.outbox.clear()
                pause = POLL
                try:
                    pause = await self._send_due()
                except StorageUnavailable:
                    logger.warning("the database is away; notifications are sent when it is back")
                except Exception:  # one that died silently would send nothing ever again
                    logger.exception("notifications could not be sent; they are tried again")
                await self._rest(pause)
        finally:
            await self._say_farewell()

    async def _send_due(self) -> float:
        """Set out with what is due and has room; the seconds until the next look."""
        database, now = self._runtime.database, self._runtime.clock.now()
        room = {target: AT_ONCE - len(tasks) for target, tasks in self._on_the_way.items() if len(tasks) < AT_ONCE}
        if not room:
            return POLL
        earliest = await database.read(lambda conn: notifications.due_at_the_earliest(conn, list(room)))
        due = {target: room[target] for target, at in earliest.items() if at <= now}
        if due:
            lease = now + LEASE
            taken = await database.transaction(lambda conn: notifications.claim(conn, due, now=now, lease_until=lease))
            for notification in taken:
                self._set_out(notification)
            if taken:
                return 0.0  # there may be more
        later = [(at - now).total_seconds() for target, at in earliest.items() if target not in due]
        return min([POLL, *later])

    async def _rest(self, pause: float) -> None:
        try:
            async with asyncio.timeout(pause):
                await self._runtime.outbox.wait()
        except TimeoutError:
            return

    def _set_out(self, notification: Notification) -> None:
        tasks = self._on_the_way[notification.target]
        task = asyncio.create_task(self._send(notification))
        tasks.add(task)

        def arrived(_: asyncio.Task[None]) -> None:
            tasks.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                logger.error("what came of a notification was not stored; it is sent again", exc_info=error)
            self._runtime.outbox.set()  # there is room for one more

        task.add_done_callback(arrived)

    async def _send(self, notification: Notification) -> None:
        """Try it once, and write down what came of it. Nothing of the database is held meanwhile."""
        began = self._runtime.clock.now()
        try:
            answer = await self._ways[notification.target](notification, began)
        except Exception as error:  # whatever it is concerns this one notification; its words may hold a secret
            answer = Answer(error=f"It could not be sent: {type(error).__name__}.")
        now = self._runtime.clock.now()
        status, due_at = judged(answer, notification.tries - notification.tries_before, now)
        made = Try(began, answer.status, answer.error)
        try:
            is_ours = await self._runtime.database.transaction(
                lambda conn: notifications.settle(conn, notification, made, status=status, at=now, due_at=due_at)
            )
        except StorageUnavailable:
            logger.warning("what came of a notification could not be stored; it is sent again")
            return
        if is_ours and status is not NotificationStatus.SENT:
            told = (
                "a notification is given up" if status is NotificationStatus.DEAD else "a notification did not arrive"
            )
            facts = {"notification": str(notification.id), "target": notification.target, "tries": notification.tries}
            logger.warning(told, extra=facts | {"status": answer.status, "reason": answer.error})

    async def _say_farewell(self) -> None:
        tasks = [task for tasks in self._on_the_way.values() for task in tasks]
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=FAREWELL)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
