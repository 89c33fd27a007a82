"""A process: where it stands (records), what its steps come to (outcomes), and how it moves.

machine   the state machine      actions     what somebody may do with it as it stands
moves     what all moves share   recovery    how operators help it on
                                 conditions  the keys of what its conditions said
"""

from orchestrator_gql.process.actions import ProcessAction, available_actions, recoverable_wait
from orchestrator_gql.process.conditions import ConditionKey
from orchestrator_gql.process.model import Process, StepEntry, StepExecution
from orchestrator_gql.process.operator_actions import await_again, reissue, retry, send_back, take_up
from orchestrator_gql.process.outcomes import (
    Abort,
    Await,
    Confirmed,
    Failed,
    Outcome,
    Reissue,
    RetryLater,
    Skipped,
    Success,
    Suspend,
    Transition,
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
    resume,
)
from orchestrator_gql.process.transitions import fingerprint, status_changed, step_at, steps_of

__all__ = [
    "Abort",
    "Await",
    "ConditionKey",
    "Confirmed",
    "Failed",
    "Outcome",
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
    "abort",
    "available_actions",
    "await_again",
    "change_definition",
    "claim",
    "complete",
    "create",
    "decide",
    "enter",
    "expire",
    "fingerprint",
    "first_difference",
    "hand_over",
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
