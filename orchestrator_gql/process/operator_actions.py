"""The transitions that people cause: pure functions from a process to the transition that one commit writes."""

from dataclasses import replace
from datetime import datetime

from orchestrator_gql.process.actions import ProcessAction, available_actions
from orchestrator_gql.process.conditions import results_before
from orchestrator_gql.process.model import Process, StepEntry, StepExecution
from orchestrator_gql.process.outcomes import Success, Transition
from orchestrator_gql.process.state_machine import decide
from orchestrator_gql.process.transitions import DEFINITION_CHANGED, new_attempt, step_event, transition_to
from orchestrator_gql.types import ProcessStatus, StepStatus
from orchestrator_gql.utils.errors import InvalidState
from orchestrator_gql.workflow.model import StepList


def retry(process: Process, steps: StepList, now: datetime, actor: str | None) -> Transition:
    """Run the failed step again; raises `InvalidState` if the process does not allow a retry, as at a failed wait."""
    if ProcessAction.RETRY not in available_actions(process, steps):
        raise InvalidState(
            f"A process that is {process.status} cannot be retried here: only a failed action, validation or form can.",
            process_id=process.id,
            current_version=process.version,
        )
    return transition_to(process, replace(process, failure=None), ProcessStatus.RUNNING, now, actor=actor)


def continue_now(process: Process, steps: StepList, now: datetime, actor: str | None) -> Transition:
    """End the wait for a time; raises `InvalidState` if the process is not at a step of `wait_until`, or if it failed
    because its definition changed."""
    if ProcessAction.CONTINUE not in available_actions(process, steps):
        here = "waits at another step" if process.status is ProcessStatus.WAITING else f"is {process.status}"
        here = "waits for its lock" if process.is_queued else here
        message = f"Only a process that waits at a step of wait_until can be continued: this process {here}."
        if process.failure is not None and process.failure.code == DEFINITION_CHANGED:
            message = process.failure.message
        raise InvalidState(
            message,
            process_id=process.id,
            current_version=process.version,
        )
    return decide(process, steps, Success(actor=actor), now)


def reissue(process: Process, wait: int, entry: StepEntry, now: datetime, actor: str | None) -> Transition:
    """Go back to the action before the wait: it runs again and hands out new URLs."""
    after = replace(process, position=wait - 1, failure=None, assignee=None, entry=entry)
    aborted = _aborted_execution(process, now, actor)
    return _closing_request(transition_to(process, after, ProcessStatus.RUNNING, now, execution=aborted, actor=actor))


def await_again(process: Process, steps: StepList, now: datetime, actor: str | None) -> Transition:
    """Continue the wait at which the process stands, or begin it again. It begins again after a form, too: a step
    execution asks once, and this one may ask when its new time is over."""
    execution = process.execution
    assert execution is not None, "a process at a wait has a step execution"
    after = replace(process, failure=None, assignee=None)
    resumed: StepExecution | None = None
    if execution.status is StepStatus.WAITING:
        resumed = replace(execution, status=StepStatus.AWAITING_CALLBACK, failure=None, retry_at=None)
    elif execution.status is not StepStatus.AWAITING_CALLBACK:
        with_entry = replace(after, entry=StepEntry("reawait"))
        resumed = new_attempt(with_entry, steps[process.position], StepStatus.AWAITING_CALLBACK, execution, now)
    transition = transition_to(process, after, ProcessStatus.AWAITING_CALLBACK, now, execution=resumed, actor=actor)
    asked = _aborted_execution(process, now, actor) if process.status is ProcessStatus.SUSPENDED else None
    if asked is not None:
        events = (step_event(process, asked, now), *transition.events)
        transition = replace(transition, executions=(asked, *transition.executions), events=events)
    return _closing_request(transition)


def take_up(process: Process, wait: int, by: str, now: datetime, actor: str | None) -> Transition:
    """Let a worker look at the wait again, whose callback got a result, or more time, from an operator.

    If the wait asked, another step execution goes on: of several results some may still be missing, and a step
    execution asks once.
    """
    entry, asked = process.entry, None
    if process.status is ProcessStatus.SUSPENDED:
        asked = _aborted_execution(process, now, actor)
        entry = StepEntry(by, attempt=asked.attempt + 1) if asked else None
    elif process.status is ProcessStatus.FAILED:
        entry = StepEntry(by)
    after = replace(process, position=wait, failure=None, assignee=None, entry=entry)
    return _closing_request(transition_to(process, after, ProcessStatus.RUNNING, now, execution=asked, actor=actor))


def send_back(process: Process, to: int, attempt: int, now: datetime, actor: str | None) -> Transition:
    """Go back from the current form to the earlier step at index ``to``, which begins its ``attempt``-th attempt.

    The conditions from that step on are called again.
    """
    condition_results = results_before(process.condition_results, to)
    entry = StepEntry("send_back", attempt=attempt)
    after = replace(process, position=to, failure=None, assignee=None, entry=entry, condition_results=condition_results)
    aborted = _aborted_execution(process, now, actor)
    return transition_to(process, after, ProcessStatus.RUNNING, now, execution=aborted, actor=actor)


def _closing_request(transition: Transition) -> Transition:
    """The transition that also closes the input request which asks an operator about the wait."""
    return replace(transition, closes_request=True)


def _aborted_execution(process: Process, now: datetime, actor: str | None) -> StepExecution | None:
    """The current step execution as aborted; None if it has ended already."""
    execution = process.execution
    if execution is None or execution.completed_at is not None:
        return None
    return replace(execution, status=StepStatus.ABORTED, completed_at=now, actor=actor, retry_at=None)
