"""Every page and dialog of the dashboard: nothing keeps people out, nothing is loaded from elsewhere, all fits 360 px.

With ``ORCHESTRATOR_TEST_SCREENSHOTS=folder`` the pages are those of the demo, and a picture of each is written.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from playwright.sync_api import Error, Page
from support.command_line import SECONDS, serving, until
from support.dashboard_page import Watch, serious_findings, take_picture, wait_until_read, watched
from support.demo_operator import demo
from support.outbox import hook
from support.sizes import IS_EXHAUSTIVE
from support.webhook import hooked
from support.workflow_files import copy_workflows

SMALL_TARGETS = (Path(__file__).parents[1] / "support" / "small_targets.js").read_text()
MODULES = ("waiting", "hurried", "deciding", "network_of_nodes")

PAGES = {
    "home": "/",
    "inbox": "/inbox",
    "processes": "/processes",
    "processes-filtered": "/processes?status=FAILED",
    "process-asks": "/processes/{suspended}",
    "process-waits": "/processes/{waiting}",
    "process-failed": "/processes/{failed}",
    "process-completed": "/processes/{completed}",
    "process-unknown": "/processes/nonsense",
    "start": "/start",
    "start-form": "/start/{workflow}",
    "subscriptions": "/subscriptions",
    "subscription": "/subscriptions/{subscription}",
    "audit": "/audit",
    "notifications": "/notifications",
    "services": "/services",
    "not-found": "/#/tasks/x",
}
"""The pages by the name of their picture; a word in braces is something that the site has."""


def open_menu(page: Page) -> None:
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Audit log").wait_for()


def open_keys(page: Page) -> None:
    page.locator("body").press("?")
    page.get_by_role("dialog", name="Keyboard shortcuts").wait_for()


def open_sign_in(page: Page) -> None:
    page.route("**/graphql", lambda route: route.fulfill(status=401, json={"errors": [{"message": "Who are you?"}]}))
    page.reload()
    page.get_by_label("Token").wait_for()


def open_filters(page: Page) -> None:
    page.get_by_role("button", name="Filters", exact=True).click()


def open_abort(page: Page) -> None:
    page.get_by_role("button", name="Abort…").click()
    page.get_by_role("dialog").wait_for()


def open_note(page: Page) -> None:
    page.get_by_role("button", name="Add a note").click()


def open_bulk(page: Page) -> None:
    page.get_by_label("Choose all").check()
    page.get_by_role("button", name="Decide").click()
    page.get_by_role("dialog").locator(".bulk-tasks").wait_for()


def open_by_hand(page: Page) -> None:
    page.get_by_role("button", name="Complete by hand…").click()
    page.get_by_role("dialog").wait_for()


def open_decision(page: Page, label: str) -> None:
    """Open the dialog of the first task of the inbox, on the page of its process."""
    page.locator(".task-head a").first.click()
    page.get_by_role("button", name=label).click()
    page.get_by_role("dialog").wait_for()


def send_nothing(page: Page) -> None:
    page.locator(".page-form button[type=submit]").click()
    page.get_by_role("alert").wait_for()


def pause(page: Page) -> None:
    page.get_by_role("button", name="Pause").first.click()
    page.get_by_role("dialog").wait_for()


def open_recovery(page: Page, label: str) -> None:
    """Open the dialog that helps on a callback whose answer came too late."""
    page.locator(".callback").get_by_role("button", name=label).first.click()
    page.get_by_role("dialog").wait_for()


def open_adoption(page: Page) -> None:
    page.get_by_role("list", name="Late answers").get_by_role("button", name="Adopt").click()
    page.get_by_role("dialog").wait_for()


def open_resend(page: Page) -> None:
    page.get_by_role("button", name="given up again").click()
    page.get_by_role("dialog").wait_for()


def open_sync(page: Page) -> None:
    page.get_by_role("button", name="Put in sync…").click()
    page.get_by_role("dialog").wait_for()


def open_picker(page: Page) -> None:
    page.get_by_role("combobox").click()
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("ArrowDown")


DIALOGS: dict[str, tuple[str, Callable[[Page], None]]] = {
    "menu": ("/processes", open_menu),
    "shortcuts": ("/inbox", open_keys),
    "sign-in": ("/inbox", open_sign_in),
    "process-filters": ("/processes", open_filters),
    "product-filters": ("/subscriptions", open_filters),
    "abort": ("/processes/{suspended}", open_abort),
    "note": ("/processes/{failed}", open_note),
    "pause": ("/", pause),
    "bulk": ("/inbox", open_bulk),
    "reject": ("/inbox", lambda page: open_decision(page, "Reject…")),
    "assign": ("/inbox", lambda page: open_decision(page, "Assign…")),
    "by-hand": ("/processes/{waiting}", open_by_hand),
    "form-errors": ("/start/{workflow}", send_nothing),
    "adopt": ("/processes/{late}", open_adoption),
    "wait-longer": ("/processes/{late}", lambda page: open_recovery(page, "Wait longer…")),
    "issue-again": ("/processes/{late}", lambda page: open_recovery(page, "Issue again…")),
    "resend-all": ("/notifications", open_resend),
    "in-sync": ("/subscriptions/{out_of_sync}", open_sync),
    "picker": ("/start/rename_node", open_picker),
}
"""What opens over a page: the address of the page, and how a person opens it."""

PLACES = {name: place for place, name in enumerate((*PAGES, *DIALOGS))}


@dataclass(frozen=True, slots=True)
class PageOfSite:
    """The pages of a site with something to see on each."""

    page: Page
    watch: Watch
    things: dict[str, str]

    def go(self, address: str) -> Page:
        """The tab at the address, after everything was read: a new tab would compile the dashboard again."""
        self.page.goto("about:blank")  # an address that differs behind `#` alone loads nothing
        self.page.set_viewport_size({"width": 1280, "height": 800})
        self.page.goto(address.format(**self.things))
        wait_until_read(self.page)
        return self.page


def ask(address: str, query: str, **variables: Any) -> Any:
    """The first field of an answer of the API."""
    body = {"query": query, "variables": variables}
    answer = httpx.post(address + "/graphql", json=body, trust_env=False, timeout=SECONDS).json()
    assert "errors" not in answer, answer
    return next(iter(answer["data"].values()))


START = """mutation($input: StartWorkflowInput!) { startWorkflow(input: $input) { __typename
  ... on StartWorkflowSuccess { process { id } } ... on UserError { message } } }"""
LIST = """{ processes(first: 50) { nodes { id status failure { code } } } }"""
PRODUCTS = "{ productSubscriptions(first: 1) { nodes { id } } }"
NODES = '{ productSubscriptions(filter: {products: ["Node of a network"], inSync: true}) { nodes { id } } }'
PORTS = '{ productSubscriptions(filter: {products: ["Port of a network"], inSync: true}) { nodes { id } } }'
ABORT = "mutation ($input: AbortProcessInput!) { abortProcess(input: $input) { __typename } }"
DEAD = "{ notifications(filter: {statuses: [DEAD]}) { nodes { id } } }"
STATUS = "query ($id: ID!) { process(id: $id) { status } }"


def start(address: str, workflow: str, *pages: dict[str, Any]) -> str:
    """Start a workflow; the id of its process."""
    started = ask(address, START, input={"workflowName": workflow, "pages": list(pages)})
    assert started["__typename"] == "StartWorkflowSuccess", started
    id: str = started["process"]["id"]
    return id


def things_of(address: str, workflow: str) -> dict[str, str]:
    """A process in each status, and a product subscription."""
    nodes = ask(address, LIST)["nodes"]
    by_status = {node["status"]: node["id"] for node in nodes}
    names = {"SUSPENDED": "suspended", "AWAITING_CALLBACK": "waiting", "FAILED": "failed", "COMPLETED": "completed"}
    found = {name: by_status.get(status, nodes[0]["id"]) for status, name in names.items()}
    return {**found, "workflow": workflow, "subscription": ask(address, PRODUCTS)["nodes"][0]["id"]}


def fill(address: str, folder: Path) -> dict[str, str]:
    """Processes that wait, ask, failed and ended."""
    url = folder / "url"
    for return_code in (1, 0, None):
        url.unlink(missing_ok=True)
        start(address, "waiting", {"file": str(url)})
        callback = until(lambda: url.read_text() if url.exists() else None)
        report = {"message": "configuring \x1b[32mams-1\x1b[0m", "percent": 40}
        httpx.post(f"{callback}/progress", json=report, trust_env=False, timeout=SECONDS).raise_for_status()
        if return_code is not None:
            result = {"return_code": return_code, "output": "two interfaces changed\n" * 5}
            httpx.post(callback, json=result, trust_env=False, timeout=SECONDS).raise_for_status()
    for node_name in ("ams-1", "ams-2"):
        start(address, "create_node", {"node_name": node_name})
    for workflow in ("change_device", "read_meter"):
        start(address, workflow)
    late, out_of_sync = fail_late(address, folder), leave_out_of_sync(address)
    until(lambda: True if len(ask(address, DEAD)["nodes"]) > 1 else None)
    until(lambda: {"FAILED", "SUSPENDED", "COMPLETED"} <= {n["status"] for n in ask(address, LIST)["nodes"]} or None)
    return {**things_of(address, "create_node"), "late": late, "out_of_sync": out_of_sync}


def reached(address: str, id: str, status: str) -> None:
    """Wait until the process has the status."""
    until(lambda: True if ask(address, STATUS, id=id)["status"] == status else None)


def fail_late(address: str, folder: Path) -> str:
    """A process whose answer came after its deadline."""
    url = folder / "hurried-url"
    process = start(address, "hurried", {"file": str(url)})
    reached(address, process, "FAILED")
    answer = httpx.post(url.read_text(), json={"return_code": 0, "output": "late"}, trust_env=False, timeout=SECONDS)
    assert answer.status_code == 410
    return process


def leave_out_of_sync(address: str) -> str:
    """A product subscription that an aborted process left out of sync."""
    node = until(lambda: ask(address, NODES)["nodes"] or None)[0]["id"]
    start(address, "create_port", {"node": node, "port_name": "ge-0"})
    port: str = until(lambda: ask(address, PORTS)["nodes"] or None)[0]["id"]
    process = start(address, "rename_port", {"subscription_id": port}, {"port_name": "ge-1"})
    reached(address, process, "SUSPENDED")
    ask(address, ABORT, input={"processId": process, "reason": "wrong port"})
    return port


@contextmanager
def full_site(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a server, and what there is to see."""
    if os.environ.get("ORCHESTRATOR_TEST_SCREENSHOTS"):
        with demo(folder, "--work", ".demo") as server:
            pending = folder / ".demo" / "examples-pending"
            until(lambda: None if pending.exists() else True, seconds=300)
            yield server.address, things_of(server.address, "create_l2vpn")
        return
    copy_workflows(folder, *MODULES)
    with hooked() as receiver:
        webhooks = json.dumps({"chat": hook(receiver.url, kinds=["process.failed"])})
        with serving(folder, "--workflows", *MODULES, ORCHESTRATOR_WEBHOOKS=webhooks) as server:
            yield server.address, fill(server.address, folder)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageOfSite]:
    with (
        full_site(tmp_path_factory.mktemp("site")) as (address, things),
        watched(address, viewport={"width": 1280, "height": 800}) as (context, watch),
    ):
        yield PageOfSite(context.new_page(), watch, things)


SCHEMES: "tuple[Literal['light', 'dark'], ...]" = ("light", "dark")


def is_looked_at(name: str, width: int, scheme: str) -> bool:
    """True for each width and scheme; in `make test` half of them on a page, one in a dialog, and these take turns."""
    if name in PAGES:
        has_turn = (PLACES[name] + (width == 360) + (scheme == "dark")) % 2 == 0
    else:
        has_turn = PLACES[name] % 4 == 2 * (width == 360) + (scheme == "dark")
    return has_turn or IS_EXHAUSTIVE or "ORCHESTRATOR_TEST_SCREENSHOTS" in os.environ


def findings(page: Page, name: str) -> list[str]:
    """What is wrong with what the page shows: wide and narrow, light and dark."""
    found: list[str] = []
    for width, height in ((1280, 800), (360, 740)):
        page.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            if not is_looked_at(name, width, scheme):
                continue
            page.emulate_media(color_scheme=scheme)
            # Colours alone change with the scheme.
            rules = () if scheme == "light" else ("color-contrast",)
            found += [f"{width} {scheme} {finding}" for finding in serious_findings(page, *rules)]
            take_picture(page, f"{name}-{width}-{scheme}")
        try:  # what is open is moved a moment after the window became narrow
            page.wait_for_function("width => document.documentElement.scrollWidth <= width", arg=width, timeout=5_000)
        except Error:
            wide = page.evaluate("document.documentElement.scrollWidth")
            found.append(f"{width} the page is {wide} px wide")
    # Narrow is where a finger is: axe has this rule, but does not say it is serious.
    found += [f"below 24 px: {target}" for target in page.evaluate(SMALL_TARGETS)]
    return found


@pytest.mark.parametrize("name", PAGES)
def test_a_page_keeps_nobody_out(site: PageOfSite, name: str) -> None:
    page = site.go(PAGES[name])
    titles = page.get_by_role("heading", level=1).count()
    found = findings(page, name)

    assert titles == 1, "a screen reader goes to the title of the page by its level"
    assert found == []
    assert site.watch.complaints == []
    assert site.watch.requests_elsewhere() == []


@pytest.mark.parametrize("name", DIALOGS)
def test_a_dialog_keeps_nobody_out(site: PageOfSite, name: str) -> None:
    address, open_it = DIALOGS[name]
    if any(f"{{{thing}}}" in address and thing not in site.things for thing in ("late", "out_of_sync")):
        pytest.skip("The demo has no such thing.")
    page = site.go(address)
    open_it(page)
    found = findings(page, name)
    page.unroute_all()
    # The line may be closed for the sign-in while it is being opened.
    site.watch.forgive("401", "WebSocket is already in CLOSING or CLOSED state")

    assert found == []
    assert site.watch.complaints == []
    assert site.watch.requests_elsewhere() == []
