"""Several people at the dashboard of one server, each in a browser session of their own."""

import json
import re
from contextlib import ExitStack
from dataclasses import dataclass
from dataclasses import field as attribute
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Locator, Page, Request, Route, expect
from support.browser import record_complaints
from support.command_line import SECONDS
from support.dashboard_page import wait_for_events
from support.sign_in import api_token, token_of
from support.workflow_files import copy_workflows

START = """mutation ($input: StartWorkflowInput!) { startWorkflow(input: $input) {
  ... on StartWorkflowSuccess { process { id } } } }"""
TEAMS = [{"key": "NOC", "name": "Network operations"}, {"key": "FIELD", "name": "Field engineers"}]
TOKENS = [api_token(name, "NOC").model_dump() for name in ("ada", "bob", "cay")]
TOKENS.append(api_token("eve", "FIELD").model_dump())

expect.set_options(SECONDS * 1000)

SIGN_IN = """if (window.name !== "signed in") {{
  window.name = "signed in";
  sessionStorage.setItem("orchestrator-token", "{}");
}}"""
"""Once for each tab: a reload after the sign-out stays signed out."""


@dataclass(slots=True)
class Desk:
    """A server that demands tokens, and a browser with a separate session for each person."""

    address: str
    browser: Browser
    windows: ExitStack = attribute(default_factory=ExitStack)
    complaints: list[str] = attribute(default_factory=list)
    requests: list[str] = attribute(default_factory=list)
    folder: Path = Path()

    def signed_out_page(self) -> Page:
        """A page in a new browser session, without sign-in."""
        page = self.windows.enter_context(self.browser.new_context(reduced_motion="reduce")).new_page()
        self.record_events(page)
        return page

    def record_events(self, page: Page) -> None:
        """Record the messages and requests of the page from now on."""
        page.set_default_timeout(SECONDS * 1000)
        record_complaints(page, self.complaints)
        page.on("request", lambda request: self.requests.append(request.url))

    def signed_in_page(self, name: str, place: str) -> Page:
        """A page of a signed-in person, as soon as it receives events."""
        page = self.signed_out_page()
        page.add_init_script(SIGN_IN.format(token_of(name)))
        self.open(page, place)
        return page

    def open(self, page: Page, place: str) -> None:
        """Load the place, and wait until the page receives events."""
        page.goto(f"{self.address}/{place}")
        page.get_by_text("Live", exact=True).wait_for()

    def start(self, workflow: str, *pages: dict[str, Any], by: str = "ada") -> str:
        """Start a process, not through the browser, and return its place on the dashboard."""
        response = httpx.post(
            f"{self.address}/graphql",
            json={"query": START, "variables": {"input": {"workflowName": workflow, "pages": list(pages)}}},
            headers={"authorization": f"Bearer {token_of(by)}"},
            trust_env=False,
            timeout=SECONDS,
        ).json()
        return f"processes/{response['data']['startWorkflow']['process']['id']}"

    def requests_elsewhere(self) -> list[str]:
        """The requests that did not go to the server."""
        return [url for url in self.requests if not url.startswith(self.address + "/")]


def environment(tokens: list[dict[str, Any]]) -> dict[str, str]:
    """The settings of a server that accepts only these people."""
    return {"ORCHESTRATOR_TEAMS": json.dumps(TEAMS), "ORCHESTRATOR_API_TOKENS": json.dumps(tokens)}


def with_workflows(folder: Path, *names: str) -> Path:
    """Copy modules of this folder into the folder of the server."""
    return copy_workflows(folder, *names)


def button(place: Page | Locator, label: str) -> Locator:
    """The button with this text."""
    return place.get_by_role("button", name=label)


def field(place: Page | Locator, label: str) -> Locator:
    """The text field with exactly this label."""
    return place.get_by_role("textbox", name=label, exact=True)


def sign_out(page: Page) -> None:
    """Sign out by the menu."""
    button(page, "More").click()
    page.get_by_role("menuitem", name="Sign out").click()


def wait_for_status(page: Page, words: str) -> None:
    """Wait until the head of the process shows this status."""
    page.locator(".process-title .badge", has_text=words).wait_for()


def is_decision(request: Request) -> bool:
    """Whether the request submits a form."""
    return "submitForm" in (request.post_data or "")


def press_and_hold(page: Page, label: str) -> Route:
    """Press the button, and hold the request of the page until the caller continues it."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        if is_decision(route.request):
            held.append(route)
        else:
            route.continue_()

    page.route("**/graphql", keep)
    with page.expect_request(is_decision):
        button(page, label).click()
    wait_for_events(page, lambda: bool(held))
    return held[0]


def race(pages: dict[str, Page], label: str, first: str | None) -> tuple[str, str]:
    """All people press the button before a page shows a decision; returns the winner and the loser.

    The decision of ``first`` reaches the server before the other requests are sent; with None all requests are sent at
    once, and the server decides who was first.
    """
    held = {name: press_and_hold(page, label) for name, page in pages.items()}
    if first:
        held.pop(first).continue_()
        pages[first].get_by_text(f"Confirmed by {first}").wait_for()
    for route in held.values():
        route.continue_()
    decided = pages["ada"].get_by_text(re.compile("Confirmed by (ada|bob)")).inner_text()
    return ("ada", "bob") if "by ada" in decided else ("bob", "ada")
