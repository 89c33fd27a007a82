"""Deletes old processes in the background, where ``ORCHESTRATOR_RETENTION_DAYS`` says when they may go."""

import asyncio
import logging
from datetime import timedelta

from orchestrator_gql.config.retention import Retention
from orchestrator_gql.engine.retention import Pruned, Request, prune
from orchestrator_gql.engine.retention_selection import by_setting
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import ENGINE
from orchestrator_gql.utils.outages import tried_again

logger = logging.getLogger(__name__)

FIRST = 60.0
"""Seconds after the start until the first run: the processes that wait come first."""

EVERY = 3600.0
"""Seconds between two runs."""

SWEEP_EVERY = timedelta(days=1)
"""How often a server looks for unused payloads."""

REST = 9.0
"""The pause between two transactions, in times of the transaction: nobody waits for the end of a run."""

MOST = 10_000
"""Processes between two entries in the audit log."""


async def keep_pruned(runtime: Runtime, days: Retention) -> None:
    """Delete what is old enough, periodically, until cancelled."""
    pause, swept_at = FIRST, None
    while True:
        await asyncio.sleep(pause)
        pause, now = EVERY, runtime.clock.now()
        sweeps = swept_at is None or now - swept_at > SWEEP_EVERY
        with tried_again(logger, "old processes could not be deleted; it is tried again"):
            done = await prune_once(runtime, days, sweeps=sweeps)
            if sweeps and not done.has_more:
                swept_at = now
            if done.has_more and not done.is_elsewhere:
                pause = 0


async def prune_once(runtime: Runtime, days: Retention, *, sweeps: bool = True) -> Pruned:
    """Delete what is old enough now; of several workers, one does it."""
    request = Request(by_setting(days, runtime.clock.now()), ENGINE.id, most=MOST, rest=REST, sweeps=sweeps)
    done = await prune(runtime.database, runtime.clock.now, runtime.settings.audit_secret, request)
    if done.number or done.notifications:
        facts = {"processes": done.number, "notifications": done.notifications, "kept": done.kept.total()}
        logger.info("old processes were deleted", extra=facts)
    return done
