"""The one who watches the clock: wakes processes whose retry, deadline or heartbeat fell due, and decides nothing."""

import asyncio
import logging
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine import commit
from orchestrator_gql.engine.commit import Draft
from orchestrator_gql.engine.runner import terms
from orchestrator_gql.process import resume
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import processes, timers
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.workflow.model import begin

logger = logging.getLogger(__name__)

BATCH = 200
LONGEST_SLEEP = 0.5
"""Seconds: a clock that was stepped, or a timer set by another server, is noticed after that."""


async def keep_time(runtime: Runtime) -> None:
    """Fire timers as they fall due, until cancelled."""
    while True:
        runtime.timers.clear()
        try:
            pause = await _fire_and_look(runtime)
        except StorageUnavailable:
            logger.warning("the database is away; timers fire when it is back")
            pause = LONGEST_SLEEP
        try:
            async with asyncio.timeout(pause):
                await runtime.timers.wait()
        except TimeoutError:
            continue


async def _fire_and_look(runtime: Runtime) -> float:
    """Fire what is due; the seconds to sleep until the next look."""
    due = await runtime.database.read(timers.next_due)
    while due is not None and due <= runtime.clock.now():
        fired = await runtime.database.transaction(lambda conn: fire(conn, runtime, runtime.clock.now()))
        if fired < BATCH:
            break
    if due is None:
        return LONGEST_SLEEP
    left = (due - runtime.clock.now()).total_seconds()
    return min(max(left, 0.001), LONGEST_SLEEP)


def fire(conn: Connection, runtime: Runtime, now: datetime) -> int:
    """Wake the processes of at most one batch of due timers; how many there were."""
    woken = timers.take_due(conn, now, BATCH)
    for process_id in woken:
        _wake(conn, runtime, process_id, now)
    return len(woken)


def _wake(conn: Connection, runtime: Runtime, process_id: UUID, now: datetime) -> None:
    process = processes.lock(conn, process_id)
    if process is None or process.status not in (ProcessStatus.WAITING, ProcessStatus.AWAITING_CALLBACK):
        return  # its letter came first, somebody ended it, or it has not come to its wait yet and will look itself
    draft = Draft(process).then(resume(process, now))
    commit.apply(conn, process, draft, terms(runtime, begin))
