"""Sets the clock of a server by the clock of the database, so that all servers on one database agree."""

import asyncio
import logging
import time
from datetime import datetime

from sqlalchemy import Connection

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import timers, workers
from orchestrator_gql.utils.clock import SteadyClock
from orchestrator_gql.utils.outages import tried_again

logger = logging.getLogger(__name__)

EVERY = 10.0
"""Seconds between two readings."""

TRIES = 3
"""Queries in one reading; the fastest response gives the most accurate time."""


POLL = 0.2
"""Seconds between two looks for a worker that lives."""

PATIENCE = 1.0
"""Seconds that a worker may need for its heartbeat, beside the pause between two."""

LONGEST_WAIT = 60.0
"""Seconds that a start waits at most for a heartbeat: the pause between two may be 12 hours by the settings."""


async def begin_clock(runtime: Runtime, clock: SteadyClock) -> None:
    """Adopt the time of the database, or that of the workers that run: they do not follow a clock that is set.

    Two clocks would be worse than a wrong clock: each lease of one worker would have ended by the clock of the other,
    and their steps would run twice.
    """
    await read_database_clock(runtime, clock)
    most = runtime.settings.lease / 3  # no lease of a worker that lives ends by a clock that differs by less
    before = await runtime.database.read_current(workers.last_seen)
    # Only the latest counts: a worker that died an hour ago tells nothing, also if the clock was set back by an hour.
    if not before or abs(_ahead(max(before.values()), clock)) <= most:
        return
    # All these workers are dead, or have another clock: then the next heartbeat shows it.
    end = time.monotonic() + min(runtime.settings.heartbeat, LONGEST_WAIT) + PATIENCE
    while time.monotonic() < end:
        await asyncio.sleep(POLL)
        seen = await runtime.database.read_current(workers.last_seen)
        if living := [at for name, at in seen.items() if at != before.get(name, at)]:
            if abs(_ahead(max(living), clock)) > most:
                _keep_to(max(living), clock)
            return


def _keep_to(workers_time: datetime, clock: SteadyClock) -> None:
    logger.warning(
        "the clock of the database was set: this server keeps to the time of the workers that run, until all servers "
        "were stopped",
        extra={"seconds": round(-_ahead(workers_time, clock))},
    )
    clock.keep_to(workers_time)


def _ahead(instant: datetime, clock: SteadyClock) -> float:
    return (instant - clock.now()).total_seconds()


async def read_database_clock(runtime: Runtime, clock: SteadyClock) -> None:
    """Read the time of the database once. The response was exact half of its travel time ago."""

    def fastest(conn: Connection) -> tuple[float, float, datetime]:
        return min(_reading(conn) for _ in range(TRIES))

    took, arrived, database_time = await runtime.database.read_current(fastest)
    clock.follow(database_time, time.monotonic() - arrived + took / 2)


async def keep_to_database_clock(runtime: Runtime, clock: SteadyClock) -> None:
    """Read the time of the database periodically until cancelled."""
    while True:
        await asyncio.sleep(EVERY)
        with tried_again(logger, "the time of the database could not be read"):
            await read_database_clock(runtime, clock)


def _reading(conn: Connection) -> tuple[float, float, datetime]:
    """The duration of the query in seconds, the monotonic time of the response, and the time of the database."""
    began = time.monotonic()
    database_time = timers.database_time(conn)
    arrived = time.monotonic()
    return arrived - began, arrived, database_time
