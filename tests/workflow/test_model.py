"""An error in a definition is raised at the definition, and the message has the fix."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from orchestrator_gql import (
    StepList,
    begin,
    callback_step,
    conditional,
    focussteps,
    inputstep,
    retrystep,
    step,
    step_group,
)
from orchestrator_gql.utils.errors import NotFound, WorkflowDefinitionError
from orchestrator_gql.workflow import AwaitStep, Step, Workflow, workflow
from orchestrator_gql.workflows.registry import Registry
from orchestrator_gql.workflows.utils import create_workflow, task


def plain() -> None:
    """Do nothing."""


@step("Order")
def order(callback_route: str) -> None: ...


@step("Judge")
def judge(callback_result: Any) -> None: ...


@inputstep("Ask")
def ask() -> Any: ...


def workflow_named(name: str) -> Workflow:
    return workflow()(renamed(name, lambda: begin >> judge))


def renamed(name: str, body: Callable[[], Any]) -> Callable[[], Any]:
    body.__name__ = name
    return body


@pytest.mark.parametrize("left", [begin, begin >> order, order])
def test_a_plain_function_among_steps_is_refused_with_its_name(left: Any) -> None:
    with pytest.raises(WorkflowDefinitionError, match=r"got the plain function 'plain': decorate it with @step\("):
        left >> plain


def test_a_workflow_among_steps_is_refused_with_its_name() -> None:
    with pytest.raises(WorkflowDefinitionError, match="got the workflow 'inner': use its steps, not itself"):
        begin >> workflow_named("inner")  # type: ignore[operator]


@pytest.mark.parametrize(
    ("wrong", "shown"),
    [
        ([order], "got a list of steps: join them with >>"),
        ((begin >> order) + (begin >> order), "got a tuple of steps: join them with >>"),
        ((begin >> order) * 2, "got a tuple of steps"),
        (["x" * 1000], "got .{200} .of type list"),
        (None, "of type NoneType"),
        ("Order", "of type str"),
    ],
)
def test_any_other_object_among_steps_is_refused_with_its_type(wrong: Any, shown: str) -> None:
    with pytest.raises(WorkflowDefinitionError, match=f"Expected a step or a StepList on the right of >>.*{shown}"):
        begin >> wrong


@pytest.mark.parametrize("apply", [conditional(bool), focussteps("part"), lambda steps: step_group("Group", steps)])
def test_a_plain_function_instead_of_wrapped_steps_is_refused_with_its_name(apply: Callable[[Any], Any]) -> None:
    with pytest.raises(WorkflowDefinitionError, match="got the plain function 'plain': decorate it"):
        apply(plain)


@pytest.mark.parametrize("kind", [workflow, task, create_workflow])
@pytest.mark.parametrize(("wrong", "shown"), [(None, "NoneType"), ([], "list"), (order, "ActionStep")])
def test_a_workflow_that_returns_no_list_of_steps_is_refused_with_its_name(kind: Any, wrong: Any, shown: str) -> None:
    with pytest.raises(WorkflowDefinitionError, match=f"Workflow 'broken' must return a StepList.*returned {shown}"):
        kind("Broken")(renamed("broken", lambda: wrong))


def test_two_workflows_with_one_name_are_refused_but_a_workflow_may_be_listed_twice() -> None:
    twin = workflow_named("twin")

    assert len(Registry([twin, twin])) == 1
    with pytest.raises(WorkflowDefinitionError, match=r"Two workflows are named 'twin'.*rename one of them"):
        Registry([twin, workflow_named("twin")])


def test_workflows_are_found_by_name_and_listed_in_order() -> None:
    registry = Registry([workflow_named("b"), workflow_named("a")])

    assert [found.name for found in registry] == ["a", "b"]
    assert registry.get("a") is registry.find("a")
    assert registry.find("c") is None
    with pytest.raises(NotFound, match="no workflow 'c'"):
        registry.get("c")


@pytest.mark.parametrize("where", ["step", "form", "start"])
def test_a_signature_that_cannot_be_bound_is_refused_at_start(where: str) -> None:
    def unbindable(port: int, /) -> None: ...

    def body() -> StepList:
        steps: dict[str, Step] = {"step": step("s")(unbindable), "form": inputstep("f")(unbindable), "start": judge}
        return begin >> steps[where]

    broken = workflow(initial_input_form=unbindable if where == "start" else None)(body)

    with pytest.raises(WorkflowDefinitionError, match="takes `port` by position only"):
        Registry([broken])


def test_an_action_that_can_never_hand_out_its_url_is_refused() -> None:
    @step("Order")
    def deaf(vlan: int) -> None: ...

    with pytest.raises(
        WorkflowDefinitionError, match=r"'Order' of callback step 'Call' can never hand out its URL.*'callback_route'"
    ):
        callback_step("Call", deaf, judge)


def test_the_action_must_take_the_route_by_its_key() -> None:
    with pytest.raises(WorkflowDefinitionError, match="give it a parameter 'reply_to'"):
        callback_step("Call", order, judge, callback_route_key="reply_to")


@pytest.mark.parametrize("wrong", [ask, plain, begin >> order])
def test_action_and_validation_must_be_made_with_step(wrong: Any) -> None:
    with pytest.raises(WorkflowDefinitionError, match="action_step of callback step 'Call' must be made with @step"):
        callback_step("Call", wrong, judge)
    with pytest.raises(WorkflowDefinitionError, match="validate_step of callback step 'Call' must be made with @step"):
        callback_step("Call", order, wrong)


@pytest.mark.parametrize("wrong", [True, "10", Decimal(1), [1], timedelta])
def test_a_time_that_is_no_number_and_no_timedelta_is_refused(wrong: Any) -> None:
    with pytest.raises(WorkflowDefinitionError, match=r"timeout of step 'Order' is .*: give seconds as a number"):
        step("Order", timeout=wrong)(plain)
    with pytest.raises(
        WorkflowDefinitionError, match=r"timeout of callback step 'Call' is .*: give seconds as a number"
    ):
        callback_step("Call", order, judge, timeout=wrong)
    with pytest.raises(WorkflowDefinitionError, match=r"due of input step 'Confirm' is .*: give seconds as a number"):
        inputstep("Confirm", due=wrong)(plain)


@pytest.mark.parametrize("wrong", [0, -1.5, timedelta(seconds=-1), timedelta()])
def test_a_time_that_is_not_positive_is_refused(wrong: Any) -> None:
    with pytest.raises(WorkflowDefinitionError, match="timeout of step 'Order' must be longer than zero"):
        step("Order", timeout=wrong)(plain)
    with pytest.raises(WorkflowDefinitionError, match="timeout of callback step 'Call' must be longer"):
        callback_step("Call", order, judge, timeout=wrong)
    with pytest.raises(WorkflowDefinitionError, match="heartbeat_timeout of callback step 'Call' must be longer"):
        callback_step("Call", order, judge, heartbeat_timeout=wrong)
    with pytest.raises(WorkflowDefinitionError, match="due of input step 'Confirm' must be longer than zero"):
        inputstep("Confirm", due=wrong)(plain)
    with pytest.raises(WorkflowDefinitionError, match="remind of input step 'Confirm' must be longer than zero"):
        inputstep("Confirm", remind=wrong)(plain)


@pytest.mark.parametrize("wrong", [timedelta.max, timedelta(days=36_501), 1e20, float("inf"), float("nan")])
def test_a_time_beyond_the_calendar_is_refused(wrong: Any) -> None:
    with pytest.raises(WorkflowDefinitionError, match=r"timeout of callback step 'Call' is .*the longest time"):
        callback_step("Call", order, judge, timeout=wrong)
    with pytest.raises(WorkflowDefinitionError, match=r"heartbeat_timeout of callback step 'Call'.*the longest time"):
        callback_step("Call", order, judge, heartbeat_timeout=wrong)
    with pytest.raises(WorkflowDefinitionError, match=r"due of input step 'Confirm' is .*the longest time"):
        inputstep("Confirm", due=wrong)(plain)
    with pytest.raises(WorkflowDefinitionError, match=r"max_delay of step 'Ping' is .*: it can be 0 to a century"):
        retrystep("Ping", max_delay=wrong.total_seconds() if isinstance(wrong, timedelta) else wrong)


def test_a_century_is_a_time_to_wait() -> None:
    steps = callback_step("Call", order, judge, timeout=timedelta(days=36_500))

    assert isinstance(steps[1], AwaitStep)
    assert steps[1].timeout == timedelta(days=36_500)


def test_a_contract_without_a_json_schema_is_refused_with_the_fix() -> None:
    class Judged(BaseModel):
        is_right: Callable[[int], bool]

    class Unfinished(BaseModel):
        next: "Nowhere"  # type: ignore[name-defined]  # noqa: F821

    for contract in (Judged, Unfinished):
        expected = rf"'{contract.__name__}' of callback step 'Call' has no JSON Schema: .*WithJsonSchema"
        with pytest.raises(WorkflowDefinitionError, match=expected):
            callback_step("Call", order, judge, contract=contract)


@pytest.mark.parametrize("wrong", [dict, int, "Report", {"type": "object"}, list[int]])
def test_a_contract_that_is_no_model_is_refused(wrong: Any) -> None:
    with pytest.raises(
        WorkflowDefinitionError, match=r"contract of callback step 'Call' is .*give it a pydantic model"
    ):
        callback_step("Call", order, judge, contract=wrong)


def test_a_workflow_for_an_unregistered_product_is_refused() -> None:
    with pytest.raises(WorkflowDefinitionError, match="There is no product 'Unheard of': register it before"):
        create_workflow("Create", products=["Unheard of"])
