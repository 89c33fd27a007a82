"""A fresh demo, its examples, and what a person does next: a real server, a real proxy, and real playbooks."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.command_line import until
from support.demo_operator import PAUSE, PLAYBOOK_SECONDS, Operator, demo

from orchestrator_gql.demo.examples import NOTE

PROCESSES = """{ processes(first: 100) { nodes { workflowName status note state productSubscriptions { customerId }
  failure { code details } callbacks { status } } } }"""
SUBSCRIPTION = """query($id: ID!) { productSubscription(id: $id) { description status inSync model
  inUseBy { description } dependsOn { description } } }"""


class Site:
    """The network of the demo after its examples."""

    def __init__(self, operator: Operator, folder: Path) -> None:
        self.operator = operator
        self.devices = folder / ".demo" / "devices"
        self.examples: list[dict[str, Any]] = operator.ask(PROCESSES)["nodes"]
        """The processes that the demo made by itself."""
        self.ids = {_name(made["state"]): made["state"]["subscription_id"] for made in self._created()}
        """The ids of the subscriptions: of a node and a port by its name, of the others by the name of the product."""

    def _created(self) -> list[dict[str, Any]]:
        """The processes that created something."""
        return [
            process
            for process in self.examples
            if process["workflowName"].startswith("create_") and process["status"] == "COMPLETED"
        ]

    def run(self, workflow: str, name: str, *pages: dict[str, Any]) -> dict[str, Any]:
        """Run the workflow on the subscription, and confirm all its forms."""
        return self.operator.complete(self.operator.begin(workflow, {"subscription_id": self.ids[name]}, *pages))

    def subscription(self, name: str) -> dict[str, Any]:
        """The subscription as GraphQL shows it."""
        return self.operator.ask(SUBSCRIPTION, id=self.ids[name])

    def config(self, device: str) -> str:
        """The configuration file of the device."""
        return (self.devices / f"{device}.cfg").read_text()


def _name(state: dict[str, Any]) -> str:
    """What the created subscription is called here."""
    if "l2vpn" in state:
        return "monitor"
    return str(state.get("port") or state.get("node_name") or "l2vpn")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A demo that made its examples, and was started again then."""
    folder = tmp_path_factory.mktemp("demo")
    pending = folder / ".demo" / "examples-pending"
    options = ("--work", ".demo")
    with demo(folder, *options) as server:
        Operator(server.address).ask("{ engine { state } }")
        until(lambda: None if pending.exists() else True, seconds=PLAYBOOK_SECONDS, pause=PAUSE)
    with demo(folder, *options) as server:
        operator = Operator(server.address)
        operator.ask("{ engine { state } }")
        until(lambda: None if pending.exists() else True, seconds=PLAYBOOK_SECONDS, pause=PAUSE)
        yield Site(operator, folder)


def offered(form: dict[str, Any], field: str) -> set[str]:
    """What the field offers."""
    schema = form["schema"]
    place = schema["properties"][field]
    found = (
        place if "enum" in place else schema["$defs"][(place.get("$ref") or place["allOf"][0]["$ref"]).split("/")[-1]]
    )
    return set(found["enum"])


def test_a_fresh_demo_shows_examples_and_makes_them_once(site: Site) -> None:
    counted = Counter((process["workflowName"], process["status"]) for process in site.examples)
    assert counted == {
        ("create_node", "COMPLETED"): 3,
        ("create_port", "COMPLETED"): 3,
        ("create_l2vpn", "COMPLETED"): 1,
        ("create_l2vpn", "SUSPENDED"): 1,
        ("create_l2vpn", "FAILED"): 1,
        ("create_monitor", "COMPLETED"): 1,
        ("modify_l2vpn", "COMPLETED"): 1,
        ("validate_l2vpn", "COMPLETED"): 1,
    }
    assert {process["note"] for process in site.examples} == {NOTE}
    customers = {each["customerId"] for process in site.examples for each in process["productSubscriptions"]}
    assert customers == {"demo"}


def test_a_failed_playbook_failed_its_process_with_its_result(site: Site) -> None:
    (failed,) = [process for process in site.examples if process["status"] == "FAILED"]

    assert failed["failure"]["code"] == "process-failure"
    assert failed["failure"]["details"]["return_code"] == 2
    assert failed["callbacks"][0]["status"] == "REJECTED"
    assert not (site.devices / "milan-1.cfg").exists(), "a dry run writes nothing"


def test_the_forms_offer_what_the_network_has(site: Site) -> None:
    operator = site.operator
    assert "run the workflow 'create_node' first" not in str(operator.form("create_port"))
    assert offered(operator.form("create_port"), "node_name") == {"paris-1", "lyon-1", "zurich-1"}
    of_paris = operator.form("create_port", {"node_name": "paris-1"})
    assert offered(of_paris, "port") == {f"paris-1:ge-0/0/{number}" for number in (1, 2, 3)}, "0 is registered"
    milan = operator.form("create_port", {"node_name": "milan-1"})
    assert milan["errors"], "a node that is not registered has no port to order"

    form = operator.form("create_monitor")
    picker = {"products": ["L2VPN"], "statuses": ["ACTIVE"]}
    assert form["schema"]["properties"]["l2vpn"]["x-product-subscriptions"] == picker
    wrong = operator.form("create_monitor", {"l2vpn": site.ids["paris-1:ge-0/0/0"]})
    assert "give the id of another subscription" in wrong["errors"][0]["message"]

    order = [{"node_name": "lyon-1"}, {"port": "lyon-1:ge-0/0/3"}]
    operator.complete(operator.begin("create_port", *order))
    change = operator.form("modify_l2vpn", {"subscription_id": site.ids["l2vpn"]})
    assert offered(change, "add_port") == {"none", "lyon-1:ge-0/0/3"}, (
        "the ports that are registered and not used by it"
    )


def test_the_whole_life_of_an_l2vpn(site: Site) -> None:
    # It was created, and changed: another VLAN, and one more port
    assert "vlan 101" not in site.config("paris-1") + site.config("lyon-1")
    assert "attachment ge-0/0/0\n    encapsulation vlan 102" in site.config("zurich-1")
    changed = site.subscription("l2vpn")
    assert changed["description"] == "L2VPN 102 from paris-1 to lyon-1 to zurich-1"
    assert len(changed["model"]["virtual_circuit"]["saps"]) == 3
    # It refers to the blocks of the ports, which refer to the blocks of their nodes
    assert {each["description"] for each in changed["dependsOn"]} == {
        f"Port ge-0/0/0 of {node}-1" for node in ("paris", "lyon", "zurich")
    }

    # Validate: somebody changes a device, and the comparison shows the difference
    operator, file = site.operator, site.devices / "paris-1.cfg"
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
    assert "vlan 102" in site.config("paris-1")
    site.run("validate_l2vpn", "l2vpn")

    # Terminate: refused while something uses it, from the circuit down to the nodes
    port = "paris-1:ge-0/0/0"
    for workflow, name in (("terminate_l2vpn", "l2vpn"), ("terminate_port", port), ("terminate_node", "paris-1")):
        code, message = operator.refused(workflow, {"subscription_id": site.ids[name]})
        assert code == "SUBSCRIPTION_IN_USE"
        assert "terminate or change the users first" in message
    assert "vlan 102" in site.config("paris-1")
    site.run("terminate_monitor", "monitor")
    site.run("terminate_l2vpn", "l2vpn")
    assert "l2vpn" not in site.config("paris-1") + site.config("lyon-1") + site.config("zurich-1")
    site.run("terminate_port", port)
    site.run("terminate_node", "paris-1")
    assert site.config("paris-1").strip() == ""
    ended = ("l2vpn", "monitor", port, "paris-1")
    assert {site.subscription(name)["status"] for name in ended} == {"TERMINATED"}
    assert {site.subscription(name)["status"] for name in ("lyon-1:ge-0/0/0", "lyon-1")} == {"ACTIVE"}


def test_the_other_workflows_of_nodes_and_ports(site: Site) -> None:
    node, port = "zurich-1", "zurich-1:ge-0/0/0"
    site.run("modify_node", node, {"location": "Lyon"})
    site.run("modify_port", port, {"port_speed": "100"})
    changed = site.config(node)
    (site.devices / "zurich-1.cfg").write_text(changed.replace("Lyon", "Nice").replace("speed 100", "speed 7"))
    for kind, name in (("node", node), ("port", port)):
        drifted = site.operator.begin(f"validate_{kind}", {"subscription_id": site.ids[name]})
        site.operator.wait_for_status(drifted, "FAILED")
        site.run(f"reconcile_{kind}", name)
        site.run(f"validate_{kind}", name)
    again = site.operator.begin("create_node", {"node_name": node, "location": "Paris"})
    failed = site.operator.wait_for_status(again, "FAILED")

    assert "location Lyon" in changed
    assert "speed 100" in changed
    assert failed["failure"]["code"] == "subscription-exists"
