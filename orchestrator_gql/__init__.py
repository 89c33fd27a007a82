"""The public API for workflow authors: the functions that define workflows and steps.

This module imports no API server and no database, so a module with workflows is fast to import. Servers import
`orchestrator_gql.app`. Each name is imported at its first use: the command line shares this package and starts faster
that way. Import the decorator `workflow` from `orchestrator_gql.workflow`: an export here would hide the module of that
name.
"""

import importlib
import typing

from orchestrator_gql.version import __version__

if typing.TYPE_CHECKING:
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
    )
    from orchestrator_gql.workflow.model import StepList, begin
    from orchestrator_gql.workflow.two_phases import dry_run_then_commit
    from orchestrator_gql.workflow.wait_until import Window, wait_until

__all__ = [
    "StepList",
    "Window",
    "__version__",
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
]

_MODULES = {
    "StepList": "model",
    "Window": "wait_until",
    "begin": "model",
    "callback_step": "callback_step",
    "dry_run_then_commit": "two_phases",
    "wait_until": "wait_until",
}
"""The module in `orchestrator_gql.workflow` of each name that is not in `language`."""


def __getattr__(name: str) -> typing.Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"orchestrator_gql.workflow.{_MODULES.get(name, 'language')}")
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
