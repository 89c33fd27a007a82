"""The life of a monitor, which watches an L2VPN: create, terminate."""

from uuid import UUID

from pydantic import ConfigDict, Field, field_validator
from pydantic.config import JsonDict

from orchestrator_gql import StepList, begin, step
from orchestrator_gql.demo.products import L2vpn, MonitorInactive
from orchestrator_gql.forms import SubmitFormPage
from orchestrator_gql.types import FormGenerator, State
from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.workflows.utils import create_workflow, terminate_workflow

WATCHABLE: JsonDict = {
    "format": "subscriptionId",
    "x-product-subscriptions": {"products": ["L2VPN"], "statuses": ["ACTIVE"]},
}
"""A client shows a search among the active L2VPNs."""


def order_form() -> FormGenerator:
    """Ask for the L2VPN, and how often it is measured."""

    class MonitorPage(SubmitFormPage):
        model_config = ConfigDict(title="What is to be watched?")

        l2vpn: UUID = Field(title="L2VPN", json_schema_extra=WATCHABLE)
        interval: int = Field(5, title="Minutes between two measurements", ge=1, le=60)

        @field_validator("l2vpn")
        @classmethod
        def is_active(cls, l2vpn: UUID) -> UUID:
            try:
                L2vpn.from_subscription(l2vpn)
            except StepError as error:
                raise ValueError(error.message) from error
            return l2vpn

    order = yield MonitorPage
    return {**order.model_dump()}


@step("Construct the monitor")
def construct_monitor(product: UUID, l2vpn: L2vpn, interval: int) -> State:
    """Create the ordered monitor; it refers to the circuit of the L2VPN."""
    subscription = MonitorInactive.from_product_id(product, customer_id="demo")
    subscription.monitor.interval = interval
    subscription.monitor.circuit = l2vpn.virtual_circuit
    subscription.description = f"Monitor of {l2vpn.description}"
    return {"subscription": subscription, "subscription_id": subscription.subscription_id}


@create_workflow(
    "Watch an L2VPN",
    initial_input_form=order_form,
    products=["Monitor"],
    title="Monitor, every {interval} min",
)
def create_monitor() -> StepList:
    """Watch a circuit; from now on it cannot be removed."""
    return begin >> construct_monitor


@terminate_workflow("Watch an L2VPN no longer", products=["Monitor"])
def terminate_monitor() -> StepList:
    """Stop watching a circuit."""
    return begin
