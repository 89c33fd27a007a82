"""The demo's workflows, written like a user's project: with public names only.

`create_l2vpn` lets a remote service run a playbook twice, first as a dry run and then with the changes, and asks a
person after each run; `check_node_reachability` shows a step that is retried automatically.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from orchestrator_gql import StepList, begin, callback_step, inputstep, retrystep, step
from orchestrator_gql.callbacks.lso import LsoPlaybookResult
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.demo.forms import node_form, order_form, result_page
from orchestrator_gql.demo.network import NETWORK_PORTS
from orchestrator_gql.demo.products import (
    L2vpnInactive,
    L2vpnProvisioning,
    NodeBlockInactive,
    PortBlockInactive,
    SapBlockInactive,
)
from orchestrator_gql.demo.proxy_client import ask_proxy
from orchestrator_gql.targets import Target
from orchestrator_gql.types import FormGenerator, State, SubscriptionLifecycle
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.workflow import Step
from orchestrator_gql.workflows.steps import set_status, store_process_subscription
from orchestrator_gql.workflows.utils import create_workflow, task

PLAYBOOK_TIMEOUT = timedelta(minutes=10)
"""The time that a playbook may take; without a timeout the deployment's default of a day would apply."""

NOC = Assignee("NOC")


@step("Construct the circuit")
def construct_model(product: UUID, port_a: str, port_b: str, vlan: int, service_speed: int) -> State:
    """Create the ordered circuit, and begin to provision it."""
    ordered = L2vpnInactive.from_product_id(product, customer_id="demo", status=SubscriptionLifecycle.INITIAL)
    ordered.virtual_circuit.service_speed = service_speed
    ordered.virtual_circuit.saps = [_attach_point(key, vlan) for key in (port_a, port_b)]
    ordered.description = f"L2VPN {vlan} from {NETWORK_PORTS[port_a].node_name} to {NETWORK_PORTS[port_b].node_name}"
    subscription = L2vpnProvisioning.from_other_lifecycle(ordered, SubscriptionLifecycle.PROVISIONING)
    return {"subscription": subscription, "subscription_id": subscription.subscription_id}


def _attach_point(key: str, vlan: int) -> SapBlockInactive:
    chosen = NETWORK_PORTS[key]
    node = NodeBlockInactive.new(node_name=chosen.node_name)
    return SapBlockInactive.new(vlan=vlan, port=PortBlockInactive.new(port_name=chosen.port_name, node=node))


@step("Show what would change")
def run_dry(subscription: L2vpnProvisioning, let_playbook_fail: bool, callback_url: str, progress_url: str) -> State:
    """Start a dry run of the playbook."""
    switches = {"dry_run": True, "fail": let_playbook_fail}
    return {"dry_run_job_id": _start_playbook(subscription, switches, callback_url, progress_url)}


@step("Configure the devices")
def run_for_good(
    subscription: L2vpnProvisioning, let_playbook_fail: bool, callback_url: str, progress_url: str
) -> State:
    """Start the playbook, which makes the changes."""
    switches = {"dry_run": False, "fail": let_playbook_fail}
    return {"job_id": _start_playbook(subscription, switches, callback_url, progress_url)}


def _start_playbook(
    subscription: L2vpnProvisioning, switches: dict[str, bool], callback_url: str, progress_url: str
) -> str:
    """Start the playbook at the proxy and return the id of its job; the result comes to the callback."""
    circuit = subscription.virtual_circuit
    sap_a, sap_b = circuit.saps
    order = {
        "playbook_name": "l2vpn.yml",
        "inventory": f"{sap_a.port.node.node_name}\n{sap_b.port.node.node_name}",
        "extra_vars": {
            "circuit": str(subscription.subscription_id)[-8:],
            "vlan": sap_a.vlan,
            "speed": circuit.service_speed,
            "SiteA": sap_a.port.node.node_name,
            "interfaceA": sap_a.port.port_name,
            "SiteB": sap_b.port.node.node_name,
            "interfaceB": sap_b.port.port_name,
            **switches,
        },
        "callback": callback_url,
        "progress": progress_url,
    }
    return str(ask_proxy("POST", "/api/playbook/", order)["job_id"])


@step("Judge the dry run")
def judge_dry_run(dry_run_result: dict[str, Any]) -> State:
    """Fail if the playbook failed."""
    return {"dry_run_result": _checked_result(dry_run_result, "The dry run")}


@step("Judge the run")
def judge_run(callback_result: dict[str, Any]) -> State:
    """Fail if the playbook failed."""
    return {"callback_result": _checked_result(callback_result, "The playbook")}


def _checked_result(callback_result: dict[str, Any], what: str) -> dict[str, Any]:
    if callback_result["return_code"] != 0:
        message = f"{what} ended with return code {callback_result['return_code']}."
        raise ProcessFailureError(message=message, details=callback_result)
    return callback_result


@inputstep("Confirm the changes", assignee=NOC)
def confirm_changes(dry_run_result: dict[str, Any]) -> FormGenerator:
    """Show the planned changes; nothing is changed before a person agrees."""
    yield result_page("These changes will be made", "Make the changes", dry_run_result)
    return {}


@inputstep("Confirm the result", assignee=NOC)
def confirm_result(callback_result: dict[str, Any]) -> FormGenerator:
    """Show the changes; the circuit goes into service after a person agrees."""
    yield result_page("These changes were made", "Put into service", callback_result)
    return {}


def dry_run() -> StepList:
    """The dry run of the playbook, and a person's agreement to the planned changes."""
    return (
        begin
        >> _playbook_step("Dry run", action_step=run_dry, validate_step=judge_dry_run, result_key="dry_run_result")
        >> confirm_changes
    )


def provisioning() -> StepList:
    """The run of the playbook, and a person's agreement to its result."""
    return begin >> _playbook_step("Provisioning", action_step=run_for_good, validate_step=judge_run) >> confirm_result


def _playbook_step(
    name: str, *, action_step: Step, validate_step: Step, result_key: str = "callback_result"
) -> StepList:
    return callback_step(
        name=name,
        action_step=action_step,
        validate_step=validate_step,
        result_key=result_key,
        timeout=PLAYBOOK_TIMEOUT,
        contract=LsoPlaybookResult,
    )


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
        >> construct_model
        >> store_process_subscription(Target.CREATE)
        >> dry_run()
        >> provisioning()
        >> set_status(SubscriptionLifecycle.ACTIVE)
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
