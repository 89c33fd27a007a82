"""The dashboard in a real browser with a real server: an operator's clicks while a remote service answers."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from playwright.sync_api import Page, sync_playwright
from support.browser import SWITCHES, chromium
from support.command_line import SECONDS, serving, until

HOSTILE = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">"


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
        self.page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))
        self.page.on("domcontentloaded", lambda page: self.loads.append(page.url))

    def start(self) -> str:
        """Start the workflow through its form, wait until it waits, and return the callback URL."""
        self.page.goto(self.address + "/")
        self.page.get_by_text("Live", exact=True).wait_for()
        self.page.get_by_role("link", name="Start a workflow").click()
        self.page.locator("a.card", has_text="Wait for an answer, and confirm it").click()
        self.page.locator("form input").fill(str(self.file))
        self.submit()
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
def open_dashboard(folder: Path, *more: str) -> Iterator[Dashboard]:
    """The dashboard of a server with the workflows of `waiting.py` and of further modules in the folder."""
    (folder / "waiting.py").write_bytes((Path(__file__).parent / "waiting.py").read_bytes())
    with (
        serving(folder, "--workflows", "waiting", *more) as server,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium(), args=SWITCHES) as browser,
        browser.new_page() as page,
    ):
        page.set_default_timeout(SECONDS * 1000)
        dashboard = Dashboard(page, server.address, folder / "url")
        dashboard.record_events()
        yield dashboard


def deliver(url: str, return_code: int, output: str) -> None:
    """Deliver the result as the remote service does, not through the browser."""
    body = {"return_code": return_code, "output": output}
    assert httpx.post(url, json=body, trust_env=False, timeout=SECONDS).status_code == 200


def test_a_result_appears_without_a_reload_and_a_click_confirms_it(tmp_path: Path) -> None:
    with open_dashboard(tmp_path) as dashboard:
        deliver(dashboard.start(), 0, "two interfaces changed\n" * 60)
        dashboard.wait_for_status("Needs a person")
        dashboard.page.locator(".asked form", has_text="two interfaces changed").wait_for()
        dashboard.page.wait_for_function("document.querySelector('.asked').getBoundingClientRect().top < 200")
        if folder := os.environ.get("ORCHESTRATOR_TEST_SCREENSHOTS"):
            dashboard.page.screenshot(path=Path(folder) / "in-view.png")
        dashboard.unfold_result()
        dashboard.page.locator(".callback .result", has_text="two interfaces changed").wait_for()
        dashboard.submit()
        dashboard.wait_for_status("Completed")
        dashboard.page.get_by_text("Confirmed by").wait_for()

        assert dashboard.loads == [dashboard.address + "/"]
        assert dashboard.complaints == []
        assert dashboard.requests_elsewhere() == []


def test_a_hostile_result_stays_text_wherever_it_is_shown(tmp_path: Path) -> None:
    with open_dashboard(tmp_path) as dashboard:
        deliver(dashboard.start(), 0, HOSTILE)
        dashboard.page.locator(".asked form", has_text=HOSTILE).wait_for()
        dashboard.unfold_result()
        dashboard.page.locator(".callback .result", has_text=HOSTILE).wait_for()

        assert dashboard.page.locator("main script, main img").count() == 0
        assert "taken" not in dashboard.page.title()
        assert dashboard.complaints == []
        assert dashboard.requests_elsewhere() == []


def test_a_rejected_result_is_shown_with_the_reason_and_nobody_is_asked(tmp_path: Path) -> None:
    with open_dashboard(tmp_path) as dashboard:
        deliver(dashboard.start(), 2, "no such interface")
        dashboard.wait_for_status("Failed")
        dashboard.page.locator(".failure", has_text="It ended with return code 2.").wait_for()
        dashboard.page.locator(".callback .result", has_text="no such interface").wait_for()

        assert dashboard.page.locator(".asked").count() == 0
        assert dashboard.complaints == []
        assert dashboard.requests_elsewhere() == []


def switch_engine(dashboard: Dashboard, *, paused: bool, reason: str | None = None) -> None:
    """Pause or resume the engine, not through the browser."""
    query = "mutation ($input: SetEngineStateInput!) { setEngineState(input: $input) { __typename } }"
    body = {"query": query, "variables": {"input": {"paused": paused, "reason": reason}}}
    response = httpx.post(dashboard.address + "/graphql", json=body, trust_env=False, timeout=SECONDS).json()
    assert response == {"data": {"setEngineState": {"__typename": "SetEngineStateSuccess"}}}


def test_a_pause_is_shown_with_its_person_and_reason_until_the_engine_goes_on(tmp_path: Path) -> None:
    with open_dashboard(tmp_path) as dashboard:
        url = dashboard.start()
        switch_engine(dashboard, paused=True, reason=HOSTILE)
        banner = dashboard.page.locator(".banner")
        banner.get_by_text(f"Engine paused by Local operator: {HOSTILE}").wait_for()
        if folder := os.environ.get("ORCHESTRATOR_TEST_SCREENSHOTS"):
            dashboard.page.screenshot(path=Path(folder) / "paused.png")
        deliver(url, 0, "two interfaces changed")
        switch_engine(dashboard, paused=False)
        banner.wait_for(state="detached")
        dashboard.wait_for_status("Needs a person")

        assert dashboard.loads == [dashboard.address + "/"]
        assert dashboard.complaints == []


def test_the_list_of_workflows_follows_a_pause(tmp_path: Path) -> None:
    with open_dashboard(tmp_path) as dashboard:
        dashboard.page.goto(f"{dashboard.address}/#/start")
        link = dashboard.page.locator("a.card", has_text="Wait for an answer, and confirm it")
        link.wait_for()
        switch_engine(dashboard, paused=True, reason="router upgrade")
        dashboard.page.locator(".card.blocked", has_text="(router upgrade): nothing is started").wait_for()
        link.wait_for(state="detached")
        switch_engine(dashboard, paused=False)
        link.wait_for()

        assert dashboard.complaints == []


def test_another_result_is_adopted_with_a_reason_after_the_first_was_rejected(tmp_path: Path) -> None:
    with open_dashboard(tmp_path) as dashboard:
        url = dashboard.start()
        deliver(url, 2, "no such interface")
        dashboard.wait_for_status("Failed")
        late = httpx.post(url, json={"return_code": 0, "output": "it did work"}, trust_env=False, timeout=SECONDS)
        dashboard.page.reload()  # a refused delivery is no event, so an open page does not show it
        dashboard.page.locator("summary", has_text="Not accepted (1)").click()
        dashboard.page.get_by_role("button", name="Adopt…").click()
        dialog = dashboard.page.get_by_role("dialog")
        dialog.get_by_role("button", name="Take it for the result").click()
        assert dialog.is_visible(), "a reason is required"
        dialog.get_by_label("Reason").fill("the second run went well")
        if folder := os.environ.get("SCREENSHOTS"):
            dashboard.page.screenshot(path=Path(folder) / "adopt.png", full_page=True)
        dialog.get_by_role("button", name="Take it for the result").click()
        dashboard.wait_for_status("Needs a person")
        dashboard.page.get_by_text("adopted from a late or refused delivery").wait_for()
        dashboard.submit()
        dashboard.wait_for_status("Completed")

        assert late.status_code == 409
        assert dashboard.complaints == []
        assert dashboard.requests_elsewhere() == []


def test_a_wait_is_prolonged_issued_again_and_completed_by_hand(tmp_path: Path) -> None:
    with open_dashboard(tmp_path) as dashboard:
        dashboard.start()
        dialog = dashboard.page.get_by_role("dialog")
        dashboard.page.get_by_role("button", name="Wait longer…").click()
        dialog.get_by_label("Minutes, from now").fill("5000")
        dialog.get_by_role("button", name="Wait", exact=True).click()
        dashboard.page.locator(".callback-head", has_text="3 d").wait_for()
        dashboard.file.unlink()
        dashboard.page.get_by_role("button", name="Issue again…").click()
        dialog.get_by_role("button", name="Run the action again").click()
        dashboard.page.get_by_text("issued 2 times").wait_for()
        dashboard.page.get_by_role("button", name="Complete by hand…").click()
        dialog.get_by_label("Result, as JSON").fill('{"return_code": 0, "output": "seen on the device"')
        dialog.get_by_label("Reason").fill("seen on the device")
        dialog.get_by_role("button", name="Take it for the result").click()
        assert dialog.is_visible(), "invalid JSON is not sent"
        dialog.get_by_label("Result, as JSON").fill('{"return_code": 0, "output": "seen on the device"}')
        if folder := os.environ.get("SCREENSHOTS"):
            dashboard.page.screenshot(path=Path(folder) / "complete.png", full_page=True)
        dialog.get_by_role("button", name="Take it for the result").click()
        dashboard.wait_for_status("Needs a person")
        dashboard.page.get_by_text("typed in by hand").wait_for()

        assert dashboard.file.exists(), "the action was called again"
        assert dashboard.complaints == []
