"""`advance(process)`: the only loop that moves a process on until it rests.

::

    claim ─▶ ┌─▶ run the open step, with no transaction open ─▶ decide ─▶ prepare the next steps ─▶ commit ─┐ ─▶ rest
             └─────────────────────────────────────────────── still running ◀───────────────────────────────┘

A claim increases the epoch, and every commit names the epoch and the seq from which it began. A worker may freeze, and
another worker may claim its process meanwhile. The frozen worker can then continue but never commit: it is fenced.

A process is handed over between two steps after a time slice (`STEPS` or `SECONDS`), when the worker stops, and when
the engine is paused. The step that ended is committed, and the next worker that claims the process runs the next step.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from uuid import UUID

from sqlalchemy import Connection

from orchestrator_gql.engine import commit, engine_errors
from orchestrator_gql.engine.callbacks import waits
from orchestrator_gql.engine.commit import (
    CommitContext,
    CommitResult,
    Fenced,
    PendingTransitions,
    commit_context,
    needs_names,
)
from orchestrator_gql.engine.shared_claims import claim_together, pending_claim, with_holder
from orchestrator_gql.engine.shared_commits import Commit, commit_expecting
from orchestrator_gql.engine.steps import calls, conditions, execution, input_steps
from orchestrator_gql.engine.steps.failures import failure_at, failure_of, log_decided, outcome_of
from orchestrator_gql.engine.subscription_locks import holds_probably_none
from orchestrator_gql.engine.woken import NONE_KNOWN, answered_among, open_among, woken_in
from orchestrator_gql.process import (
    Abort,
    Failed,
    Process,
    RetryLater,
    Skipped,
    Success,
    abort,
    decide,
    step_at,
    steps_of,
)
from orchestrator_gql.process.secrecy import outcome_shown
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import leases, processes
from orchestrator_gql.storage.database.after_commit import commit_effects
from orchestrator_gql.storage.database.batches import Batches
from orchestrator_gql.storage.expected_processes import expect
from orchestrator_gql.storage.processes import Standing
from orchestrator_gql.types import Failure, ProcessStatus
from orchestrator_gql.utils.author_calls import AuthorRaised
from orchestrator_gql.utils.author_demands import refusing_demands
from orchestrator_gql.utils.errors import StepError, StorageUnavailable
from orchestrator_gql.utils.secrets import NOTHING, known_to_logs
from orchestrator_gql.workflow.model import ActionStep, AwaitStep, InputStep, StepList

logger = logging.getLogger(__name__)

PATIENCE = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Seconds between tries to commit an outcome while the database is unavailable; the last value repeats."""

BREATH = 0.5
"""Seconds between two tries of the engine after its own failure to write."""

STEPS = 50
SECONDS = 30.0
"""A process is handed over after `STEPS` steps or `SECONDS` seconds, so that other processes get their turn."""


def _never() -> bool:
    return False


@dataclass(slots=True)
class TimeSlice:
    """The limit of steps and seconds that a worker spends on a process; ``is_stopping``: the worker is stopping."""

    is_stopping: Callable[[], bool] = _never
    _left: int = STEPS
    _until: float = field(default_factory=lambda: time.monotonic() + SECONDS)

    def count(self) -> None:
        """Count one more step that ended."""
        self._left -= 1

    @property
    def is_over(self) -> bool:
        """True if the process must be handed over before its next step."""
        return self._left <= 0 or self.is_stopping() or time.monotonic() >= self._until


async def advance(
    runtime: Runtime,
    process_id: UUID,
    time_slice: TimeSlice | None = None,
    claimed: CommitResult | None = None,
) -> None:
    """Move the process on until it rests, ends, is handed over, or another worker holds it.

    ``claimed`` is the result of `claim_at_once`, if the process is claimed already.
    """
    time_slice = time_slice or TimeSlice()
    latest: CommitResult | None = claimed
    try:
        latest = latest or await _claimed(runtime, process_id)
        if latest is not None and latest.taken_from is not None:
            logger.info(
                "the lease of another worker ended: this worker continues its process",
                extra={"process_id": str(process_id), "held_by": latest.taken_from},
            )
        while (
            latest is not None and latest.process.status is ProcessStatus.RUNNING and latest.process.worker is not None
        ):
            with known_to_logs(latest.process.secrets.values) as known:
                latest = await _run_step(runtime, latest, time_slice, known)
            time_slice.count()
        if latest is not None:
            log_decided(runtime, latest.process)
    except Fenced:
        logger.warning("a commit was refused: the process is in other hands", extra={"process_id": str(process_id)})
        if latest is not None:
            epoch = latest.process.epoch
            await runtime.database.transaction(lambda conn: leases.let_go(conn, process_id, runtime.worker, epoch))
    except (StorageUnavailable, asyncio.CancelledError, GeneratorExit):
        raise
    except BaseException as error:
        await engine_errors.count(runtime, process_id, latest.process if latest else None, error, lets_go=True)


def claim_at_once(conn: Connection, runtime: Runtime, process_id: UUID) -> CommitResult | None:
    """Claim the process in the transaction that makes it runnable, which holds it; None if it would not run.

    Every error leaves the claim to a worker: only `advance` runs the authors' functions that a claim may demand, and
    only `advance` counts failures.
    """
    with refusing_demands():
        claimed = _claim(conn, runtime, process_id, is_held=True)
    if claimed is None or claimed.process.status is not ProcessStatus.RUNNING or claimed.process.worker is None:
        return None
    return claimed


async def _claimed(runtime: Runtime, process_id: UUID) -> CommitResult | None:
    if runtime.database.dialect == "sqlite":  # its transactions are shared anyway
        return await _claimed_alone(runtime, process_id)
    claims: Batches[None, CommitResult | None] = runtime.claims
    alone = partial(_claimed_alone, runtime, process_id)
    return await claims.run(process_id, None, alone, partial(claim_together, runtime))


async def _claimed_alone(runtime: Runtime, process_id: UUID) -> CommitResult | None:
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


def _claim(
    conn: Connection, runtime: Runtime, process_id: UUID, *, fails: bool = False, is_held: bool = False
) -> CommitResult | None:
    now = runtime.clock.now()
    woken = woken_in(conn, process_id) if is_held else None
    find = processes.load_free if is_held else processes.lock_free
    process = find(conn, process_id, now) if woken is None else woken.process
    workflow = runtime.registry.find(process.workflow_name) if process else None
    if not is_held:
        commit_effects(conn).is_repeatable = True  # the watch releases a process whose claim may be committed
    if process is None or workflow is None:
        return None  # another worker holds the process, it rests, or its workflow is not deployed here
    pending, context = pending_claim(conn, runtime, process, workflow, now)
    if woken is not None:
        pending = replace(pending, stored=woken.stored)
    if fails:
        pending = _failed_at(pending, context) or pending
    known = NONE_KNOWN if woken is None else woken.callbacks
    standing = processes.standing_of_free(process)
    claimed = commit.apply(conn, process, pending, context, standing=standing, known=known)
    return with_holder(claimed, process, runtime)


async def _run_step(
    runtime: Runtime, latest: CommitResult, time_slice: TimeSlice, known: list[str]
) -> CommitResult | None:
    """Run the open step and commit. ``known`` are the secrets it returned so far, even if it failed afterwards."""
    process = latest.process
    workflow = runtime.registry.get(process.workflow_name)
    steps = steps_of(process, workflow)
    ended = PendingTransitions(process)
    step = step_at(process, steps)
    if isinstance(step, ActionStep) and process.is_step_running and step.aborts:
        reason = f"Its step {step.name!r} aborted it."
        ended = ended.then(abort(process, workflow, Abort(actor=None, reason=reason), runtime.clock.now()))
    elif isinstance(step, ActionStep) and process.is_step_running:
        outcome = await execution.run(runtime, process, step, latest.tokens)
        outcome = outcome_shown(outcome, NOTHING.knowing(known))
        ended = ended.then(decide(process, steps, outcome, runtime.clock.now()))
    if time_slice.is_over:
        return await _commit(runtime, latest, lambda: commit_context(runtime, steps, hands_over=True), ended, ended)
    if any(transition.models for transition in ended.transitions):
        # A form or a condition that follows may take the product subscription: it must be stored before.
        return await _commit(runtime, latest, lambda: commit_context(runtime, steps), ended, ended)
    try:
        pending = await _prepare_next(runtime, steps, ended)
    except Exception:
        if not ended.transitions:
            raise
        # The outcome of the step is committed, or the step would run again. The next claim prepares the next steps
        # again and counts the failure.
        logger.exception("the next steps could not be prepared", extra={"process_id": str(process.id)})
        return await _commit(runtime, latest, lambda: commit_context(runtime, steps, hands_over=True), ended, ended)
    return await _commit(runtime, latest, lambda: commit_context(runtime, steps), pending, ended)


async def _prepare_next(runtime: Runtime, steps: StepList, pending: PendingTransitions) -> PendingTransitions:
    """Run the author's code that decides the next steps: conditions, forms (a form may have no pages), the names of
    the callbacks that an action expects, and polls of callbacks whose time is over."""
    while (process := pending.process).status is ProcessStatus.RUNNING and not process.is_step_running:
        step = step_at(process, steps)
        if step is None:
            break
        if pending.evaluated != process.position and conditions.must_evaluate(process, step):
            pending = await _evaluate_conditions(runtime, steps, pending)
        elif isinstance(step, InputStep) and conditions.is_taken(process, steps):
            outcome = await input_steps.ask(runtime, process, step)
            pending = pending.then(decide(process, steps, outcome, runtime.clock.now()))
        elif isinstance(step, ActionStep) and conditions.is_taken(process, steps) and needs_names(pending, step):
            pending = await _ask_names(runtime, steps, pending, step)
        elif isinstance(step, ActionStep) and conditions.is_taken(process, steps) and step.is_empty:
            pending = pending.then(decide(process, steps, Success({}), runtime.clock.now()))
        elif isinstance(step, AwaitStep) and step.poll is not None:
            return await _poll(runtime, pending, step)
        else:
            break
    return pending


async def _ask_names(
    runtime: Runtime, steps: StepList, pending: PendingTransitions, step: ActionStep
) -> PendingTransitions:
    names = await execution.expected(runtime, pending.process, step)
    if isinstance(names, Failed):
        return pending.then(decide(pending.process, steps, names, runtime.clock.now()))
    return replace(pending, names=names)


async def _poll(runtime: Runtime, pending: PendingTransitions, step: AwaitStep) -> PendingTransitions:
    """Poll the remote service for each callback whose time is over: it may have the result after all."""
    now = runtime.clock.now()
    over = await execution.patiently(
        lambda: runtime.database.read(lambda conn: waits.overdue(conn, pending.process, now))
    )
    results = await asyncio.gather(*(execution.polled(runtime, pending.process, step, callback) for callback in over))
    polled = {
        callback.id: None if isinstance(result, Failure) else result
        for callback, result in zip(over, results, strict=True)
    }
    failure = next((result for result in results if isinstance(result, Failure)), None)
    return replace(pending, polled=polled, poll_failure=failure)


async def _evaluate_conditions(runtime: Runtime, steps: StepList, pending: PendingTransitions) -> PendingTransitions:
    process = pending.process
    try:
        is_taken, condition_results = await conditions.evaluate(
            process, steps, partial(execution.holds, runtime, process)
        )
    except (AuthorRaised, StepError) as error:  # by the predicate, or because an argument of it is missing
        failure = failure_at(runtime, process, steps[process.position], error)
        return pending.then(decide(process, steps, Failed(failure), runtime.clock.now()))
    process = replace(process, condition_results=condition_results)
    if not is_taken:
        return pending.then(decide(process, steps, Skipped(), runtime.clock.now()))
    return PendingTransitions(process, pending.transitions, evaluated=process.position)


async def _commit(
    runtime: Runtime,
    latest: CommitResult,
    now: Callable[[], CommitContext],
    pending: PendingTransitions,
    if_paused: PendingTransitions,
) -> CommitResult | None:
    """Commit the outcome of a step. If the outcome or its effects cannot be stored, the process fails: without this
    the step would run again and again for as long as the worker lives."""
    before = latest.process
    extra = {"process_id": str(before.id)}
    reason: Failure | None = None
    try:
        return await _written(runtime, latest, now, pending, if_paused)
    except StepError as error:  # a product subscription that the step returned cannot be saved
        logger.warning("the outcome of a step is refused", extra=extra | {"code": error.failure_code})
        reason = failure_of(error, runtime)
        if (again := _tried_again(runtime, before, now(), reason)) is not None:
            return await _written(runtime, latest, now, again, again)
    except engine_errors.REFUSALS:
        logger.exception("the outcome of a step cannot be stored", extra=extra)
    following = _failed_at(if_paused, now()) if reason is None else None
    if if_paused.transitions and following is not None:
        try:
            return await _written(runtime, latest, now, following, following)
        except engine_errors.REFUSALS:
            logger.exception("the outcome alone cannot be stored either", extra=extra)
    failed = _failed_at(PendingTransitions(before), now(), reason)
    assert failed is not None, "a running process is at a step"
    return await _written(runtime, latest, now, failed, failed, is_last=True)


async def _written(
    runtime: Runtime,
    latest: CommitResult,
    now: Callable[[], CommitContext],
    pending: PendingTransitions,
    if_paused: PendingTransitions,
    *,
    is_last: bool = False,
) -> CommitResult | None:
    """Write the pending transitions, however often that fails: the step must not run again. None if a failure ended it.

    Raises `engine_errors.REFUSALS` unless ``is_last``: then nothing else can be written instead.
    """
    before, written = latest.process, latest
    try_count, expects = 0, runtime.database.dialect == "postgresql"  # SQLite has no round trip to save

    def write(conn: Connection, standing: Standing | None = None) -> CommitResult:
        # A second write after a COMMIT whose response was lost would be fenced, and the URL of the next step lost.
        nonlocal written
        commit.lock_external_ids(conn, pending, now())
        if written.process.seq == before.seq or processes.hold_as(conn, written.process) is None:
            known = latest.known if expects else answered_among(latest.known)
            if expects and standing is None:
                holds_none = holds_probably_none(pending.process, pending.transitions, now().steps)
                standing = expect(conn, before, open_among(known), holds_none=holds_none)
            written = commit.apply(conn, before, pending, now(), if_paused=if_paused, standing=standing, known=known)
        return written

    async def write_or_look() -> CommitResult:
        nonlocal expects
        if expects and (result := await commit_expecting(runtime, Commit(before, pending, write), now())) is not None:
            return result
        expects = False
        return await runtime.database.transaction(write)

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


def _failed_at(
    pending: PendingTransitions, context: CommitContext, reason: Failure | None = None
) -> PendingTransitions | None:
    """The pending transitions with the current step failed; None if the process does not run any more."""
    process = pending.process
    if process.status is not ProcessStatus.RUNNING or process.position >= len(context.steps):
        return None
    message = "What this step came to, or what it needs to begin, cannot be stored: the server's log says why."
    failure = reason or Failure("cannot-be-stored", message, context.now)
    return pending.then(decide(process, context.steps, Failed(failure), context.now))
