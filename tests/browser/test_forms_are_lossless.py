"""What nobody touches in a form arrives as it was: random models in a real browser, compared byte for byte."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page, sync_playwright
from random_forms import PAGES, WORKFLOWS
from support.browser import SWITCHES, chromium
from support.command_line import SECONDS, serving, until

START = """mutation ($input: StartWorkflowInput!) { startWorkflow(input: $input) { __typename
  ... on StartWorkflowSuccess { process { id } } ... on FormInvalid { errors { path message } } } }"""
ASKED = "query ($id: ID!) { process(id: $id) { status openInputRequest { id } } }"
SUBMIT = """mutation ($input: SubmitFormInput!) { submitForm(input: $input) { __typename
  ... on FormInvalid { errors { path message } } } }"""

SUBMIT_BUTTON = ".page-form button[type=submit]"


@dataclass(slots=True)
class Site:
    """A server with the random forms, and a page of the browser in it."""

    page: Page
    address: str
    received: Path
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

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

    def request_of(self, process_id: str, *, after: str = "") -> str:
        """The open input request of the process that is not the one before."""

        def found() -> str | None:
            request = self.asked(ASKED, id=process_id)["process"]["openInputRequest"]
            return request["id"] if request and request["id"] != after else None

        return until(found)

    def go(self, path: str) -> None:
        """Open another page of the dashboard without a reload."""
        self.page.evaluate("path => history.pushState(null, '', path)", path)

    def watch(self) -> None:
        """Record complaints of the console and requests to other places from now on."""
        self.page.set_default_timeout(SECONDS * 1000)
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda one: None if self.address in one.url else self.elsewhere.append(one.url))


@contextmanager
def open_site(folder: Path) -> Iterator[Site]:
    """The dashboard of a server with the random forms."""
    for name in ("random_forms.py", "random_values.py"):
        (folder / name).write_bytes((Path(__file__).parent / name).read_bytes())
    received = folder / "received"
    received.mkdir()
    with (
        serving(folder, "--workflows", "random_forms", RECEIVED=str(received)) as server,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium(), args=SWITCHES) as browser,
        browser.new_page() as page,
    ):
        site = Site(page, server.address, received)
        site.watch()
        page.goto(server.address + "/")
        page.get_by_text("Live", exact=True).wait_for()
        yield site


def press_through(site: Site, seeds: range) -> None:
    """Press the button of each page, and touch nothing else."""
    for seed in seeds:
        site.page.get_by_role("heading", name=f"Page{seed}", exact=True).wait_for()
        site.page.locator(SUBMIT_BUTTON).click()


def test_start_forms_bring_back_what_they_showed(tmp_path: Path) -> None:
    with open_site(tmp_path) as site:
        for first in range(0, WORKFLOWS * PAGES, PAGES):
            site.go(f"/start/start_{first}")
            press_through(site, range(first, first + PAGES))
            site.page.wait_for_url("**/processes/*")
            by_hand = site.start(f"start_{first}", [{}] * PAGES)
            assert site.arrived(site.page.url.rpartition("/")[2]) == site.arrived(by_hand)
        assert site.complaints == []
        assert site.elsewhere == []


def test_input_steps_bring_back_what_they_showed(tmp_path: Path) -> None:
    firsts = range(WORKFLOWS * PAGES, 2 * WORKFLOWS * PAGES, PAGES)
    with open_site(tmp_path) as site:
        for first in firsts:
            in_browser, by_hand = (site.start(f"stop_{first}", []) for _ in range(2))
            site.go(f"/processes/{in_browser}")
            press_through(site, range(first, first + PAGES))
            request = ""
            for _ in range(PAGES):
                request = site.request_of(by_hand, after=request)
                answer = site.asked(SUBMIT, input={"inputRequestId": request, "pages": [{}]})["submitForm"]
                assert answer["__typename"] == "SubmitFormSuccess", answer
            assert site.arrived(in_browser) == site.arrived(by_hand)
        assert site.complaints == []
        assert site.elsewhere == []
