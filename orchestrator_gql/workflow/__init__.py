"""The workflow language: steps, lists of steps, and the functions that make them."""

from orchestrator_gql.workflow.callback_step import callback_step
from orchestrator_gql.workflow.language import (
    abort,
    conditional,
    done,
    focussteps,
    init,
    inputstep,
    retrystep,
    step,
    step_group,
    steplens,
    workflow,
)
from orchestrator_gql.workflow.model import ActionStep, AwaitStep, InputStep, Step, StepList, Workflow, begin
from orchestrator_gql.workflow.two_phases import dry_run_then_commit
from orchestrator_gql.workflow.wait_until import Window, wait_until

__all__ = [
    "ActionStep",
    "AwaitStep",
    "InputStep",
    "Step",
    "StepList",
    "Window",
    "Workflow",
    "abort",
    "begin",
    "callback_step",
    "conditional",
    "done",
    "dry_run_then_commit",
    "focussteps",
    "init",
    "inputstep",
    "retrystep",
    "step",
    "step_group",
    "steplens",
    "wait_until",
    "workflow",
]
