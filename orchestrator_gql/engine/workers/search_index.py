"""Stores the terms by which processes are found, so that a start does not have to."""

import asyncio
import logging

from sqlalchemy import Connection

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import process_segments
from orchestrator_gql.utils.outages import tried_again

logger = logging.getLogger(__name__)

EVERY = 30.0
"""Seconds between two looks. Until then a search reads the new processes themselves."""

REST = 0.2
"""Seconds between two transactions, if a site was updated that has many processes: nobody waits for the end."""


async def keep_indexed(runtime: Runtime) -> None:
    """Index new processes and changed notes periodically, until cancelled; of several servers one does it."""
    pause = EVERY
    while True:
        await asyncio.sleep(pause)
        pause = EVERY
        with tried_again(logger, "processes could not be indexed; it is tried again"):
            pause = REST if await _index(runtime) else EVERY


async def _index(runtime: Runtime) -> bool:
    """Index a part of the processes, if a thousand wait or some are late; true if there may be more."""
    now = runtime.clock.now()

    def has_unindexed(conn: Connection) -> bool:
        return process_segments.has_unindexed(conn, now)

    if not await runtime.database.read_current(has_unindexed):
        return False
    return await runtime.database.transaction(lambda conn: process_segments.index(conn, now))
