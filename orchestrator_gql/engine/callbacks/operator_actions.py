"""How an operator helps a wait on: each verb under the lock of its process, in the transaction of whoever asked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NoReturn
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.callbacks.rules import Delivery, Mailbox
from orchestrator_gql.engine import audit_log, authorization, commit
from orchestrator_gql.engine.callbacks import waits
from orchestrator_gql.engine.callbacks.waits import TAKEN
from orchestrator_gql.engine.commit import Draft, lock_process
from orchestrator_gql.engine.runner import terms
from orchestrator_gql.process import (
    Process,
    ProcessAction,
    Transition,
    available_actions,
    await_again,
    course,
    recoverable_wait,
    reissue,
    take_up,
)
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import callback_attempts, callbacks, events, processes
from orchestrator_gql.types import CallbackStatus, Json, ProcessStatus, ResultSource
from orchestrator_gql.utils.errors import FieldError, InvalidState, NotFound, PayloadInvalid
from orchestrator_gql.workflow.model import AwaitStep, StepList, Workflow

LONGEST_WAIT = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Stuck:
    """A callback that somebody wants to help on: its process, which is locked, and the wait that it belongs to."""

    process: Process
    mailbox: Mailbox
    workflow: Workflow
    steps: StepList

    @property
    def step(self) -> AwaitStep:
        """The wait."""
        step = self.steps[self.mailbox.step_index]
        assert isinstance(step, AwaitStep), "recoverable_wait leads to waits only"
        return step

    @property
    def is_judged(self) -> bool:
        """True where it has its result and the validation behind it failed."""
        return self.process.position == self.mailbox.step_index + 1


def find(conn: Connection, runtime: Runtime, callback_id: UUID, expected_version: int | None) -> Stuck:
    """Lock the callback's process, and look. Raises `NotFound` and `StaleVersion`."""
    mailbox = callbacks.by_ids(conn, [callback_id]).get(callback_id)
    if mailbox is None:
        raise NotFound("callback", callback_id)
    process = lock_process(conn, mailbox.process_id, expected_version)
    mailbox = callbacks.by_ids(conn, [callback_id])[callback_id]
    workflow = runtime.registry.get(process.workflow_name)
    return Stuck(process, mailbox, workflow, course(process, workflow))


def find_current(conn: Connection, runtime: Runtime, callback_id: UUID, expected_version: int | None) -> Stuck:
    """As `find`; of a callback that was issued again, the one that counts now."""
    stuck = find(conn, runtime, callback_id, expected_version)
    mine = stuck.mailbox
    for latest in callbacks.of_wait(conn, stuck.process.id, mine.step_index):
        if (latest.wait_seq, latest.name) == (mine.wait_seq, mine.name):
            return replace(stuck, mailbox=latest)
    return stuck


async def demand_may_recover(runtime: Runtime, principal: Principal, callback_id: UUID) -> None:
    """Raise `Forbidden` unless the principal may help the callback on, and `NotFound` where there is none."""
    principal.demand(Permission.RECOVER_CALLBACK)

    def look(conn: Connection) -> tuple[Mailbox, Process]:
        mailbox = callbacks.by_ids(conn, [callback_id]).get(callback_id)
        process = processes.load(conn, mailbox.process_id) if mailbox else None
        if mailbox is None or process is None:
            raise NotFound("callback", callback_id)
        return mailbox, process

    mailbox, process = await runtime.database.read(look)
    workflow = runtime.registry.get(process.workflow_name)
    if mailbox.step_index < len(workflow.steps):
        await authorization.demand_recover(principal, workflow, mailbox.step_index)


def write_down(
    conn: Connection, runtime: Runtime, stuck: Stuck, action: str, actor: str, now: datetime, **details: Json
) -> None:
    """Tell the audit log which callback was helped on, and how."""
    told = {"callback_id": str(stuck.mailbox.id), "name": stuck.mailbox.name, **details}
    told |= {"reason": stuck.process.secrets.concealed(told["reason"])} if "reason" in told else {}
    audit_log.write_down(conn, runtime, stuck.process.id, actor=actor, action=action, now=now, **told)


def demand_reason(reason: str) -> None:
    """Raise `PayloadInvalid` where no reason is given."""
    if not reason.strip():
        error = FieldError(("reason",), "Say why: whoever looks at this process later will ask.", "missing")
        raise PayloadInvalid("This needs a reason.", [error])


def demand(conn: Connection, stuck: Stuck, action: ProcessAction) -> None:
    """Raise `InvalidState` unless the process stands where the action helps this very callback on."""
    process, mailbox = stuck.process, stuck.mailbox
    verb = action.lower().replace("_", " ")
    if (
        action not in available_actions(process, stuck.steps)
        or recoverable_wait(process, stuck.steps) != mailbox.step_index
    ):
        _refuse(process, f"The process is {process.status} and not at this callback's wait: it cannot {verb} now.")
    current = {box.name: box.id for box in callbacks.of_wait(conn, process.id, mailbox.step_index)}
    if current.get(mailbox.name) != mailbox.id:
        _refuse(process, "This callback was issued again since: a later one counts.")


def issue_again(
    conn: Connection, runtime: Runtime, stuck: Stuck, missing: Sequence[Mailbox], *, actor: str, now: datetime
) -> Process:
    """Send the process back to the action, which hands out fresh URLs; the old ones are dead."""
    if any(mailbox.status in TAKEN for mailbox in missing) and not stuck.is_judged:
        _refuse(stuck.process, "This callback has its result: there is nothing to ask the remote service again.")
    told = waits.withdraw(conn, missing, now, actor)
    entry = waits.entry_again("reissue", missing)
    moved = reissue(stuck.process, missing[0].step_index, entry, now, actor)
    return _apply(conn, runtime, stuck, replace(moved, events=(*told, *moved.events)))


def wait_on(
    conn: Connection,
    runtime: Runtime,
    stuck: Stuck,
    missing: Sequence[Mailbox],
    *,
    timeout: float,
    actor: str,
    now: datetime,
) -> Process:
    """Wait ``timeout`` seconds from now for the same jobs, at the same URLs."""
    if not 0 < timeout <= LONGEST_WAIT.total_seconds():
        error = FieldError(("timeoutSeconds",), f"It must be over 0 and at most {LONGEST_WAIT.days} days.", "range")
        raise PayloadInvalid("This is no time to wait.", [error])
    told = []
    for mailbox in missing:
        if mailbox.status in TAKEN or mailbox.status is CallbackStatus.WITHDRAWN:
            _refuse(stuck.process, f"This callback is {mailbox.status}: its URL never opens again.")
        opened = waits.reopen(conn, stuck.process, mailbox, now + timedelta(seconds=timeout), now)
        told.append(waits.issued(opened, now, actor))
    moved = await_again(stuck.process, stuck.steps, now, actor)
    return _apply(conn, runtime, stuck, replace(moved, events=(*told, *moved.events)))


def supply(
    conn: Connection,
    runtime: Runtime,
    stuck: Stuck,
    letter: Delivery,
    *,
    source: ResultSource,
    actor: str,
    now: datetime,
) -> Process:
    """Make the letter the callback's result, and let the process go on with it."""
    process, mailbox = stuck.process, stuck.mailbox
    if mailbox.status in TAKEN and not stuck.is_judged:
        _refuse(process, f"This callback is {mailbox.status}: it has its result.")
    _keep_earlier_letter(conn, mailbox)
    waits.put(conn, process, mailbox, letter, source=source, now=now)
    told = waits.received(mailbox, letter.size, now, actor=actor)
    waited = callbacks.of_wait(conn, process.id, mailbox.step_index)
    if process.status is ProcessStatus.AWAITING_CALLBACK and not waits.is_over(stuck.step, waited):
        events.append(conn, [told])
        return process
    by = "complete" if source is ResultSource.OPERATOR else "adopt"
    moved = take_up(process, mailbox.step_index, by, now, actor)
    return _apply(conn, runtime, stuck, replace(moved, events=(told, *moved.events)))


def _keep_earlier_letter(conn: Connection, mailbox: Mailbox) -> None:
    """A result that was judged and is replaced was accepted: its body goes back among the attempts."""
    if mailbox.payload_id is not None and mailbox.receipt is not None:
        text = callbacks.texts(conn, [mailbox.payload_id])[mailbox.payload_id]
        callback_attempts.keep_body(conn, mailbox.id, mailbox.receipt, text.encode())


def _apply(conn: Connection, runtime: Runtime, stuck: Stuck, moved: Transition) -> Process:
    draft = Draft(stuck.process).then(moved)
    return commit.apply(conn, stuck.process, draft, terms(runtime, stuck.steps)).process


def _refuse(process: Process, message: str) -> NoReturn:
    raise InvalidState(message, process_id=process.id, current_version=process.version)
