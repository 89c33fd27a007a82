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

from orchestrator_gql.engine import engine_errors, spans
from orchestrator_gql.engine.callbacks import waits
from orchestrator_gql.engine.claims import claim_process
from orchestrator_gql.engine.commit import CommitResult, Fenced
from orchestrator_gql.engine.pending_transitions import PendingTransitions, commit_context, needs_names
from orchestrator_gql.engine.step_commits import commit_step
from orchestrator_gql.engine.steps import conditions, execution, input_steps
from orchestrator_gql.engine.steps.failures import failure_at, log_decided
from orchestrator_gql.process import Abort, Failed, Skipped, Success, abort, decide, step_at, steps_of
from orchestrator_gql.process.secrecy import outcome_shown
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import leases
from orchestrator_gql.types import Failure, ProcessStatus
from orchestrator_gql.utils.author_calls import AuthorRaised
from orchestrator_gql.utils.errors import StepError, StorageUnavailable
from orchestrator_gql.utils.secrets import NOTHING, known_to_logs
from orchestrator_gql.workflow.model import ActionStep, AwaitStep, InputStep, StepList

logger = logging.getLogger(__name__)

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
        latest = latest or await claim_process(runtime, process_id)
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
        running = execution.run(runtime, process, step, latest.tokens)
        outcome = await spans.in_step(process, step, running)
        outcome = outcome_shown(outcome, NOTHING.knowing(known))
        ended = ended.then(decide(process, steps, outcome, runtime.clock.now()))
    hands_over, pending = time_slice.is_over, ended
    # A form or a condition that follows may take the product subscription of a step: it must be stored before.
    if not (hands_over or any(transition.models for transition in ended.transitions)):
        try:
            pending = await _prepare_next(runtime, steps, ended)
        except Exception:
            if not ended.transitions:
                raise
            # The outcome of the step is committed, or the step would run again. The next claim prepares the next
            # steps again and counts the failure.
            logger.exception("the next steps could not be prepared", extra={"process_id": str(process.id)})
            hands_over = True
    context_now = partial(commit_context, runtime, steps, hands_over=hands_over)
    return await commit_step(runtime, latest, context_now, pending, ended)


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
    process = pending.process
    polls = (spans.in_poll(process, each, execution.polled(runtime, process, step, each)) for each in over)
    results = await asyncio.gather(*polls)
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
