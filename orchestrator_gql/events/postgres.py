"""Wakes up readers on all servers: LISTEN and NOTIFY on PostgreSQL, on two connections outside the pool.

A NOTIFY inside a transaction makes the commits of the whole database server wait for each other. So it is sent after
the commit, at most every 20 ms and without data. A wake-up may be late or lost: it only means "read the log", and
readers read the log every second anyway.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from orchestrator_gql.events.notifier import LocalNotifier
from orchestrator_gql.storage.database.connection_arguments import NAME, connection_arguments
from orchestrator_gql.storage.database.link import Link
from orchestrator_gql.storage.database.listening import listen
from orchestrator_gql.utils.outages import WAKE_UPS, Outage

if TYPE_CHECKING:
    from psycopg import AsyncConnection

EVENTS = "orchestrator_events"
TIMERS = "orchestrator_timers"

GAP = 0.02
"""Seconds between two NOTIFY statements: the wake-ups between them are combined."""

PASSING = 0.05
"""Seconds that a wake-up for a passing state waits at most for the wake-up of the next state."""

BACK_OFF = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Seconds between tries to connect; the last value repeats."""

LASTING = 5.0
"""Seconds that a connection must last: if it is lost later, the count of tries starts again."""

_NOTIFY = "SELECT pg_notify(channel, '') FROM unnest(string_to_array($1, ',')) AS channel"


class PostgresNotifier:
    """Wakes up the readers of this server at once, and the readers of other servers within milliseconds."""

    def __init__(self, url: str, timers: asyncio.Event, outage: Outage | None = None, name: str = NAME) -> None:
        self._url = url
        self._name = f"{name} wake-ups"
        self._outage = outage or Outage()
        self._timers = timers
        self._local = LocalNotifier()
        self._pending: set[str] = set()
        self._has_pending = asyncio.Event()
        self._is_urgent = asyncio.Event()
        self._own_backend: int | None = None

    def notify(self, *, has_timers: bool = False, is_passing: bool = False) -> None:
        """Wake up the readers of all servers; with ``has_timers`` also the tasks that fire timers.

        With ``is_passing`` another commit follows soon: the other servers are notified of both at once.
        """
        self._local.notify()
        self._enqueue({EVENTS, TIMERS} if has_timers else {EVENTS}, is_urgent=not is_passing)

    def ticket(self) -> int:
        """The number of wake-ups so far, from this server and from other servers."""
        return self._local.ticket()

    async def wait(self, ticket: int, timeout: float) -> None:
        """Return when a wake-up comes after the ticket, or after ``timeout`` seconds."""
        await self._local.wait(ticket, timeout)

    async def run(self) -> None:
        """Receive and send wake-ups until cancelled; both reconnect after every loss of the database."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep(self._receive))
            group.create_task(self._keep(self._send))

    async def _keep(self, work: Callable[["AsyncConnection"], Awaitable[None]]) -> None:
        """Do the work on its own connection, and on a new connection after every loss."""
        tries, now = 0, asyncio.get_running_loop().time
        while True:
            connected_at = now()
            try:
                async with _connection(self._url, self._name) as conn:
                    connected_at = now()
                    self._outage.worked(WAKE_UPS, is_sure=True)
                    await work(conn)
            except Exception as error:  # if this task died silently, readers would be a second late from then on
                self._outage.failed(WAKE_UPS, error)  # meanwhile readers poll every second
            tries = 0 if now() - connected_at > LASTING else tries + 1
            await asyncio.sleep(BACK_OFF[min(tries, len(BACK_OFF) - 1)])

    async def _receive(self, conn: "AsyncConnection") -> None:
        await conn.execute(f"LISTEN {EVENTS}")
        await conn.execute(f"LISTEN {TIMERS}")
        self._wake(EVENTS)  # wake-ups before LISTEN were lost: every reader reads the log once
        self._wake(TIMERS)
        await listen(conn, self._heard)

    def _heard(self, channel: str, backend: int) -> None:
        if backend != self._own_backend:  # our own NOTIFY: the readers here were woken before
            self._wake(channel)

    def _wake(self, channel: str) -> None:
        if channel == TIMERS:
            self._timers.set()
        else:
            self._local.notify()

    async def _send(self, conn: "AsyncConnection") -> None:
        self._own_backend = conn.info.backend_pid
        link = Link(conn)
        try:
            while True:
                await self._has_pending.wait()
                with suppress(TimeoutError):
                    async with asyncio.timeout(PASSING):
                        await self._is_urgent.wait()
                self._has_pending.clear()
                self._is_urgent.clear()
                channels, self._pending = self._pending, set()
                try:
                    await link.run([(_NOTIFY, [",".join(sorted(channels))])])
                except BaseException:
                    self._enqueue(channels, is_urgent=True)  # for the next connection
                    raise
                await asyncio.sleep(GAP)
        finally:
            self._own_backend = None  # another server may get this number

    def _enqueue(self, channels: set[str], *, is_urgent: bool) -> None:
        self._pending |= channels
        self._has_pending.set()
        if is_urgent:
            self._is_urgent.set()


@asynccontextmanager
async def _connection(url: str, name: str) -> AsyncIterator["AsyncConnection"]:
    from orchestrator_gql.storage.database.own_connections import OwnConnection

    conn = await OwnConnection.connect(**connection_arguments(url, name), autocommit=True)
    try:
        yield conn
    finally:
        await conn.close()
