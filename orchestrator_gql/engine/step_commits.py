"""Commits the outcome of a step, whatever fails: without that the step would run again.

An unavailable database is waited for. If the outcome or its effects can never be stored, the process fails. Three
failures of the engine itself end it, see `engine_errors`.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import TypeAlias

from sqlalchemy import Connection

from orchestrator_gql.engine import commit, engine_errors
from orchestrator_gql.engine.commit import CommitResult, Fenced
from orchestrator_gql.engine.pending_transitions import CommitContext, PendingTransitions, failed_at, lock_external_ids
from orchestrator_gql.engine.shared_commits import Commit, commit_expecting
from orchestrator_gql.engine.steps import calls
from orchestrator_gql.engine.steps.failures import failure_of, outcome_of
from orchestrator_gql.engine.subscription_locks import holds_probably_none
from orchestrator_gql.engine.woken import KnownCallbacks, answered_among, open_among
from orchestrator_gql.process import Process, RetryLater, decide, step_at
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import processes
from orchestrator_gql.storage.expected_processes import expect
from orchestrator_gql.storage.processes import Standing
from orchestrator_gql.types import Failure
from orchestrator_gql.utils.errors import StepError, StorageUnavailable

logger = logging.getLogger(__name__)

PATIENCE = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Seconds between tries to commit an outcome while the database is unavailable; the last value repeats."""

BREATH = 0.5
"""Seconds between two tries of the engine after its own failure to write."""

ContextNow: TypeAlias = Callable[[], CommitContext]
"""Returns the context of a commit that is made now: a commit may be tried for a long time."""


async def commit_step(
    runtime: Runtime,
    latest: CommitResult,
    context_now: ContextNow,
    pending: PendingTransitions,
    ended: PendingTransitions,
) -> CommitResult | None:
    """Commit the outcome of a step and what follows from it; None if a failure of the engine ended the process.

    ``ended`` has the outcome alone: it is committed instead if the engine is paused, or if ``pending`` cannot be
    stored. Raises `Fenced`.
    """
    before = latest.process
    extra = {"process_id": str(before.id)}
    reason: Failure | None = None
    try:
        return await _write_patiently(runtime, latest, context_now, pending, ended)
    except StepError as error:  # a product subscription that the step returned cannot be saved
        logger.warning("the outcome of a step is refused", extra=extra | {"code": error.failure_code})
        reason = failure_of(error, runtime)
        if (again := _tried_again(runtime, before, context_now(), reason)) is not None:
            return await _write_patiently(runtime, latest, context_now, again)
    except engine_errors.REFUSALS:
        logger.exception("the outcome of a step cannot be stored", extra=extra)
    following = failed_at(ended, context_now()) if reason is None else None
    if ended.transitions and following is not None:
        try:
            return await _write_patiently(runtime, latest, context_now, following)
        except engine_errors.REFUSALS:
            logger.exception("the outcome alone cannot be stored either", extra=extra)
    failed = failed_at(PendingTransitions(before), context_now(), reason)
    assert failed is not None, "a running process is at a step"
    return await _write_patiently(runtime, latest, context_now, failed, is_last=True)


async def _write_patiently(
    runtime: Runtime,
    latest: CommitResult,
    context_now: ContextNow,
    pending: PendingTransitions,
    if_paused: PendingTransitions | None = None,
    *,
    is_last: bool = False,
) -> CommitResult | None:
    """Write the pending transitions, however often that fails. None if a failure of the engine ended the process.

    Raises `engine_errors.REFUSALS` unless ``is_last``: then nothing else can be written instead.
    """
    before, written, try_count = latest.process, latest, 0
    expects = runtime.database.dialect == "postgresql"  # SQLite has no round trip to save

    def write(conn: Connection, standing: Standing | None = None) -> CommitResult:
        # A second write after a COMMIT whose response was lost would be fenced, and the URL of the next step lost.
        nonlocal written
        lock_external_ids(conn, pending, context := context_now())
        if written.process.seq == before.seq or processes.hold_as(conn, written.process) is None:
            known = latest.known if expects else answered_among(latest.known)
            if expects and standing is None:
                standing = _expect(conn, before, pending, context, known)
            written = commit.apply(conn, before, pending, context, if_paused=if_paused, standing=standing, known=known)
        return written

    async def write_or_look() -> CommitResult:
        nonlocal expects
        result = await commit_expecting(runtime, Commit(before, pending, write), context_now()) if expects else None
        if result is None:
            expects = False
            result = await runtime.database.transaction(write)
        return result

    while True:
        try:
            try:
                return await calls.outside(runtime, write_or_look, is_request=False)
            except (StorageUnavailable, Fenced):
                raise
            except Exception as error:
                if isinstance(error, engine_errors.REFUSALS) and not is_last:
                    raise
                if not await engine_errors.count(runtime, before.id, before, error):
                    return None
                await asyncio.sleep(BREATH)
        except StorageUnavailable:  # the database has logged it
            await asyncio.sleep(PATIENCE[min(try_count, len(PATIENCE) - 1)])
            try_count += 1


def _expect(
    conn: Connection, before: Process, pending: PendingTransitions, context: CommitContext, known: KnownCallbacks
) -> Standing:
    holds_none = holds_probably_none(pending.process, pending.transitions, context.steps)
    return expect(conn, before, open_among(known), holds_none=holds_none)


def _tried_again(
    runtime: Runtime, before: Process, context: CommitContext, reason: Failure
) -> PendingTransitions | None:
    """The transition to the next try of a step whose product subscription was refused; None if it has no try left.

    The next try loads the product subscription again, so a refusal is like any other failure of the step.
    """
    outcome = outcome_of(runtime, before, step_at(before, context.steps), reason)
    if not isinstance(outcome, RetryLater) or not before.is_step_running:
        return None
    return PendingTransitions(before).then(decide(before, context.steps, outcome, context.now))
