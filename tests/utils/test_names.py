"""Names that no database can store are refused at import, with the fix."""

from collections.abc import Callable
from typing import Any

import pytest

from orchestrator_gql import (
    begin,
    callback_step,
    dry_run_then_commit,
    focussteps,
    inputstep,
    retrystep,
    step,
    step_group,
)
from orchestrator_gql.callbacks.external_ids import refs_in
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, register_product
from orchestrator_gql.utils.errors import StepError, WorkflowDefinitionError
from orchestrator_gql.workflow import ActionStep, StepList, Workflow, workflow
from orchestrator_gql.workflows.utils import create_workflow, modify_workflow, task


@step("Order")
def order(callback_route: str, callback_urls: Any, dry_run: bool) -> None: ...


@step("Judge")
def judge(callback_result: Any) -> None: ...


def body() -> StepList:
    return begin


def renamed(name: Any) -> Callable[[], StepList]:
    def steps() -> StepList:
        return begin

    steps.__name__ = name
    return steps


class KettleInactive(SubscriptionModel, is_base=True):
    """A product without blocks."""


def block(name: Any) -> None:
    type("KettleBlock", (ProductBlockModel,), {}, product_block_name=name)


NAMED: dict[str, Callable[[Any], Any]] = {
    "step": lambda name: step(name)(body),
    "retrystep": lambda name: retrystep(name)(body),
    "inputstep": lambda name: inputstep(name)(body),
    "step_group": lambda name: step_group(name, judge),
    "callback_step": lambda name: callback_step(name, order, judge),
    "dry_run_then_commit": lambda name: dry_run_then_commit(name, order, judge),
    "a dry run's result_key": lambda key: dry_run_then_commit("Order", order, judge, dry_run_result_key=key),
    "callback": lambda name: callback_step("Order", order, judge, expect=["ams-1", name]),
    "route key": lambda key: callback_step("Order", order, judge, callback_route_key=key),
    "service": lambda name: callback_step("Order", order, judge, service=name),
    "assignee": lambda key: inputstep("Ask", assignee=Assignee(key))(body),
    "assignee of an escalation": lambda key: inputstep("Ask", escalate=[(60, Assignee(key))])(body),
    "workflow": lambda name: Workflow(name=name, steps=begin),
    "a step made without a decorator": lambda name: Workflow(
        name="W", steps=begin >> ActionStep(name=name, function=body)
    ),
    "a group made without a decorator": lambda name: Workflow(
        name="W", steps=begin >> ActionStep(name="S", group=name, function=body)
    ),
    "a clean-up step": lambda name: Workflow(
        name="W", steps=begin, on_abort=begin >> ActionStep(name=name, function=body)
    ),
    "product": lambda name: register_product(name=name, model=KettleInactive),
}
"""Whatever has a name of its own."""

DESCRIBED: dict[str, Callable[[Any], Any]] = {
    "workflow": lambda text: workflow(text)(body),
    "create_workflow": create_workflow,
    "modify_workflow": lambda text: modify_workflow(text)(body),
    "task": lambda text: task(text)(body),
    "key of focussteps": focussteps,
    "result key": lambda key: callback_step("Order", order, judge, result_key=key),
    "block": block,
    "product": lambda text: register_product(name="Kettle", model=KettleInactive, description=text),
    "type of a product": lambda text: register_product(name="Kettle", model=KettleInactive, product_type=text),
    "tag of a product": lambda text: register_product(name="Kettle", model=KettleInactive, tag=text),
}
"""What may be blank or long."""

UNSTORABLE = {
    "NUL": ("Order\0", "a NUL character, which a database cannot store: remove it"),
    "NUL alone": ("\0", "a NUL character"),
    "the first half of a character": ("Order \ud83d", r"half of a character, U\+D83D.* write the whole character"),
    "the second half of a character": ("\ude00rder", r"half of a character, U\+DE00"),
    "no text": (7, "is 7: give it a text"),
    "a function": (body, "give it a text, as the first argument of the decorator"),
}
UNNAMED = {
    "empty": ("", "is blank, ''"),
    "blank": (" \t\n", "at least one visible character"),
    "long": ("x" * 1_001, "has 1,001 characters: shorten it to at most"),
}
STORABLE = ["Order", "Bestelling voor café 😀", "x" * 190, "two\nlines", "\u202eright to left"]


@pytest.mark.parametrize(("value", "fix"), UNSTORABLE.values(), ids=UNSTORABLE)
@pytest.mark.parametrize("made", [*NAMED.values(), *DESCRIBED.values()], ids=[*NAMED, *DESCRIBED])
def test_what_cannot_be_stored_is_refused(made: Callable[[Any], Any], value: Any, fix: str) -> None:
    with pytest.raises(WorkflowDefinitionError, match=fix):
        made(value)


@pytest.mark.parametrize(("value", "fix"), UNNAMED.values(), ids=UNNAMED)
@pytest.mark.parametrize("made", NAMED.values(), ids=NAMED)
def test_a_name_has_visible_characters_and_not_too_many(made: Callable[[Any], Any], value: str, fix: str) -> None:
    with pytest.raises(WorkflowDefinitionError, match=fix):
        made(value)


@pytest.mark.parametrize("value", STORABLE)
@pytest.mark.parametrize("made", [NAMED[name] for name in NAMED if name not in ("product", "route key")])
def test_any_other_name_is_accepted(made: Callable[[Any], Any], value: str) -> None:
    made(value)


@pytest.mark.parametrize("name", ["Order\0", "\ud83d"])
def test_the_name_of_the_function_is_the_name_of_the_workflow(name: str) -> None:
    with pytest.raises(WorkflowDefinitionError, match="name of a workflow"):
        workflow()(renamed(name))


def test_a_docstring_is_the_description_of_a_workflow() -> None:
    def documented() -> StepList:
        return begin

    documented.__doc__ = "It holds \0."
    with pytest.raises(WorkflowDefinitionError, match="description of workflow 'documented'"):
        workflow()(documented)


@pytest.mark.parametrize("ref", ["job\0", "job-\ud83d", "", "a/b", "x" * 256, 7])
def test_an_external_id_that_cannot_be_stored_fails_the_step(ref: Any) -> None:
    with pytest.raises(StepError, match="remote_ref"):
        refs_in({"remote_ref": ref}, is_named=False, where="Step 'Order'")
