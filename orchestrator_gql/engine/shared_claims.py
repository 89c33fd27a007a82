"""Claims many processes in one transaction, while many wait for a worker: thousands of deadlines may be due at once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from orchestrator_gql.callbacks.rules import Callback
from orchestrator_gql.engine import commit
from orchestrator_gql.engine.commit import CommitContext, CommitResult, PendingTransitions
from orchestrator_gql.process import Process, claim, steps_of
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import callbacks, free_processes, processes
from orchestrator_gql.storage.database.after_commit import CommitEffects, begin_unit, commit_effects, end_units
from orchestrator_gql.utils.author_demands import refusing_demands
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.workflow.model import AwaitStep, Workflow

TRIES = 3
"""Transactions that are tried with fewer and fewer processes, before each process is claimed alone."""


class _Unfit(Exception):
    """The process must be claimed alone. The exception undoes the transaction."""

    def __init__(self, process_id: UUID) -> None:
        super().__init__(str(process_id))
        self.process_id = process_id


def pending_claim(
    conn: Connection, runtime: Runtime, process: Process, workflow: Workflow, now: datetime
) -> tuple[PendingTransitions, CommitContext]:
    """The claim of a free process, and the context in which it is committed."""
    pending = PendingTransitions(process).then(claim(process, worker=runtime.worker, now=now))
    pending = commit.with_current_definition(conn, pending, workflow)
    return pending, commit.commit_context(runtime, steps_of(process, workflow))


def with_holder(claimed: CommitResult, process: Process, runtime: Runtime) -> CommitResult:
    """The claim of the process, with the worker whose lease had ended."""
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
    known = callbacks.of_waits(conn, [place for place in places if place is not None])
    return dict.fromkeys(locked) | _claim_each(conn, runtime, deployed, known, now)


_Deployed: TypeAlias = list[tuple[Process, Workflow]]


def _deployed(runtime: Runtime, free: Sequence[Process]) -> _Deployed:
    """The processes whose workflows are deployed here, with the workflows."""
    return [(process, workflow) for process in free if (workflow := runtime.registry.find(process.workflow_name))]


def _claim_each(
    conn: Connection,
    runtime: Runtime,
    deployed: _Deployed,
    known: Mapping[callbacks.Wait, Sequence[Callback]],
    now: datetime,
) -> dict[UUID, CommitResult]:
    """Claim the locked processes. Raises `_Unfit` if a process must be claimed alone."""
    effects, parts, claimed = commit_effects(conn), list[CommitEffects](), dict[UUID, CommitResult]()
    for process, workflow in deployed:
        parts.append(begin_unit(conn))
        try:
            with refusing_demands():
                pending, context = pending_claim(conn, runtime, process, workflow, now)
                standing = processes.standing_of_free(process)
                applied = commit.apply(conn, process, pending, context, standing=standing, known=known)
                claimed[process.id] = with_holder(applied, process, runtime)
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


def _wait_of(process: Process, workflow: Workflow) -> tuple[UUID, int] | None:
    """The process and the index of its step, if it is at a wait."""
    steps = steps_of(process, workflow)
    is_at_wait = process.position < len(steps) and isinstance(steps[process.position], AwaitStep)
    return (process.id, process.position) if is_at_wait else None
