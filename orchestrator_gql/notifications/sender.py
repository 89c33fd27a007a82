"""Sends the notifications of the outbox; each target has its own tasks, so that a dead target delays no other."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta

from orchestrator_gql.notifications.recipients import Channel
from orchestrator_gql.notifications.retry import next_status
from orchestrator_gql.outbound.send_result import SendResult
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import notifications
from orchestrator_gql.storage.notifications import Notification, Try
from orchestrator_gql.types import NotificationStatus
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.utils.outages import tried_again

logger = logging.getLogger("orchestrator_gql.engine.notifications.sender")

AT_ONCE = 8
"""The most notifications that are sent to one target at the same time."""

LEASE = timedelta(minutes=2)
"""How long this server owns a notification; a try takes at most seventy seconds, with a slow mail server."""

POLL = 0.5
"""Seconds until notifications that another server made due, or a changed clock, are noticed."""

FAREWELL = 3.0
"""Seconds that running tries have when the server stops; the others are sent again when their leases end."""


class Sender:
    """The sender of one server; any number of servers share the outbox."""

    def __init__(self, runtime: Runtime, channels: Mapping[str, Channel]) -> None:
        self._runtime = runtime
        self._channels = channels
        self._tasks: dict[str, set[asyncio.Task[None]]] = {target: set() for target in channels}

    async def run(self) -> None:
        """Send notifications as they become due, until cancelled."""
        try:
            while True:
                self._runtime.outbox.clear()
                pause = POLL
                with tried_again(logger, "notifications could not be sent; they are tried again"):
                    pause = await self._send_due()
                await self._pause(pause)
        finally:
            await self._finish_tasks()

    async def _send_due(self) -> float:
        """Start to send due notifications to targets with free tasks; returns the seconds until the next call."""
        database, now = self._runtime.database, self._runtime.clock.now()
        free = {target: AT_ONCE - len(tasks) for target, tasks in self._tasks.items() if len(tasks) < AT_ONCE}
        if not free:
            return POLL
        earliest = await database.read_current(lambda conn: notifications.due_at_the_earliest(conn, list(free)))
        due = {target: free[target] for target, at in earliest.items() if at <= now}
        if due:
            lease = now + LEASE
            claimed = await database.transaction(
                lambda conn: notifications.claim(conn, due, now=now, lease_until=lease)
            )
            for notification in claimed:
                self._start(notification)
            if claimed:
                return 0.0  # more may be due
        later = [(at - now).total_seconds() for target, at in earliest.items() if target not in due]
        return min([POLL, *later])

    async def _pause(self, pause: float) -> None:
        try:
            async with asyncio.timeout(pause):
                await self._runtime.outbox.wait()
        except TimeoutError:
            return

    def _start(self, notification: Notification) -> None:
        tasks = self._tasks[notification.target]
        task = asyncio.create_task(self._send(notification))
        tasks.add(task)

        def done(_: asyncio.Task[None]) -> None:
            tasks.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                logger.error("the result of a notification was not stored; it is sent again", exc_info=error)
            self._runtime.outbox.set()  # a task is free for another notification

        task.add_done_callback(done)

    async def _send(self, notification: Notification) -> None:
        """Try once to send, and store the result. No connection of the database is held during the try."""
        started_at = self._runtime.clock.now()
        try:
            result = await self._channels[notification.target](notification, started_at)
        except Exception as error:  # it concerns only this notification; the message of the error may hold a secret
            result = SendResult(error=f"It could not be sent: {type(error).__name__}.")
        now = self._runtime.clock.now()
        status, due_at = next_status(result, notification.tries - notification.tries_before, now)
        tried = Try(started_at, result.status, result.error)
        try:
            is_ours = await self._runtime.database.transaction(
                lambda conn: notifications.settle(conn, notification, tried, status=status, at=now, due_at=due_at)
            )
        except StorageUnavailable:
            return  # the database has logged it; the notification is sent again
        if is_ours and status is not NotificationStatus.SENT:
            message = (
                "a notification is given up" if status is NotificationStatus.DEAD else "a notification did not arrive"
            )
            facts = {"notification": str(notification.id), "target": notification.target, "tries": notification.tries}
            logger.warning(message, extra=facts | {"status": result.status, "reason": result.error})

    async def _finish_tasks(self) -> None:
        tasks = [task for tasks in self._tasks.values() for task in tasks]
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=FAREWELL)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
