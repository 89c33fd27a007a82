"""What due timers do: many resting processes made runnable, many open questions called to mind, in a few statements.

A process is woken as `process.resume` wakes one, and told of by the same event; only the writing is shared. Else ten
thousand deadlines of one instant would take ten thousand commits, and come minutes late.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.process import status_changed
from orchestrator_gql.storage import events, input_requests, processes
from orchestrator_gql.storage.timers import Fired, TimerKind
from orchestrator_gql.types import Event, EventKind, ProcessStatus

WAKES = {
    TimerKind.RETRY: ProcessStatus.WAITING,
    TimerKind.CALLBACK_DEADLINE: ProcessStatus.AWAITING_CALLBACK,
    TimerKind.HEARTBEAT: ProcessStatus.AWAITING_CALLBACK,
}
"""What a process must rest at for a timer to concern it."""


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


def remind(conn: Connection, fired: Sequence[Fired], now: datetime) -> None:
    """Tell again of the questions that are still open. Their processes are held."""
    due = [timer.input_request_id for timer in fired if timer.input_request_id is not None]
    if not due:
        return
    told = []
    for request in input_requests.remind(conn, due, now):
        payload = {"input_request_id": str(request.id), "change": "REMINDED", "assignee": request.assignee}
        told.append(Event(EventKind.INPUT_REQUEST_CHANGED, now, request.process_id, None, payload))
    events.append(conn, told)
