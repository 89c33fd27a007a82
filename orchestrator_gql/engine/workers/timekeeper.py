"""The one who watches the clock: fires the timers that fell due, in batches, and decides nothing."""

import asyncio
import logging
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from orchestrator_gql.engine.runner import terms
from orchestrator_gql.engine.workers import waking
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import processes, timers
from orchestrator_gql.utils.errors import StorageUnavailable

logger = logging.getLogger(__name__)

BATCH = 500
"""Timers that one transaction fires: enough to share its cost, few enough that other writers are not held up."""

WINDOW = 4 * BATCH
"""Due timers that one look goes through for a batch of processes that nobody holds; several servers look at once."""

HURRY = 3.0
"""Seconds for which nothing else begins while timers are fired; ten thousand take half of that on a busy machine."""

SHORTEST_SLEEP = 0.01
"""Seconds: a process that was being moved when its timer fell due is looked at again after that."""

LONGEST_SLEEP = 0.5
"""Seconds: a clock that was stepped, or a timer set by another server, is noticed after that."""

BREATH = 0.02
"""Seconds between a bell and the look: where hundreds of callbacks are issued a second, one look serves many."""


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
        await asyncio.sleep(BREATH)


async def _fire_and_look(runtime: Runtime) -> float:
    """Fire what is due; the seconds to sleep until the next look."""
    due = await runtime.database.read(timers.next_due)
    if due is not None and due <= runtime.clock.now():
        await _fire_all(runtime)
        due = await runtime.database.read(timers.next_due)
    if due is None:
        return LONGEST_SLEEP
    left = (due - runtime.clock.now()).total_seconds()
    return min(max(left, SHORTEST_SLEEP), LONGEST_SLEEP)


async def _fire_all(runtime: Runtime) -> None:
    """Fire what is due, batch after batch.

    What the first batches woke would crowd the last ones out of the database, and they would come minutes late. So
    none of it begins before all is awake, or `HURRY` is over.
    """
    loop = asyncio.get_running_loop()
    runtime.calm.clear()
    waiting = loop.call_later(HURRY, runtime.calm.set)
    try:
        while await runtime.database.transaction(lambda conn: fire(conn, runtime, runtime.clock.now())):
            continue
    finally:
        waiting.cancel()
        runtime.calm.set()


def fire(conn: Connection, runtime: Runtime, now: datetime) -> int:
    """Fire the due timers of at most one batch of processes; how many there were.

    A process that is being moved just now is left for the next look. Locks come before anything is written (see
    `storage.processes`), and none is waited for, so that two timekeepers never wait for each other.
    """
    held = processes.hold_free(conn, timers.due_processes(now, WINDOW), BATCH)
    fired = timers.take_due(conn, held, now) if held else []
    waking.wake_processes(conn, fired, now)
    waking.call_to_mind(conn, fired, now)
    waking.close(conn, fired, partial(terms, runtime), runtime.registry)
    return len(fired)
