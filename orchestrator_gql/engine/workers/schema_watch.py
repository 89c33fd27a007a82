"""Reports a schema that was migrated, or restored, while this server runs."""

import asyncio
import logging
import time

from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage.database import schema
from orchestrator_gql.utils.errors import StorageUnavailable

logger = logging.getLogger(__name__)

EVERY = 10.0
"""Seconds between two looks."""

AGAIN = 600.0
"""Seconds between two log lines about the same version: nobody may forget an old server for ever."""


async def watch_schema(runtime: Runtime) -> None:
    """Log a warning while the schema is not that of this release; repeated until cancelled.

    The server goes on: a migration leaves the release before able to work, so that servers are replaced one by one.
    """
    logged, next_line = schema.HEAD, 0.0
    while True:
        await asyncio.sleep(EVERY)
        try:
            version = await runtime.database.read_current(schema.version_of)
        except StorageUnavailable:
            continue  # the database has logged it, also while a restore replaces the tables
        if version == schema.HEAD or (version == logged and time.monotonic() < next_line):
            logged = version or ""
            continue
        logged, next_line = version or "", time.monotonic() + AGAIN
        logger.warning("the schema is not that of this release", extra={"detail": schema.difference(version)})
