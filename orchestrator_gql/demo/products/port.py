"""A port: its block refers to the block of its node, which belongs to another subscription."""

from orchestrator_gql.demo.products.node import NodeBlock, NodeBlockInactive, NodeBlockProvisioning
from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, register_product
from orchestrator_gql.types import SubscriptionLifecycle


class PortBlockInactive(ProductBlockModel, product_block_name="Port"):
    """A port of a device; its speed is in Mbit/s."""

    port_name: str | None = None
    port_speed: int | None = None
    node: NodeBlockInactive | None = None


class PortBlockProvisioning(PortBlockInactive, lifecycle=[SubscriptionLifecycle.PROVISIONING]):
    """A port that was chosen."""

    port_name: str
    node: NodeBlockProvisioning


class PortBlock(PortBlockProvisioning, lifecycle=[SubscriptionLifecycle.ACTIVE]):
    """A port in use."""

    port_name: str
    node: NodeBlock


class PortInactive(SubscriptionModel, is_base=True):
    """A port that was ordered."""

    port: PortBlockInactive


class PortProvisioning(PortInactive, lifecycle=[SubscriptionLifecycle.PROVISIONING]):
    """A port that is being configured."""

    port: PortBlockProvisioning


class Port(PortProvisioning, lifecycle=[SubscriptionLifecycle.ACTIVE]):
    """A port in service."""

    port: PortBlock


register_product(name="Port", description="A port of a device of the demo's network.", tag="PORT", model=Port)
