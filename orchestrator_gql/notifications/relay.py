"""Reads the event log and stores the notifications for its events, each notification once.

The log is read on a snapshot, without an open transaction. Then one transaction moves the stored cursor past the events
and stores the notifications. If several servers read the same events, only one of them moves the cursor; the others
store nothing. If a server dies between the two, nothing is stored, and the next server reads the same events.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from orchestrator_gql.events.stream import POLL, Pause
from orchestrator_gql.input_requests.decision import InputRequest
from orchestrator_gql.notifications.events import NOTIFIABLE, NotifiableEvent, assignee_of, body_of, notifiable_event
from orchestrator_gql.notifications.recipients import Target
from orchestrator_gql.process import Process
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import events, input_requests, light_processes, next_events, notifications, outbox_cursor
from orchestrator_gql.storage.events import EventFilter
from orchestrator_gql.storage.notifications import Notification
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.utils.tokens import new_id

logger = logging.getLogger("orchestrator_gql.engine.notifications.follower")

BATCH = 200

STORED_EVERY = timedelta(minutes=1)
"""How often the cursor is stored if there is no notification: a wake-up alone is no reason to write."""

WANTED = EventFilter(kinds=NOTIFIABLE)


@dataclass(frozen=True, slots=True)
class _LogPart:
    """A part of the log: each event with its process and its input request, and the cursor after the part.

    ``is_held_back``: as of `events.stream.Batch`.
    """

    rows: Sequence[tuple[NotifiableEvent, Process, InputRequest | None]]
    cursor: str
    has_more: bool
    is_held_back: bool


class OutboxRelay:
    """The reader of the event log of one server; call ``begin`` first."""

    def __init__(self, runtime: Runtime, targets: Sequence[Target]) -> None:
        self._runtime = runtime
        self._targets = targets
        self._stored: str | None = None
        self._read_to: str | None = None
        self._stored_at = runtime.clock.now()
        self._pause = Pause()

    async def begin(self) -> None:
        """Load the stored cursor; without one, start where this server was, or else at the end of the log."""
        database = self._runtime.database
        now = self._runtime.clock.now()
        if await database.read(_is_lost):
            logger.warning("the event log was restored from another database: only events from now on are notified")
            await database.transaction(outbox_cursor.leave)
            self._read_to = None
        if await database.read_current(outbox_cursor.load) is None:
            cursor = self._read_to if self._read_to is not None else await database.read(events.end)
            await database.transaction(partial(outbox_cursor.begin, cursor=cursor, now=now))
        self._stored = self._read_to = await database.read_current(outbox_cursor.load)
        self._stored_at = now

    async def run(self) -> None:
        """Store notifications as events arrive, until cancelled."""
        notifier = self._runtime.notifier
        while True:
            ticket = notifier.ticket()
            seconds = POLL
            try:
                seconds = await self.read_on()
            except StorageUnavailable:  # the database has logged it; notifications are stored when it is back
                self._stored = None  # the COMMIT may have succeeded
            except Exception:  # a task that ends silently would store no notification ever again
                self._stored = None
                logger.exception("the event log could not be followed; it is tried again")
            if seconds:
                await notifier.wait(ticket, seconds)

    async def read_on(self) -> float:
        """Store the notifications for the next events; the seconds to wait for more events, 0 if more can be read."""
        if self._stored is None:
            await self.begin()
        stored, start = self._stored, self._read_to
        if stored is None or start is None:  # another server deleted the cursor at this moment
            return POLL
        part = await self._runtime.database.read(lambda conn: _read_part(conn, start))
        now = self._runtime.clock.now()
        new = [
            notification
            for event, process, request in part.rows
            for notification in self._notifications(event, process, request, now)
        ]
        if new or (part.cursor != stored and now - self._stored_at >= STORED_EVERY):
            if not await self._runtime.database.transaction(lambda conn: _keep(conn, stored, part.cursor, new, now)):
                self._stored = None
                return 0.0
            self._stored, self._stored_at = part.cursor, now
            self._runtime.outbox.set()
        self._read_to = part.cursor
        return 0.0 if part.has_more else self._pause.behind(part.rows, is_held_back=part.is_held_back)

    def _notifications(
        self, event: NotifiableEvent, process: Process, request: InputRequest | None, now: datetime
    ) -> list[Notification]:
        assignee = assignee_of(event, process, request)
        body = body_of(event, process, request, self._runtime.settings.base_url)
        return [
            Notification(
                id=new_id(),
                target=target.name,
                kind=event.kind,
                process_id=event.process_id,
                input_request_id=event.input_request_id,
                payload=body,
                due_at=now,
                created_at=now,
            )
            for target in self._targets
            if target.wants(event.kind, assignee)
        ]


def _is_lost(conn: Connection) -> bool:
    cursor = outbox_cursor.load(conn)
    return cursor is not None and events.is_ahead(conn, cursor)


def _read_part(conn: Connection, cursor: str) -> _LogPart:
    """The next events whose processes and input requests still exist.

    Must be read on one snapshot: if no wanted event follows, the cursor is the end of the log at that moment.
    """
    page = events.after(conn, cursor, WANTED, BATCH)
    notifiable = [event for event in map(notifiable_event, page.events) if event is not None]
    processes = light_processes.by_ids(conn, list({event.process_id for event in notifiable}))
    ids = {event.input_request_id for event in notifiable if event.input_request_id is not None}
    requests = input_requests.by_ids(conn, list(ids))
    rows = []
    for event in notifiable:
        request = requests.get(event.input_request_id) if event.input_request_id is not None else None
        if event.process_id in processes and (request is not None or event.input_request_id is None):
            rows.append((event, processes[event.process_id], request))
    is_held_back = not page.has_more and next_events.is_held_back(conn)
    return _LogPart(rows, page.cursor, page.has_more, is_held_back)


def _keep(conn: Connection, before: str, cursor: str, new: Sequence[Notification], now: datetime) -> bool:
    """Move the cursor and store the notifications, both or neither. False if another server was first."""
    if not outbox_cursor.move(conn, before, cursor, now):
        return False
    notifications.put(conn, new)
    return True
