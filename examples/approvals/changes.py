"""A change that two people must approve, and neither of them is the person who started it."""

from typing import Any

from orchestrator_gql import StepList, begin, inputstep, step
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import ReadOnly, SubmitFormPage
from orchestrator_gql.types import FormGenerator, State
from orchestrator_gql.workflow import workflow


def what_to_change() -> FormGenerator:
    """Ask for the node."""

    class ChangePage(SubmitFormPage):
        node: str

    answer = yield ChangePage
    return {**answer.model_dump()}


@inputstep("Draft", assignee=Assignee("PLANNERS"))
def draft(node: str, decisions: list[dict[str, Any]], minutes: int = 60) -> FormGenerator:
    """Ask for the plan. If it came back, the page shows why."""
    rejections = [decision["comment"] for decision in decisions if decision["verdict"] == "SENT_BACK"]

    class DraftPage(SubmitFormPage):
        node_to_change: ReadOnly[str] = node
        objection: ReadOnly[str] = rejections[-1] if rejections else "none"
        minutes_of_work: int = minutes

    drafted = yield DraftPage
    return {"minutes": drafted.minutes_of_work}


@inputstep("Approve", assignee=Assignee("NOC"), approvals=2, allow_self_approval=False, on_reject="Draft", expire=86400)
def approve(node: str, minutes: int) -> FormGenerator:
    """Ask two people of the NOC. A person who rejects may send the change back to its draft."""

    class ApprovePage(SubmitFormPage):
        node_to_change: ReadOnly[str] = node
        minutes_of_work: ReadOnly[int] = minutes

    yield ApprovePage
    return {}


@step("Change the node")
def change(node: str, minutes: int) -> State:
    """Do it."""
    return {"changed": f"{node}, in {minutes} minutes"}  # call your devices here


@workflow("Change a node", initial_input_form=what_to_change, title="Change {node}")
def change_node() -> StepList:
    """Draft a change, have it approved, do it."""
    return begin >> draft >> approve >> change
