"""Fires due timers in batches; it wakes processes but decides nothing about their waits."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine import commit
from orchestrator_gql.engine.input_requests import requests
from orchestrator_gql.engine.pending_transitions import (
    CommitContext,
    PendingTransitions,
    commit_context,
    with_current_definition,
)
from orchestrator_gql.input_requests.decision import InputRequest
from orchestrator_gql.process import Process, expire, status_changed, steps_of
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import events, free_processes, input_requests, processes, timers
from orchestrator_gql.storage.database.losses import is_outage
from orchestrator_gql.storage.database.pipeline import savepoint
from orchestrator_gql.storage.timers import DueTimer, TimerKind
from orchestrator_gql.types import InputRequestStatus, ProcessStatus
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.utils.outages import tried_again
from orchestrator_gql.workflow.model import Workflow

logger = logging.getLogger("orchestrator_gql.engine.workers.timekeeper")

BATCH = 500
"""The processes whose timers one transaction fires: many share its cost, but other writers must not wait long."""

WINDOW = 4 * BATCH
"""Due timers that are searched for a batch of unlocked processes; several servers search at the same time."""

HURRY = 3.0
"""Seconds in which no step starts while timers fire; ten thousand timers take half of that on a busy machine."""

SHORTEST_SLEEP = 0.01
"""Seconds until the next look if a process was locked when its timer became due."""

LONGEST_SLEEP = 0.5
"""Seconds until a changed clock or a timer of another server is noticed."""

BREATH = 0.02
"""Seconds between a wake-up and the look: at hundreds of new callbacks a second, a single look serves many."""


async def run_timers(runtime: Runtime) -> None:
    """Fire timers when they become due, until cancelled."""
    while True:
        runtime.timers.clear()
        pause = LONGEST_SLEEP
        with tried_again(logger, "timers could not be fired; they are tried again"):
            pause = await _fire_and_look(runtime)
        try:
            async with asyncio.timeout(pause):
                await runtime.timers.wait()
        except TimeoutError:
            continue
        await asyncio.sleep(BREATH)


async def _fire_and_look(runtime: Runtime) -> float:
    """Fire all due timers; the seconds to sleep until the next look."""
    due = await runtime.database.read_current(timers.next_due)
    if due is not None and due <= runtime.clock.now():
        await _fire_all(runtime)
        due = await runtime.database.read_current(timers.next_due)
    if due is None:
        return LONGEST_SLEEP
    left = (due - runtime.clock.now()).total_seconds()
    return min(max(left, SHORTEST_SLEEP), LONGEST_SLEEP)


async def _fire_all(runtime: Runtime) -> None:
    """Fire all due timers, batch after batch.

    The processes of the first batches would keep the database busy, and the last batches would fire minutes late. So
    no woken process starts a step before all timers have fired, or before `HURRY` is over.
    """
    loop = asyncio.get_running_loop()
    runtime.may_advance.clear()
    limit = loop.call_later(HURRY, runtime.may_advance.set)
    try:
        while await runtime.database.transaction(lambda conn: fire(conn, runtime, runtime.clock.now())):
            continue
    finally:
        limit.cancel()
        runtime.may_advance.set()


def fire(conn: Connection, runtime: Runtime, now: datetime) -> int:
    """Fire the due timers of at most one batch of processes; the number of fired timers.

    A locked process is left for the next look. All locks are taken before the first write (see `storage.processes`),
    and no lock is waited for, so that two servers that fire timers never wait for each other.
    """
    held = free_processes.hold_free(conn, timers.due_processes(now, WINDOW), BATCH)
    fired = timers.take_due(conn, held, now) if held else []
    wake_processes(conn, fired, now)
    fire_reminders(conn, fired, now)
    close_expired(conn, runtime, fired, now)
    return len(fired)


WAKES = {
    TimerKind.RETRY: ProcessStatus.WAITING,
    TimerKind.CALLBACK_DEADLINE: ProcessStatus.AWAITING_CALLBACK,
    TimerKind.HEARTBEAT: ProcessStatus.AWAITING_CALLBACK,
}
"""The status that a process must have so that a timer of this kind wakes it."""

NEXT_TRY = timedelta(minutes=1)
"""The delay until the next try to close an input request that cannot be closed now."""


def wake_processes(conn: Connection, fired: Sequence[DueTimer], now: datetime) -> None:
    """Make the processes runnable that have the status for their timer. The caller holds their locks.

    Other processes stay as they are: the delivery came first, somebody ended the process, or the process has not
    reached its wait yet and will check the deadline itself.
    """
    concerned: dict[ProcessStatus, list[UUID]] = {}
    for timer in fired:
        if timer.kind in WAKES:
            concerned.setdefault(WAKES[timer.kind], []).append(timer.process_id)
    for resting, ids in concerned.items():
        for version, resumed in processes.resume_all(conn, ids, resting, now).items():
            event = status_changed(resumed[0], resting, ProcessStatus.RUNNING, version, None, now)
            events.append_for_each(conn, event, resumed)


def fire_reminders(conn: Connection, fired: Sequence[DueTimer], now: datetime) -> None:
    """Send the due reminders of open input requests, and do the due escalations. The caller holds the locks of the
    processes."""
    changes = []
    due = [timer.input_request_id for timer in fired if timer.kind is TimerKind.REMINDER and timer.input_request_id]
    if due:
        changes += [requests.changed(request, "REMINDED", now) for request in input_requests.remind(conn, due, now)]
    # after a long downtime, several escalations of a request may be due: the order matters
    escalating = (timer for timer in fired if timer.kind is TimerKind.ESCALATION)
    for timer in sorted(escalating, key=lambda timer: timer.due_at or now):
        assert timer.input_request_id is not None and timer.assignee is not None, (
            "an escalation names the request and the assignee"
        )
        request = input_requests.escalate(conn, timer.input_request_id, timer.assignee, now)
        if request is not None:
            processes.assign(conn, [request.process_id], request.assignee, now)
            changes.append(requests.changed(request, "ESCALATED", now))
    if changes:
        events.append(conn, changes)


def close_expired(conn: Connection, runtime: Runtime, fired: Sequence[DueTimer], now: datetime) -> None:
    """Close the expired input requests and fail their processes. The caller holds the locks of the processes."""
    for timer in fired:
        if timer.kind is not TimerKind.EXPIRY or timer.input_request_id is None:
            continue
        try:
            with savepoint(conn):  # a form that cannot be closed must not stop the other timers of the batch
                _close_request(conn, runtime, timer, timer.input_request_id, now)
        except StorageUnavailable:
            raise
        except Exception as error:
            if is_outage(error):
                raise  # the database is away, and not the form wrong
            logger.exception("a form cannot be closed", extra={"process_id": str(timer.process_id)})
            _try_later(conn, timer, now)


def _close_request(conn: Connection, runtime: Runtime, timer: DueTimer, input_request_id: UUID, now: datetime) -> None:
    request = input_requests.load(conn, input_request_id)
    process = processes.load(conn, timer.process_id)
    if request is None or process is None:
        return
    workflow = runtime.registry.find(process.workflow_name)
    if workflow is None:  # another server has the workflow, or will have it
        _try_later(conn, timer, now)
    elif input_requests.close(conn, request, InputRequestStatus.EXPIRED, now):
        _fail(conn, request, process, workflow, commit_context(runtime, steps_of(process, workflow), now=now))


def _fail(
    conn: Connection, request: InputRequest, process: Process, workflow: Workflow, context: CommitContext
) -> None:
    """Fail the process: because its request expired, or because the deployed workflow does not fit its steps."""
    timers.clear_request(conn, process.id, request.id)
    events.append(conn, [requests.changed(request, "CLOSED", context.now)])
    pending = with_current_definition(conn, PendingTransitions(process), workflow)
    if pending.process.status is not ProcessStatus.FAILED:
        pending = pending.then(expire(pending.process, context.steps, context.now))
    commit.apply(conn, process, pending, context)


def _try_later(conn: Connection, timer: DueTimer, now: datetime) -> None:
    timers.set_timer(conn, timer.kind, timer.process_id, now + NEXT_TRY, input_request_id=timer.input_request_id)
