"""The only writer of a Transition: records, status, events, mailboxes, models and timers, in one transaction.

Whatever needs no author's code is settled in the same transaction. A wait looks into its mailbox in the very
transaction that would pause, under the lock of the process row which a delivery takes too, so letter and pause cannot
miss each other; and the next action's visit is opened, with its URL's key, by the commit that ends the one before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from orchestrator_gql.callbacks import contract
from orchestrator_gql.callbacks.mailbox import Mailbox
from orchestrator_gql.engine import rest
from orchestrator_gql.engine.authors import conditions
from orchestrator_gql.engine.authors.lenses import focus, put_back
from orchestrator_gql.input_requests.decision import InputRequest
from orchestrator_gql.process import (
    Await,
    Failed,
    Outcome,
    Process,
    Skipped,
    StepRecord,
    Success,
    Suspend,
    Transition,
    complete,
    decide,
    enter,
    hand_over,
)
from orchestrator_gql.storage import callbacks, events, input_requests, processes, product_subscriptions, steps, timers
from orchestrator_gql.storage.database.commits import wake
from orchestrator_gql.storage.timers import TimerKind
from orchestrator_gql.types import (
    CallbackStatus,
    EngineState,
    Event,
    EventKind,
    Failure,
    InputRequestStatus,
    Json,
    ProcessStatus,
    StepStatus,
)
from orchestrator_gql.utils.errors import StaleVersion
from orchestrator_gql.utils.tokens import digest, hint, new_id, new_token
from orchestrator_gql.workflow.model import ActionStep, AwaitStep, StepList

CLOCKS_APART = timedelta(seconds=5)
"""More than the clocks of two servers on one database ever differ by."""


class Fenced(Exception):
    """The process moved on without this worker; the transaction is undone."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which terms a commit is made: when, the steps, whose lease until when, and how long callbacks wait.

    ``hands_over``: the worker begins no further step and leaves the process to whoever comes.
    """

    now: datetime
    steps: StepList
    callback_timeout: timedelta
    lease_until: datetime | None = None
    hands_over: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """What happened so far and is not written yet; ``asked`` is the position whose conditions were just answered."""

    process: Process
    transitions: tuple[Transition, ...] = ()
    asked: int | None = None

    def then(self, transition: Transition) -> "Draft":
        """The draft with one more transition."""
        return Draft(transition.process, (*self.transitions, transition))


@dataclass(frozen=True, slots=True)
class Committed:
    """The process as it stands now and, where its next action hands out a URL, that URL's token."""

    process: Process
    token: str | None = None


def apply(
    conn: Connection, before: Process, draft: Draft, terms: Terms, *, if_paused: Draft | None = None
) -> Committed:
    """Write what happened, and whatever follows from it without an author's code; `Fenced` where it is too late.

    ``if_paused`` is what is written instead where the engine is paused: what happened, without what would begin.
    """
    stands = processes.hold_as(conn, before)
    if stands is None:
        raise Fenced
    if stands.engine is not EngineState.RUNNING:
        draft, terms = if_paused or draft, replace(terms, hands_over=True)
    draft, token = _settle(conn, draft, terms)
    after = replace(draft.process, version=stands.version + 1, note=stands.note)
    is_held = after.status is ProcessStatus.RUNNING and after.worker is not None
    if not processes.write(conn, before, after, terms.lease_until if is_held else None):
        raise Fenced
    _write(conn, after, draft.transitions, terms.now)
    if after.status is ProcessStatus.RUNNING and after.worker is None:
        wake(conn, after.id)
    if stands.engine is EngineState.PAUSING and not is_held:
        rest.look(conn, terms.now)
    return Committed(after, token)


def begin_process(conn: Connection, begun: Transition) -> Process:
    """Store a process that was just created, with its first event, and wake it."""
    processes.insert_process(conn, begun.process)
    events.append(conn, begun.events)
    return begun.process


def clean_note(note: str | None) -> str | None:
    """The note as both dialects keep it: PostgreSQL's text holds no NUL."""
    return note.replace("\x00", "\ufffd") if note else note


def demand_version(process: Process, expected: int | None) -> None:
    """Raise `StaleVersion` where the process changed since the caller looked."""
    if expected is not None and expected != process.version:
        raise StaleVersion(
            f"The process is at version {process.version}, not {expected}.",
            process_id=process.id,
            current_version=process.version,
        )


def _withdraw(conn: Connection, process: Process, now: datetime) -> list[Event]:
    """End every open wait of the process: its URLs are dead, its form is closed."""
    told: list[Event] = []
    for mailbox in callbacks.open_of_process(conn, process.id):
        callbacks.close(conn, mailbox.id, CallbackStatus.WITHDRAWN)
        told.append(_ended(mailbox, CallbackStatus.WITHDRAWN, now))
    request = input_requests.open_of_process(conn, process.id)
    if request and input_requests.close(conn, request, InputRequestStatus.WITHDRAWN, now):
        payload = {"input_request_id": str(request.id), "change": "CLOSED", "assignee": request.assignee}
        told.append(Event(EventKind.INPUT_REQUEST_CHANGED, now, process.id, None, payload))
    timers.clear_process(conn, process.id)
    return told


def _ended(mailbox: Mailbox, status: CallbackStatus, now: datetime) -> Event:
    """The event that tells how a wait ended."""
    payload = {"callback_id": str(mailbox.id), "status": status}
    return Event(EventKind.CALLBACK_ENDED, now, mailbox.process_id, None, payload)


def _settle(conn: Connection, draft: Draft, terms: Terms) -> tuple[Draft, str | None]:
    """Add the transitions that follow by themselves, and the token of the URL where the next action hands one out.

    Where the worker hands over, what would begin a step is left to the next one.
    """
    while (process := draft.process).status is ProcessStatus.RUNNING and process.worker is not None:
        if process.position >= len(terms.steps):
            return draft.then(complete(process, terms.now)), None
        step = terms.steps[process.position]
        if draft.asked != process.position and conditions.must_be_asked(process, step):
            break
        if not conditions.recorded(process, terms.steps):
            outcome: Outcome = Skipped()
        elif isinstance(step, AwaitStep):
            outcome = _look_into_mailbox(conn, process, step, terms.now)
        elif isinstance(step, ActionStep) and not terms.hands_over:
            return _enter(conn, draft, step, terms)
        else:
            break
        draft = draft.then(decide(process, terms.steps, outcome, terms.now))
    if terms.hands_over:
        draft = replace(draft, process=hand_over(draft.process))
    return draft, None


def _enter(conn: Connection, draft: Draft, step: ActionStep, terms: Terms) -> tuple[Draft, str | None]:
    """Open the visit of the action; one that a dead machine left open is entered again, or held."""
    process, now = draft.process, terms.now
    if step.on_crash == "hold" and _open_visit(process) is not None:
        message = f"The machine died while {step.name!r} ran, and the step is not run again by itself."
        return draft.then(decide(process, terms.steps, Failed(Failure("interrupted", message, now)), now)), None
    entered = enter(process, terms.steps, now)
    if step.awaits is None:
        return draft.then(entered), None
    assert entered.process.record is not None
    token, issued = _issue(conn, process, entered.process.record, step.awaits, terms)
    return draft.then(replace(entered, events=(*entered.events, *issued))), token


def _open_visit(process: Process) -> StepRecord | None:
    record = process.record
    if record is None or record.step_index != process.position or record.status is not StepStatus.RUNNING:
        return None
    return record


def _issue(
    conn: Connection, process: Process, record: StepRecord, wait: AwaitStep, terms: Terms
) -> tuple[str, tuple[Event, ...]]:
    """Key and mailbox of the URL that the action will hand out, stored before it can leak."""
    token = new_token()
    known = callbacks.at_step(conn, process.id, process.position + 1)
    if known is not None and known.record_seq == record.seq:
        callbacks.add_key(conn, known.id, digest(token))  # the action runs again: both URLs open the same box
        return token, ()
    mailbox = _new_mailbox(process, record, wait, token, terms)
    callbacks.issue(conn, mailbox, digest(token))
    _set_timers(conn, process, mailbox)
    assert mailbox.expires_at is not None
    payload = {"callback_id": str(mailbox.id), "expires_at": mailbox.expires_at.isoformat()}
    return token, (Event(EventKind.CALLBACK_ISSUED, terms.now, process.id, None, payload),)


def _new_mailbox(process: Process, record: StepRecord, wait: AwaitStep, token: str, terms: Terms) -> Mailbox:
    silence = wait.heartbeat_timeout
    return Mailbox(
        id=new_id(),
        process_id=process.id,
        step_index=process.position + 1,
        record_seq=record.seq,
        wait_seq=record.seq,
        status=CallbackStatus.PENDING,
        token_hint=hint(token),
        result_key=wait.result_key,
        issued_at=terms.now,
        expires_at=terms.now + (wait.timeout or terms.callback_timeout),
        contract=contract.schema(wait.contract) if wait.contract else None,
        heartbeat=silence.total_seconds() if silence else None,
        heartbeat_due_at=terms.now + silence if silence else None,
    )


def _look_into_mailbox(conn: Connection, process: Process, step: AwaitStep, now: datetime) -> Outcome:
    mailbox = callbacks.at_step(conn, process.id, process.position)
    if mailbox is None:
        return Failed(Failure("callback-missing", "No callback was issued for this wait.", now))
    if mailbox.status in (CallbackStatus.RECEIVED, CallbackStatus.VALIDATED, CallbackStatus.REJECTED):
        return _taken(step, process, callbacks.result(conn, mailbox), now)
    if mailbox.status is CallbackStatus.PENDING:
        over = mailbox.deadline(now)
        if over is None:
            _keep_timers(conn, process, mailbox, now)
            return Await()
        callbacks.close(conn, mailbox.id, over)
        timers.clear_callback(conn, mailbox.id)
        events.append(conn, [_ended(mailbox, over, now)])
        mailbox = replace(mailbox, status=over)
    return Failed(mailbox.failure or _wait_failure(mailbox, now))


def _keep_timers(conn: Connection, process: Process, mailbox: Mailbox, now: datetime) -> None:
    """Set the timers of a wait that goes on anew where one may have fired already.

    A server whose clock is ahead of this one's fires a moment before this one agrees that the time is over. The timer
    is gone then, and the wait would never end.
    """
    due = min(at for at in (mailbox.expires_at, mailbox.heartbeat_due_at) if at is not None)
    is_second_look = process.record is not None and process.record.step_index == process.position
    if is_second_look or due - now < CLOCKS_APART:
        timers.clear_callback(conn, mailbox.id)
        _set_timers(conn, process, mailbox)


def _set_timers(conn: Connection, process: Process, mailbox: Mailbox) -> None:
    assert mailbox.expires_at is not None
    timers.set_timer(conn, TimerKind.CALLBACK_DEADLINE, process.id, mailbox.expires_at, callback_id=mailbox.id)
    if mailbox.heartbeat_due_at is not None:
        timers.set_timer(conn, TimerKind.HEARTBEAT, process.id, mailbox.heartbeat_due_at, callback_id=mailbox.id)


def _taken(step: AwaitStep, process: Process, letter: Json, now: datetime) -> Outcome:
    """The letter put where the validation finds it. A lens is an author's: what it raises fails the step here, or the
    commit would be tried for ever."""
    try:
        return Success(put_back(step, process.state, focus(step, process.state), {step.result_key: letter}))
    except Exception as error:
        return Failed(Failure("step-raised", f"The lens of {step.name!r} raised {type(error).__name__}: {error}", now))


def _wait_failure(mailbox: Mailbox, now: datetime) -> Failure:
    waited = f"since {mailbox.issued_at:%Y-%m-%d %H:%M:%S} UTC"
    match mailbox.status:
        case CallbackStatus.EXPIRED:
            return Failure("callback-expired", f"The remote service did not answer in time (asked {waited}).", now)
        case CallbackStatus.HEARTBEAT_LOST:
            silence = f"{mailbox.heartbeat:g} seconds"
            return Failure("heartbeat-lost", f"The remote service was silent for more than {silence} ({waited}).", now)
        case _:
            return Failure("callback-withdrawn", "The callback was withdrawn.", now)


def _write(conn: Connection, after: Process, written: Sequence[Transition], now: datetime) -> None:
    """The log lines, and what follows from each transition, with all events in the order of what happened."""
    latest: dict[int, StepRecord] = {record.seq: record for move in written for record in move.records}
    steps.save_all(conn, after.id, list(latest.values()))
    told: list[Event] = []
    for transition in written:
        # what the step came to, what follows from that, and only then where the process stands because of it
        statuses = [event for event in transition.events if event.kind is EventKind.PROCESS_STATUS_CHANGED]
        told += [event for event in transition.events if event not in statuses]
        told += _follow(conn, transition, now)
        told += [replace(event, payload={**event.payload, "version": after.version}) for event in statuses]
    events.append(conn, told)


def _follow(conn: Connection, transition: Transition, now: datetime) -> list[Event]:
    process, told = transition.process, list[Event]()
    for model in transition.models:
        told += product_subscriptions.save(conn, model, process_id=process.id, target=process.target, now=now)
    if transition.asks is not None:
        told.append(_open_request(conn, process, transition.asks, now))
    if transition.retry_at is not None:
        timers.set_timer(conn, TimerKind.RETRY, process.id, transition.retry_at)
    if transition.judged is not None:
        told += _keep_judgement(conn, transition, transition.judged, now)
    if transition.closes_waits:
        told += _withdraw(conn, process, now)
    return told


def _open_request(conn: Connection, process: Process, asked: Suspend, now: datetime) -> Event:
    record = process.record
    assert record is not None
    request = InputRequest(
        id=new_id(),
        process_id=process.id,
        step_index=record.step_index,
        record_seq=record.seq,
        status=InputRequestStatus.OPEN,
        title=asked.title,
        assignee=asked.assignee,
        created_at=now,
        due_at=now + asked.due if asked.due else None,
    )
    input_requests.open_request(conn, request)
    if asked.remind is not None:
        timers.set_timer(conn, TimerKind.REMINDER, process.id, now + asked.remind, input_request_id=request.id)
    payload = {"input_request_id": str(request.id), "assignee": request.assignee}
    return Event(EventKind.INPUT_REQUESTED, now, process.id, None, payload)


def _keep_judgement(conn: Connection, transition: Transition, outcome: Success | Failed, now: datetime) -> list[Event]:
    """Tell the mailbox before the validation what became of its letter."""
    mailbox = callbacks.at_step(conn, transition.process.id, transition.records[0].step_index - 1)
    if mailbox is None or mailbox.receipt is None:
        return []
    validation: dict[str, Json] = {"outcome": "ACCEPTED", "validated_at": now.isoformat()}
    status = CallbackStatus.VALIDATED
    if isinstance(outcome, Failed):
        status = CallbackStatus.REJECTED
        validation |= {"outcome": "REJECTED", "message": outcome.failure.message, "details": outcome.failure.details}
    callbacks.judged(conn, mailbox.id, status, validation)
    payload = {"callback_id": str(mailbox.id), "validation": validation}
    return [Event(EventKind.CALLBACK_VALIDATED, now, transition.process.id, None, payload)]
