"""A process: its data, the outcomes of its steps, and its state machine.

model          a process and its step executions    state_machine     the transitions of the engine
outcomes       the outcomes of steps                operator_actions  the transitions of operators
transitions    the common parts of transitions      actions           the actions that a process allows now
conditions     the keys of condition results        secrecy           outcomes without secrets
"""

from orchestrator_gql.process.actions import ProcessAction, available_actions, recoverable_wait
from orchestrator_gql.process.conditions import ConditionKey
from orchestrator_gql.process.model import Process, StepEntry, StepExecution
from orchestrator_gql.process.operator_actions import await_again, continue_now, reissue, retry, send_back, take_up
from orchestrator_gql.process.outcomes import (
    Abort,
    AuditNote,
    Await,
    Failed,
    Outcome,
    PolicyConfirmation,
    Reissue,
    RetryLater,
    Skipped,
    Success,
    Suspend,
    Transition,
    WaitUntil,
)
from orchestrator_gql.process.state_machine import (
    abort,
    change_definition,
    claim,
    complete,
    create,
    decide,
    enter,
    expire,
    first_difference,
    hand_over,
    queue,
)
from orchestrator_gql.process.transitions import fingerprint, resume, status_changed, step_at, steps_of

__all__ = [
    "Abort",
    "AuditNote",
    "Await",
    "ConditionKey",
    "Failed",
    "Outcome",
    "PolicyConfirmation",
    "Process",
    "ProcessAction",
    "Reissue",
    "RetryLater",
    "Skipped",
    "StepEntry",
    "StepExecution",
    "Success",
    "Suspend",
    "Transition",
    "WaitUntil",
    "abort",
    "available_actions",
    "await_again",
    "change_definition",
    "claim",
    "complete",
    "continue_now",
    "create",
    "decide",
    "enter",
    "expire",
    "fingerprint",
    "first_difference",
    "hand_over",
    "queue",
    "recoverable_wait",
    "reissue",
    "resume",
    "retry",
    "send_back",
    "status_changed",
    "step_at",
    "steps_of",
    "take_up",
]
