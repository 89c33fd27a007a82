"""What is wrong in the numbers, products, statuses and forms of a definition is told when it is made."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from support.definitions import call, deploy, flow, judge

from orchestrator_gql import begin, callback_step, inputstep
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.types import SubscriptionLifecycle
from orchestrator_gql.utils.errors import WorkflowDefinitionError
from orchestrator_gql.workflow import retrystep, workflow
from orchestrator_gql.workflows.registry import Registry
from orchestrator_gql.workflows.steps import set_status
from orchestrator_gql.workflows.utils import (
    create_workflow,
    modify_workflow,
    reconcile_workflow,
    task,
    terminate_workflow,
    validate_workflow,
)


def shown(value: object) -> str:
    return f"{type(value).__name__} {str(value)[:10]}"


COUNTS: dict[str, Callable[[Any], Any]] = {
    "attempts of step 'Try'": lambda number: retrystep("Try", attempts=number)(lambda: None),
    "max_attempts of callback step 'C'": lambda number: callback_step("C", call, judge, max_attempts=number),
    "number of approvals of input step 'Ask'": lambda number: inputstep("Ask", approvals=number)(lambda: None),
}


@pytest.mark.parametrize("number", [0, -1, True, 1.5, 10**400, float("nan"), "3", None, [3], timedelta(1)], ids=shown)
@pytest.mark.parametrize("what", COUNTS)
def test_a_count_is_a_whole_number_from_1(what: str, number: Any) -> None:
    with pytest.raises(WorkflowDefinitionError, match=f"The {what} is .*: give a number from 1 to"):
        COUNTS[what](number)

    assert COUNTS[what](1) and COUNTS[what](20)


@pytest.mark.parametrize("factor", [0.5, -1, True, float("inf"), float("nan"), 10**400, "2", None, [2]], ids=shown)
def test_a_factor_is_a_number_from_1(factor: Any) -> None:
    with pytest.raises(WorkflowDefinitionError, match=r"The factor of step 'Try' is .*: give a number from 1"):
        retrystep("Try", factor=factor)(lambda: None)


@pytest.mark.parametrize("time", [-1, float("inf"), float("nan"), 10**400, timedelta(-1), timedelta.max], ids=shown)
@pytest.mark.parametrize("argument", ["delay", "max_delay"])
def test_a_pause_is_0_to_a_century(argument: str, time: Any) -> None:
    with pytest.raises(WorkflowDefinitionError, match=rf"The {argument} of step 'Try' is .*: it can be 0 to a century"):
        retrystep("Try", **{argument: time})(lambda: None)


def test_a_pause_may_be_a_timedelta() -> None:
    tried = retrystep("Try", delay=timedelta(minutes=1), max_delay=timedelta(hours=1))(lambda: None)

    assert tried.retry is not None
    assert [tried.retry.wait(tries).total_seconds() for tries in (1, 2, 9)] == [60, 120, 3600]


@pytest.mark.parametrize("pairs", [None, 5, "soon", [60], [(60,)], {60: Assignee("NOC")}, [(60, Assignee("NOC"), 1)]])
def test_an_escalation_is_a_list_of_pairs(pairs: Any) -> None:
    with pytest.raises(WorkflowDefinitionError, match=r"escalate of input step 'Ask' is .*: give pairs of a time and"):
        inputstep("Ask", escalate=pairs)(lambda: None)


@pytest.mark.parametrize("flag", [None, "no", "False", 2, [], [True]])
def test_a_flag_is_true_or_false(flag: Any) -> None:
    with pytest.raises(WorkflowDefinitionError, match=r"allow_self_approval of input step 'Ask' is .*: it can be True"):
        inputstep("Ask", allow_self_approval=flag)(lambda: None)
    with pytest.raises(WorkflowDefinitionError, match=r"allow_in_use of workflow 'deploy' is .*: it can be True"):
        flow(allow_in_use=flag)


ON_SUBSCRIPTIONS = [modify_workflow, terminate_workflow, validate_workflow, reconcile_workflow, workflow]


@pytest.mark.parametrize("kind", ON_SUBSCRIPTIONS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(
    "wrong", [5, True, "ctive", ["Active"], [SubscriptionLifecycle.ACTIVE, None], object], ids=shown
)
def test_statuses_are_statuses(kind: Any, wrong: Any) -> None:
    with pytest.raises(WorkflowDefinitionError, match=r"status(es)? (in the statuses )?of workflow 'deploy'"):
        kind("Deploy", statuses=wrong)(deploy)


@pytest.mark.parametrize("kind", ON_SUBSCRIPTIONS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("one", [SubscriptionLifecycle.ACTIVE, "active", ["active"], {SubscriptionLifecycle.ACTIVE}])
def test_a_single_status_needs_no_list(kind: Any, one: Any) -> None:
    made = kind("Deploy", statuses=one)(deploy)

    assert made.statuses == {SubscriptionLifecycle.ACTIVE}
    assert isinstance(next(iter(made.statuses)), SubscriptionLifecycle)


def test_a_single_product_needs_no_list() -> None:
    assert flow(products="Node").products == flow(products=["Node"]).products == ("Node",)
    with pytest.raises(WorkflowDefinitionError, match="There is no product 'Nowhere'"):
        modify_workflow("Deploy", products="Nowhere")
    for wrong in (5, None, [5], [None], [""]):
        with pytest.raises(WorkflowDefinitionError, match="products of workflow 'deploy'"):
            flow(products=wrong)


READY_MADE = [create_workflow, modify_workflow, terminate_workflow, task]


@pytest.mark.parametrize("kind", READY_MADE, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(
    "wrong", [5, True, "form", [deploy], call, begin >> call], ids=lambda wrong: type(wrong).__name__
)
def test_the_form_of_a_ready_made_kind_is_a_function(kind: Any, wrong: Any) -> None:
    with pytest.raises(WorkflowDefinitionError, match="The initial_input_form of a workflow is"):
        kind("Deploy", initial_input_form=wrong)(deploy)


@pytest.mark.parametrize("kind", READY_MADE, ids=lambda kind: kind.__name__)
def test_the_parameters_of_the_form_of_a_ready_made_kind_are_read_at_start(kind: Any) -> None:
    def form(node: "Nowhere") -> Any:  # type: ignore[name-defined]  # noqa: F821
        yield node

    with pytest.raises(WorkflowDefinitionError, match="the annotation 'Nowhere' of `node` cannot be resolved"):
        Registry([kind("Deploy", initial_input_form=form)(deploy)])


@pytest.mark.parametrize("kind", [*READY_MADE, reconcile_workflow], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("wrong", [0, "", False, [], [call], "Call", print], ids=lambda value: type(value).__name__)
def test_additional_steps_are_steps(kind: Any, wrong: Any) -> None:
    with pytest.raises(WorkflowDefinitionError, match="Expected a step or a StepList"):
        kind("Deploy", additional_steps=wrong)(deploy)

    names = [[step.name for step in kind("D", additional_steps=more)(deploy).steps] for more in (judge, begin >> judge)]
    assert names[0] == names[1]
    assert "Judge" in names[0]


@pytest.mark.parametrize("status", ["Active", "", None, 5, ["active"]])
def test_a_status_to_set_is_a_status(status: Any) -> None:
    for make in (set_status, lambda wrong: create_workflow("Deploy", status=wrong)):
        with pytest.raises(WorkflowDefinitionError, match=r"The status of `set_status` is .*: it can be .*'active'"):
            make(status)

    assert set_status("active").name == set_status(SubscriptionLifecycle.ACTIVE).name  # type: ignore[arg-type]
