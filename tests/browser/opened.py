"""The dashboard of a real server, open in a real browser, for the tests of its pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page
from support.browser import launched, record_complaints
from support.command_line import SECONDS, serving, until
from support.workflow_files import copy_workflows

HOSTILE = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">"

START = """mutation ($input: StartWorkflowInput!) { startWorkflow(input: $input) {
  ... on StartWorkflowSuccess { process { id } } } }"""
SWITCH = "mutation ($input: SetEngineStateInput!) { setEngineState(input: $input) { __typename } }"


@dataclass(slots=True)
class Dashboard:
    """The open dashboard of a server, and a record of its console messages, requests and loads."""

    page: Page
    address: str
    file: Path
    complaints: list[str] = field(default_factory=list)
    """Messages of the console, with uncaught errors and violations of the security policy."""
    requests: list[str] = field(default_factory=list)
    """The URLs of the page's requests."""
    loads: list[str] = field(default_factory=list)
    """The loaded documents: a second document is a reload."""

    def record_events(self) -> None:
        """Record the messages, requests and loads of the page from now on."""
        record_complaints(self.page, self.complaints)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))
        self.page.on("domcontentloaded", lambda page: self.loads.append(page.url))

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of the operation, which is sent without the browser."""
        body = {"query": query, "variables": variables}
        response = httpx.post(f"{self.address}/graphql", json=body, trust_env=False, timeout=SECONDS).json()
        assert "errors" not in response, response
        data: dict[str, Any] = response["data"]
        return data

    def open(self, path: str = "/") -> None:
        """Open the page at this path, and wait until it is live. The address behind `#` also works without a server
        that knows the paths of the pages."""
        self.page.goto(f"{self.address}/#{path}")
        self.page.get_by_text("Live", exact=True).wait_for()

    def begin(self, workflow: str, *pages: dict[str, Any]) -> str:
        """Start the workflow, not through the browser; the id of the process."""
        started = self.ask(START, input={"workflowName": workflow, "pages": list(pages)})["startWorkflow"]
        process_id: str = started["process"]["id"]
        return process_id

    def start(self) -> str:
        """Start the workflow of `waiting.py`, open its process, wait until it waits, and return the callback URL."""
        self.open(f"/processes/{self.begin('waiting', {'file': str(self.file)})}")
        self.wait_for_status("Waiting for remote")
        self.page.get_by_text("Waiting for the remote service").wait_for()
        return until(self._url)

    def _url(self) -> str | None:
        return self.file.read_text() if self.file.exists() else None

    def submit(self) -> None:
        """Click the button of the open form."""
        self.page.locator("form button[type=submit]").click()

    def wait_for_status(self, words: str) -> None:
        """Wait until the head of the process shows this status."""
        self.page.locator(".process-title .badge", has_text=words).wait_for()

    def unfold_result(self) -> None:
        """Open the callback's result: it is folded while the form shows it."""
        self.page.locator(".callback details[data-name=result]:not([open]) > summary").click()

    def requests_elsewhere(self) -> list[str]:
        """The requests that did not go to the server."""
        origins = (self.address + "/", self.address.replace("http", "ws", 1) + "/")
        return [url for url in self.requests if not url.startswith(origins)]


@contextmanager
def open_page(browser: Browser, address: str, file: Path) -> Iterator[Dashboard]:
    """A page of the browser for the server at this address; nothing is loaded yet."""
    with browser.new_page(reduced_motion="reduce") as page:
        page.set_default_timeout(SECONDS * 1000)
        dashboard = Dashboard(page, address, file)
        dashboard.record_events()
        yield dashboard


@contextmanager
def open_browser(address: str, file: Path) -> Iterator[Dashboard]:
    """A page of a new browser for the server at this address; nothing is loaded yet."""
    with launched() as browser, open_page(browser, address, file) as dashboard:
        yield dashboard


@dataclass(frozen=True, slots=True)
class Site:
    """A server and a browser that several tests share; each test has its own page and its own processes."""

    address: str
    browser: Browser


@contextmanager
def open_site(folder: Path, *modules: str) -> Iterator[Site]:
    """A server with the workflows of these modules of this folder, and a browser."""
    for name in ("waiting", *modules):
        copy_module(folder, name)
    with serving(folder, "--workflows", "waiting", *modules) as server, launched() as browser:
        yield Site(server.address, browser)


@contextmanager
def open_dashboard(folder: Path, *more: str) -> Iterator[Dashboard]:
    """The dashboard of a server with the workflows of `waiting.py` and of further modules of this folder."""
    with open_site(folder, *more) as site, open_page(site.browser, site.address, folder / "url") as dashboard:
        yield dashboard


def copy_module(folder: Path, name: str) -> None:
    """Copy a module of workflows of this folder into the folder of the server; another module stands there already."""
    if (Path(__file__).parent / f"{name}.py").exists():
        copy_workflows(folder, name)


def deliver(url: str, return_code: int, output: str) -> None:
    """Deliver the result as the remote service does, not through the browser."""
    body = {"return_code": return_code, "output": output}
    assert httpx.post(url, json=body, trust_env=False, timeout=SECONDS).status_code == 200


def switch_engine(dashboard: Dashboard, *, paused: bool, reason: str | None = None) -> None:
    """Pause or resume the engine, not through the browser."""
    answer = dashboard.ask(SWITCH, input={"paused": paused, "reason": reason})
    assert answer == {"setEngineState": {"__typename": "SetEngineStateSuccess"}}
