"""The search for a product subscription in a start form, in a real browser."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from opened import Dashboard, open_dashboard
from playwright.sync_api import expect
from support.command_line import SECONDS, until

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


def module_in(folder: Path) -> str:
    """Copy the workflows into the folder, and return the name of their module."""
    name = "network_of_nodes"
    (folder / f"{name}.py").write_bytes((Path(__file__).parent / f"{name}.py").read_bytes())
    return name


def at_first_page(dashboard: Dashboard) -> Any:
    """The field of the first page of `rename_node`."""
    dashboard.page.goto(dashboard.address + "/#/start/rename_node")
    field = dashboard.page.get_by_role("combobox", name="Product subscription")
    field.wait_for()
    return field


def test_a_keyboard_finds_a_subscription_and_changes_it(tmp_path: Path) -> None:
    with open_dashboard(tmp_path, module_in(tmp_path)) as dashboard:
        page = dashboard.page
        ids = make(dashboard.address, "ams-core1", "ams-core2", "utr-edge1", HOSTILE)
        field = at_first_page(dashboard)
        field.press("ArrowDown")
        expect(page.get_by_role("option")).to_have_count(4)
        expect(field).to_have_attribute("aria-expanded", "true")
        expect(page.get_by_role("option").first).to_contain_text(HOSTILE)
        field.press("Escape")
        expect(page.get_by_role("option")).to_have_count(0)

        field.press_sequentially("core")
        expect(page.get_by_role("option")).to_have_count(2)
        field.press("ArrowDown")
        field.press("ArrowDown")
        option = page.get_by_role("option", selected=True)
        expect(option).to_contain_text("Node ams-core1")
        expect(option).to_contain_text("uva · active")
        expect(field).to_have_attribute("aria-activedescendant", option.get_attribute("id") or "")
        field.press("Enter")
        expect(field).to_have_value("Node ams-core1")
        expect(page.locator(".picker")).to_contain_text(ids["ams-core1"])
        field.press("Enter")
        expect(page.get_by_label("Node Name")).to_have_value("ams-core1")
        page.get_by_label("Node Name").fill("ams-core9")
        dashboard.submit()
        dashboard.wait_for_status("Completed")

        assert nodes_of(dashboard.address)["ams-core9"] == ids["ams-core1"]
        assert dashboard.complaints == []
        assert page.title() != "taken"


@pytest.mark.parametrize("way", ["id", "mouse"])
def test_an_id_typed_by_hand_and_a_click_are_as_good(tmp_path: Path, way: str) -> None:
    with open_dashboard(tmp_path, module_in(tmp_path)) as dashboard:
        ids = make(dashboard.address, "ams-core1", "ams-core2")
        field = at_first_page(dashboard)
        if way == "id":
            field.fill(ids["ams-core2"])
        else:
            field.click()
            dashboard.page.get_by_role("option", name="ams-core2").click()
        dashboard.submit()
        expect(dashboard.page.get_by_label("Node Name")).to_have_value("ams-core2")


def test_what_is_no_subscription_is_refused_at_the_field(tmp_path: Path) -> None:
    with open_dashboard(tmp_path, module_in(tmp_path)) as dashboard:
        field = at_first_page(dashboard)
        field.fill("nothing of this name")
        expect(dashboard.page.locator(".picker")).to_contain_text("No product subscription is found.")
        dashboard.submit()

        expect(field).to_have_attribute("aria-invalid", "true")


def test_two_fields_of_one_class_have_their_own_labels_and_the_subject_is_shown(tmp_path: Path) -> None:
    subject = "A rack from utr to ams"
    with open_dashboard(tmp_path, module_in(tmp_path)) as dashboard:
        page = dashboard.page
        page.goto(dashboard.address + "/#/start/move_rack")
        page.get_by_label("From place").select_option("Utrecht")
        page.get_by_label("To place").select_option("Amsterdam")
        dashboard.submit()
        dashboard.wait_for_status("Completed")

        expect(page.locator(".process .subject")).to_have_text(subject)
        expect(page.locator(".list .row-subject")).to_have_text(subject)
        assert dashboard.complaints == []
