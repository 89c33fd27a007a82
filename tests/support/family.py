"""A module as the family writes them: nodes, ports, core links and L2VPNs, with the workflows of their lives.

It imports only what workflow authors import, and its steps call a network that is a dict.
"""

import json
from typing import Annotated, Any, Self
from uuid import UUID

from annotated_types import Len
from pydantic import ConfigDict, Field, computed_field, model_validator
from pydantic_forms.validators import Choice

from orchestrator_gql import StepList, abort, begin, conditional, inputstep, step
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.domain import register_product
from orchestrator_gql.domain.base import SI, ProductBlockModel, SubscriptionModel
from orchestrator_gql.forms import FormPage, ReadOnly
from orchestrator_gql.types import FormGenerator, State, SubscriptionLifecycle, UUIDstr
from orchestrator_gql.utils.errors import ProcessFailureError
from orchestrator_gql.utils.json import json_dumps
from orchestrator_gql.workflows.steps import set_status
from orchestrator_gql.workflows.utils import create_workflow, modify_workflow, terminate_workflow, validate_workflow

PROVISIONING, ACTIVE = SubscriptionLifecycle.PROVISIONING, SubscriptionLifecycle.ACTIVE

NETWORK: dict[str, str] = {}
"""What the network runs: the configuration as JSON text, by the id of the subscription."""


class NodeBlockInactive(ProductBlockModel, product_block_name="Family node"):
    node_name: str | None = None
    ims_id: int | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def title(self) -> str:
        """The name that operators see."""
        return f"node {self.node_name or '(unnamed)'}"


class NodeBlockProvisioning(NodeBlockInactive, lifecycle=[PROVISIONING]):
    node_name: str


class NodeBlock(NodeBlockProvisioning, lifecycle=[ACTIVE]):
    ims_id: int


class NodeInactive(SubscriptionModel, is_base=True):
    vendor: str
    node: NodeBlockInactive


class NodeProvisioning(NodeInactive, lifecycle=[PROVISIONING]):
    node: NodeBlockProvisioning


class Node(NodeProvisioning, lifecycle=[ACTIVE]):
    node: NodeBlock


class PortBlockInactive(ProductBlockModel, product_block_name="Family port"):
    port_name: str | None = None
    node: NodeBlockInactive | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def title(self) -> str:
        """The name that operators see."""
        return f"port {self.port_name} on {self.node.title if self.node else '(no node)'}"


class PortBlock(PortBlockInactive, lifecycle=[ACTIVE]):
    port_name: str
    node: NodeBlock


class PortInactive(SubscriptionModel, is_base=True):
    port: PortBlockInactive


class Port(PortInactive, lifecycle=[ACTIVE]):
    port: PortBlock


ListOfTwo = Annotated[list[SI], Len(min_length=2, max_length=2)]
ListOfSaps = Annotated[list[SI], Len(min_length=2, max_length=8)]


class CoreLinkBlockInactive(ProductBlockModel, product_block_name="Family core link"):
    ends: ListOfTwo[PortBlockInactive]


class CoreLinkBlock(CoreLinkBlockInactive, lifecycle=[ACTIVE]):
    ends: ListOfTwo[PortBlock]  # type: ignore[assignment]


class CoreLinkInactive(SubscriptionModel, is_base=True):
    core_link: CoreLinkBlockInactive


class CoreLink(CoreLinkInactive, lifecycle=[ACTIVE]):
    core_link: CoreLinkBlock


class SapBlockInactive(ProductBlockModel, product_block_name="Family sap"):
    vlan: int | None = None
    port: PortBlockInactive | None = None


class SapBlock(SapBlockInactive, lifecycle=[ACTIVE]):
    vlan: int
    port: PortBlock


class CircuitBlockInactive(ProductBlockModel, product_block_name="Family circuit"):
    saps: ListOfSaps[SapBlockInactive]
    via: CoreLinkBlockInactive | None = None


class CircuitBlock(CircuitBlockInactive, lifecycle=[ACTIVE]):
    saps: ListOfSaps[SapBlock]  # type: ignore[assignment]
    via: CoreLinkBlock | None = None


class L2vpnInactive(SubscriptionModel, is_base=True):
    circuit: CircuitBlockInactive


class L2vpn(L2vpnInactive, lifecycle=[ACTIVE]):
    circuit: CircuitBlock


NODE = register_product(name="Family node", model=Node, product_type="Node", fixed_inputs={"vendor": "Nokia"})
PORT = register_product(name="Family port", model=Port, product_type="Port")
CORE_LINK = register_product(name="Family core link", model=CoreLink, product_type="CoreLink")
L2VPN = register_product(name="Family L2VPN", model=L2vpn, product_type="L2vpn")


def subscription_description(subscription: SubscriptionModel) -> str:
    """The text in lists, from the models."""
    match subscription:
        case NodeInactive():
            return subscription.node.title
        case PortInactive():
            return subscription.port.title
        case CoreLinkInactive():
            return " to ".join(end.title for end in subscription.core_link.ends)
        case _:
            return f"{subscription.product.name} of {subscription.customer_id}"


def made(subscription: SubscriptionModel) -> State:
    """What a construct step returns."""
    subscription.description = subscription_description(subscription)
    return {"subscription": subscription, "subscription_id": subscription.subscription_id}


def order_node(product_name: str) -> FormGenerator:
    class OrderNode(FormPage):
        model_config = ConfigDict(title=product_name)
        customer_id: str
        node_name: str

    order = yield OrderNode
    return order.model_dump()  # type: ignore[no-any-return]


@step("Construct Node model")
def construct_node_model(product: UUIDstr, customer_id: str, node_name: str) -> State:
    """Construct the node, with what the order says."""
    node = NodeInactive.from_product_id(product_id=product, customer_id=customer_id)
    node.node.node_name = node_name
    return made(NodeProvisioning.from_other_lifecycle(node, PROVISIONING))


@step("Reserve the node")
def reserve_node(subscription: NodeProvisioning, process_id: UUIDstr) -> State:
    """Ask the inventory for a number."""
    subscription.node.ims_id = len(NETWORK) + 1
    return {"subscription": subscription, "reserved_by": process_id}


@step("Provision the node")
def provision_node(subscription: Node, state: State) -> State:
    """Configure the node. All fields of an active node are there, though its status is not active yet."""
    NETWORK[str(subscription.subscription_id)] = json_dumps({"node": subscription.node.node_name})
    return {"config": json.dumps({"for": state["subscription_id"], "by": state["process_id"]})}


@create_workflow(initial_input_form=order_node, additional_steps=begin)
def create_node() -> StepList:
    """Create a node."""
    return begin >> construct_node_model >> reserve_node >> provision_node


def order_port(product: UUIDstr) -> FormGenerator:
    class OrderPort(FormPage):
        customer_id: str
        node_id: UUID
        port_name: str

    order = yield OrderPort
    return {**order.model_dump(), "node": order.node_id}


@step("Construct Port model")
def construct_port_model(product: UUIDstr, customer_id: str, node: Node, port_name: str) -> State:
    port = PortInactive.from_product_id(product, customer_id)
    port.port = PortBlockInactive.new(port.subscription_id, port_name=port_name, node=node.node)
    return made(port)


@create_workflow("Create a port", initial_input_form=order_port, products=[PORT.name])
def create_port() -> StepList:
    return begin >> construct_port_model


def order_ends() -> FormGenerator:
    class OrderEnds(FormPage):
        customer_id: str
        ports: list[UUID]

    order = yield OrderEnds
    return order.model_dump()  # type: ignore[no-any-return]


@step("Construct Core Link model")
def construct_core_link_model(product: UUIDstr, customer_id: str, ports: list[Port]) -> State:
    ends = [port.port for port in ports]
    return made(CoreLinkInactive.from_product_id(product, customer_id, core_link=CoreLinkBlockInactive.new(ends=ends)))


@create_workflow("Create a core link", initial_input_form=order_ends, products=[CORE_LINK.name])
def create_core_link() -> StepList:
    return begin >> construct_core_link_model


def order_l2vpn(product_name: str) -> FormGenerator:
    class Who(FormPage):
        customer_id: str

    who = yield Who

    class Where(FormPage):
        ports: list[UUID]
        via: UUID | None = None

    where = yield Where

    class Vlan(FormPage):
        model_config = ConfigDict(title=f"{product_name} for {who.customer_id}")
        vlan: int
        is_urgent: bool = False

    vlan = yield Vlan
    return who.model_dump() | where.model_dump() | vlan.model_dump()  # type: ignore[no-any-return]


@step("Construct L2VPN model")
def construct_l2vpn_model(
    product: UUIDstr, customer_id: str, ports: list[Port], vlan: int, via: CoreLink | None = None
) -> State:
    l2vpn = L2vpnInactive.from_product_id(product, customer_id)

    def to_sap(port: Port) -> SapBlockInactive:
        return SapBlockInactive.new(subscription_id=l2vpn.subscription_id, port=port.port, vlan=vlan)

    l2vpn.circuit.saps = [to_sap(port) for port in ports]
    l2vpn.circuit.via = via.core_link if via else None
    return made(l2vpn)


@step("Provision the L2VPN")
def provision_l2vpn(subscription: L2vpn) -> None:
    saps = {sap.port.title: sap.vlan for sap in subscription.circuit.saps}
    NETWORK[str(subscription.subscription_id)] = json_dumps(saps, sort_keys=True)


@inputstep("Confirm the L2VPN", assignee=Assignee.NOC)
def confirm_l2vpn(subscription: L2vpn) -> FormGenerator:
    class Confirm(FormPage):
        model_config = ConfigDict(title=subscription.description)
        is_right: bool = True

    answer = yield Confirm
    return {"is_refused": not answer.is_right}


@create_workflow("Create an L2VPN", initial_input_form=order_l2vpn, products=[L2VPN.name])
def create_l2vpn() -> StepList:
    return (
        begin
        >> construct_l2vpn_model
        >> confirm_l2vpn
        >> conditional(lambda is_refused: is_refused)(abort)
        >> set_status(PROVISIONING)
        >> provision_l2vpn
    )


def ask_vlan(subscription: L2vpn, subscription_id: UUIDstr) -> FormGenerator:
    assert str(subscription.subscription_id) == subscription_id
    saps: Any = Choice.__call__(
        "Sap", [(str(number), (str(number), sap.port.title)) for number, sap in enumerate(subscription.circuit.saps)]
    )

    class Change(FormPage):
        sap: saps
        vlan: int = subscription.circuit.saps[0].vlan

    change = yield Change
    return {"sap": change.sap, "vlan": change.vlan}


@step("Change the VLAN")
def change_vlan(subscription: L2vpn, sap: int, vlan: int) -> State:
    subscription.circuit.saps[sap].vlan = vlan
    return {"subscription": subscription}


@modify_workflow("Modify an L2VPN", initial_input_form=ask_vlan)
def modify_l2vpn() -> StepList:
    return begin >> change_vlan >> provision_l2vpn


@step("Compare with the network")
def compare(subscription: L2vpn) -> None:
    wanted = {sap.port.title: sap.vlan for sap in subscription.circuit.saps}
    actual = json.loads(NETWORK[str(subscription.subscription_id)])
    if wanted != actual:
        raise ProcessFailureError("The network differs.", details={"wanted": wanted, "actual": actual})


@validate_workflow("Validate an L2VPN")
def validate_l2vpn() -> StepList:
    return begin >> compare


@step("Take it out of the network")
def remove(subscription: Node | Port | CoreLink | L2vpn) -> State:
    NETWORK.pop(str(subscription.subscription_id), None)
    return {"was": subscription.description, "owners": sorted({str(id) for id in _owners(subscription)})}


def _owners(subscription: SubscriptionModel) -> list[UUID]:
    """The subscriptions whose blocks it uses, through `block.subscription`."""
    match subscription:
        case L2vpnInactive():
            ports = [sap.port for sap in subscription.circuit.saps if sap.port is not None]
            return [port.subscription.subscription_id for port in ports]
        case PortInactive() if subscription.port.node is not None:
            return [subscription.port.node.subscription.subscription_id]
        case _:
            return []


@terminate_workflow("Terminate anything of the family")
def terminate_any() -> StepList:
    return begin >> remove


def confirm_decommission(subscription: Node) -> FormGenerator:
    """Show the ports that end with the node, and what uses them."""
    ports = [port for port in subscription.in_use_by if isinstance(port, PortInactive)]
    users = [user.description for port in ports for user in port.in_use_by]

    class Decommission(FormPage):
        model_config = ConfigDict(title=f"End {subscription.description} with its ports?")
        names: ReadOnly[list[str]] = Field([port.description for port in ports], title="Ports")
        users_of_ports: ReadOnly[list[str]] = Field(users)

        @model_validator(mode="after")
        def is_free(self) -> Self:
            if users:
                raise ValueError(f"End {', '.join(users)} first.")
            return self

    yield Decommission
    return {"ports": [port.subscription_id for port in ports]}


@step("End the ports")
def end_ports(ports: list[Port]) -> State:
    return {"ports": [SubscriptionModel.from_other_lifecycle(port, SubscriptionLifecycle.TERMINATED) for port in ports]}


@terminate_workflow("Decommission a node", initial_input_form=confirm_decommission, allow_in_use=True)
def decommission_node() -> StepList:
    return begin >> end_ports >> remove


WORKFLOWS = (
    create_node,
    create_port,
    create_core_link,
    create_l2vpn,
    modify_l2vpn,
    validate_l2vpn,
    terminate_any,
    decommission_node,
)
