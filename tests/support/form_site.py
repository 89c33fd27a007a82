"""A server with forms, and a browser that fills them in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page

from support.browser import launched, record_complaints
from support.command_line import SECONDS, serving, until

START = """mutation ($input: StartWorkflowInput!) { startWorkflow(input: $input) { __typename
  ... on StartWorkflowSuccess { process { id } } ... on FormInvalid { errors { path message } } } }"""
ASKED = "query ($id: ID!) { process(id: $id) { status openInputRequest { id } } }"

BUTTON = ".page-form button[type=submit]"


@dataclass(slots=True)
class FormSite:
    """A server with forms, and a page of the browser in its dashboard."""

    page: Page
    address: str
    received: Path
    complaints: list[str] = field(default_factory=list)
    """What the console said."""
    elsewhere: list[str] = field(default_factory=list)
    """The requests that did not go to the server."""

    def asked(self, query: str, **variables: Any) -> Any:
        """The data of the operation, sent without the browser."""
        body = {"query": query, "variables": variables}
        answer = httpx.post(f"{self.address}/graphql", json=body, trust_env=False, timeout=SECONDS).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def start(self, name: str, pages: list[dict[str, Any]]) -> str:
        """Start a process without the browser, and return its id."""
        answer = self.asked(START, input={"workflowName": name, "pages": pages})["startWorkflow"]
        assert answer["__typename"] == "StartWorkflowSuccess", answer
        return str(answer["process"]["id"])

    def arrived(self, process_id: str) -> str:
        """What the last step of the process received."""
        path = self.received / process_id
        return until(lambda: path.read_text() if path.exists() else None)

    def request_of(self, process_id: str) -> str:
        """The open input request of the process."""

        def found() -> str | None:
            request = self.asked(ASKED, id=process_id)["process"]["openInputRequest"]
            return str(request["id"]) if request else None

        return until(found)

    def go(self, path: str) -> None:
        """Open another page of the dashboard without a reload."""
        self.page.evaluate("path => history.pushState(null, '', path)", path)

    def open_start_form(self, workflow: str, title: str) -> None:
        """Open the start form, and wait for its first page."""
        self.go(f"/start/{workflow}")
        self.page.get_by_role("heading", name=title, exact=True, level=2).wait_for()
        self.page.locator(BUTTON).wait_for()

    def press(self) -> None:
        """Send the page."""
        self.page.locator(BUTTON).click()

    def started(self) -> str:
        """The id of the process that the form started."""
        self.page.wait_for_url("**/processes/*")
        return self.page.url.rpartition("/")[2]

    def watch(self) -> None:
        """Record complaints of the console and requests to other places from now on."""
        self.page.set_default_timeout(SECONDS * 1000)
        record_complaints(self.page, self.complaints)
        self.page.on("request", lambda one: None if self.address in one.url else self.elsewhere.append(one.url))


@contextmanager
def open_form_site(folder: Path, *modules: Path) -> Iterator[FormSite]:
    """The dashboard of a server with the workflows of the first module; the others are those that it imports."""
    for module in modules:
        (folder / module.name).write_bytes(module.read_bytes())
    received = folder / "received"
    received.mkdir()
    with (
        serving(folder, "--workflows", modules[0].stem, RECEIVED=str(received)) as server,
        launched() as browser,
        browser.new_page(reduced_motion="reduce") as page,
    ):
        site = FormSite(page, server.address, received)
        site.watch()
        page.goto(server.address + "/")
        page.get_by_text("Live", exact=True).wait_for()
        yield site
        assert site.complaints == [], site.complaints
        assert site.elsewhere == [], site.elsewhere
