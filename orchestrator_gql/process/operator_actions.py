"""How operators help a process on: pure functions from where it stands to what one commit writes."""

from dataclasses import replace
from datetime import datetime

from orchestrator_gql.process.actions import ProcessAction, available_actions
from orchestrator_gql.process.conditions import answers_before
from orchestrator_gql.process.model import Process, StepEntry, StepExecution
from orchestrator_gql.process.outcomes import Transition
from orchestrator_gql.process.transitions import again, moved
from orchestrator_gql.types import ProcessStatus, StepStatus
from orchestrator_gql.utils.errors import InvalidState
from orchestrator_gql.workflow.model import StepList


def retry(process: Process, steps: StepList, now: datetime, actor: str | None) -> Transition:
    """Enter again at the step that failed. A failed wait has nothing to retry."""
    if ProcessAction.RETRY not in available_actions(process, steps):
        raise InvalidState(
            f"A process that is {process.status} cannot be retried here: only a failed action, validation or form can.",
            process_id=process.id,
            current_version=process.version,
        )
    return moved(process, replace(process, failure=None), ProcessStatus.RUNNING, now, actor=actor)


def reissue(process: Process, wait: int, entry: StepEntry, now: datetime, actor: str | None) -> Transition:
    """Go back to the action before the wait: it runs again and hands out fresh URLs."""
    after = replace(process, position=wait - 1, failure=None, assignee=None, entry=entry)
    left = _left(process, now, actor)
    return _and_ask_no_more(moved(process, after, ProcessStatus.RUNNING, now, execution=left, actor=actor))


def await_again(process: Process, steps: StepList, now: datetime, actor: str | None) -> Transition:
    """Wait on, or again, at the wait that the process stands at."""
    execution = process.execution
    assert execution is not None, "whoever waits, or failed to, is on a visit"
    after = replace(process, failure=None, assignee=None)
    resumed: StepExecution | None = None
    if execution.status is StepStatus.SUSPENDED:
        resumed = replace(execution, status=StepStatus.AWAITING_CALLBACK)
    elif execution.status is not StepStatus.AWAITING_CALLBACK:
        sent = replace(after, entry=StepEntry("reawait"))
        resumed = again(sent, steps[process.position], StepStatus.AWAITING_CALLBACK, execution, now)
    return _and_ask_no_more(moved(process, after, ProcessStatus.AWAITING_CALLBACK, now, execution=resumed, actor=actor))


def take_up(process: Process, wait: int, by: str, now: datetime, actor: str | None) -> Transition:
    """Go to the wait, in whose mailbox somebody put a letter, and on from there."""
    entry = StepEntry(by) if process.status is ProcessStatus.FAILED else None
    after = replace(process, position=wait, failure=None, assignee=None, entry=entry)
    return _and_ask_no_more(moved(process, after, ProcessStatus.RUNNING, now, actor=actor))


def send_back(process: Process, to: int, attempt: int, now: datetime, actor: str | None) -> Transition:
    """Go back from the form that the process stands at to an earlier step, which is entered the ``attempt``-th time.

    What was answered of conditions from there on is asked again.
    """
    condition_results = answers_before(process.condition_results, to)
    entry = StepEntry("send_back", attempt=attempt)
    after = replace(process, position=to, failure=None, assignee=None, entry=entry, condition_results=condition_results)
    left = _left(process, now, actor)
    return moved(process, after, ProcessStatus.RUNNING, now, execution=left, actor=actor)


def _and_ask_no_more(transition: Transition) -> Transition:
    """Whoever was asked what to do about the wait need not answer any more."""
    return replace(transition, closes_request=True)


def _left(process: Process, now: datetime, actor: str | None) -> StepExecution | None:
    """The visit that the process is on, as it is left for another; None where it has ended."""
    execution = process.execution
    if execution is None or execution.completed_at is not None:
        return None
    return replace(execution, status=StepStatus.ABORTED, completed_at=now, actor=actor)
