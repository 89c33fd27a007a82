"""The authors' face: the words to write workflows with.

It imports no door and no database, so that a module of workflows stays light to import; servers import
`orchestrator_gql.app`. Each word is imported when it is first asked for, so that the command line, which shares the
package, answers without loading the language. The decorator `workflow` is taken from `orchestrator_gql.workflow`:
exported here it would hide the module of that name.
"""

import importlib
import typing

from orchestrator_gql.version import __version__

if typing.TYPE_CHECKING:
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

_ELSEWHERE = {
    "StepList": "model",
    "begin": "model",
    "callback_step": "callback_step",
    "dry_run_then_commit": "two_phases",
}
"""Where in `orchestrator_gql.workflow` a word stands that is not in its `language`."""


def __getattr__(name: str) -> typing.Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"orchestrator_gql.workflow.{_ELSEWHERE.get(name, 'language')}")
    word = globals()[name] = getattr(module, name)
    return word


def __dir__() -> list[str]:
    return sorted(__all__)
