"""The actions of an operator on a callback; each runs under the lock of the process, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NoReturn
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.callbacks.rules import Callback, Delivery
from orchestrator_gql.engine import audit_log, authorization, commit
from orchestrator_gql.engine.callbacks import waits
from orchestrator_gql.engine.callbacks.waits import TAKEN
from orchestrator_gql.engine.commit import PendingTransitions, commit_context, lock_process
from orchestrator_gql.process import (
    Process,
    ProcessAction,
    Transition,
    available_actions,
    await_again,
    recoverable_wait,
    reissue,
    steps_of,
    take_up,
)
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import callback_attempts, callbacks, events, processes
from orchestrator_gql.types import CallbackStatus, Json, ProcessStatus, ResultSource
from orchestrator_gql.utils.errors import FieldError, InvalidState, NotFound, PayloadInvalid
from orchestrator_gql.workflow.model import AwaitStep, StepList, Workflow

LONGEST_WAIT = timedelta(days=3650)
"""The longest new timeout that an operator may set."""


@dataclass(frozen=True, slots=True)
class LockedCallback:
    """A callback that an operator acts on, with its locked process, the workflow and its steps."""

    process: Process
    callback: Callback
    workflow: Workflow
    steps: StepList

    @property
    def step(self) -> AwaitStep:
        """The step that waits for the callback."""
        step = self.steps[self.callback.step_index]
        assert isinstance(step, AwaitStep), "recoverable_wait leads to waits only"
        return step

    @property
    def is_judged(self) -> bool:
        """True if the callback has a result and the validation step after the wait failed."""
        return self.process.position == self.callback.step_index + 1


def find(conn: Connection, runtime: Runtime, callback_id: UUID, expected_version: int | None) -> LockedCallback:
    """Lock the process of the callback and load both. Raises `NotFound` and `StaleVersion`."""
    callback = callbacks.by_ids(conn, [callback_id]).get(callback_id)
    if callback is None:
        raise NotFound("callback", callback_id)
    process = lock_process(conn, callback.process_id, expected_version)
    callback = callbacks.by_ids(conn, [callback_id])[callback_id]
    workflow = runtime.registry.get(process.workflow_name)
    return LockedCallback(process, callback, workflow, steps_of(process, workflow))


def find_current(conn: Connection, runtime: Runtime, callback_id: UUID, expected_version: int | None) -> LockedCallback:
    """Like `find`; if the callback was issued again, the latest one."""
    locked = find(conn, runtime, callback_id, expected_version)
    original = locked.callback
    for latest in callbacks.of_wait(conn, locked.process.id, original.step_index):
        if (latest.wait_seq, latest.name) == (original.wait_seq, original.name):
            return replace(locked, callback=latest)
    return locked


async def demand_may_recover(runtime: Runtime, principal: Principal, callback_id: UUID) -> None:
    """Raise `Forbidden` unless the principal may recover the callback, and `NotFound` if it does not exist."""
    principal.demand(Permission.RECOVER_CALLBACK)

    def load(conn: Connection) -> tuple[Callback, Process]:
        callback = callbacks.by_ids(conn, [callback_id]).get(callback_id)
        process = processes.load(conn, callback.process_id) if callback else None
        if callback is None or process is None:
            raise NotFound("callback", callback_id)
        return callback, process

    callback, process = await runtime.database.read(load)
    workflow = runtime.registry.get(process.workflow_name)
    if callback.step_index < len(workflow.steps):
        await authorization.demand_recover(runtime, principal, workflow, callback.step_index)


def write_down(
    conn: Connection, runtime: Runtime, locked: LockedCallback, action: str, actor: str, now: datetime, **details: Json
) -> None:
    """Append the action on the callback to the audit log."""
    stored = {"callback_id": str(locked.callback.id), "name": locked.callback.name, **details}
    stored |= {"reason": locked.process.secrets.concealed(stored["reason"])} if "reason" in stored else {}
    audit_log.write_down(conn, runtime, locked.process.id, actor=actor, action=action, now=now, **stored)


def demand_reason(reason: str) -> None:
    """Raise `PayloadInvalid` if the reason is blank."""
    if not reason.strip():
        error = FieldError(("reason",), "Say why: whoever looks at this process later will ask.", "missing")
        raise PayloadInvalid("This needs a reason.", [error])


def demand(conn: Connection, locked: LockedCallback, action: ProcessAction) -> None:
    """Raise `InvalidState` unless the process is at the wait of this callback and the action is possible."""
    process, callback = locked.process, locked.callback
    verb = action.lower().replace("_", " ")
    if (
        action not in available_actions(process, locked.steps)
        or recoverable_wait(process, locked.steps) != callback.step_index
    ):
        _refuse(process, f"The process is {process.status} and not at this callback's wait: it cannot {verb} now.")
    current = {latest.name: latest.id for latest in callbacks.of_wait(conn, process.id, callback.step_index)}
    if current.get(callback.name) != callback.id:
        _refuse(process, "This callback was issued again since: a later one counts.")


def issue_again(
    conn: Connection,
    runtime: Runtime,
    locked: LockedCallback,
    missing: Sequence[Callback],
    *,
    actor: str,
    now: datetime,
) -> Process:
    """Send the process back to the action, which issues new URLs. The old URLs are closed."""
    if any(callback.status in TAKEN for callback in missing) and not locked.is_judged:
        _refuse(locked.process, "This callback has its result: there is nothing to ask the remote service again.")
    withdrawn = waits.withdraw(conn, missing, now, actor)
    entry = waits.entry_again("reissue", missing)
    transition = reissue(locked.process, missing[0].step_index, entry, now, actor)
    return _apply(conn, runtime, locked, replace(transition, events=(*withdrawn, *transition.events)))


def wait_on(
    conn: Connection,
    runtime: Runtime,
    locked: LockedCallback,
    missing: Sequence[Callback],
    *,
    timeout: float,
    actor: str,
    now: datetime,
) -> Process:
    """Wait ``timeout`` seconds from now for the same jobs, at the same URLs.

    Raises `PayloadInvalid` if the timeout is out of range, and `InvalidState` if a callback cannot open again.
    """
    if not 0 < timeout <= LONGEST_WAIT.total_seconds():
        error = FieldError(("timeoutSeconds",), f"It must be over 0 and at most {LONGEST_WAIT.days} days.", "range")
        raise PayloadInvalid("This is no time to wait.", [error])
    issued = []
    for callback in missing:
        if callback.status in TAKEN or callback.status is CallbackStatus.WITHDRAWN:
            _refuse(locked.process, f"This callback is {callback.status}: its URL never opens again.")
        opened = waits.reopen(conn, locked.process, callback, now + timedelta(seconds=timeout), now)
        issued.append(waits.issued(opened, now, actor))
    transition = await_again(locked.process, locked.steps, now, actor)
    return _apply(conn, runtime, locked, replace(transition, events=(*issued, *transition.events)))


def supply(
    conn: Connection,
    runtime: Runtime,
    locked: LockedCallback,
    delivery: Delivery,
    *,
    source: ResultSource,
    actor: str,
    now: datetime,
) -> Process:
    """Store the payload of the delivery as the result of the callback, and let the process continue."""
    process, callback = locked.process, locked.callback
    if callback.status in TAKEN and not locked.is_judged:
        _refuse(process, f"This callback is {callback.status}: it has its result.")
    _keep_earlier_result(conn, callback)
    waits.put(conn, process, callback, delivery, source=source, now=now)
    received = waits.received(callback, delivery.size, now, actor=actor)
    waited = callbacks.of_wait(conn, process.id, callback.step_index)
    if process.status is ProcessStatus.AWAITING_CALLBACK and not waits.is_over(locked.step, waited):
        events.append(conn, [received])
        return process
    by = "complete" if source is ResultSource.OPERATOR else "adopt"
    transition = take_up(process, callback.step_index, by, now, actor)
    return _apply(conn, runtime, locked, replace(transition, events=(received, *transition.events)))


def _keep_earlier_result(conn: Connection, callback: Callback) -> None:
    """Store the body of the result that is replaced with the attempt that delivered it."""
    if callback.payload_id is not None and callback.receipt is not None:
        text = callbacks.texts(conn, [callback.payload_id])[callback.payload_id]
        callback_attempts.keep_body(conn, callback.id, callback.receipt, text.encode())


def _apply(conn: Connection, runtime: Runtime, locked: LockedCallback, transition: Transition) -> Process:
    pending = PendingTransitions(locked.process).then(transition)
    return commit.apply(conn, locked.process, pending, commit_context(runtime, locked.steps)).process


def _refuse(process: Process, message: str) -> NoReturn:
    raise InvalidState(message, process_id=process.id, current_version=process.version)
