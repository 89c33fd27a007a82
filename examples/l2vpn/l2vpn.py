"""Order an L2VPN: a remote service runs a playbook, and a person confirms its result."""

import json
import os
from typing import Annotated, Any
from uuid import UUID

import httpx
from circuits import L2vpn
from pydantic import Field
from pydantic_forms.validators import LongText

from orchestrator_gql import StepList, begin, callback_step, inputstep, step
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import ReadOnly, SubmitFormPage
from orchestrator_gql.targets import Target
from orchestrator_gql.types import FormGenerator, State, SubscriptionLifecycle
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import Step
from orchestrator_gql.workflows.steps import set_status, store_process_subscription
from orchestrator_gql.workflows.utils import create_workflow

PLAYBOOK_SERVICE = os.environ.get("PLAYBOOK_SERVICE", "http://127.0.0.1:8001")


def initial_input_form_generator() -> FormGenerator:
    """Ask for the order."""

    class OrderPage(SubmitFormPage):
        customer: str
        vlan: Annotated[int, Field(ge=2, le=4094)]
        node_a: str = "ams-1"
        port_a: str = "ge-0/0/1"
        node_b: str = "lon-1"
        port_b: str = "ge-0/0/1"

    order = yield OrderPage
    return {**order.model_dump()}


@step("Construct the subscription")
def construct_model(
    product: UUID, customer: str, vlan: int, node_a: str, port_a: str, node_b: str, port_b: str
) -> State:
    """Make the product subscription from the order."""
    ends = [(node_a, port_a), (node_b, port_b)]
    saps = [{"vlan": vlan, "port": {"port_name": port, "node": {"node_name": node}}} for node, port in ends]
    subscription = L2vpn.from_product_id(
        product,
        customer,
        SubscriptionLifecycle.PROVISIONING,
        description=f"L2VPN {vlan} from {node_a} to {node_b}",
        virtual_circuit={"saps": saps},
    )
    return {"subscription": subscription, "subscription_id": subscription.subscription_id}


@step("Execute an Ansible playbook")
def call_ansible_playbook(subscription: L2vpn, callback_url: str) -> None:
    """Order the playbook. The service answers at once, and POSTs the result to the callback URL later."""
    sap_a, sap_b = subscription.virtual_circuit.saps
    parameters = {
        "playbook_name": "playbook.yml",
        "inventory": f"{sap_a.port.node.node_name}\n{sap_b.port.node.node_name}",
        "extra_vars": {
            "vlan": sap_a.vlan,
            "ports": {sap.port.node.node_name: sap.port.port_name for sap in (sap_a, sap_b)},
        },
        "callback": callback_url,
    }
    httpx.post(f"{PLAYBOOK_SERVICE}/api/playbook/", json=parameters, timeout=10).raise_for_status()


@step("Evaluate the result")
def evaluate_callback_results(callback_result: dict[str, Any]) -> None:
    """Fail the process if the playbook failed."""
    if callback_result["return_code"] != 0:
        raise ProcessFailureError("The playbook failed", details=callback_result)


@inputstep("Confirm the result", assignee=Assignee("NOC"))
def show_callback_results(callback_result: dict[str, Any]) -> FormGenerator:
    """Show the result to a person, who confirms it."""

    class ConfirmRunPage(SubmitFormPage):
        run_status: ReadOnly[str] = callback_result["status"]
        run_results: ReadOnly[LongText] = LongText(json.dumps(callback_result, indent=4))

    yield ConfirmRunPage
    return {}


def callback_interaction(provisioning_step: Step) -> StepList:
    """A step that calls the remote service, and what follows its result."""
    return (
        begin
        >> callback_step(
            name=provisioning_step.name,
            action_step=provisioning_step,
            validate_step=evaluate_callback_results,
            timeout=600,
        )
        >> show_callback_results
    )


@create_workflow("Order an L2VPN", initial_input_form=initial_input_form_generator, products=["L2VPN"])
def create_l2vpn() -> StepList:
    """Bring an L2VPN into service."""
    return (
        begin
        >> construct_model
        >> store_process_subscription(Target.CREATE)
        >> callback_interaction(call_ansible_playbook)
        >> set_status(SubscriptionLifecycle.ACTIVE)
    )
