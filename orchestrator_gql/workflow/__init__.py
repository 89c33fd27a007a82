"""The workflow language: steps, lists of steps, and the functions that make them."""

import sys
from types import ModuleType
from typing import Any, NoReturn

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


class _Package(ModuleType):
    """This package, which `from orchestrator_gql import workflow` gives to an author who wants the decorator."""

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError(
            "'workflow' is the module here, not the decorator. Write: from orchestrator_gql.workflow import workflow"
        )


sys.modules[__name__].__class__ = _Package
