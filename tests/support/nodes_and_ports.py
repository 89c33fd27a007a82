"""Nodes, and ports that use them: the models of two products, for tests and for the servers of tests."""

from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, register_product
from orchestrator_gql.types import SubscriptionLifecycle

ACTIVE = SubscriptionLifecycle.ACTIVE


class NodeBlockInactive(ProductBlockModel, product_block_name="Node of a network"):
    node_name: str | None = None
    spare: "NodeBlockInactive | None" = None


class NodeBlock(NodeBlockInactive, lifecycle=[ACTIVE]):
    node_name: str
    spare: "NodeBlock | None" = None


class NodeInactive(SubscriptionModel, is_base=True):
    node: NodeBlockInactive


class Node(NodeInactive, lifecycle=[ACTIVE]):
    node: NodeBlock


class PortBlockInactive(ProductBlockModel, product_block_name="Port of a network"):
    port_name: str | None = None
    node: NodeBlockInactive | None = None


class PortBlock(PortBlockInactive, lifecycle=[ACTIVE]):
    port_name: str
    node: NodeBlock


class PortInactive(SubscriptionModel, is_base=True):
    port: PortBlockInactive


class Port(PortInactive, lifecycle=[ACTIVE]):
    port: PortBlock


NODE = register_product(name="Node of a network", model=Node)
PORT = register_product(name="Port of a network", model=Port)
