"""The one who watches the clock: fires the timers that fell due, in batches, and decides nothing."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine import commit
from orchestrator_gql.engine.commit import CommitContext, PendingTransitions, commit_context, with_current_definition
from orchestrator_gql.engine.input_requests import requests
from orchestrator_gql.input_requests.decision import InputRequest
from orchestrator_gql.process import Process, expire, status_changed, steps_of
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import events, input_requests, processes, timers
from orchestrator_gql.storage.timers import Fired, TimerKind
from orchestrator_gql.types import InputRequestStatus, ProcessStatus
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.workflow.model import StepList, Workflow, begin
from orchestrator_gql.workflows.registry import Registry

logger = logging.getLogger("orchestrator_gql.engine.workers.timekeeper")

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
    runtime.may_advance.clear()
    waiting = loop.call_later(HURRY, runtime.may_advance.set)
    try:
        while await runtime.database.transaction(lambda conn: fire(conn, runtime, runtime.clock.now())):
            continue
    finally:
        waiting.cancel()
        runtime.may_advance.set()


def fire(conn: Connection, runtime: Runtime, now: datetime) -> int:
    """Fire the due timers of at most one batch of processes; how many there were.

    A process that is being moved just now is left for the next look. Locks come before anything is written (see
    `storage.processes`), and none is waited for, so that two timekeepers never wait for each other.
    """
    held = processes.hold_free(conn, timers.due_processes(now, WINDOW), BATCH)
    fired = timers.take_due(conn, held, now) if held else []
    wake_processes(conn, fired, now)
    fire_reminders(conn, fired, now)
    close(conn, fired, partial(commit_context, runtime), runtime.registry)
    return len(fired)


WAKES = {
    TimerKind.RETRY: ProcessStatus.WAITING,
    TimerKind.CALLBACK_DEADLINE: ProcessStatus.AWAITING_CALLBACK,
    TimerKind.HEARTBEAT: ProcessStatus.AWAITING_CALLBACK,
}
"""What a process must rest at for a timer to concern it."""

NOT_DEPLOYED = timedelta(minutes=1)
"""After that a question is looked at again that is to be closed, and whose workflow is not deployed here."""


def wake_processes(conn: Connection, fired: Sequence[Fired], now: datetime) -> None:
    """Make runnable what rests at the status that its timer concerns. The processes are held.

    Any other one is passed over: its letter came first, somebody ended it, or it has not come to its wait yet and will
    look itself.
    """
    concerned: dict[ProcessStatus, list[UUID]] = {}
    for timer in fired:
        if timer.kind in WAKES:
            concerned.setdefault(WAKES[timer.kind], []).append(timer.process_id)
    for resting, ids in concerned.items():
        for version, resumed in processes.resume_all(conn, ids, resting, now).items():
            told = status_changed(resumed[0], resting, ProcessStatus.RUNNING, version, None, now)
            events.append_for_each(conn, told, resumed)


def fire_reminders(conn: Connection, fired: Sequence[Fired], now: datetime) -> None:
    """Tell again of the questions that are still open, and give those to others that were to be. Their processes are
    held."""
    told = []
    due = [timer.input_request_id for timer in fired if timer.kind is TimerKind.REMINDER and timer.input_request_id]
    if due:
        told += [requests.changed(request, "REMINDED", now) for request in input_requests.remind(conn, due, now)]
    # where a server was away for long, several of one question's may be due
    escalating = (timer for timer in fired if timer.kind is TimerKind.ESCALATION)
    for timer in sorted(escalating, key=lambda timer: timer.due_at or now):
        assert timer.input_request_id is not None and timer.assignee is not None, "such a timer says whose and which"
        request = input_requests.escalate(conn, timer.input_request_id, timer.assignee, now)
        if request is not None:
            processes.assign(conn, [request.process_id], request.assignee, now)
            told.append(requests.changed(request, "ESCALATED", now))
    if told:
        events.append(conn, told)


def close(
    conn: Connection, fired: Sequence[Fired], context: Callable[[StepList], CommitContext], registry: Registry
) -> None:
    """Close the questions that nobody may answer any more, and fail their processes, which are held."""
    for timer in fired:
        if timer.kind is not TimerKind.EXPIRY or timer.input_request_id is None:
            continue
        request = input_requests.load(conn, timer.input_request_id)
        process = processes.load(conn, timer.process_id)
        if request is None or process is None:
            continue
        workflow = registry.find(process.workflow_name)
        if workflow is None:  # another server has it deployed, or will: it is looked at again
            timers.set_timer(conn, timer.kind, process.id, _later(context), input_request_id=request.id)
        elif input_requests.close(conn, request, InputRequestStatus.EXPIRED, context(begin).now):
            _fail(conn, request, process, workflow, context(steps_of(process, workflow)))


def _fail(
    conn: Connection, request: InputRequest, process: Process, workflow: Workflow, context: CommitContext
) -> None:
    """Deployed anew, the workflow may have no such step any more: then that is what the process fails of."""
    timers.clear_request(conn, process.id, request.id)
    events.append(conn, [requests.changed(request, "CLOSED", context.now)])
    pending = with_current_definition(conn, PendingTransitions(process), workflow)
    if pending.process.status is not ProcessStatus.FAILED:
        pending = pending.then(expire(pending.process, context.steps, context.now))
    commit.apply(conn, process, pending, context)


def _later(context: Callable[[StepList], CommitContext]) -> datetime:
    return context(begin).now + NOT_DEPLOYED
