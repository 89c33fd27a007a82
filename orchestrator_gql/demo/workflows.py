"""The demo's workflows, written like a user's project: with public names only.

`create_l2vpn` lets a remote service run a playbook twice, first as a dry run and then with the changes, and asks a
person after each run; `check_node_reachability` shows a step that is retried automatically. The further life of an
L2VPN is in `l2vpns`, and what it needs in `nodes` and `ports`.
"""

from uuid import UUID

from orchestrator_gql import StepList, begin, retrystep, step
from orchestrator_gql.demo.circuit_steps import dry_run, run_for_good
from orchestrator_gql.demo.forms import node_form, order_form
from orchestrator_gql.demo.network import NETWORK_PORTS, subscription_id_of
from orchestrator_gql.demo.playbook_steps import confirm_result, judge_run, playbook_step
from orchestrator_gql.demo.products import L2vpnInactive, L2vpnProvisioning, NodeBlock, Port, PortBlock, SapBlock
from orchestrator_gql.demo.proxy_client import ask_proxy
from orchestrator_gql.targets import Target
from orchestrator_gql.types import State, SubscriptionLifecycle
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflows.steps import store_process_subscription
from orchestrator_gql.workflows.utils import create_workflow, task


@step("Look up the ports")
def look_up_ports(port_a: str, port_b: str) -> State:
    """Name the subscriptions to the chosen ports, for the steps that take them as models."""
    return {"registered_a": subscription_id_of(port_a), "registered_b": subscription_id_of(port_b)}


@step("Construct the circuit")
def construct_model(
    product: UUID,
    port_a: str,
    port_b: str,
    vlan: int,
    service_speed: int,
    registered_a: Port | None = None,
    registered_b: Port | None = None,
) -> State:
    """Create the ordered circuit, and begin to provision it."""
    ordered = L2vpnInactive.from_product_id(product, customer_id="demo", status=SubscriptionLifecycle.INITIAL)
    ordered.virtual_circuit.service_speed = service_speed
    ordered.virtual_circuit.saps = [attach_point(port_a, registered_a, vlan), attach_point(port_b, registered_b, vlan)]
    subscription = L2vpnProvisioning.from_other_lifecycle(ordered, SubscriptionLifecycle.PROVISIONING)
    subscription.description = description_of(subscription)
    return {"subscription": subscription, "subscription_id": subscription.subscription_id}


def attach_point(key: str, registered: Port | None, vlan: int) -> SapBlock:
    """An end of a circuit on a port.

    The circuit refers to the block of a registered port, so the port cannot end under the circuit. A port that nobody
    registered becomes a part of the circuit itself.
    """
    if registered is not None:
        return SapBlock.new(vlan=vlan, port=registered.port)
    chosen = NETWORK_PORTS[key]
    node = NodeBlock.new(node_name=chosen.node_name)
    return SapBlock.new(vlan=vlan, port=PortBlock.new(port_name=chosen.port_name, node=node))


def description_of(subscription: L2vpnProvisioning) -> str:
    """The name of the circuit for people: its VLAN and its devices."""
    saps = subscription.virtual_circuit.saps
    return f"L2VPN {saps[0].vlan} from {' to '.join(sap.port.node.node_name for sap in saps)}"


def provisioning() -> StepList:
    """The run of the playbook, and a person's agreement to its result."""
    return begin >> playbook_step("Provisioning", action_step=run_for_good, validate_step=judge_run) >> confirm_result


@create_workflow(
    "Create an L2VPN",
    initial_input_form=order_form,
    products=["L2VPN"],
    title="L2VPN from {port_a} to {port_b}, VLAN {vlan}",
)
def create_l2vpn() -> StepList:
    """Bring a virtual circuit between two ports into service."""
    return (
        begin
        >> look_up_ports
        >> construct_model
        >> store_process_subscription(Target.CREATE)
        >> dry_run()
        >> provisioning()
    )


@step("Find the proxy")
def find_proxy() -> State:
    """Fail at once if the proxy cannot be reached."""
    return {"proxy_version": ask_proxy("GET", "/api/version")["module"]}


@retrystep("Ping the device", attempts=4, delay=5.0)
def ping_node(node_name: str) -> State:
    """Let the proxy ping the device; the step is retried a few times."""
    order = {"executable_name": "ping_node.py", "args": [node_name], "is_async": False}
    result = ask_proxy("POST", "/api/execute/", order)["result"]
    if result["return_code"] != 0:
        raise ProcessFailureError(message=result["output"].strip(), details=result)
    return {"ping": result["output"].strip()}


@task("Check that a device answers", initial_input_form=node_form, title="Ping {node_name}")
def check_node_reachability() -> StepList:
    """Check whether a device answers; a device that does not is pinged again a few times."""
    return begin >> find_proxy >> ping_node
