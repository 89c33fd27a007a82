"""Gives the locks of product subscriptions back when a process ends."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.domain import Lock
from orchestrator_gql.process import Process, Transition
from orchestrator_gql.security import display_name
from orchestrator_gql.storage import product_subscription_locks as locks
from orchestrator_gql.storage import product_subscriptions, steps
from orchestrator_gql.targets import Target
from orchestrator_gql.types import Event, ProcessStatus, StepKind, StepStatus
from orchestrator_gql.workflow.model import ActionStep, Step

CHANGING = (StepKind.ACTION, StepKind.VALIDATION, StepKind.AWAIT_CALLBACK)
"""The kinds of steps that may change something outside. A form changes nothing, and a system step belongs to us."""


def holds_probably_none(process: Process, transitions: Sequence[Transition], all_steps: Sequence[Step]) -> bool:
    """True if the process, as the transitions leave it, has no work left, and probably holds no product subscription.

    The transitions store none, or they would take its lock.
    """
    if process.target is not Target.SYSTEM or any(transition.models for transition in transitions):
        return False
    return all(isinstance(step, ActionStep) and step.is_empty for step in all_steps[process.position :])


def release_all(conn: Connection, process: Process, all_steps: Sequence[Step], now: datetime) -> list[Event]:
    """Release the locks of a process that has just ended; the events of the subscriptions that changed.

    After a completed process its subscriptions are in sync. After an aborted process they stay out of sync if a step of
    the author began, because that step may have changed the network. A completed validation puts its subscription in
    sync, unless another process holds it, or left it out of sync after the validation had begun: the validation may
    have looked before that change.
    """
    held = locks.held_by(conn, process.id)
    ids = sorted({*held, *_validated(process)})
    if not ids:
        return []
    product_subscriptions.lock_all(conn, ids)
    known = locks.of_subscriptions(conn, ids)
    changed = [id for id, lock in known.items() if lock.locked_by == process.id or _is_older(lock, process)]
    is_untouched = process.status is ProcessStatus.COMPLETED or not _has_begun(conn, process, all_steps)
    for id in changed:
        if process.status is ProcessStatus.COMPLETED:
            locks.put_in_sync(conn, id)
        elif is_untouched:
            locks.give_back(conn, id)
        else:
            locks.leave_out_of_sync(conn, id, process.id, _reason(process), now)
    return [product_subscriptions.changed_event(id, process.id, now) for id in sorted(changed)]


def _validated(process: Process) -> list[UUID]:
    """The subscription that a completed validation was about; the others that its steps returned were not validated."""
    if process.target is not Target.VALIDATE or process.status is not ProcessStatus.COMPLETED:
        return []
    try:
        return [UUID(str(process.state.get("subscription_id")))]
    except ValueError:  # a step has put another value there
        return []


def _is_older(lock: Lock, process: Process) -> bool:
    """True if no process holds the subscription, and it was left out of sync before this process began."""
    since = lock.out_of_sync_since
    return lock.locked_by is None and (since is None or since <= process.started_at)


def _has_begun(conn: Connection, process: Process, all_steps: Sequence[Step]) -> bool:
    """True if a step of the author began, clean-up steps included. Without its definition, every step is the author's.

    The standard steps of a workflow change nothing outside.
    """
    for execution in steps.light_of_processes(conn, [process.id]).get(process.id, []):
        step = all_steps[execution.step_index] if execution.step_index < len(all_steps) else None
        is_ours = isinstance(step, ActionStep) and step.is_bookkeeping and step.name == execution.name
        is_run = execution.status not in (StepStatus.SKIPPED, StepStatus.PENDING)
        if is_run and not is_ours and execution.kind in CHANGING:
            return True
    return False


def _reason(process: Process) -> str:
    by = display_name(process.aborted_by)
    return f"{process.workflow_name} was aborted by {by} after it had begun, so the network may differ."
