"""An L2VPN: a virtual circuit between ports, with a model for each lifecycle status."""

from typing import Annotated

from pydantic import Field

from orchestrator_gql.demo.products.port import PortBlock, PortBlockInactive, PortBlockProvisioning
from orchestrator_gql.domain import ProductBlockModel, SubscriptionModel, register_product
from orchestrator_gql.types import SubscriptionLifecycle

MAX_PORTS = 8
"""The most ports that one circuit connects."""


class SapBlockInactive(ProductBlockModel, product_block_name="Service attach point"):
    """The end of a circuit at its customer: a VLAN on a port."""

    vlan: int | None = None
    port: PortBlockInactive | None = None


class SapBlockProvisioning(SapBlockInactive, lifecycle=[SubscriptionLifecycle.PROVISIONING]):
    """An attach point that was chosen."""

    vlan: int
    port: PortBlockProvisioning


class SapBlock(SapBlockProvisioning, lifecycle=[SubscriptionLifecycle.ACTIVE]):
    """An attach point in use."""

    vlan: int
    port: PortBlock


class VirtualCircuitBlockInactive(ProductBlockModel, product_block_name="Virtual circuit"):
    """The circuit itself: a speed in Mbit/s, and its ends."""

    service_speed: int | None = None
    saps: list[SapBlockInactive] = Field(default_factory=list)


class VirtualCircuitBlockProvisioning(VirtualCircuitBlockInactive, lifecycle=[SubscriptionLifecycle.PROVISIONING]):
    """A circuit whose ends are known."""

    service_speed: int
    saps: Annotated[list[SapBlockProvisioning], Field(min_length=2, max_length=MAX_PORTS)]  # type: ignore[assignment]


class VirtualCircuitBlock(VirtualCircuitBlockProvisioning, lifecycle=[SubscriptionLifecycle.ACTIVE]):
    """A circuit that carries traffic."""

    service_speed: int
    saps: Annotated[list[SapBlock], Field(min_length=2, max_length=MAX_PORTS)]  # type: ignore[assignment]


class L2vpnInactive(SubscriptionModel, is_base=True):
    """An L2VPN that was ordered."""

    virtual_circuit: VirtualCircuitBlockInactive


class L2vpnProvisioning(L2vpnInactive, lifecycle=[SubscriptionLifecycle.PROVISIONING]):
    """An L2VPN that is being built."""

    virtual_circuit: VirtualCircuitBlockProvisioning


class L2vpn(L2vpnProvisioning, lifecycle=[SubscriptionLifecycle.ACTIVE]):
    """An L2VPN in service."""

    virtual_circuit: VirtualCircuitBlock


register_product(
    name="L2VPN",
    description="A virtual circuit between ports of the demo's network.",
    product_type="L2VPN",
    tag="L2VPN",
    model=L2vpn,
)
