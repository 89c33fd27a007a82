"""Seals the new entries of the audit log every second, so that the removal of the newest entries is noticed.

Each seal is logged with its number and digest. A log collector on another machine thus keeps a copy that nobody can
change through the database.
"""

import asyncio
import logging

from sqlalchemy import Connection

from orchestrator_gql.audit.seals import Seal
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import audit_seals
from orchestrator_gql.storage.audit_seals import BATCH, Outrun
from orchestrator_gql.utils.outages import tried_again

logger = logging.getLogger("orchestrator_gql.engine.workers.sealer")

EVERY = 1.0
"""Seconds between two runs. The removal of an entry that is older than this is noticed."""

LAST_SECONDS = 5.0
"""Seconds for the last run: an unavailable database must not keep a server from stopping."""


async def keep_sealed(runtime: Runtime) -> None:
    """Seal new entries periodically until cancelled."""
    while True:
        with tried_again(logger, "the audit log could not be sealed; it is tried again"):
            await seal_new(runtime)
        await asyncio.sleep(EVERY)


async def seal_new(runtime: Runtime) -> int:
    """Seal all unsealed entries; the number of sealed entries. Entries that arrive meanwhile wait for the next run.

    Without new entries the cost is one index lookup. Several sealers may run at the same time: the second one stops and
    leaves the entries to the first one and to the next run.
    """
    sealed = 0
    while await runtime.database.read_current(audit_seals.has_unsealed):
        try:
            seal = await runtime.database.transaction(lambda conn: _seal(conn, runtime))
        except Outrun:
            break
        if seal is None:
            break
        logger.info("audit sealed", extra={"seq": seal.seq, "digest": seal.digest, "entries": seal.entries})
        sealed += seal.entries
        if seal.entries < BATCH:  # else a busy server would have a seal, and a commit, for each entry
            break
    return sealed


async def seal_at_the_end(runtime: Runtime) -> None:
    """Seal the last entries at an orderly stop; if this fails, the next start seals them."""
    try:
        async with asyncio.timeout(LAST_SECONDS):
            await seal_new(runtime)
    except Exception:  # the server must stop in any case
        logger.warning("the end of the audit log is not sealed; the next start seals it", exc_info=True)


def _seal(conn: Connection, runtime: Runtime) -> Seal | None:
    return audit_seals.seal(conn, runtime.clock.now(), runtime.settings.audit_secret)
