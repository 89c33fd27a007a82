"""The names that the page uses without an import, and that its reader must supply."""

import json
from typing import Annotated, Any
from uuid import UUID

import requests
from pydantic import Field

from orchestrator_gql import StepList, begin, step
from orchestrator_gql.demo.products import L2vpn, L2vpnProvisioning
from orchestrator_gql.domain import products, register_product
from orchestrator_gql.forms import FormPage
from orchestrator_gql.targets import Target
from orchestrator_gql.types import FormGenerator, State, SubscriptionLifecycle
from orchestrator_gql.workflows.steps import set_status, store_process_subscription

L2VPN = products.by_name("L2VPN").facts
register_product(name="L2VPN, best effort", product_type="L2VPN", model=L2vpn)
"""A second product, so that the form always asks for the product, independent of other tests."""


@step("Construct subscription model")
def construct_model(product: UUID, customer: str, vlan: int) -> State:
    """Create the product subscription that the playbook provisions."""
    ends = [
        {"vlan": vlan, "port": {"port_name": "ge-0/0/1", "node": {"node_name": node}}} for node in ("paris-1", "lyon-1")
    ]
    subscription = L2vpnProvisioning.from_product_id(
        product,
        customer,
        SubscriptionLifecycle.PROVISIONING,
        virtual_circuit={"service_speed": 1000, "saps": ends},
    )
    return {"subscription": subscription, "subscription_id": subscription.subscription_id}


def initial_input_form_generator(product_name: str) -> FormGenerator:
    """Ask for the order."""

    class OrderPage(FormPage):
        customer: str = f"A customer of {product_name}"
        vlan: Annotated[int, Field(ge=2, le=4094)]
        dry_run: bool = False

    answer = yield OrderPage
    ordered: State = answer.model_dump()
    return ordered


NAMES: dict[str, Any] = {
    "FormGenerator": FormGenerator,
    "L2vpnProvisioning": L2vpnProvisioning,
    "State": State,
    "StepList": StepList,
    "Target": Target,
    "begin": begin,
    "construct_model": construct_model,
    "initial_input_form_generator": initial_input_form_generator,
    "json": json,
    "requests": requests,
    "set_status": set_status,
    "store_process_subscription": store_process_subscription,
}
