"""Makes a change in two phases: a dry run that a person confirms, then the real change."""

import json
from dataclasses import replace
from typing import Any, Unpack

from pydantic import ConfigDict, Field
from pydantic_forms.validators import LongText

from orchestrator_gql.config.assignee import SYSTEM, Assignee
from orchestrator_gql.forms import FormPage, ReadOnly, SubmitFormPage
from orchestrator_gql.types import FormGenerator, Json, State
from orchestrator_gql.utils.arguments import wanted
from orchestrator_gql.utils.errors import WorkflowDefinitionError
from orchestrator_gql.utils.names import LONGEST, demand_name
from orchestrator_gql.workflow.callback_step import CallbackOptions, callback_step
from orchestrator_gql.workflow.language import inputstep, steplens
from orchestrator_gql.workflow.model import ActionStep, InputStep, Step, StepList

DRY_RUN = "dry_run"
"""The argument that tells the steps the phase; it is never stored in the state."""

DRY = "Dry run"
"""The label of the first phase."""


def dry_run_then_commit(
    name: str,
    action_step: Step,
    validate_step: Step,
    confirm_step: Step | None = None,
    *,
    assignee: Assignee = SYSTEM,
    result_key: str = "callback_result",
    dry_run_result_key: str = "dry_run_result",
    callback_route_key: str = "callback_route",
    **options: Unpack[CallbackOptions],
) -> StepList:
    """Join a dry run, its callback, validation and confirmation; then the same steps again for the real change.

    The action takes ``dry_run`` (first True, then False); validation and confirmation may take it too. In each phase
    the steps take the result as ``result_key``; the state holds the result of the dry run as ``dry_run_result_key``.
    Without a ``confirm_step`` (made with @inputstep) the ``assignee`` sees the result and confirms it. If the dry run
    is not confirmed, the action does not run again, so nothing changes. ``options`` are those of `callback_step`.
    Raises `WorkflowDefinitionError` for wrong steps.
    """
    demand_name(name, "name of dry_run_then_commit", longest=LONGEST - len(f" - {DRY}"))
    demand_name(dry_run_result_key, f"dry_run_result_key of {name!r}")
    if not isinstance(action_step, ActionStep) or not _takes_dry_run(action_step):
        raise WorkflowDefinitionError(
            f"The action of {name!r} must be made with @step and take {DRY_RUN!r}: the value says whether "
            "the action may change anything; without this parameter the dry run would change it too."
        )
    confirm = confirm_step or _confirmation(assignee, result_key)
    if not isinstance(confirm, InputStep):
        raise WorkflowDefinitionError(f"The confirm_step of {name!r} must be made with @inputstep.")
    keys = {"result_key": result_key, "callback_route_key": callback_route_key}

    def phase(label: str, *, is_dry: bool) -> StepList:
        callback_steps = callback_step(f"{name} - {label}", action_step, validate_step, **keys, **options)
        confirmation = replace(confirm, name=f"{confirm.name} ({label.lower()})", group=f"{name} - {label}")
        renamed_keys = {result_key: dry_run_result_key} if is_dry else {}
        return _with_phase(callback_steps >> confirmation, is_dry=is_dry, renamed=renamed_keys)

    return phase(DRY, is_dry=True) >> phase("Commit", is_dry=False)


def _takes_dry_run(action: ActionStep) -> bool:
    names = {parameter.name for parameter in wanted(action.function)}
    return bool(names & {DRY_RUN, "state"})


def _with_phase(steps: StepList, *, is_dry: bool, renamed: dict[str, str]) -> StepList:
    """The steps with the phase as an argument. ``renamed`` maps their names for keys to the keys in the state."""
    renamed = renamed | {f"{key}_failures": f"{value}_failures" for key, value in renamed.items()}
    hidden = {DRY_RUN, *renamed}

    def view(state: State) -> State:
        own = {key: state[value] for key, value in renamed.items() if value in state}
        return {**{key: value for key, value in state.items() if key not in renamed}, **own, DRY_RUN: is_dry}

    def put_back(state: State) -> Any:
        def merged(part: State) -> State:
            own = {value: part[key] for key, value in renamed.items() if key in part}
            return {**state, **{key: value for key, value in part.items() if key not in hidden}, **own}

        return merged

    return steplens(view, put_back)(steps)


def _confirmation(assignee: Assignee, result_key: str) -> InputStep:
    @inputstep("Confirm", assignee=assignee)
    def confirm(state: State) -> FormGenerator:
        yield _page(state[result_key], is_dry=state[DRY_RUN])
        return {}

    return confirm


def _page(result: Json, *, is_dry: bool) -> type[FormPage]:
    label = "Make these changes" if is_dry else "The result is right"
    shown = _text(result)

    class ConfirmationPage(SubmitFormPage):
        model_config = ConfigDict(title="What would be done" if is_dry else "What was done")
        submit_label = label

        result: ReadOnly[LongText] = Field(shown, title="Result")

    return ConfirmationPage


def _text(result: Json) -> str:
    """The result as text for people: the lines of its ``output`` if there are any, otherwise the whole as JSON."""
    output = result.get("output") if isinstance(result, dict) else None
    if isinstance(output, list):
        return "\n".join(map(str, output))
    return output if isinstance(output, str) else json.dumps(result, indent=2, ensure_ascii=False)
