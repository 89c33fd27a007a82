"""The product: an L2VPN is a virtual circuit with two ends, and each end is a VLAN on a port of a node."""

from typing import Annotated

from pydantic import Field

from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, register_product
from orchestrator_gql.types import SubscriptionLifecycle


class NodeBlock(ProductBlockModel, product_block_name="Node"):
    """A device."""

    node_name: str


class PortBlock(ProductBlockModel, product_block_name="Port"):
    """A port of a device."""

    port_name: str
    node: NodeBlock


class SapBlock(ProductBlockModel, product_block_name="Service attach point"):
    """An end of a circuit."""

    vlan: int
    port: PortBlock


class VirtualCircuitBlock(ProductBlockModel, product_block_name="Virtual circuit"):
    """The circuit and its two ends."""

    saps: Annotated[list[SapBlock], Field(min_length=2, max_length=2)]


class L2vpn(
    SubscriptionModel, is_base=True, lifecycle=[SubscriptionLifecycle.PROVISIONING, SubscriptionLifecycle.ACTIVE]
):
    """An L2VPN of a customer."""

    virtual_circuit: VirtualCircuitBlock


register_product(name="L2VPN", description="A layer 2 circuit between two ports", model=L2vpn)
