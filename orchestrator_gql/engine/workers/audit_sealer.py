"""The sealer: every second it seals what the audit log has grown by, so that a removed end of a chain shows too.

Each seal is told to the log, with its number and digest. Whoever collects logs elsewhere thereby holds anchors that
nobody with the database in hand can change.
"""

import asyncio
import logging

from sqlalchemy import Connection

from orchestrator_gql.audit.seals import Seal
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import audit
from orchestrator_gql.storage.audit import Outrun
from orchestrator_gql.utils.errors import StorageUnavailable

logger = logging.getLogger("orchestrator_gql.engine.workers.sealer")

EVERY = 1.0
"""Seconds between two looks, and so the age at which a removed entry begins to be missed."""

LAST_SECONDS = 5.0
"""Patience at the end: a database that is away must not keep a server from stopping."""


async def keep_sealed(runtime: Runtime) -> None:
    """Seal what is new, again and again, until cancelled."""
    while True:
        try:
            await seal_new(runtime)
        except StorageUnavailable:
            logger.warning("the database is away; the audit log is sealed when it is back")
        except Exception:  # a sealer that died silently would leave the log open for ever
            logger.exception("the audit log could not be sealed; it is tried again")
        await asyncio.sleep(EVERY)


async def seal_new(runtime: Runtime) -> int:
    """Seal what is not sealed yet, and return how many entries that was.

    Where there is nothing it costs one look at an index. Several sealers may be at it: whoever comes second leaves it
    to the first, and to the next look.
    """
    sealed = 0
    while await runtime.database.read(audit.has_unsealed):
        try:
            seal = await runtime.database.transaction(lambda conn: _seal(conn, runtime))
        except Outrun:
            break
        if seal is None:
            break
        logger.info("audit sealed", extra={"seq": seal.seq, "digest": seal.digest, "entries": seal.entries})
        sealed += seal.entries
    return sealed


async def seal_at_the_end(runtime: Runtime) -> None:
    """Seal what came last, at an orderly stop; where that fails, the next start does it."""
    try:
        async with asyncio.timeout(LAST_SECONDS):
            await seal_new(runtime)
    except Exception:  # whatever it is, the server is to stop all the same
        logger.warning("the end of the audit log is not sealed; the next start seals it", exc_info=True)


def _seal(conn: Connection, runtime: Runtime) -> Seal | None:
    return audit.seal(conn, runtime.clock.now(), runtime.settings.audit_secret)
