"""The life of an L2VPN after its creation: modify, validate, reconcile, terminate."""

from typing import Any

from pydantic import ConfigDict, Field
from pydantic_forms.validators import Choice

from orchestrator_gql import StepList, begin, step
from orchestrator_gql.demo.circuit_steps import comparison, configuration, removal
from orchestrator_gql.demo.network import subscription_id_of
from orchestrator_gql.demo.products import L2vpn, Port
from orchestrator_gql.demo.workflows import attach_point, description_of
from orchestrator_gql.domain import find_subscriptions
from orchestrator_gql.forms import SubmitFormPage
from orchestrator_gql.types import FormGenerator, State, SubscriptionLifecycle
from orchestrator_gql.workflows.steps import set_status
from orchestrator_gql.workflows.utils import modify_workflow, reconcile_workflow, terminate_workflow, validate_workflow

ACTIVE, PROVISIONING = SubscriptionLifecycle.ACTIVE, SubscriptionLifecycle.PROVISIONING
NO_PORT = "none"


def change_form(subscription: L2vpn) -> FormGenerator:
    """Ask for the VLAN and for one more registered port; the page shows the current values."""
    saps = subscription.virtual_circuit.saps
    used = {f"{sap.port.node.node_name}:{sap.port.port_name}" for sap in saps}
    found = reversed(find_subscriptions(product=Port, status="active"))
    registered_ports = {key_of(port): port for port in found if isinstance(port, Port)}
    free: dict[Any, tuple[str, str]] = {
        key: (key, port.description) for key, port in registered_ports.items() if key not in used
    }
    port_choice: Any = Choice.__call__("AnotherPortChoice", {NO_PORT: (NO_PORT, "No further port"), **free})

    class ChangePage(SubmitFormPage):
        model_config = ConfigDict(title="What is to change?")

        vlan: int = Field(saps[0].vlan, title="VLAN", ge=2, le=4094)
        add_port: port_choice = Field(port_choice(NO_PORT), title="Another port")

    change = yield ChangePage
    registered = None if change.add_port == NO_PORT else subscription_id_of(change.add_port)
    return {**change.model_dump(), "registered": registered}


def key_of(port: Port) -> str:
    """The port with its node, as `NetworkPort.key`."""
    return f"{port.port.node.node_name}:{port.port.port_name}"


@step("Change the circuit")
def change_circuit(subscription: L2vpn, vlan: int, add_port: str, registered: Port | None = None) -> State:
    """Write the new VLAN and the new port into the model; the playbook then makes the devices follow."""
    circuit = subscription.virtual_circuit
    for sap in circuit.saps:
        sap.vlan = vlan
    if add_port != NO_PORT:
        circuit.saps = [*circuit.saps, attach_point(add_port, registered, vlan)]
    subscription.description = description_of(subscription)
    return {"subscription": subscription}


@modify_workflow(
    "Change an L2VPN",
    initial_input_form=change_form,
    products=["L2VPN"],
    title="VLAN {vlan} for {subscription.description}",
)
def modify_l2vpn() -> StepList:
    """Give the circuit another VLAN, or one more port."""
    return begin >> change_circuit >> set_status(PROVISIONING) >> configuration() >> set_status(ACTIVE)


@validate_workflow("Compare an L2VPN with its devices", products=["L2VPN"])
def validate_l2vpn() -> StepList:
    """Fail if the configuration of a device is not what the model says; the failure shows the difference."""
    return begin >> comparison()


@reconcile_workflow("Configure an L2VPN again", products=["L2VPN"], statuses=[PROVISIONING, ACTIVE])
def reconcile_l2vpn() -> StepList:
    """Write the configuration again; it also ends what an aborted creation or change has begun."""
    return begin >> configuration() >> set_status(ACTIVE)


@terminate_workflow("Remove an L2VPN", products=["L2VPN"])
def terminate_l2vpn() -> StepList:
    """Remove the circuit from its devices. It is refused while a monitor watches the circuit."""
    return begin >> removal()
