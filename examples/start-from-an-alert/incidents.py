"""What follows an alert: a step looks at the instance, and a person decides what to do."""

from typing import Literal

from orchestrator_gql import StepList, begin, inputstep, step
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import ReadOnly, SubmitFormPage
from orchestrator_gql.types import FormGenerator, State
from orchestrator_gql.workflow import workflow


def alert_form() -> FormGenerator:
    """What the receiver sends: only what stays the same each time that the alert is sent."""

    class AlertPage(SubmitFormPage):
        alert: str
        instance: str
        severity: str = "warning"

    answer = yield AlertPage
    return {**answer.model_dump()}


@step("Look at the instance")
def look(instance: str) -> State:
    """Collect what the person needs."""
    return {"findings": f"{instance} answers, and its uplink is down"}  # call your devices here


@inputstep("Decide what to do", assignee=Assignee("NOC"))
def decide(alert: str, instance: str, findings: str) -> FormGenerator:
    """Show the findings to a person."""

    class DecisionPage(SubmitFormPage):
        what_happened: ReadOnly[str] = f"{alert} on {instance}"
        what_was_found: ReadOnly[str] = findings
        action: Literal["drain", "ignore"] = "drain"

    decision = yield DecisionPage
    return {"action": decision.action}


@workflow("Handle an alert", initial_input_form=alert_form, title="{alert} on {instance}")
def handle_alert() -> StepList:
    """Handle an alert."""
    return begin >> look >> decide
