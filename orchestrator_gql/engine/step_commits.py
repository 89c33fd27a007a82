"""Commits the outcome of a step, whatever fails: without that the step would run again.

An unavailable database is waited for. If the outcome or its effects can never be stored, the process fails. Three
failures of the engine itself end it, see `engine_errors`.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from itertools import chain, repeat
from typing import TypeAlias

from sqlalchemy import Connection

from orchestrator_gql.engine import commit, engine_errors
from orchestrator_gql.engine.commit import CommitResult, Fenced
from orchestrator_gql.engine.pending_transitions import CommitContext, PendingTransitions, failed_at, lock_external_ids
from orchestrator_gql.engine.shared_commits import Commit, commit_expecting
from orchestrator_gql.engine.steps import calls
from orchestrator_gql.engine.steps.failures import failure_of, outcome_of
from orchestrator_gql.engine.subscription_locks import holds_probably_none
from orchestrator_gql.engine.woken import answered_among, open_among
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
    before, commit_of = latest.process, partial(_StepCommit, runtime, latest, context_now)
    extra = {"process_id": str(before.id)}
    reason: Failure | None = None
    try:
        return await commit_of(pending, ended).run()
    except StepError as error:  # a product subscription that the step returned cannot be saved
        logger.warning("the outcome of a step is refused", extra=extra | {"code": error.failure_code})
        reason = failure_of(error, runtime)
        if (again := _tried_again(runtime, before, context_now(), reason)) is not None:
            return await commit_of(again).run()
    except engine_errors.REFUSALS:
        logger.exception("the outcome of a step cannot be stored", extra=extra)
    following = failed_at(ended, context_now()) if reason is None else None
    if ended.transitions and following is not None:
        try:
            return await commit_of(following).run()
        except engine_errors.REFUSALS:
            logger.exception("the outcome alone cannot be stored either", extra=extra)
    failed = failed_at(PendingTransitions(before), context_now(), reason)
    assert failed is not None, "a running process is at a step"
    return await commit_of(failed).run(is_last=True)


class _StepCommit:
    """Commits the pending transitions, however often that fails."""

    def __init__(
        self,
        runtime: Runtime,
        latest: CommitResult,
        context_now: ContextNow,
        pending: PendingTransitions,
        if_paused: PendingTransitions | None = None,
    ) -> None:
        self._runtime = runtime
        self._latest = latest
        self._context_now = context_now
        self._pending = pending
        self._if_paused = if_paused
        self._written = latest
        self._expects = runtime.database.dialect == "postgresql"  # SQLite has no round trip to save

    async def run(self, *, is_last: bool = False) -> CommitResult | None:
        """The committed transitions; None if a failure of the engine ended the process.

        Raises `engine_errors.REFUSALS` unless ``is_last``: then nothing else can be written instead.
        """
        pauses = chain(PATIENCE, repeat(PATIENCE[-1]))
        while True:
            try:
                return await self._run_on_available_database(is_last=is_last)
            except StorageUnavailable:  # the database has logged it
                await asyncio.sleep(next(pauses))

    async def _run_on_available_database(self, *, is_last: bool) -> CommitResult | None:
        before = self._latest.process
        while True:
            try:
                return await calls.outside(self._runtime, self._commit, is_request=False)
            except (StorageUnavailable, Fenced):
                raise
            except Exception as error:
                if isinstance(error, engine_errors.REFUSALS) and not is_last:
                    raise
                if not await engine_errors.count(self._runtime, before.id, before, error):
                    return None
            await asyncio.sleep(BREATH)

    async def _commit(self) -> CommitResult:
        if self._expects:
            commit = Commit(self._latest.process, self._pending, self._write)
            if (result := await commit_expecting(self._runtime, commit, self._context_now())) is not None:
                return result
            self._expects = False
        return await self._runtime.database.transaction(self._write)

    def _write(self, conn: Connection, standing: Standing | None = None) -> CommitResult:
        # A second write after a COMMIT whose response was lost would be fenced, and the URL of the next step lost.
        before, pending, context = self._latest.process, self._pending, self._context_now()
        lock_external_ids(conn, pending, context)
        if self._written.process.seq == before.seq or processes.hold_as(conn, self._written.process) is None:
            known = self._latest.known if self._expects else answered_among(self._latest.known)
            if self._expects and standing is None:
                holds_none = holds_probably_none(pending.process, pending.transitions, context.steps)
                standing = expect(conn, before, open_among(known), holds_none=holds_none)
            self._written = commit.apply(
                conn, before, pending, context, if_paused=self._if_paused, standing=standing, known=known
            )
        return self._written


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
