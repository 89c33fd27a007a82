"""A monitor: it watches a circuit, so the circuit cannot end before the monitor."""

from orchestrator_gql.demo.products.l2vpn import VirtualCircuitBlock, VirtualCircuitBlockInactive
from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, register_product
from orchestrator_gql.types import SubscriptionLifecycle


class MonitorBlockInactive(ProductBlockModel, product_block_name="Monitor"):
    """How often the circuit is measured, in minutes, and which circuit."""

    interval: int | None = None
    circuit: VirtualCircuitBlockInactive | None = None


class MonitorBlock(MonitorBlockInactive, lifecycle=[SubscriptionLifecycle.ACTIVE]):
    """A monitor that measures."""

    interval: int
    circuit: VirtualCircuitBlock


class MonitorInactive(SubscriptionModel, is_base=True):
    """A monitor that was ordered."""

    monitor: MonitorBlockInactive


class Monitor(MonitorInactive, lifecycle=[SubscriptionLifecycle.ACTIVE]):
    """A monitor in service."""

    monitor: MonitorBlock


register_product(name="Monitor", description="It watches an L2VPN of the demo's network.", tag="MONITOR", model=Monitor)
