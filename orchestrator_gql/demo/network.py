"""The demo's network: a few devices, and the ports to which customers are connected."""

from dataclasses import dataclass
from uuid import NAMESPACE_DNS, UUID, uuid5

NODE_NAMES = ("paris-1", "lyon-1", "zurich-1", "milan-1", "unreachable-1")
"""The devices; every playbook fails on the device ``unreachable-1``."""

PORTS_PER_NODE = 4


@dataclass(frozen=True, slots=True)
class NetworkPort:
    """A port of a device; its ``key`` is unique in the network."""

    node_name: str
    port_name: str

    @property
    def key(self) -> str:
        """The port with its device, such as ``paris-1:ge-0/0/2``."""
        return f"{self.node_name}:{self.port_name}"

    @property
    def label(self) -> str:
        """The port with its device, for people."""
        return f"{self.node_name}, port {self.port_name}"


NETWORK_PORTS = {
    port.key: port
    for node_name in NODE_NAMES
    for port in (NetworkPort(node_name, f"ge-0/0/{number}") for number in range(PORTS_PER_NODE))
}
"""All ports by key, in the order of the form."""


def subscription_id_of(name: str) -> UUID:
    """The id of the subscription to a device or a port, from its name in the network.

    A device and a port exist once. With an id that follows from the name, two orders can never make two subscriptions
    for one of them, also if they come at the same time.
    """
    return uuid5(NAMESPACE_DNS, f"{name}.demo.invalid")
