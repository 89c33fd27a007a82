"""The clock of many servers: the database's, which each of them asks again and again."""

import asyncio
import logging
import time
from datetime import datetime

from sqlalchemy import Connection

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import timers
from orchestrator_gql.utils.clock import SteadyClock
from orchestrator_gql.utils.errors import StorageUnavailable

logger = logging.getLogger(__name__)

EVERY = 10.0
"""Seconds between two readings."""

TRIES = 3
"""Questions of one reading; the answer that came quickest tells the time best."""


async def read_database_clock(runtime: Runtime, clock: SteadyClock) -> None:
    """Ask the database for the time once. The answer was true half of its way ago."""

    def ask(conn: Connection) -> tuple[float, float, datetime]:
        return min(_asked(conn) for _ in range(TRIES))

    took, answered, said = await runtime.database.read(ask)
    clock.follow(said, time.monotonic() - answered + took / 2)


async def keep_to_database_clock(runtime: Runtime, clock: SteadyClock) -> None:
    """Ask again and again, until cancelled."""
    while True:
        await asyncio.sleep(EVERY)
        try:
            await read_database_clock(runtime, clock)
        except StorageUnavailable:
            logger.warning("the database is away; its time is read when it is back")
        except Exception:  # a clock that was never set again would drift from those of the other servers
            logger.exception("the time of the database could not be read")


def _asked(conn: Connection) -> tuple[float, float, datetime]:
    """How long the answer took, when it came, and what it was."""
    began = time.monotonic()
    said = timers.database_time(conn)
    answered = time.monotonic()
    return answered - began, answered, said
