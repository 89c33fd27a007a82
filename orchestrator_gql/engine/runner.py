"""`advance(process)`: the one loop that moves a process on until it rests.

::

    claim ─▶ ┌─▶ run the open step, with no transaction open ─▶ decide ─▶ ask what comes next ─▶ commit ─┐ ─▶ rest
             └────────────────────────────────────────────── still running ◀────────────────────────────┘

A claim bumps the epoch, and every commit names the epoch and seq it began from. So a worker that was frozen, and whose
process was given to another meanwhile, can run on but never commit: it is fenced, and leaves.

After a time slice of so many steps or seconds, and when the worker stops or the engine is paused, the process is handed
over between two steps: the step that ended is committed, and the next step is left to the worker that claims it next.
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
    must_be_named,
    with_current_definition,
)
from orchestrator_gql.engine.steps import conditions, execution, input_steps
from orchestrator_gql.engine.steps.failures import failure_of
from orchestrator_gql.process import (
    Failed,
    Process,
    Skipped,
    claim,
    decide,
    step_at,
    steps_of,
)
from orchestrator_gql.process.secrecy import outcome_shown
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import processes
from orchestrator_gql.types import Failure, ProcessStatus
from orchestrator_gql.utils.author_calls import AuthorRaised
from orchestrator_gql.utils.errors import StorageUnavailable
from orchestrator_gql.utils.secrets import NOTHING, known_to_logs
from orchestrator_gql.workflow.model import ActionStep, AwaitStep, InputStep, StepList

logger = logging.getLogger(__name__)

PATIENCE = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Seconds between tries to commit what a step came to while the database is away; the last one repeats."""

BREATH = 0.5
"""Seconds between two tries of the engine at what it failed to write itself."""

STEPS = 50
SECONDS = 30.0
"""After so many steps or seconds a process is handed over, so that other processes get their turn."""


def _never() -> bool:
    return False


@dataclass(slots=True)
class TimeSlice:
    """The steps of one process in one worker's hands; ``is_stopping`` says whether the worker takes no more work."""

    is_stopping: Callable[[], bool] = _never
    _left: int = STEPS
    _until: float = field(default_factory=lambda: time.monotonic() + SECONDS)

    def count(self) -> None:
        """One more step has ended."""
        self._left -= 1

    @property
    def is_over(self) -> bool:
        """Whether the process is to be handed over before its next step."""
        return self._left <= 0 or self.is_stopping() or time.monotonic() >= self._until


async def advance(runtime: Runtime, process_id: UUID, time_slice: TimeSlice | None = None) -> None:
    """Move the process on until it rests, ends, is handed over, or turns out to be somebody else's."""
    time_slice = time_slice or TimeSlice()
    at: CommitResult | None = None
    try:
        at = await _claimed(runtime, process_id)
        while at is not None and at.process.status is ProcessStatus.RUNNING and at.process.worker is not None:
            with known_to_logs(at.process.secrets.values) as known:
                at = await _move(runtime, at, time_slice, known)
            time_slice.count()
    except Fenced:
        logger.warning("a commit was refused: the process is in other hands", extra={"process_id": str(process_id)})
        if at is not None:
            epoch = at.process.epoch
            await runtime.database.transaction(lambda conn: processes.let_go(conn, process_id, runtime.worker, epoch))
    except (StorageUnavailable, asyncio.CancelledError, GeneratorExit):
        raise
    except BaseException as error:
        await engine_errors.count(runtime, process_id, at.process if at else None, error, lets_go=True)


async def _claimed(runtime: Runtime, process_id: UUID) -> CommitResult | None:
    try:
        return await runtime.database.transaction(lambda conn: _claim(conn, runtime, process_id))
    except StorageUnavailable:
        raise
    except engine_errors.REFUSALS:  # its next step cannot begin: without this it would be claimed again and again
        logger.exception("a claim is refused", extra={"process_id": str(process_id)})
        return await runtime.database.transaction(lambda conn: _claim(conn, runtime, process_id, fails=True))


def _claim(conn: Connection, runtime: Runtime, process_id: UUID, *, fails: bool = False) -> CommitResult | None:
    now = runtime.clock.now()
    process = processes.lock_free(conn, process_id, now)
    workflow = runtime.registry.find(process.workflow_name) if process else None
    if process is None or workflow is None:
        return None  # somebody has it, it rests, or its workflow is not deployed here: it stays as it is
    pending = PendingTransitions(process).then(claim(process, worker=runtime.worker, now=now))
    pending = with_current_definition(conn, pending, workflow)
    context = commit_context(runtime, steps_of(process, workflow))
    if fails:
        pending = _failed_at(pending, context) or pending
    return commit.apply(conn, process, pending, context)


async def _move(runtime: Runtime, at: CommitResult, time_slice: TimeSlice, known: list[str]) -> CommitResult | None:
    """Run the step, and commit; what it returned is ``known`` to be secret even where it failed."""
    process = at.process
    steps = steps_of(process, runtime.registry.get(process.workflow_name))
    ended = PendingTransitions(process)
    step = step_at(process, steps)
    if isinstance(step, ActionStep) and process.is_step_running:
        outcome = await execution.run(runtime, process, step, at.tokens)
        outcome = outcome_shown(outcome, NOTHING.knowing(known))
        ended = ended.then(decide(process, steps, outcome, runtime.clock.now()))
    if time_slice.is_over:
        return await _commit(runtime, process, lambda: commit_context(runtime, steps, hands_over=True), ended, ended)
    try:
        asked = await _ask_ahead(runtime, steps, ended)
    except Exception:
        if not ended.transitions:
            raise
        # What the step came to is kept, or it would run again; what comes next is asked anew, and counted there.
        logger.exception("what comes next could not be asked", extra={"process_id": str(process.id)})
        return await _commit(runtime, process, lambda: commit_context(runtime, steps, hands_over=True), ended, ended)
    return await _commit(runtime, process, lambda: commit_context(runtime, steps), asked, ended)


async def _ask_ahead(runtime: Runtime, steps: StepList, pending: PendingTransitions) -> PendingTransitions:
    """Ask what only authors' code can say of the steps that come next: conditions, whether a form has pages, which
    callbacks an action is to expect, and whether a remote service has an answer before its time is over."""
    while (process := pending.process).status is ProcessStatus.RUNNING and not process.is_step_running:
        step = step_at(process, steps)
        if step is None:
            break
        if pending.asked != process.position and conditions.must_be_asked(process, step):
            pending = await _ask_condition(runtime, steps, pending)
        elif isinstance(step, InputStep) and conditions.recorded(process, steps):
            outcome = await input_steps.ask(runtime, process, step)
            pending = pending.then(decide(process, steps, outcome, runtime.clock.now()))
        elif isinstance(step, ActionStep) and conditions.recorded(process, steps) and must_be_named(pending, step):
            pending = await _ask_names(runtime, steps, pending, step)
        elif isinstance(step, AwaitStep) and step.poll is not None:
            return await _poll(runtime, pending, step)
        else:
            break
    return pending


async def _ask_names(
    runtime: Runtime, steps: StepList, pending: PendingTransitions, step: ActionStep
) -> PendingTransitions:
    said = await execution.expected(runtime, pending.process, step)
    if isinstance(said, Failed):
        return pending.then(decide(pending.process, steps, said, runtime.clock.now()))
    return replace(pending, names=said)


async def _poll(runtime: Runtime, pending: PendingTransitions, step: AwaitStep) -> PendingTransitions:
    """Ask, of each callback whose time is over, whether the remote service has its answer after all."""
    now = runtime.clock.now()
    over = await execution.patiently(
        lambda: runtime.database.read(lambda conn: waits.overdue(conn, pending.process, now))
    )
    condition_results = await asyncio.gather(
        *(execution.polled(runtime, pending.process, step, callback) for callback in over)
    )
    return replace(
        pending, polled={callback.id: answer for callback, answer in zip(over, condition_results, strict=True)}
    )


async def _ask_condition(runtime: Runtime, steps: StepList, pending: PendingTransitions) -> PendingTransitions:
    process = pending.process
    try:
        taken, condition_results = await conditions.asked(process, steps, partial(execution.holds, runtime))
    except AuthorRaised as raised:  # an author's predicate
        failure = failure_of(raised, runtime)
        return pending.then(decide(process, steps, Failed(failure), runtime.clock.now()))
    process = replace(process, condition_results=condition_results)
    if not taken:
        return pending.then(decide(process, steps, Skipped(), runtime.clock.now()))
    return PendingTransitions(process, pending.transitions, asked=process.position)


async def _commit(
    runtime: Runtime,
    before: Process,
    now: Callable[[], CommitContext],
    pending: PendingTransitions,
    if_paused: PendingTransitions,
) -> CommitResult | None:
    """Commit what a step came to. Where that, or what would follow from it, cannot be stored, the process fails:
    without this the step would run again, and again, for as long as the worker lives."""
    extra = {"process_id": str(before.id)}
    why: Failure | None = None
    try:
        return await _written(runtime, before, now, pending, if_paused)
    except engine_errors.REFUSALS as error:
        logger.exception("what a step came to is refused", extra=extra)
        if isinstance(error, AuthorRaised):  # a model that was to be stored
            why = failure_of(error, runtime)
    following = _failed_at(if_paused, now()) if why is None else None
    if if_paused.transitions and following is not None:
        try:
            return await _written(runtime, before, now, following, following)
        except engine_errors.REFUSALS:
            logger.exception("the outcome itself is refused", extra=extra)
    failed = _failed_at(PendingTransitions(before), now(), why)
    assert failed is not None, "a process that runs stands at a step"
    return await _written(runtime, before, now, failed, failed, is_last=True)


async def _written(
    runtime: Runtime,
    before: Process,
    now: Callable[[], CommitContext],
    pending: PendingTransitions,
    if_paused: PendingTransitions,
    *,
    is_last: bool = False,
) -> CommitResult | None:
    """Write the draft, however long the database is away: the step has run, and its outcome must not be lost.

    Where the engine itself fails to, it tries again, for the step must not run again because of it; None where the
    process ended of that. Raises `engine_errors.REFUSALS`, but for what ``is_last``: there
    is nothing else to write instead.
    """
    tries = 0
    written: CommitResult | None = None

    def write(conn: Connection) -> CommitResult:
        # A COMMIT whose answer was lost may have been done. Written once more, it would fence us off from ourselves:
        # the step that it opened would count as interrupted, and its URL be lost with the token.
        nonlocal written
        if written is None or written.process.seq == before.seq or processes.hold_as(conn, written.process) is None:
            written = commit.apply(conn, before, pending, now(), if_paused=if_paused)
        return written

    while True:
        try:
            try:
                return await runtime.database.transaction(write)
            except (StorageUnavailable, Fenced):
                raise
            except Exception as error:
                if isinstance(error, engine_errors.REFUSALS) and not is_last:
                    raise
                if not await engine_errors.count(runtime, before.id, before, error):
                    return None
                await asyncio.sleep(BREATH)
        except StorageUnavailable:
            logger.warning("the outcome of a step cannot be stored yet", extra={"process_id": str(before.id)})
            await asyncio.sleep(PATIENCE[min(tries, len(PATIENCE) - 1)])
            tries += 1


def _failed_at(
    pending: PendingTransitions, context: CommitContext, why: Failure | None = None
) -> PendingTransitions | None:
    """The draft, and the step that its process stands at failed; None where it runs no further."""
    process = pending.process
    if process.status is not ProcessStatus.RUNNING or process.position >= len(context.steps):
        return None
    message = "What this step came to, or what it needs to begin, cannot be stored: the server's log says why."
    failure = why or Failure("cannot-be-stored", message, context.now)
    return pending.then(decide(process, context.steps, Failed(failure), context.now))
