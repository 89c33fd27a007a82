"""Accidents with products on each surface: GraphQL, the command line, and the URL of a callback; nothing is damaged."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.command_line import SECONDS, orchestrator, serving, until

HERE = Path(__file__).parent
START = """mutation ($input: StartWorkflowInput!) { startWorkflow(input: $input) { __typename
  ... on StartWorkflowSuccess { process { id } } ... on UserError { code message }
  ... on ConflictError { conflictingProcess { id } } } }"""
ALL = "{ processes { totalCount } productSubscriptions { nodes { id status version inSync model } } }"
ONE = """query ($id: ID!) { productSubscription(id: $id) {
  status version inSync outOfSyncReason lockedBy { id } model } }"""
HISTORY = "query ($id: ID!) { productSubscription(id: $id) { history(first: 50) { nodes { version changes } } } }"
ABORT = "mutation ($input: AbortProcessInput!) { abortProcess(input: $input) { __typename } }"


@dataclass
class Network:
    """A server with a node, a port that uses it, and a free node."""

    address: str
    folder: Path
    used: str = ""
    port: str = ""
    free: str = ""

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of the operation."""
        body = {"query": query, "variables": variables}
        response = httpx.post(f"{self.address}/graphql", json=body, trust_env=False, timeout=SECONDS).json()
        assert "errors" not in response, response
        return response["data"]

    def started(self, workflow: str, *pages: Any) -> Any:
        """The result of the mutation."""
        return self.ask(START, input={"workflowName": workflow, "pages": list(pages)})["startWorkflow"]

    def status_of(self, id: str) -> str:
        """The status of the process."""
        return str(self.ask(f'{{ process(id: "{id}") {{ status }} }}')["process"]["status"])

    def reaches(self, id: str, status: str) -> None:
        """Wait until the process has the status."""
        until(lambda: True if self.status_of(id) == status else None)

    def made(self, workflow: str, page: dict[str, Any]) -> str:
        """The id of the subscription that the workflow creates."""
        id = self.started(workflow, page)["process"]["id"]
        self.reaches(id, "COMPLETED")
        shown = self.ask(f'{{ process(id: "{id}") {{ productSubscriptions {{ id }} }} }}')
        return str(shown["process"]["productSubscriptions"][0]["id"])

    def subscription(self, id: str) -> dict[str, Any]:
        """The product subscription."""
        found: dict[str, Any] = self.ask(ONE, id=id)["productSubscription"]
        return found

    def changing(self, id: str) -> tuple[str, str]:
        """A process that changes the node and waits for its callback, and the URL of the callback."""
        (self.folder / "callback-url").unlink(missing_ok=True)
        process_id = str(self.started("modify_node", {"subscription_id": id}, {})["process"]["id"])
        self.reaches(process_id, "AWAITING_CALLBACK")
        return process_id, (self.folder / "callback-url").read_text()

    def command(self, *words: str) -> Any:
        """A command that is finished."""
        return orchestrator(self.folder, *words, "--url", self.address)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """One server for all tests: an accident must leave nothing behind."""
    folder = tmp_path_factory.mktemp("accidents")
    path = f"{HERE}:{HERE.parent}"
    with serving(folder, "--workflows", "accidents_of_products", PYTHONPATH=path) as server:
        network = Network(server.address, folder)
        network.used = network.made("create_node", {"name": "ams-1"})
        network.free = network.made("create_node", {"name": "utr-1"})
        network.port = network.made("create_port", {"node": network.used})
        yield network


ACCIDENTS = [
    ("terminate_port", "used", "PRODUCT_MISMATCH", "is for Port of a network"),
    ("terminate_node", "port", "PRODUCT_MISMATCH", "is for Node of a network"),
    ("terminate_node", "used", "SUBSCRIPTION_IN_USE", "is in use by"),
    ("modify_node", "port", "PRODUCT_MISMATCH", "is for Node of a network"),
]


@pytest.mark.parametrize("surface", ["graphql", "command line"])
@pytest.mark.parametrize(("workflow", "on", "code", "message"), ACCIDENTS)
def test_a_start_that_would_damage_is_refused_and_writes_nothing(
    network: Network, surface: str, workflow: str, on: str, code: str, message: str
) -> None:
    id = getattr(network, on)
    before = network.ask(ALL)

    if surface == "graphql":
        refused = network.started(workflow, {"subscription_id": id})
        text = refused.get("message", json.dumps(refused))
        assert refused.get("code", code) == code
    else:
        result = network.command("start", workflow, "--pages", json.dumps([{"subscription_id": id}]), "--yes")
        assert result.returncode == 1
        text = result.stdout + result.stderr

    assert message in text
    assert network.ask(ALL) == before


@pytest.mark.parametrize("surface", ["graphql", "command line"])
def test_a_subscription_that_a_process_holds_is_refused(network: Network, surface: str) -> None:
    process_id, url = network.changing(network.free)
    before = network.ask(ALL)

    if surface == "graphql":
        text = json.dumps(network.started("modify_node", {"subscription_id": network.free}))
    else:
        pages = json.dumps([{"subscription_id": network.free}])
        text = network.command("start", "modify_node", "--pages", pages, "--yes").stderr

    assert "is held by process 'Node of a network'" in text
    assert process_id in text
    assert network.ask(ALL) == before
    delivered = httpx.post(url, json={"name": f"by {surface}"}, trust_env=False, timeout=SECONDS)
    assert delivered.status_code < 300
    network.reaches(process_id, "COMPLETED")
    assert network.subscription(network.free)["model"]["node"]["node_name"] == f"by {surface}"


def test_a_result_that_is_delivered_twice_is_saved_once(network: Network) -> None:
    version = network.subscription(network.free)["version"]
    process_id, url = network.changing(network.free)
    for _ in range(2):
        httpx.post(url, json={"name": "twice"}, trust_env=False, timeout=SECONDS)
    network.reaches(process_id, "COMPLETED")
    httpx.post(url, json={"name": "thrice"}, trust_env=False, timeout=SECONDS)

    after = network.subscription(network.free)
    assert (after["model"]["node"]["node_name"], after["inSync"]) == ("twice", True)
    history = network.ask(HISTORY, id=network.free)["productSubscription"]["history"]["nodes"]
    saves = [each for each in history if each["version"] > version and "node_name" in json.dumps(each["changes"])]
    assert len(saves) == 1


@pytest.mark.parametrize("ended_by", ["graphql", "command line"])
def test_after_a_failure_by_url_and_an_abort_the_subscription_says_why(network: Network, ended_by: str) -> None:
    node = network.made("create_node", {"name": "lon-1"})
    process_id, url = network.changing(node)
    failed = httpx.post(url + "/fail", json={"message": "no power"}, trust_env=False, timeout=SECONDS)
    assert failed.status_code < 300, failed.text
    network.reaches(process_id, "FAILED")
    held = network.subscription(node)
    if ended_by == "graphql":
        network.ask(ABORT, input={"processId": process_id})
    else:
        assert network.command("abort", process_id, "--yes").returncode == 0
    late = httpx.post(url, json={"name": "too late"}, trust_env=False, timeout=SECONDS)
    left = network.subscription(node)
    again = json.dumps(network.started("modify_node", {"subscription_id": node}))

    assert held["lockedBy"]["id"] == process_id
    assert late.status_code >= 400
    assert (left["inSync"], left["lockedBy"], left["model"]["node"]["node_name"]) == (False, None, "lon-1")
    assert "modify_node was aborted by Local operator" in left["outOfSyncReason"]
    assert "is out of sync" in again


def test_the_command_line_lists_the_products_and_the_subscriptions_to_one(network: Network) -> None:
    products = network.command("products", "--json")
    nodes = network.command("products", "Node of a network", "--json")
    table = network.command("products", "Port of a network")
    unknown = network.command("products", "Node of the network")

    rows = {row["name"]: row for row in map(json.loads, products.stdout.splitlines())}
    assert {"Node of a network", "Port of a network"} <= rows.keys()
    assert "modify_node" in rows["Node of a network"]["workflows"]
    assert "modify_node" not in rows["Port of a network"]["workflows"]
    found = [json.loads(line) for line in nodes.stdout.splitlines()]
    assert {network.used, network.free} <= {row["id"] for row in found}
    assert network.port not in {row["id"] for row in found}
    assert network.port in table.stdout
    assert (unknown.returncode, "Did you mean 'Node of a network'?" in unknown.stderr) == (1, True), unknown.stderr
