"""A node: a device of the network, with a model for each lifecycle status."""

from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, register_product
from orchestrator_gql.types import SubscriptionLifecycle


class NodeBlockInactive(ProductBlockModel, product_block_name="Node"):
    """A device of the network."""

    node_name: str | None = None
    location: str | None = None


class NodeBlockProvisioning(NodeBlockInactive, lifecycle=[SubscriptionLifecycle.PROVISIONING]):
    """A device that is known by name."""

    node_name: str


class NodeBlock(NodeBlockProvisioning, lifecycle=[SubscriptionLifecycle.ACTIVE]):
    """A device in use."""

    node_name: str


class NodeInactive(SubscriptionModel, is_base=True):
    """A node that was ordered."""

    node: NodeBlockInactive


class NodeProvisioning(NodeInactive, lifecycle=[SubscriptionLifecycle.PROVISIONING]):
    """A node that is being configured."""

    node: NodeBlockProvisioning


class Node(NodeProvisioning, lifecycle=[SubscriptionLifecycle.ACTIVE]):
    """A node in service."""

    node: NodeBlock


register_product(name="Node", description="A device of the demo's network.", tag="NODE", model=Node)
