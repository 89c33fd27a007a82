"""The search for a product subscription in a start form, in a real browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from opened import Dashboard, open_browser
from playwright.sync_api import Locator, expect
from signed_in import field, with_workflows
from support.command_line import SECONDS, serving, until

START = """mutation ($input: StartWorkflowInput!) { startWorkflow(input: $input) {
  ... on StartWorkflowSuccess { process { id } } } }"""
NODES = "{ productSubscriptions(filter: {statuses: [ACTIVE]}) { nodes { id description model } } }"
HOSTILE = "<img src=x onerror=alert(1)>"


def asked(address: str, query: str, **variables: Any) -> dict[str, Any]:
    """The data of the operation."""
    body = {"query": query, "variables": variables}
    response = httpx.post(f"{address}/graphql", json=body, trust_env=False, timeout=SECONDS).json()
    data: dict[str, Any] = response["data"]
    return data


def nodes_of(address: str) -> dict[str, str]:
    """The ids of the active nodes, by their names."""
    found = asked(address, NODES)["productSubscriptions"]["nodes"]
    return {node["model"]["node"]["node_name"]: node["id"] for node in found}


def make(address: str, *names: str) -> dict[str, str]:
    """Create a node for each name, one after the other, and return the ids of all."""
    ids: dict[str, str] = {}
    for name in names:
        order = {"workflowName": "create_node", "pages": [{"node_name": name}]}
        assert asked(address, START, input=order)["startWorkflow"], name
        ids[name] = until(lambda: nodes_of(address).get(name))  # noqa: B023 - it is called before the next name
    return ids


FURTHER = 12
"""Nodes that are older than those with names: more than the list shows at once."""


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a server with nodes, and the ids of those with names."""
    folder = with_workflows(tmp_path_factory.mktemp("network"), "network_of_nodes")
    with serving(folder, "--workflows", "network_of_nodes") as server:
        for number in range(FURTHER):
            order = {"workflowName": "create_node", "pages": [{"node_name": f"pop-{number}"}]}
            assert asked(server.address, START, input=order)["startWorkflow"]
        until(lambda: len(nodes_of(server.address)) == FURTHER or None)
        yield server.address, make(server.address, "ams-core1", "ams-core2", "utr-edge1", HOSTILE)


@pytest.fixture
def dashboard(network: tuple[str, dict[str, str]], tmp_path: Path) -> Iterator[Dashboard]:
    with open_browser(network[0], tmp_path / "none") as dashboard:
        yield dashboard
        assert dashboard.complaints == []
        assert dashboard.requests_elsewhere() == []


@pytest.fixture
def ids(network: tuple[str, dict[str, str]]) -> dict[str, str]:
    return network[1]


def at_first_page(dashboard: Dashboard) -> Locator:
    """The field of the first page of `rename_node`."""
    dashboard.open("/start/rename_node")
    combobox = dashboard.page.get_by_role("combobox", name="Product subscription")
    combobox.wait_for()
    return combobox


def test_a_keyboard_finds_a_subscription_and_changes_it(dashboard: Dashboard, ids: dict[str, str]) -> None:
    page = dashboard.page
    combobox = at_first_page(dashboard)
    expect(combobox).to_be_focused()
    combobox.press("ArrowDown")
    expect(page.get_by_role("option")).to_have_count(10)
    expect(combobox).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("option").first).to_contain_text(HOSTILE)
    expect(page.locator(".picker")).to_contain_text("10 product subscriptions, and 6 more: type to narrow.")
    combobox.press("Escape")
    expect(page.get_by_role("option")).to_have_count(0)

    combobox.press_sequentially("core")
    expect(page.get_by_role("option")).to_have_count(2)
    combobox.press("ArrowDown")
    combobox.press("ArrowDown")
    option = page.get_by_role("option", selected=True)
    expect(option).to_contain_text("Node ams-core1")
    expect(option).to_contain_text("uva · active")
    expect(combobox).to_have_attribute("aria-activedescendant", option.get_attribute("id") or "")
    combobox.press("Enter")
    expect(combobox).to_have_value("Node ams-core1")
    expect(page.locator(".picker")).to_contain_text(ids["ams-core1"])
    combobox.press("Enter")
    expect(field(page, "Node Name")).to_have_value("ams-core1")
    field(page, "Node Name").fill("ams-core9")
    dashboard.submit()
    dashboard.wait_for_status("Completed")

    assert nodes_of(dashboard.address)["ams-core9"] == ids["ams-core1"]
    assert page.title() != "taken"


@pytest.mark.parametrize("way", ["id", "mouse", "address"])
def test_an_id_typed_by_hand_a_click_and_a_link_are_as_good(
    dashboard: Dashboard, ids: dict[str, str], way: str
) -> None:
    if way == "address":
        dashboard.open(f"/start/rename_node?subscription={ids['ams-core2']}")
    else:
        combobox = at_first_page(dashboard)
        if way == "id":
            combobox.fill(ids["ams-core2"])
            expect(dashboard.page.locator(".picker")).to_contain_text("Node of a network · uva · active")
        else:
            combobox.click()
            dashboard.page.get_by_role("option", name="ams-core2").click()
        dashboard.submit()
    expect(field(dashboard.page, "Node Name")).to_have_value("ams-core2")


def test_what_is_no_subscription_is_refused_at_the_field(dashboard: Dashboard) -> None:
    combobox = at_first_page(dashboard)
    combobox.fill("nothing of this name")
    expect(dashboard.page.locator(".picker")).to_contain_text("No product subscription is found.")
    dashboard.submit()

    expect(combobox).to_have_attribute("aria-invalid", "true")
    expect(combobox).to_have_value("nothing of this name")


def test_two_fields_of_one_class_have_their_own_labels_and_the_subject_is_shown(dashboard: Dashboard) -> None:
    subject = "A rack from utr to ams"
    page = dashboard.page
    dashboard.open("/start/move_rack")
    page.get_by_label("From place").select_option("Utrecht")
    page.get_by_label("To place").select_option("Amsterdam")
    dashboard.submit()
    dashboard.wait_for_status("Completed")

    expect(page.get_by_role("heading", name=subject)).to_be_visible()
