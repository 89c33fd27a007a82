"""Sets the clock of a server by the clock of the database, so that all servers on one database agree."""

import asyncio
import logging
import time
from datetime import datetime

from sqlalchemy import Connection

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import timers
from orchestrator_gql.utils.clock import SteadyClock
from orchestrator_gql.utils.outages import tried_again

logger = logging.getLogger(__name__)

EVERY = 10.0
"""Seconds between two readings."""

TRIES = 3
"""Queries in one reading; the fastest response gives the most accurate time."""


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
