"""The word for a change in two phases: what would be done, agreed to by a person, and only then done."""

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
from orchestrator_gql.workflow.callback_step import CallbackOptions, callback_step
from orchestrator_gql.workflow.language import inputstep, steplens
from orchestrator_gql.workflow.model import ActionStep, InputStep, Step, StepList

DRY_RUN = "dry_run"
"""The argument that tells the steps which phase it is; it never stands in the state."""


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
    """Join: dry run, callback, validation, confirmation; then the same for good, and a confirmation of the result.

    The same steps are used twice. The action takes ``dry_run`` (True at first, then False); validation and
    confirmation may. Either result is what they take as ``result_key``; in the state that of the dry run stands under
    ``dry_run_result_key``. Without a ``confirm_step`` (made with @inputstep) the ``assignee`` is shown the result.
    Where the dry run is not confirmed the action is not called again, so nothing is changed. ``options`` are those of
    `callback_step`.
    """
    if not isinstance(action_step, ActionStep) or not _takes_dry_run(action_step):
        raise WorkflowDefinitionError(
            f"The action of {name!r} must be made with @step and take {DRY_RUN!r}: it is told so whether to change "
            "anything, and without it the dry run would."
        )
    confirm = confirm_step or _confirmation(assignee, result_key)
    if not isinstance(confirm, InputStep):
        raise WorkflowDefinitionError(f"The confirm_step of {name!r} must be made with @inputstep.")
    keys = {"result_key": result_key, "callback_route_key": callback_route_key}

    def phase(label: str, *, is_dry: bool) -> StepList:
        asked = callback_step(f"{name} - {label}", action_step, validate_step, **keys, **options)
        agreed = replace(confirm, name=f"{confirm.name} ({label.lower()})", group=f"{name} - {label}")
        moved = {result_key: dry_run_result_key} if is_dry else {}
        return _seen_as(asked >> agreed, is_dry=is_dry, moved=moved)

    return phase("Dry run", is_dry=True) >> phase("Commit", is_dry=False)


def _takes_dry_run(action: ActionStep) -> bool:
    names = {parameter.name for parameter in wanted(action.function)}
    return bool(names & {DRY_RUN, "state"})


def _seen_as(steps: StepList, *, is_dry: bool, moved: dict[str, str]) -> StepList:
    """The steps, told which phase it is; what they know by the keys of ``moved`` stands in the state by its values."""
    moved = moved | {f"{key}_failures": f"{value}_failures" for key, value in moved.items()}
    hidden = {DRY_RUN, *moved}

    def seen(state: State) -> State:
        own = {key: state[value] for key, value in moved.items() if value in state}
        return {**{key: value for key, value in state.items() if key not in moved}, **own, DRY_RUN: is_dry}

    def put(state: State) -> Any:
        def back(part: State) -> State:
            own = {value: part[key] for key, value in moved.items() if key in part}
            return {**state, **{key: value for key, value in part.items() if key not in hidden}, **own}

        return back

    return steplens(seen, put)(steps)


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
    """The result for people: the lines of an ``output``, as a playbook's is, or all of it as JSON."""
    output = result.get("output") if isinstance(result, dict) else None
    if isinstance(output, list):
        return "\n".join(map(str, output))
    return output if isinstance(output, str) else json.dumps(result, indent=2, ensure_ascii=False)
