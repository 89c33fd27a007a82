"""How operators help a process on: pure functions from where it stands to what one commit writes."""

from dataclasses import replace
from datetime import datetime

from orchestrator_gql.process.actions import ProcessAction, available_actions
from orchestrator_gql.process.conditions import answers_before
from orchestrator_gql.process.model import Entry, Process, StepRecord
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


def reissue(process: Process, wait: int, entry: Entry, now: datetime, actor: str | None) -> Transition:
    """Go back to the action before the wait: it runs again and hands out fresh URLs."""
    after = replace(process, position=wait - 1, failure=None, assignee=None, entry=entry)
    left = _left(process, now, actor)
    return _and_ask_no_more(moved(process, after, ProcessStatus.RUNNING, now, record=left, actor=actor))


def await_again(process: Process, steps: StepList, now: datetime, actor: str | None) -> Transition:
    """Wait on, or again, at the wait that the process stands at."""
    record = process.record
    assert record is not None, "whoever waits, or failed to, is on a visit"
    after = replace(process, failure=None, assignee=None)
    resumed: StepRecord | None = None
    if record.status is StepStatus.SUSPENDED:
        resumed = replace(record, status=StepStatus.AWAITING_CALLBACK)
    elif record.status is not StepStatus.AWAITING_CALLBACK:
        sent = replace(after, entry=Entry("reawait"))
        resumed = again(sent, steps[process.position], StepStatus.AWAITING_CALLBACK, record, now)
    return _and_ask_no_more(moved(process, after, ProcessStatus.AWAITING_CALLBACK, now, record=resumed, actor=actor))


def take_up(process: Process, wait: int, by: str, now: datetime, actor: str | None) -> Transition:
    """Go to the wait, in whose mailbox somebody put a letter, and on from there."""
    entry = Entry(by) if process.status is ProcessStatus.FAILED else None
    after = replace(process, position=wait, failure=None, assignee=None, entry=entry)
    return _and_ask_no_more(moved(process, after, ProcessStatus.RUNNING, now, actor=actor))


def send_back(process: Process, to: int, attempt: int, now: datetime, actor: str | None) -> Transition:
    """Go back from the form that the process stands at to an earlier step, which is entered the ``attempt``-th time.

    What was answered of conditions from there on is asked again.
    """
    answers = answers_before(process.answers, to)
    entry = Entry("send_back", attempt=attempt)
    after = replace(process, position=to, failure=None, assignee=None, entry=entry, answers=answers)
    left = _left(process, now, actor)
    return moved(process, after, ProcessStatus.RUNNING, now, record=left, actor=actor)


def _and_ask_no_more(transition: Transition) -> Transition:
    """Whoever was asked what to do about the wait need not answer any more."""
    return replace(transition, closes_request=True)


def _left(process: Process, now: datetime, actor: str | None) -> StepRecord | None:
    """The visit that the process is on, as it is left for another; None where it has ended."""
    record = process.record
    if record is None or record.completed_at is not None:
        return None
    return replace(record, status=StepStatus.ABORTED, completed_at=now, actor=actor)
