"""Decides which actions a process allows in its current state."""

from enum import StrEnum

from orchestrator_gql.process.model import Process
from orchestrator_gql.process.transitions import DEFINITION_CHANGED, step_at
from orchestrator_gql.types import Permission, ProcessStatus, StepKind
from orchestrator_gql.workflow.model import ActionStep, AwaitStep, Step, StepList


class ProcessAction(StrEnum):
    """An action of a person on a process."""

    SUBMIT_FORM = "SUBMIT_FORM"
    RETRY = "RETRY"
    CONTINUE = "CONTINUE"
    ABORT = "ABORT"
    REISSUE_CALLBACK = "REISSUE_CALLBACK"
    REAWAIT_CALLBACK = "REAWAIT_CALLBACK"
    COMPLETE_CALLBACK = "COMPLETE_CALLBACK"
    ADOPT_CALLBACK_ATTEMPT = "ADOPT_CALLBACK_ATTEMPT"
    EDIT_NOTE = "EDIT_NOTE"

    @property
    def permission(self) -> Permission:
        """The permission that a person needs for the action."""
        return _PERMISSIONS[self]


_PERMISSIONS = {
    ProcessAction.SUBMIT_FORM: Permission.SUBMIT_FORM,
    ProcessAction.RETRY: Permission.RETRY,
    ProcessAction.CONTINUE: Permission.RETRY,
    ProcessAction.ABORT: Permission.ABORT,
    ProcessAction.REISSUE_CALLBACK: Permission.RECOVER_CALLBACK,
    ProcessAction.REAWAIT_CALLBACK: Permission.RECOVER_CALLBACK,
    ProcessAction.COMPLETE_CALLBACK: Permission.RECOVER_CALLBACK,
    ProcessAction.ADOPT_CALLBACK_ATTEMPT: Permission.RECOVER_CALLBACK,
    ProcessAction.EDIT_NOTE: Permission.EDIT_NOTE,
}


def available_actions(process: Process, steps: StepList | None) -> frozenset[ProcessAction]:
    """The actions that the process allows now; ``steps`` is None if its workflow is no longer deployed."""
    actions = {ProcessAction.EDIT_NOTE}
    if not process.status.is_ended:
        actions.add(ProcessAction.ABORT)
    if process.status is ProcessStatus.SUSPENDED and steps is not None:
        actions.add(ProcessAction.SUBMIT_FORM)
    step = step_at(process, steps) if steps is not None else None
    if process.status is ProcessStatus.FAILED and step is not None and _may_enter_again(process, step):
        actions.add(ProcessAction.RETRY)
    if (
        process.status is ProcessStatus.WAITING
        and isinstance(step, ActionStep)
        and step.is_wait
        and not process.is_queued
    ):
        actions.add(ProcessAction.CONTINUE)
    wait = recoverable_wait(process, steps) if steps is not None else None
    if wait is not None:
        actions |= {ProcessAction.COMPLETE_CALLBACK, ProcessAction.ADOPT_CALLBACK_ATTEMPT}
        if wait <= process.position and process.status is not ProcessStatus.RUNNING:
            actions.add(ProcessAction.REISSUE_CALLBACK)  # if the action itself failed, a retry runs it again
        if wait == process.position:
            actions.add(ProcessAction.REAWAIT_CALLBACK)
    return frozenset(actions)


def recoverable_wait(process: Process, steps: StepList) -> int | None:
    """The index of the wait for which an operator may act; None if there is none.

    The process waits there, pauses or asks an operator there, or failed there, in the action before or in the
    validation after. Or its time there is over, and nobody has looked at it since: until a pause ends, for example.
    """
    step = step_at(process, steps)
    if process.status is ProcessStatus.FAILED and process.failure and process.failure.code == DEFINITION_CHANGED:
        return None
    match process.status, step:
        case (
            (ProcessStatus.AWAITING_CALLBACK | ProcessStatus.SUSPENDED | ProcessStatus.WAITING | ProcessStatus.FAILED),
            AwaitStep(),
        ):
            return process.position
        case ProcessStatus.RUNNING, AwaitStep() if process.worker is None:
            return process.position
        case ProcessStatus.FAILED, ActionStep(awaits=AwaitStep()):
            return process.position + 1
        case ProcessStatus.FAILED, ActionStep(purpose=StepKind.VALIDATION):
            return process.position - 1
        case _:
            return None


def _may_enter_again(process: Process, step: Step) -> bool:
    """A failed wait has nothing to retry, unless the definition changed: then its result may have come already."""
    is_of_definition = process.failure is not None and process.failure.code == DEFINITION_CHANGED
    return step.kind is not StepKind.AWAIT_CALLBACK or is_of_definition
