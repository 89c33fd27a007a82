"""The actions of an operator on a callback; each runs under the lock of the process, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NoReturn
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.audit.free_text import demand_short
from orchestrator_gql.callbacks.rules import WITH_RESULT, Callback, Delivery
from orchestrator_gql.callbacks.waits import is_over
from orchestrator_gql.engine import authorization, commit
from orchestrator_gql.engine.callbacks import results, waits
from orchestrator_gql.engine.commit import lock_process
from orchestrator_gql.engine.pending_transitions import PendingTransitions, commit_context
from orchestrator_gql.process import (
    Abort,
    AuditNote,
    Process,
    ProcessAction,
    Transition,
    abort,
    available_actions,
    await_again,
    recoverable_wait,
    reissue,
    steps_of,
    take_up,
)
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Principal
from orchestrator_gql.storage import callbacks, processes, timers
from orchestrator_gql.types import CallbackStatus, Json, ProcessStatus, ResultSource
from orchestrator_gql.utils.errors import FieldError, InvalidState, NotFound, PayloadInvalid
from orchestrator_gql.workflow.model import AwaitStep, StepList, Workflow, begin

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


@dataclass(frozen=True, slots=True)
class OperatorAction:
    """Who acts, why and when."""

    actor: str
    reason: str | None
    now: datetime


def lock_for(
    conn: Connection,
    runtime: Runtime,
    action: ProcessAction,
    callback_id: UUID,
    expected_version: int | None,
    *,
    is_latest: bool = False,
) -> LockedCallback:
    """Lock the process of the callback and load both; with ``is_latest``, the callback that was issued again last.

    Raises `NotFound`, `StaleVersion`, and `InvalidState` unless the process is at the wait of this callback and the
    action is possible.
    """
    callback = callbacks.by_ids(conn, [callback_id]).get(callback_id)
    if callback is None:
        raise NotFound("callback", callback_id)
    process = lock_process(conn, callback.process_id, expected_version)
    callback = callbacks.by_ids(conn, [callback_id])[callback_id]
    waited = {each.name: each for each in callbacks.of_wait(conn, process.id, callback.step_index)}
    latest = waited.get(callback.name)
    if is_latest and latest is not None and latest.wait_seq == callback.wait_seq:
        callback = latest
    workflow = runtime.registry.get(process.workflow_name)
    steps = steps_of(process, workflow)
    if action not in available_actions(process, steps) or recoverable_wait(process, steps) != callback.step_index:
        message = f"The process is {process.status} and does not wait for this callback now"
        _refuse(process, f"{message}: its `availableActions` say what can be done.")
    if latest is None or latest.id != callback.id:
        _refuse(process, "This callback was issued again since: a later one counts.")
    return LockedCallback(process, callback, workflow, steps)


async def demand_may_recover(runtime: Runtime, principal: Principal, callback_id: UUID, action: ProcessAction) -> None:
    """Raise `Forbidden` unless the principal may take the action on the callback, and `NotFound` if there is none."""
    principal.demand(action.permission)

    def load(conn: Connection) -> tuple[Callback, Process]:
        callback = callbacks.by_ids(conn, [callback_id]).get(callback_id)
        process = processes.load(conn, callback.process_id) if callback else None
        if callback is None or process is None:
            raise NotFound("callback", callback_id)
        return callback, process

    callback, process = await runtime.database.read(load)
    workflow = runtime.registry.get(process.workflow_name)
    await authorization.demand_action(runtime, principal, action, workflow, callback.step_index)


def _note(
    locked: LockedCallback, missing: Sequence[Callback], name: str, action: OperatorAction, **details: Json
) -> AuditNote:
    """The audit entry of an action on callbacks; with several callbacks it has the ids and names of all."""
    ids, names = [str(callback.id) for callback in missing], [callback.name for callback in missing]
    stored = {"callback_id": ids[0], "name": names[0]} if len(missing) == 1 else {"callback_ids": ids, "names": names}
    reason = locked.process.secrets.concealed(action.reason)
    return AuditNote(action.actor, name, {**stored, **details, "reason": reason})


def demand_reason(reason: str) -> None:
    """Raise `PayloadInvalid` if the reason is blank or too long."""
    demand_short("reason", reason)
    if not reason.strip():
        error = FieldError(("reason",), "Give a reason: the audit log keeps it.", "missing")
        raise PayloadInvalid("This needs a reason.", [error])


def issue_again(
    conn: Connection, runtime: Runtime, locked: LockedCallback, missing: Sequence[Callback], action: OperatorAction
) -> Process:
    """Send the process back to the action, which issues new URLs. The old URLs are closed."""
    if any(callback.status in WITH_RESULT for callback in missing) and not locked.is_judged:
        _refuse(locked.process, "This callback has its result: there is nothing to ask the remote service again.")
    withdrawn = waits.withdraw(conn, missing, action.now, action.actor)
    entry = waits.entry_again("reissue", missing)
    transition = reissue(locked.process, missing[0].step_index, entry, action.now, action.actor)
    note = _note(locked, missing, "reissueCallback", action)
    return _apply(conn, runtime, locked, replace(transition, events=(*withdrawn, *transition.events), audit=note))


def wait_on(
    conn: Connection,
    runtime: Runtime,
    locked: LockedCallback,
    missing: Sequence[Callback],
    action: OperatorAction,
    *,
    timeout: float,
) -> Process:
    """Wait ``timeout`` seconds from now for the same jobs, at the same URLs.

    Raises `PayloadInvalid` if the timeout is out of range, and `InvalidState` if a callback cannot open again.
    """
    if not 0 < timeout <= LONGEST_WAIT.total_seconds():
        error = FieldError(("timeoutSeconds",), f"It must be over 0 and at most {LONGEST_WAIT.days} days.", "range")
        raise PayloadInvalid("This is no time to wait.", [error])
    actor, now, issued = action.actor, action.now, []
    for callback in missing:
        if callback.status in WITH_RESULT or callback.status is CallbackStatus.WITHDRAWN:
            _refuse(locked.process, f"This callback is {callback.status}: its URL never opens again.")
        opened = waits.reopen(conn, locked.process, callback, now + timedelta(seconds=timeout), now)
        issued.append(waits.issued(opened, now, actor))
    if locked.process.status is ProcessStatus.RUNNING:  # timers of other callbacks of the wait may have fired
        transition = take_up(locked.process, locked.callback.step_index, "reawait", now, actor)
    else:
        transition = await_again(locked.process, locked.steps, now, actor)
    note = _note(locked, missing, "reawaitCallback", action, timeout_seconds=timeout)
    return _apply(conn, runtime, locked, replace(transition, events=(*issued, *transition.events), audit=note))


def supply(
    conn: Connection,
    runtime: Runtime,
    locked: LockedCallback,
    delivered: Sequence[tuple[Callback, Delivery]],
    action: OperatorAction,
    *,
    attempt_id: UUID | None = None,
) -> Process:
    """Take the payload of each delivery as the result of its callback, and let the process continue.

    The callbacks are of one wait. ``attempt_id`` is the attempt that the operator adopts; without it, the operator
    typed the results in. Raises `InvalidState` if a callback has its result.
    """
    process, step_index, now = locked.process, locked.callback.step_index, action.now
    source, by = (ResultSource.OPERATOR, "complete") if attempt_id is None else (ResultSource.ADOPTED, "adopt")
    for callback, delivery in delivered:
        if callback.status in WITH_RESULT and not locked.is_judged:
            _refuse(process, f"This callback is {callback.status}: it has its result.")
        arrived = results.arrival(process, callback, locked.step, delivery, source=source, at=now)
        arrived = replace(arrived, actor=action.actor, reason=action.reason, attempt_id=attempt_id)
        results.take(conn, process, arrived, now=now, audit_key=runtime.settings.audit_secret)
    waited = callbacks.of_wait(conn, process.id, step_index)
    if process.status is ProcessStatus.AWAITING_CALLBACK and not is_over(waited, locked.step.needed(len(waited))):
        return process
    return _apply(conn, runtime, locked, take_up(process, step_index, by, now, action.actor))


def end(conn: Connection, runtime: Runtime, process: Process, action: OperatorAction) -> Process:
    """Abort the locked process. Raises `InvalidState` if it has ended."""
    workflow = runtime.registry.find(process.workflow_name)
    reason: str | None = process.secrets.concealed(action.reason)
    note = AuditNote(action.actor, "abortProcess", {"reason": reason})
    ended = replace(abort(process, workflow, Abort(action.actor, reason), action.now), audit=note)
    steps = workflow.all_steps(is_aborted=True) if workflow is not None else begin
    return commit.apply(conn, process, PendingTransitions(process).then(ended), commit_context(runtime, steps)).process


def _apply(conn: Connection, runtime: Runtime, locked: LockedCallback, transition: Transition) -> Process:
    if locked.process.status is ProcessStatus.WAITING:
        timers.clear_retry(conn, locked.process.id)
    pending = PendingTransitions(locked.process).then(transition)
    return commit.apply(conn, locked.process, pending, commit_context(runtime, locked.steps)).process


def _refuse(process: Process, message: str) -> NoReturn:
    raise InvalidState(message, process_id=process.id, current_version=process.version)
