from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from orchestrator_gql import StepList, begin, callback_step, conditional, focussteps, inputstep, retrystep, step
from orchestrator_gql import step_group as group
from orchestrator_gql.forms import FormPage
from orchestrator_gql.types import FormGenerator
from orchestrator_gql.workflow import ActionStep, AwaitStep, InputStep, Step, Workflow, dry_run_then_commit, workflow
from orchestrator_gql.workflows.utils import (
    create_workflow,
    modify_workflow,
    task,
    terminate_workflow,
    validate_workflow,
)


def configure(callback_route: str, dry_run: bool = False) -> None:
    """Send the configuration to the router."""


def judge(callback_result: Any) -> None:
    """Judge the result."""


def ask() -> FormGenerator:
    """Ask the operator."""
    yield FormPage
    return {}


ACTION, VALIDATION = step("Configure")(configure), step("Judge")(judge)

MADE: dict[str, Step] = {
    "step": ACTION,
    "retrystep": retrystep("Configure")(configure),
    "step_group": group("All", ACTION),
    "step_group of a list": group("All", begin >> ACTION)[0],
    "conditional": conditional(lambda s: True)(ACTION),
    "focussteps": focussteps("part")(ACTION),
    "callback_step": callback_step("Call", ACTION, VALIDATION)[0],
    "dry_run_then_commit": dry_run_then_commit("Call", ACTION, VALIDATION)[0],
}


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_a_step_keeps_the_name_and_the_docstring_of_its_function(made: Step) -> None:
    assert (made.__name__, made.__doc__) == ("configure", "Send the configuration to the router.")


def test_an_input_step_and_a_validation_keep_theirs_and_a_wait_has_its_own_name() -> None:
    form, (_, wait, validation) = inputstep("Ask")(ask), callback_step("Call", ACTION, VALIDATION)

    assert (form.__name__, form.__doc__) == ("ask", "Ask the operator.")
    assert (validation.__name__, validation.__doc__) == ("judge", "Judge the result.")
    assert (wait.__name__, wait.__doc__) == (wait.name, None)


@pytest.mark.parametrize(
    "kind", [workflow, create_workflow, modify_workflow, terminate_workflow, validate_workflow, task]
)
def test_a_workflow_keeps_the_name_and_the_docstring_of_its_function(kind: Callable[..., Any]) -> None:
    @kind()  # type: ignore[untyped-decorator]
    def connect() -> StepList:
        """Connect two sites."""
        return begin >> ACTION

    assert (connect.__name__, connect.__doc__, connect.description) == ("connect",) + ("Connect two sites.",) * 2


def test_a_function_without_a_name_or_a_docstring_has_the_name_of_the_step() -> None:
    made = step("Configure")(partial(configure, "route"))

    assert made.__name__ == "Configure"
    assert step("Nothing")(lambda: None).__doc__ is None


@pytest.mark.parametrize("kind", [ActionStep, InputStep, AwaitStep, Workflow])
def test_the_classes_keep_their_own(kind: type) -> None:
    assert kind.__doc__ and "\n" in kind.__doc__
    assert kind.__name__ in ("ActionStep", "InputStep", "AwaitStep", "Workflow")
