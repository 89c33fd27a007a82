"""Product subscriptions on the dashboard: the list that follows what workflows do, and the page of one of them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opened import HOSTILE, Dashboard, open_dashboard
from playwright.sync_api import Locator, Route, expect
from support.command_line import SECONDS, until

expect.set_options(timeout=SECONDS * 1000)  # a limit, not an expectation: a slow machine is no failure

ALL = "{ productSubscriptions(first: 100) { nodes { id description inSync version } } }"
SUBMIT = """mutation ($input: SubmitFormInput!) { submitForm(input: $input) { __typename } }"""
ABORT = "mutation ($input: AbortProcessInput!) { abortProcess(input: $input) { __typename } }"
NOTE = """mutation ($input: UpdateProductSubscriptionNoteInput!) {
  updateProductSubscriptionNote(input: $input) { __typename } }"""
ASKED = "query ($id: ID!) { process(id: $id) { openInputRequest { id } } }"


@contextmanager
def open_network(folder: Path) -> Iterator[Dashboard]:
    """The dashboard of a server with nodes and ports."""
    with open_dashboard(folder, "network_of_nodes") as dashboard:
        yield dashboard
        assert dashboard.complaints == []
        assert dashboard.requests_elsewhere() == []


def made(dashboard: Dashboard, workflow: str, description: str, **page: Any) -> str:
    """Have the workflow make a subscription, and return its id when it is in sync."""

    def look() -> str | None:
        found: list[dict[str, Any]] = dashboard.ask(ALL)["productSubscriptions"]["nodes"]
        return next((each["id"] for each in found if each["description"] == description and each["inSync"]), None)

    dashboard.begin(workflow, page)
    return until(look)


def make_node(dashboard: Dashboard, name: str) -> str:
    return made(dashboard, "create_node", f"Node {name}", node_name=name)


def make_port(dashboard: Dashboard, name: str, node: str, node_name: str) -> str:
    return made(dashboard, "create_port", f"Port {name} of {node_name}", node=node, port_name=name)


def confirm(dashboard: Dashboard, process: str) -> None:
    """Answer the open form of the process, not through the browser."""

    def look() -> str | None:
        request: dict[str, str] | None = dashboard.ask(ASKED, id=process)["process"]["openInputRequest"]
        return request["id"] if request else None

    dashboard.ask(SUBMIT, input={"inputRequestId": until(look), "pages": [{}]})


def names(dashboard: Dashboard) -> Locator:
    """The descriptions in the list, in their order."""
    return dashboard.page.get_by_role("table", name="Product subscriptions").get_by_role("rowheader")


def test_the_list_is_filtered_in_the_address_and_follows_workflows_in_place(tmp_path: Path) -> None:
    with open_network(tmp_path) as dashboard:
        page = dashboard.page
        dashboard.open("/subscriptions")
        expect(page.get_by_text("There are no product subscriptions yet.")).to_be_visible()
        node = make_node(dashboard, "ams-core1")
        expect(names(dashboard)).to_have_text(["Node ams-core1"])
        make_node(dashboard, "utr-edge1")
        port = make_port(dashboard, "ge-0", node, "ams-core1")
        expect(page.get_by_role("button", name="2 new")).to_be_visible()
        expect(names(dashboard)).to_have_text(["Node ams-core1"])
        page.get_by_role("button", name="2 new").click()
        expect(names(dashboard)).to_have_text(["Port ge-0 of ams-core1", "Node utr-edge1", "Node ams-core1"])

        process = dashboard.begin("rename_port", {"subscription_id": port}, {"port_name": HOSTILE})
        expect(names(dashboard)).to_have_text([f"Port {HOSTILE} of ams-core1", "Node utr-edge1", "Node ams-core1"])
        expect(page.get_by_role("row", name=HOSTILE)).to_contain_text("Locked")
        confirm(dashboard, process)
        expect(page.get_by_role("row", name=HOSTILE)).to_contain_text("In sync")

        search = page.get_by_role("searchbox")
        search.fill("ams")
        expect(names(dashboard)).to_have_count(2)
        page.get_by_role("button", name="Filters").click()
        page.get_by_label("Product", exact=True).select_option("Node of a network")
        page.get_by_role("button", name="Active").click()
        expect(names(dashboard)).to_have_text(["Node ams-core1"])
        assert "q=ams&product=Node+of+a+network&status=ACTIVE" in page.url
        page.reload()
        expect(search).to_have_value("ams")
        expect(names(dashboard)).to_have_text(["Node ams-core1"])

        page.get_by_role("button", name="“ams” (remove)").click()
        page.get_by_role("button", name="Filters").click()
        page.get_by_label("Field of the model").fill("node.node_name")
        page.get_by_label("Its value").fill("utr-edge1")
        expect(names(dashboard)).to_have_text(["Node utr-edge1"])
        page.get_by_label("Field of the model").fill("node.nodename")
        expect(page.get_by_role("alert")).to_contain_text("node.node_name")
        page.get_by_label("Its value").fill("")
        search.fill("nothing of this name")
        page.get_by_role("button", name="Clear all filters").click()
        page.get_by_label("Order").select_option("Oldest first")
        expect(names(dashboard)).to_have_text(["Node ams-core1", "Node utr-edge1", f"Port {HOSTILE} of ams-core1"])
        assert page.url.endswith("?order=oldest")
        page.go_back()
        expect(names(dashboard)).to_have_text([f"Port {HOSTILE} of ams-core1", "Node utr-edge1", "Node ams-core1"])


def test_one_subscription_shows_its_model_its_relations_and_what_may_be_started(tmp_path: Path) -> None:
    with open_network(tmp_path) as dashboard:
        page = dashboard.page
        node = make_node(dashboard, "ams-core1")
        port = make_port(dashboard, "ge-0", node, "ams-core1")
        dashboard.open(f"/subscriptions/{port}")
        model = page.get_by_role("region", name="Model")
        expect(model).to_contain_text("port_name")
        expect(model.get_by_role("link", name="Node ams-core1")).to_be_visible()
        expect(page.get_by_role("link", name="Rename a port")).to_have_attribute(
            "href", f"/start/rename_port?subscription={port}"
        )
        page.get_by_role("region", name="Uses").get_by_role("link", name="Node ams-core1").click()
        expect(page.get_by_role("heading", name="Node ams-core1")).to_be_visible()
        assert page.url == f"{dashboard.address}/subscriptions/{node}"
        starts = page.get_by_role("region", name="Start a workflow")
        expect(starts).to_contain_text("is in use by 'Port ge-0 of ams-core1'")
        expect(starts.get_by_role("link", name="Remove a node")).to_have_count(0)
        page.get_by_role("region", name="Used by").get_by_role("link", name="Port ge-0 of ams-core1").click()

        process = dashboard.begin("rename_port", {"subscription_id": port}, {"port_name": "ge-1"})
        expect(page.get_by_role("heading", name="Port ge-1 of ams-core1")).to_be_visible()
        version = page.get_by_role("listitem", name="Version 3")
        expect(version).to_contain_text("port.port_name")
        expect(version).to_contain_text("ge-0")
        expect(version.get_by_role("link", name="Rename to ge-1")).to_have_attribute("href", f"/processes/{process}")
        expect(page.get_by_role("region", name="Processes").get_by_role("link")).to_have_count(2)
        expect(page.locator(".sync-state")).to_contain_text("The process Rename to ge-1 holds it")
        expect(starts).to_contain_text("is held by process")

        dashboard.ask(ABORT, input={"processId": process, "reason": "wrong port"})
        expect(page.locator(".sync-state")).to_contain_text("Left so by Rename to ge-1")
        page.get_by_role("button", name="Put in sync…").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Put in sync").click()
        expect(dialog).to_contain_text("Give a reason.")
        dialog.get_by_label("How do you know?").fill("seen on the device")
        dialog.get_by_role("button", name="Put in sync").click()
        expect(page.locator(".process-title")).to_contain_text("In sync")
        expect(dialog).to_have_count(0)

        page.get_by_text("Compare two versions").click()
        page.get_by_label("From version").fill("2")
        page.get_by_label("to version").fill("3")
        page.get_by_role("button", name="Compare").click()
        expect(page.locator(".comparison [role=status]")).to_contain_text("port.port_name")


def test_a_note_is_never_overwritten_unseen(tmp_path: Path) -> None:
    with open_network(tmp_path) as dashboard:
        page = dashboard.page
        node = make_node(dashboard, "ams-core1")
        dashboard.open(f"/subscriptions/{node}")
        note = page.get_by_role("region", name="Note", exact=True)
        note.get_by_role("button", name="Write a note").click()
        text = note.get_by_label("Note")
        expect(text).to_be_focused()
        text.fill("mine")
        dashboard.ask(NOTE, input={"productSubscriptionId": node, "note": HOSTILE})
        expect(note.get_by_role("alert")).to_contain_text(HOSTILE)
        expect(text).to_have_value("mine")
        expect(note.get_by_role("button", name="Save")).to_be_disabled()
        note.get_by_role("button", name="Replace it by mine").click()
        note.get_by_role("button", name="Save").click()
        expect(note.locator("p")).to_have_text(["mine"])
        expect(note.get_by_role("button", name="Edit the note")).to_be_focused()
        assert page.title() != "taken"


def test_a_search_that_is_not_sent_yet_does_not_lead_back_from_the_next_page(tmp_path: Path) -> None:
    with open_network(tmp_path) as dashboard:
        page = dashboard.page
        node = make_node(dashboard, "ams-core1")
        late: list[Route] = []

        def hold(route: Route) -> None:
            late.append(route)

        page.route(re.compile(r"/assets/Subscription-[^/]*\.js"), hold)
        dashboard.open("/subscriptions")
        page.clock.install()
        page.get_by_role("searchbox").fill("ams")
        page.get_by_role("link", name="Node ams-core1").click()
        expect(page.get_by_role("searchbox")).to_be_hidden()
        page.clock.run_for(1_000)
        for route in late:
            route.continue_()
        expect(page.get_by_role("heading", name="Node ams-core1")).to_be_visible()
        assert page.url == f"{dashboard.address}/subscriptions/{node}"


def test_a_list_that_was_not_read_is_read_again_when_the_server_is_back(tmp_path: Path) -> None:
    with open_network(tmp_path) as dashboard:
        page = dashboard.page
        page.route("**/graphql", lambda route: route.abort())
        dashboard.open("/subscriptions")
        expect(page.get_by_role("alert").first).to_contain_text("The server does not answer.")
        page.unroute("**/graphql")
        make_node(dashboard, "ams-core1")
        expect(names(dashboard)).to_have_text(["Node ams-core1"])
        expect(page.get_by_role("alert")).to_have_count(0)
        assert {"ERR_FAILED" in complaint for complaint in dashboard.complaints} == {True}
        dashboard.complaints.clear()


def test_an_address_of_no_subscription_says_so(tmp_path: Path) -> None:
    with open_network(tmp_path) as dashboard:
        for id in ("01a22847-36dd-71a5-9bae-15f3978d4bdd", "nonsense"):
            dashboard.open(f"/subscriptions/{id}")
            expect(dashboard.page.get_by_role("heading", name="No such product subscription")).to_be_visible()
            expect(dashboard.page.get_by_role("main")).to_contain_text(id)
