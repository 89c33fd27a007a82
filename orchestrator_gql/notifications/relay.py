"""Follows the event log and keeps what people outside are to be told of it, each thing once.

The log is read on a snapshot, with no transaction open. Then one transaction moves the stored place from where it was
to behind what was read, and keeps the notifications: of several servers that read the same events one moves it, and the
others keep nothing. A server that dies in between has told nothing, and the next one reads the same events.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from orchestrator_gql.input_requests.decision import InputRequest
from orchestrator_gql.notifications.events import CONCERNED, News, assignee_of, body_of, news_of
from orchestrator_gql.notifications.recipients import Target
from orchestrator_gql.process import Process
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import events, input_requests, listing, notifications, outbox_cursor
from orchestrator_gql.storage.events import EventFilter
from orchestrator_gql.storage.notifications import Notification
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.utils.tokens import new_id

logger = logging.getLogger("orchestrator_gql.engine.notifications.follower")

BATCH = 200
POLL = 1.0
"""Seconds after which the log is read though no bell rang."""

STORED_EVERY = timedelta(minutes=1)
"""The place is stored with what is told, and this often where nothing is: a bell is no reason to write."""

WANTED = EventFilter(kinds=CONCERNED)


@dataclass(frozen=True, slots=True)
class _Read:
    """A part of the log, each thing with the process and the form that it is about, and the cursor behind it."""

    found: Sequence[tuple[News, Process, InputRequest | None]]
    cursor: str
    has_more: bool


class Follower:
    """One server's place in the log; ``begin`` comes before anything else."""

    def __init__(self, runtime: Runtime, targets: Sequence[Target]) -> None:
        self._runtime = runtime
        self._targets = targets
        self._stored: str | None = None
        self._read_to: str | None = None
        self._stored_at = runtime.clock.now()

    async def begin(self) -> None:
        """Take up the stored place; where there is none, begin where this server was, or at the log's end."""
        database = self._runtime.database
        now = self._runtime.clock.now()
        if await database.read(_is_lost):
            logger.warning("the event log was restored from another database: people are told of what comes now")
            await database.transaction(outbox_cursor.leave)
            self._read_to = None
        if await database.read(outbox_cursor.load) is None:
            cursor = self._read_to if self._read_to is not None else await database.read(events.end)
            await database.transaction(partial(outbox_cursor.begin, cursor=cursor, now=now))
        self._stored = self._read_to = await database.read(outbox_cursor.load)
        self._stored_at = now

    async def run(self) -> None:
        """Keep what is to be told as it comes, until cancelled."""
        notifier = self._runtime.notifier
        while True:
            ticket = notifier.ticket()
            is_caught_up = True
            try:
                is_caught_up = await self.read_on()
            except StorageUnavailable:
                self._stored = None  # the COMMIT may have been done
                logger.warning("the database is away; people are told when it is back")
            except Exception:  # one that died silently would tell nobody anything ever again
                self._stored = None
                logger.exception("the event log could not be followed; it is tried again")
            if is_caught_up:
                await notifier.wait(ticket, POLL)

    async def read_on(self) -> bool:
        """Keep what is to be told of the next events; True where there are no more behind them."""
        if self._stored is None:
            await self.begin()
        stored, start = self._stored, self._read_to
        if stored is None or start is None:  # somebody forgot the place in this very moment
            return True
        read = await self._runtime.database.read(lambda conn: _look(conn, start))
        now = self._runtime.clock.now()
        new = [one for news, process, request in read.found for one in self._told(news, process, request, now)]
        if new or (read.cursor != stored and now - self._stored_at >= STORED_EVERY):
            if not await self._runtime.database.transaction(lambda conn: _keep(conn, stored, read.cursor, new, now)):
                self._stored = None
                return False
            self._stored, self._stored_at = read.cursor, now
            self._runtime.outbox.set()
        self._read_to = read.cursor
        return not read.has_more

    def _told(self, news: News, process: Process, request: InputRequest | None, now: datetime) -> list[Notification]:
        assignee = assignee_of(news, process, request)
        body = body_of(news, process, request, self._runtime.settings.base_url)
        return [
            Notification(
                id=new_id(),
                target=target.name,
                kind=news.kind,
                process_id=news.process_id,
                input_request_id=news.input_request_id,
                payload=body,
                due_at=now,
                created_at=now,
            )
            for target in self._targets
            if target.wants(news.kind, assignee)
        ]


def _is_lost(conn: Connection) -> bool:
    cursor = outbox_cursor.load(conn)
    return cursor is not None and events.is_ahead(conn, cursor)


def _look(conn: Connection, cursor: str) -> _Read:
    """The next news, of processes and forms that are there still.

    To be read on one snapshot: behind the last of what the filter wants, the cursor is the log's end as of now.
    """
    page = events.after(conn, cursor, WANTED, BATCH)
    told = [news for news in map(news_of, page.events) if news is not None]
    processes = listing.processes_by_ids(conn, list({news.process_id for news in told}))
    ids = {news.input_request_id for news in told if news.input_request_id is not None}
    requests = input_requests.by_ids(conn, list(ids))
    found = []
    for news in told:
        request = requests.get(news.input_request_id) if news.input_request_id is not None else None
        if news.process_id in processes and (request is not None or news.input_request_id is None):
            found.append((news, processes[news.process_id], request))
    return _Read(found, page.cursor, page.has_more)


def _keep(conn: Connection, was: str, cursor: str, new: Sequence[Notification], now: datetime) -> bool:
    """Move the place and keep what is to be told, both or neither. False: another server was first."""
    if not outbox_cursor.move(conn, was, cursor, now):
        return False
    notifications.put(conn, new)
    return True
