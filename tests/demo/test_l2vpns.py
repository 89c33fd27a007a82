"""The life of an L2VPN in the demo: a real server, a real proxy, and real playbooks that write files."""

from pathlib import Path
from typing import Any

from support.demo_operator import Operator, demo

SUBSCRIPTION = """query($id: ID!) { productSubscription(id: $id) { description status inSync model
  inUseBy { description } dependsOn { description } } }"""


class Site:
    """The network of the demo, with registered nodes and ports."""

    def __init__(self, operator: Operator, folder: Path) -> None:
        self.operator = operator
        self.devices = folder / ".demo" / "devices"
        self.ids: dict[str, str] = {}

    def register(self, workflow: str, **orders: dict[str, Any] | list[dict[str, Any]]) -> None:
        """Create one subscription for each order, at the same time; their ids are known by the names of the orders."""
        pages = {name: order if isinstance(order, list) else [order] for name, order in orders.items()}
        started = {name: self.operator.begin(workflow, *each) for name, each in pages.items()}
        for name, id in started.items():
            self.ids[name] = self.operator.complete(id)["state"]["subscription_id"]

    def run(self, workflow: str, name: str, *pages: dict[str, Any]) -> dict[str, Any]:
        """Run the workflow on the subscription, and confirm all its forms."""
        return self.operator.complete(self.operator.begin(workflow, {"subscription_id": self.ids[name]}, *pages))

    def subscription(self, name: str) -> dict[str, Any]:
        """The subscription as GraphQL shows it."""
        return self.operator.ask(SUBSCRIPTION, id=self.ids[name])

    def config(self, device: str) -> str:
        """The configuration file of the device."""
        return (self.devices / f"{device}.cfg").read_text()


def order_of(port: str) -> list[dict[str, Any]]:
    """The pages that order the port."""
    return [{"node_name": port.split(":", maxsplit=1)[0]}, {"port": port}]


def offered(form: dict[str, Any], field: str) -> set[str]:
    """What the field offers."""
    schema = form["schema"]
    place = schema["properties"][field]
    found = (
        place if "enum" in place else schema["$defs"][(place.get("$ref") or place["allOf"][0]["$ref"]).split("/")[-1]]
    )
    return set(found["enum"])


def test_the_whole_life_of_an_l2vpn(tmp_path: Path) -> None:
    with demo(tmp_path) as server:
        site = Site(operator := Operator(server.address), tmp_path)
        nodes = {name: {"node_name": f"{name}-1", "location": name.title()} for name in ("paris", "lyon")}
        site.register("create_node", **nodes)
        ports = {"a": "paris-1:ge-0/0/1", "b": "lyon-1:ge-0/0/2", "c": "lyon-1:ge-0/0/3"}
        assert "run the workflow 'create_node' first" not in str(operator.form("create_port"))
        assert offered(operator.form("create_port"), "node_name") == {"paris-1", "lyon-1"}
        of_paris = operator.form("create_port", {"node_name": "paris-1"})
        assert offered(of_paris, "port") == {f"paris-1:ge-0/0/{number}" for number in range(4)}
        site.register("create_port", **{name: order_of(port) for name, port in ports.items()})
        of_lyon = operator.form("create_port", {"node_name": "lyon-1"})
        assert offered(of_lyon, "port") == {"lyon-1:ge-0/0/0", "lyon-1:ge-0/0/1"}
        milan = operator.form("create_port", {"node_name": "milan-1"})
        assert milan["errors"], "a node that is not registered has no port to order"

        # Create: the circuit refers to the blocks of the ports, which refer to the blocks of their nodes
        created = operator.complete(operator.start(vlan=101))
        site.ids["l2vpn"] = created["state"]["subscription_id"]
        assert "vlan 101" in site.config("paris-1")
        assert {each["description"] for each in site.subscription("l2vpn")["dependsOn"]} == {
            "Port ge-0/0/1 of paris-1",
            "Port ge-0/0/2 of lyon-1",
        }
        form = operator.form("create_monitor")
        picker = {"products": ["L2VPN"], "statuses": ["ACTIVE"]}
        assert form["schema"]["properties"]["l2vpn"]["x-product-subscriptions"] == picker
        wrong = operator.form("create_monitor", {"l2vpn": site.ids["a"]})
        assert "give the id of another subscription" in wrong["errors"][0]["message"]
        site.register("create_monitor", monitor={"l2vpn": site.ids["l2vpn"], "interval": 5})

        # Modify twice: another VLAN, then one more port
        site.run("modify_l2vpn", "l2vpn", {"vlan": 102})
        assert "vlan 101" not in site.config("paris-1") + site.config("lyon-1")
        change = operator.form("modify_l2vpn", {"subscription_id": site.ids["l2vpn"]})
        assert offered(change, "add_port") == {"none", ports["c"]}, "the ports that are registered and not used by it"
        site.run("modify_l2vpn", "l2vpn", {"add_port": ports["c"]})
        assert "attachment ge-0/0/3\n    encapsulation vlan 102" in site.config("lyon-1")
        changed = site.subscription("l2vpn")
        assert changed["description"] == "L2VPN 102 from paris-1 to lyon-1 to lyon-1"
        assert len(changed["model"]["virtual_circuit"]["saps"]) == 3

        # Validate: somebody changes a device, and the comparison shows the difference
        site.run("validate_l2vpn", "l2vpn")
        file = site.devices / "paris-1.cfg"
        file.write_text(file.read_text().replace("vlan 102", "vlan 666"))
        drifted = operator.begin("validate_l2vpn", {"subscription_id": site.ids["l2vpn"]})
        failure = operator.wait_for_status(drifted, "FAILED")["failure"]
        assert "differ from the model" in failure["message"]
        assert "-    encapsulation vlan 666" in failure["details"]["difference"]
        assert "+    encapsulation vlan 102" in failure["details"]["difference"]
        assert "vlan 666" in site.config("paris-1"), "a comparison changes nothing"

        # Reconcile: the devices are again as the model says
        site.run("reconcile_l2vpn", "l2vpn")
        assert "vlan 666" not in site.config("paris-1")
        site.run("validate_l2vpn", "l2vpn")

        # Terminate: refused while something uses it, from the circuit down to the nodes
        for workflow, name in (("terminate_l2vpn", "l2vpn"), ("terminate_port", "a"), ("terminate_node", "paris")):
            code, message = operator.refused(workflow, {"subscription_id": site.ids[name]})
            assert code == "SUBSCRIPTION_IN_USE"
            assert "terminate or change the users first" in message
        assert "vlan 102" in site.config("paris-1")
        site.run("terminate_monitor", "monitor")
        site.run("terminate_l2vpn", "l2vpn")
        assert "l2vpn" not in site.config("paris-1") + site.config("lyon-1")
        site.run("terminate_port", "a")
        site.run("terminate_node", "paris")
        assert site.config("paris-1").strip() == ""
        ended = {name: site.subscription(name)["status"] for name in ("l2vpn", "monitor", "a", "paris", "b", "lyon")}

    assert ended == dict.fromkeys(("l2vpn", "monitor", "a", "paris"), "TERMINATED") | dict.fromkeys(
        ("b", "lyon"), "ACTIVE"
    )


def test_the_other_workflows_of_nodes_and_ports(tmp_path: Path) -> None:
    with demo(tmp_path) as server:
        site = Site(Operator(server.address), tmp_path)
        site.register("create_node", paris={"node_name": "paris-1", "location": "Paris"})
        node, port = order_of("paris-1:ge-0/0/1")
        site.register("create_port", port=[node, {**port, "port_speed": "1000"}])

        site.run("modify_node", "paris", {"location": "Lyon"})
        site.run("modify_port", "port", {"port_speed": "100"})
        changed = site.config("paris-1")
        (site.devices / "paris-1.cfg").write_text(changed.replace("Lyon", "Nice").replace("speed 100", "speed 7"))
        for kind, name in (("node", "paris"), ("port", "port")):
            drifted = site.operator.begin(f"validate_{kind}", {"subscription_id": site.ids[name]})
            site.operator.wait_for_status(drifted, "FAILED")
            site.run(f"reconcile_{kind}", name)
            site.run(f"validate_{kind}", name)
        again = site.operator.begin("create_node", {"node_name": "paris-1", "location": "Paris"})
        failed = site.operator.wait_for_status(again, "FAILED")

    assert "location Lyon" in changed
    assert "speed 100" in changed
    assert failed["failure"]["code"] == "subscription-exists"
