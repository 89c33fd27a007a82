"""Claims processes for a worker: one alone, one in the transaction that wakes it, or many in one transaction.

Many processes may wait for a worker: thousands of deadlines may be due at once.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from orchestrator_gql.callbacks.rules import Arrival
from orchestrator_gql.engine import commit, engine_errors
from orchestrator_gql.engine.commit import CommitResult
from orchestrator_gql.engine.pending_transitions import (
    PendingTransitions,
    commit_context,
    failed_at,
    with_current_definition,
)
from orchestrator_gql.engine.steps import calls
from orchestrator_gql.engine.woken import NONE_KNOWN, KnownCallbacks, woken_in
from orchestrator_gql.process import Process, claim, steps_of
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import free_processes, process_locks, processes, waits
from orchestrator_gql.storage.database.after_commit import CommitEffects, begin_unit, commit_effects, end_units
from orchestrator_gql.storage.database.batches import Batches
from orchestrator_gql.storage.waits import Wait
from orchestrator_gql.types import ProcessStatus
from orchestrator_gql.utils.author_demands import refusing_demands
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.workflow.model import AwaitStep, Workflow

logger = logging.getLogger(__name__)

TRIES = 3
"""Transactions that are tried with fewer and fewer processes, before each process is claimed alone."""


class _Unfit(Exception):
    """The process must be claimed alone. The exception undoes the transaction."""

    def __init__(self, process_id: UUID) -> None:
        super().__init__(str(process_id))
        self.process_id = process_id


async def claim_process(runtime: Runtime, process_id: UUID) -> CommitResult | None:
    """Claim the process, on PostgreSQL perhaps together with others; None if it is not free."""
    if runtime.database.dialect == "sqlite":  # its transactions are shared anyway
        return await _claim_alone(runtime, process_id)
    claims: Batches[None, CommitResult | None] = runtime.claims
    alone = partial(_claim_alone, runtime, process_id)
    return await claims.run(process_id, None, alone, partial(claim_together, runtime))


async def _claim_alone(runtime: Runtime, process_id: UUID) -> CommitResult | None:
    try:
        return await calls.outside(
            runtime,
            lambda: runtime.database.transaction(lambda conn: _claim(conn, runtime, process_id)),
            is_request=False,
        )
    except StorageUnavailable:
        raise
    except engine_errors.REFUSALS:  # the next step cannot start: without this the process would be claimed for ever
        logger.exception("a claim is refused", extra={"process_id": str(process_id)})
        return await runtime.database.transaction(lambda conn: _claim(conn, runtime, process_id, fails=True))


def _claim(conn: Connection, runtime: Runtime, process_id: UUID, *, fails: bool = False) -> CommitResult | None:
    """Claim the process; None if another worker holds it, it rests, or its workflow is not deployed here."""
    now = runtime.clock.now()
    process = processes.lock_free(conn, process_id, now)
    workflow = runtime.registry.find(process.workflow_name) if process else None
    commit_effects(conn).is_repeatable = True  # the watch releases a process whose claim may be committed
    if process is None or workflow is None:
        return None
    return _claim_free(conn, runtime, process, workflow, now, fails=fails)


def claim_at_once(conn: Connection, runtime: Runtime, process_id: UUID) -> CommitResult | None:
    """Claim the process in the transaction that makes it runnable, which holds it; None if it would not run.

    Every error leaves the claim to a worker: only a worker runs the authors' functions that a claim may demand, and
    counts failures.
    """
    now, woken = runtime.clock.now(), woken_in(conn, process_id)
    process = processes.load_free(conn, process_id, now) if woken is None else woken.process
    workflow = runtime.registry.find(process.workflow_name) if process else None
    if process is None or workflow is None:
        return None
    stored, known = ((), NONE_KNOWN) if woken is None else (woken.stored, woken.callbacks)
    with refusing_demands():
        claimed = _claim_free(conn, runtime, process, workflow, now, stored=stored, known=known)
    is_running = claimed.process.status is ProcessStatus.RUNNING and claimed.process.worker is not None
    return claimed if is_running else None


def _claim_free(
    conn: Connection,
    runtime: Runtime,
    process: Process,
    workflow: Workflow,
    now: datetime,
    *,
    stored: tuple[Arrival, ...] = (),
    known: KnownCallbacks = NONE_KNOWN,
    fails: bool = False,
) -> CommitResult:
    """Claim a process that is free and that this transaction holds; ``fails``: also fail its current step.

    ``stored`` are deliveries to its wait that the transaction has stored, ``known`` the callbacks of the wait.
    """
    pending = PendingTransitions(process).then(claim(process, worker=runtime.worker, now=now))
    pending = with_current_definition(conn, pending, workflow)
    context = commit_context(runtime, steps_of(process, workflow))
    if stored:
        pending = replace(pending, stored=stored)
    if fails:
        pending = failed_at(pending, context) or pending
    standing = processes.standing_of_free(process)
    claimed = commit.apply(conn, process, pending, context, standing=standing, known=known)
    is_taken_over = process.worker not in (None, runtime.worker)
    return replace(claimed, taken_from=process.worker) if is_taken_over else claimed


async def claim_together(runtime: Runtime, process_ids: Iterable[UUID]) -> dict[UUID, CommitResult | None]:
    """Claim the processes in one transaction; None for those that are not free.

    The result lacks the processes that must be claimed alone: another transaction holds them, or their claim failed.
    """
    left = list(process_ids)
    for _ in range(TRIES):
        try:
            return await runtime.database.transaction(lambda conn: _claim_all(conn, runtime, left))
        except _Unfit as unfit:
            left.remove(unfit.process_id)
    return {}


def _claim_all(conn: Connection, runtime: Runtime, process_ids: Sequence[UUID]) -> dict[UUID, CommitResult | None]:
    now = runtime.clock.now()
    locked, free = free_processes.lock_all(conn, process_ids, now)
    deployed = _deployed(runtime, free)
    places = (_wait_of(process, workflow) for process, workflow in deployed)
    known = waits.of_each(conn, [place for place in places if place is not None])
    return dict.fromkeys(locked) | _claim_each(conn, runtime, deployed, known, now)


_Deployed: TypeAlias = list[tuple[Process, Workflow]]


def _deployed(runtime: Runtime, free: Sequence[Process]) -> _Deployed:
    """The processes whose workflows are deployed here, with the workflows."""
    return [(process, workflow) for process in free if (workflow := runtime.registry.find(process.workflow_name))]


def _claim_each(
    conn: Connection,
    runtime: Runtime,
    deployed: _Deployed,
    known: KnownCallbacks,
    now: datetime,
) -> dict[UUID, CommitResult]:
    """Claim the locked processes. Raises `_Unfit` if a process must be claimed alone."""
    effects, parts, claimed = commit_effects(conn), list[CommitEffects](), dict[UUID, CommitResult]()
    if keys := {key for process, _ in deployed for key in process.lock_keys}:
        process_locks.hold(conn, keys)  # together and in order: several of the processes may end
    for process, workflow in deployed:
        parts.append(begin_unit(conn))
        try:
            with refusing_demands():
                claimed[process.id] = _claim_free(conn, runtime, process, workflow, now, known=known)
        except (StorageUnavailable, DBAPIError):  # a conflict or an outage, perhaps of the writes of another process
            raise
        except Exception as error:
            raise _Unfit(process.id) from error
    end_units(conn, effects, parts)
    return claimed


@dataclass(frozen=True, slots=True)
class ClaimedJobs:
    """The processes of the jobs that a transaction took out of the queue, in order, with their claims: None for those
    that need no worker now. Those without an entry must be claimed alone: another transaction held them."""

    process_ids: list[UUID]
    claims: dict[UUID, CommitResult | None]


async def claim_jobs(runtime: Runtime, limit: int, hold: Callable[[UUID], None]) -> ClaimedJobs | None:
    """Take at most ``limit`` jobs out of the queue, and claim their processes in the same transaction.

    ``hold`` is called for each process before it is claimed. None if a process must be claimed alone: all jobs are
    still in the queue then. If the outcome is unknown, the processes may be claimed.
    """

    def unit(conn: Connection) -> ClaimedJobs:
        now = runtime.clock.now()
        taken = free_processes.take_jobs(conn, limit, now)
        deployed = _deployed(runtime, taken.free)
        for process, _ in deployed:
            hold(process.id)
        claimed = _claim_each(conn, runtime, deployed, taken.known, now)
        commit_effects(conn).is_repeatable = True  # the watch releases a process whose claim may be committed
        return ClaimedJobs(taken.process_ids, dict.fromkeys(taken.locked) | claimed)

    try:
        return await runtime.database.transaction(unit)
    except _Unfit:
        return None


def _wait_of(process: Process, workflow: Workflow) -> Wait | None:
    """The process and the index of its step, if it is at a wait."""
    steps = steps_of(process, workflow)
    is_at_wait = process.position < len(steps) and isinstance(steps[process.position], AwaitStep)
    return (process.id, process.position) if is_at_wait else None
