"""retryProcess, continueProcess, abortProcess and updateProcessNote.

An abort closes the callbacks of the process, and the result of a step that is running is not stored any more. If the
workflow declares clean-up steps, they run first, and the process is aborted after the last of them.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.audit.free_text import demand_short
from orchestrator_gql.engine import authorization, commit
from orchestrator_gql.engine.audit_log import no_process, write_down
from orchestrator_gql.engine.callbacks import operator_actions
from orchestrator_gql.engine.callbacks.operator_actions import OperatorAction
from orchestrator_gql.engine.commit import lock_process
from orchestrator_gql.engine.engine_state import demand_running
from orchestrator_gql.engine.pending_transitions import PendingTransitions, commit_context, with_current_definition
from orchestrator_gql.process import AuditNote, Process, ProcessAction, continue_now, retry, steps_of
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage import events, processes, timers
from orchestrator_gql.storage.columns import Words
from orchestrator_gql.types import Event, EventKind
from orchestrator_gql.utils.errors import StaleVersion


async def abort_process(
    runtime: Runtime,
    principal: Principal,
    *,
    process_id: UUID,
    reason: str | None = None,
    expected_version: int | None = None,
) -> Process:
    """Abort the process; the author's rule for a retry applies at its current step.

    Raises `NotFound`, `Forbidden`, `StaleVersion`, `PayloadInvalid` for a long reason, and `InvalidState` if it has
    ended.
    """
    principal.demand(Permission.ABORT)
    demand_short("reason", reason)

    def end(conn: Connection, process: Process) -> Process:
        action = OperatorAction(principal.id, reason, runtime.clock.now())
        return operator_actions.end(conn, runtime, process, action)

    return await _at_its_step(runtime, principal, ProcessAction.ABORT, process_id, expected_version, end)


async def retry_process(
    runtime: Runtime, principal: Principal, *, process_id: UUID, expected_version: int | None = None
) -> Process:
    """Retry the process from its failed step; no remote call is made unless that step makes one.

    Raises `NotFound`, `Forbidden`, `StaleVersion`, `EnginePaused`, and `InvalidState` if there is nothing to retry.
    """
    principal.demand(Permission.RETRY)

    def enter_again(conn: Connection, process: Process) -> Process:
        demand_running(conn)
        now = runtime.clock.now()
        steps = steps_of(process, runtime.registry.get(process.workflow_name))
        retried = replace(retry(process, steps, now, principal.id), audit=AuditNote(principal.id, "retryProcess"))
        pending = PendingTransitions(process).then(retried)
        return commit.apply(conn, process, pending, commit_context(runtime, steps)).process

    return await _at_its_step(runtime, principal, ProcessAction.RETRY, process_id, expected_version, enter_again)


async def continue_process(
    runtime: Runtime, principal: Principal, *, process_id: UUID, reason: str, expected_version: int | None = None
) -> Process:
    """Let the process go on before the time for which it waits; the author's rule for a retry applies.

    Raises `NotFound`, `Forbidden`, `StaleVersion`, `EnginePaused`, `PayloadInvalid` without a reason, and
    `InvalidState` if the process does not wait at a step of `wait_until`.
    """
    principal.demand(Permission.RETRY)
    operator_actions.demand_reason(reason)

    def go_on(conn: Connection, process: Process) -> Process:
        demand_running(conn)
        now = runtime.clock.now()
        workflow = runtime.registry.get(process.workflow_name)
        steps = steps_of(process, workflow)
        waited = process.execution.retry_at if process.execution else None
        details = {"reason": process.secrets.concealed(reason), "until": waited.isoformat() if waited else None}
        note = AuditNote(principal.id, "continueProcess", details)
        pending = with_current_definition(conn, PendingTransitions(process), workflow)  # no worker looks at the wait
        pending = pending.then(replace(continue_now(pending.process, steps, now, principal.id), audit=note))
        timers.clear_retry(conn, process.id)
        return commit.apply(conn, process, pending, commit_context(runtime, steps)).process

    return await _at_its_step(runtime, principal, ProcessAction.CONTINUE, process_id, expected_version, go_on)


TRIES = 10
"""How often a rule is asked for a process that moves on meanwhile."""


class _MovedOn(Exception):
    """Rolls the transaction back: the rule was asked for a step that the process has left."""


async def _at_its_step(
    runtime: Runtime,
    principal: Principal,
    action: ProcessAction,
    process_id: UUID,
    expected_version: int | None,
    unit: Callable[[Connection, Process], Process],
) -> Process:
    """Run ``unit`` on the locked process, if the principal may take the action at its current step.

    The author's rule is asked without a lock. If the process moves on meanwhile, the rule for its next step may refuse,
    so it is asked again. Raises `StaleVersion` if the process moves on too fast for that.
    """
    registry = runtime.registry
    find = registry.find if action is ProcessAction.ABORT else registry.get
    for _ in range(TRIES):
        loaded = await _load(runtime, process_id)
        workflow = find(loaded.workflow_name)
        await authorization.demand_action(runtime, principal, action, workflow, loaded.position)

        def at_this_step(conn: Connection, before: Process = loaded) -> Process:
            process = lock_process(conn, process_id, expected_version)
            if process.position != before.position and _has_rule(runtime, before, process):
                raise _MovedOn
            return unit(conn, process)

        try:
            return await runtime.database.transaction(at_this_step)
        except _MovedOn:
            continue
    raise StaleVersion(process_id=process_id)


def _has_rule(runtime: Runtime, *processes: Process) -> bool:
    """True if an author's rule decides at the current step of one of the processes."""
    return any(
        authorization.has_retry_rule(workflow, process.position)
        for process in processes
        if (workflow := runtime.registry.find(process.workflow_name)) is not None
    )


async def _load(runtime: Runtime, process_id: UUID) -> Process:
    def load(conn: Connection) -> Process:
        loaded = processes.load(conn, process_id)
        if loaded is None:
            raise no_process(conn, process_id)
        return loaded

    return await runtime.database.read(load)


async def update_process_note(
    runtime: Runtime, principal: Principal, *, process_id: UUID, note: str | None, expected_version: int | None = None
) -> Process:
    """Write, change or (None) remove the note; at most 10,000 characters.

    Raises `NotFound`, `Forbidden`, `StaleVersion`, and `PayloadInvalid` for a longer note.
    """
    principal.demand(Permission.EDIT_NOTE)
    demand_short("note", note)
    note = None if note is None else Words.written(note)  # also for the event

    def write(conn: Connection) -> Process:
        process = lock_process(conn, process_id, expected_version)
        now = runtime.clock.now()
        concealed: str | None = process.secrets.concealed(note)
        write_down(
            conn,
            runtime,
            process_id,
            actor=principal.id,
            action="updateProcessNote",
            now=now,
            digest=_digest(concealed),
        )
        processes.set_note(conn, process, concealed, now)
        events.append(conn, [Event(EventKind.PROCESS_NOTE_CHANGED, now, process_id, principal.id, {"note": concealed})])
        return replace(process, note=concealed, version=process.version + 1, updated_at=now)

    return await runtime.database.transaction(write)


def _digest(note: str | None) -> str | None:
    """What the audit log stores of the note: enough to prove later which text it was, without the text."""
    return hashlib.sha256(note.encode()).hexdigest() if note else None
