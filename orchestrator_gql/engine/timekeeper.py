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
from orchestrator_gql.storage.timers import TimerKind
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.workflow.model import begin

WAKES = {
    TimerKind.RETRY: ProcessStatus.WAITING,
    TimerKind.CALLBACK_DEADLINE: ProcessStatus.AWAITING_CALLBACK,
    TimerKind.HEARTBEAT: ProcessStatus.AWAITING_CALLBACK,
}
"""What a process must rest at for a timer to concern it."""

logger = logging.getLogger(__name__)

BATCH = 200
SHORTEST_SLEEP = 0.01
"""Seconds: a process that was being moved when its timer fell due is looked at again after that."""

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
        except Exception:  # a clock that died silently would fire nothing ever again
            logger.exception("timers could not be fired; they are tried again")
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
    return min(max(left, SHORTEST_SLEEP), LONGEST_SLEEP)


def fire(conn: Connection, runtime: Runtime, now: datetime) -> int:
    """Wake the processes of at most one batch of due timers; how many there were.

    One that is being moved just now is left for the next look. Locks come before anything is written (see
    `storage.processes`), and none is waited for, so that two timekeepers never wait for each other.
    """
    held = processes.hold_free(conn, timers.due_processes(conn, now, BATCH))
    due = timers.take_due(conn, held, now)
    for process_id, kind in due:
        _wake(conn, runtime, process_id, kind, now)
    return len(due)


def _wake(conn: Connection, runtime: Runtime, process_id: UUID, kind: TimerKind, now: datetime) -> None:
    process = processes.load(conn, process_id)
    if process is None or process.status is not WAKES[kind]:
        return  # its letter came first, somebody ended it, or it has not come to its wait yet and will look itself
    draft = Draft(process).then(resume(process, now))
    commit.apply(conn, process, draft, terms(runtime, begin))
