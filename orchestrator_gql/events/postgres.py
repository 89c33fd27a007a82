"""The bell across machines: LISTEN and NOTIFY on PostgreSQL, on two connections beside the pool.

A NOTIFY inside a transaction makes the commits of the whole server wait for each other, so it is said after them, at
most every 20 ms and with nothing in it. A ring may be late or lost, never believed: readers look into the log every
second anyway, and whatever is heard means no more than "look".
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from orchestrator_gql.events.notifier import LocalNotifier
from orchestrator_gql.storage.database.postgres import connection_arguments

if TYPE_CHECKING:
    from psycopg import AsyncConnection

logger = logging.getLogger(__name__)

EVENTS = "orchestrator_events"
TIMERS = "orchestrator_timers"

GAP = 0.02
"""Seconds between two NOTIFYs: rings that come meanwhile are one."""

BACK_OFF = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Seconds between tries to connect; the last one repeats."""

LASTING = 5.0
"""Seconds after which a connection that is lost was a good one: the tries are counted anew."""

_NOTIFY = "SELECT pg_notify(channel, '') FROM unnest(%s::text[]) AS channel"


class PostgresNotifier:
    """Wakes those who wait here at once, and those at other servers within milliseconds."""

    def __init__(self, url: str, timers: asyncio.Event) -> None:
        self._url = url
        self._timers = timers
        self._local = LocalNotifier()
        self._untold: set[str] = set()
        self._any_untold = asyncio.Event()
        self._own_backend: int | None = None

    def notify(self, *, has_timers: bool = False) -> None:
        """Wake everybody who waits, here and at the other servers."""
        self._local.notify()
        self._say({EVENTS, TIMERS} if has_timers else {EVENTS})

    def ticket(self) -> int:
        """The number of rings heard so far, whoever rang."""
        return self._local.ticket()

    async def wait(self, ticket: int, timeout: float) -> None:
        """Until the next ring after the ticket, at most ``timeout`` seconds."""
        await self._local.wait(ticket, timeout)

    async def run(self) -> None:
        """Hear and tell until cancelled, however often the database goes away and comes back."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep("heard", self._hear))
            group.create_task(self._keep("told", self._tell))

    async def _keep(self, done: str, work: Callable[["AsyncConnection"], Awaitable[None]]) -> None:
        """Do the work on a connection of its own, and on a new one whenever that is lost."""
        tries, now = 0, asyncio.get_running_loop().time
        while True:
            connected_at = now()
            try:
                async with _connection(self._url) as conn:
                    connected_at = now()
                    if tries:
                        logger.info("rings of other servers are %s again", done)
                    await work(conn)
            except Exception as error:  # a bell that died silently would leave readers a second late for ever
                if tries == 0:  # the kind only: the message may hold the address of the database
                    logger.warning("rings are not %s; readers look every second (%s)", done, type(error).__name__)
            tries = 0 if now() - connected_at > LASTING else tries + 1
            await asyncio.sleep(BACK_OFF[min(tries, len(BACK_OFF) - 1)])

    async def _hear(self, conn: "AsyncConnection") -> None:
        await conn.execute(f"LISTEN {EVENTS}")
        await conn.execute(f"LISTEN {TIMERS}")
        self._heard(EVENTS)  # what was rung while nobody listened was missed: everybody looks once
        self._heard(TIMERS)
        async for told in conn.notifies():
            if told.pid != self._own_backend:  # ours woke everybody here before it was sent
                self._heard(told.channel)

    def _heard(self, channel: str) -> None:
        if channel == TIMERS:
            self._timers.set()
        else:
            self._local.notify()

    async def _tell(self, conn: "AsyncConnection") -> None:
        self._own_backend = conn.info.backend_pid
        try:
            while True:
                await self._any_untold.wait()
                self._any_untold.clear()
                told, self._untold = self._untold, set()
                try:
                    await conn.execute(_NOTIFY, [list(told)])
                except BaseException:
                    self._say(told)  # on the next connection
                    raise
                await asyncio.sleep(GAP)
        finally:
            self._own_backend = None  # the number may be another server's next

    def _say(self, channels: set[str]) -> None:
        self._untold |= channels
        self._any_untold.set()


@asynccontextmanager
async def _connection(url: str) -> AsyncIterator["AsyncConnection"]:
    from psycopg import AsyncConnection

    conn = await AsyncConnection.connect(**connection_arguments(url), autocommit=True)
    try:
        yield conn
    finally:
        await conn.close()
