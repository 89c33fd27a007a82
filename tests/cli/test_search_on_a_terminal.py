"""The search for a product subscription in a start form, on a terminal."""

from pathlib import Path

import httpx
from support.command_line import SECONDS, serving, until
from support.terminal import terminal
from support.workflow_files import copy_workflows

START = """mutation ($input: StartWorkflowInput!) { startWorkflow(input: $input) {
  ... on StartWorkflowSuccess { process { id } } } }"""
ACTIVE = "{ productSubscriptions(filter: {statuses: [ACTIVE]}, first: 5) { nodes { id description } } }"


def active(address: str) -> dict[str, str]:
    """The ids of the active subscriptions, by their descriptions."""
    response = httpx.post(f"{address}/graphql", json={"query": ACTIVE}, trust_env=False, timeout=SECONDS).json()
    return {node["description"]: node["id"] for node in response["data"]["productSubscriptions"]["nodes"]}


def test_a_person_searches_and_chooses_by_number(tmp_path: Path) -> None:
    folder = copy_workflows(tmp_path, "network_of_nodes")
    with serving(folder, "--workflows", "network_of_nodes") as server:
        for name in ("ams-core1", "ams-core2", "utr-edge1"):
            order = {"workflowName": "create_node", "pages": [{"node_name": name}]}
            body = {"query": START, "variables": {"input": order}}
            httpx.post(f"{server.address}/graphql", json=body, trust_env=False, timeout=SECONDS)
        until(lambda: len(active(server.address)) == 3)
        with terminal(tmp_path, "start", "rename_node", "--url", server.address) as person:
            person.answers("Product subscription: ", "nothing")
            person.waits_for("No product subscription has 'nothing'.")
            person.answers("Product subscription: ", "core1")
            person.waits_for("Node ams-core1 (Node of a network, uva, active)")
            person.answers("Product subscription: ", "1")
            person.answers("Next? [y/N, e edits] ", "y")
            person.answers("Start? [y/N, e edits] ", "y")
            code, screen = person.end()
        renamed = active(server.address)["Node ams-core1"]

    assert code == 0, screen
    assert renamed in screen
