"""What due timers do: many resting processes made runnable, many open questions called to mind, in a few statements.

A process is woken as `process.resume` wakes one, and told of by the same event; only the writing is shared. Else ten
thousand deadlines of one instant would take ten thousand commits, and come minutes late.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine import commit
from orchestrator_gql.engine.commit import Draft, Terms
from orchestrator_gql.engine.people import requests
from orchestrator_gql.engine.runner import with_current_definition
from orchestrator_gql.input_requests.decision import InputRequest
from orchestrator_gql.process import Process, course, expire, status_changed
from orchestrator_gql.storage import events, input_requests, processes, timers
from orchestrator_gql.storage.timers import Fired, TimerKind
from orchestrator_gql.types import InputRequestStatus, ProcessStatus
from orchestrator_gql.workflow.model import StepList, Workflow, begin
from orchestrator_gql.workflows.registry import Registry

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


def call_to_mind(conn: Connection, fired: Sequence[Fired], now: datetime) -> None:
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


def close(conn: Connection, fired: Sequence[Fired], terms: Callable[[StepList], Terms], registry: Registry) -> None:
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
            timers.set_timer(conn, timer.kind, process.id, _later(terms), input_request_id=request.id)
        elif input_requests.close(conn, request, InputRequestStatus.EXPIRED, terms(begin).now):
            _fail(conn, request, process, workflow, terms(course(process, workflow)))


def _fail(conn: Connection, request: InputRequest, process: Process, workflow: Workflow, terms: Terms) -> None:
    """Deployed anew, the workflow may have no such step any more: then that is what the process fails of."""
    timers.clear_request(conn, process.id, request.id)
    events.append(conn, [requests.changed(request, "CLOSED", terms.now)])
    draft = with_current_definition(conn, Draft(process), workflow)
    if draft.process.status is not ProcessStatus.FAILED:
        draft = draft.then(expire(draft.process, terms.steps, terms.now))
    commit.apply(conn, process, draft, terms)


def _later(terms: Callable[[StepList], Terms]) -> datetime:
    return terms(begin).now + NOT_DEPLOYED
