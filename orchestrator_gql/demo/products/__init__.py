"""The demo's products: nodes, ports of nodes, L2VPNs between ports, and monitors of L2VPNs."""

from orchestrator_gql.demo.products.l2vpn import (
    L2vpn,
    L2vpnInactive,
    L2vpnProvisioning,
    SapBlock,
    SapBlockInactive,
    SapBlockProvisioning,
    VirtualCircuitBlock,
    VirtualCircuitBlockInactive,
    VirtualCircuitBlockProvisioning,
)
from orchestrator_gql.demo.products.monitor import Monitor, MonitorBlock, MonitorInactive
from orchestrator_gql.demo.products.node import (
    Node,
    NodeBlock,
    NodeBlockInactive,
    NodeBlockProvisioning,
    NodeInactive,
    NodeProvisioning,
)
from orchestrator_gql.demo.products.port import (
    Port,
    PortBlock,
    PortBlockInactive,
    PortBlockProvisioning,
    PortInactive,
    PortProvisioning,
)

__all__ = [
    "L2vpn",
    "L2vpnInactive",
    "L2vpnProvisioning",
    "Monitor",
    "MonitorBlock",
    "MonitorInactive",
    "Node",
    "NodeBlock",
    "NodeBlockInactive",
    "NodeBlockProvisioning",
    "NodeInactive",
    "NodeProvisioning",
    "Port",
    "PortBlock",
    "PortBlockInactive",
    "PortBlockProvisioning",
    "PortInactive",
    "PortProvisioning",
    "SapBlock",
    "SapBlockInactive",
    "SapBlockProvisioning",
    "VirtualCircuitBlock",
    "VirtualCircuitBlockInactive",
    "VirtualCircuitBlockProvisioning",
]
