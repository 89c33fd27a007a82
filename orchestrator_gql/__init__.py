"""The authors' face: the words to write workflows with.

It imports no door and no database, so that a module of workflows stays light to import; servers import
`orchestrator_gql.app`. The decorator `workflow` is taken from `orchestrator_gql.workflow`: exported here it would
hide the module of that name.
"""

from orchestrator_gql.version import __version__
from orchestrator_gql.workflow.callback_step import callback_step
from orchestrator_gql.workflow.language import (
    conditional,
    done,
    focussteps,
    init,
    inputstep,
    retrystep,
    step,
    step_group,
    steplens,
)
from orchestrator_gql.workflow.model import StepList, begin
from orchestrator_gql.workflow.two_phases import dry_run_then_commit

__all__ = [
    "StepList",
    "__version__",
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
]
