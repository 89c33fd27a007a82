"""The page in a real browser at a real server: what an operator sees and clicks while a remote service answers."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, sync_playwright
from support.command_line import SECONDS, serving, until

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

HOSTILE = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">"


@dataclass(slots=True)
class Visit:
    """A page that is open at the server, and what was heard from it."""

    page: Page
    address: str
    file: Path
    complaints: list[str] = field(default_factory=list)
    """What the console said, errors that nobody caught and violations of the security policy included."""
    requests: list[str] = field(default_factory=list)
    """Where the page sent something to."""
    loads: list[str] = field(default_factory=list)
    """Which documents were loaded: a second one is a reload."""

    def listen(self) -> None:
        """Write down all that the page says and does from now on."""
        self.page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))
        self.page.on("domcontentloaded", lambda page: self.loads.append(page.url))

    def start(self) -> str:
        """Start the workflow through its form, see it wait, and give the callback URL."""
        self.page.goto(self.address + "/")
        self.page.get_by_text("Live", exact=True).wait_for()
        self.page.get_by_role("link", name="Start a workflow").click()
        self.page.locator("a.card", has_text="Wait for an answer, and confirm it").click()
        self.page.locator("form input").fill(str(self.file))
        self.submit()
        self.sees_status("Waiting for remote")
        self.page.get_by_text("Waiting for the remote service").wait_for()
        return until(self._url)

    def _url(self) -> str | None:
        return self.file.read_text() if self.file.exists() else None

    def submit(self) -> None:
        """Click the button of the one form that is open."""
        self.page.locator("form button[type=submit]").click()

    def sees_status(self, words: str) -> None:
        """Wait until the head of the process says so."""
        self.page.locator(".process-title .badge", has_text=words).wait_for()

    def unfold_result(self) -> None:
        """Open the callback's result: it is folded while the form shows it."""
        self.page.locator(".callback details[data-name=result]:not([open]) > summary").click()

    def has_strayed(self) -> list[str]:
        """The requests that did not go to the server."""
        origins = (self.address + "/", self.address.replace("http", "ws", 1) + "/")
        return [url for url in self.requests if not url.startswith(origins)]


def chromium() -> str:
    """Where the browser is."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.fail("There is no Chromium: install one, or name its path in CHROMIUM.")
    return found


@contextmanager
def visiting(folder: Path, *more: str) -> Iterator[Visit]:
    """A browser at a server with the one workflow, and with those of further modules in the folder."""
    (folder / "waiting.py").write_bytes((Path(__file__).parent / "waiting.py").read_bytes())
    with (
        serving(folder, "--workflows", "waiting", *more) as server,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium(), args=SWITCHES) as browser,
        browser.new_page() as page,
    ):
        page.set_default_timeout(SECONDS * 1000)
        execution = Visit(page, server.address, folder / "url")
        execution.listen()
        yield execution


def deliver(url: str, return_code: int, output: str) -> None:
    """Answer as the remote service does, past the browser."""
    body = {"return_code": return_code, "output": output}
    assert httpx.post(url, json=body, trust_env=False, timeout=SECONDS).status_code == 200


def test_a_result_appears_without_a_reload_and_a_click_confirms_it(tmp_path: Path) -> None:
    with visiting(tmp_path) as execution:
        deliver(execution.start(), 0, "two interfaces changed\n" * 60)
        execution.sees_status("Needs a person")
        execution.page.locator(".asked form", has_text="two interfaces changed").wait_for()
        execution.page.wait_for_function("document.querySelector('.asked').getBoundingClientRect().top < 200")
        if folder := os.environ.get("ORCHESTRATOR_TEST_SCREENSHOTS"):
            execution.page.screenshot(path=Path(folder) / "in-view.png")
        execution.unfold_result()
        execution.page.locator(".callback .result", has_text="two interfaces changed").wait_for()
        execution.submit()
        execution.sees_status("Completed")
        execution.page.get_by_text("Confirmed by").wait_for()

        assert execution.loads == [execution.address + "/"]
        assert execution.complaints == []
        assert execution.has_strayed() == []


def test_a_hostile_result_stays_text_wherever_it_is_shown(tmp_path: Path) -> None:
    with visiting(tmp_path) as execution:
        deliver(execution.start(), 0, HOSTILE)
        execution.page.locator(".asked form", has_text=HOSTILE).wait_for()
        execution.unfold_result()
        execution.page.locator(".callback .result", has_text=HOSTILE).wait_for()

        assert execution.page.locator("main script, main img").count() == 0
        assert "taken" not in execution.page.title()
        assert execution.complaints == []
        assert execution.has_strayed() == []


def test_a_result_that_is_judged_bad_is_shown_with_the_reason_and_nobody_is_asked(tmp_path: Path) -> None:
    with visiting(tmp_path) as execution:
        deliver(execution.start(), 2, "no such interface")
        execution.sees_status("Failed")
        execution.page.locator(".failure", has_text="It ended with return code 2.").wait_for()
        execution.page.locator(".callback .result", has_text="no such interface").wait_for()

        assert execution.page.locator(".asked").count() == 0
        assert execution.complaints == []
        assert execution.has_strayed() == []


def switch_engine(execution: Visit, *, paused: bool, reason: str | None = None) -> None:
    """Pause or resume the engine, past the browser."""
    query = "mutation ($input: SetEngineStateInput!) { setEngineState(input: $input) { __typename } }"
    body = {"query": query, "variables": {"input": {"paused": paused, "reason": reason}}}
    said = httpx.post(execution.address + "/graphql", json=body, trust_env=False, timeout=SECONDS).json()
    assert said == {"data": {"setEngineState": {"__typename": "SetEngineStateSuccess"}}}


def test_a_pause_is_told_with_who_and_why_until_the_engine_goes_on(tmp_path: Path) -> None:
    with visiting(tmp_path) as execution:
        url = execution.start()
        switch_engine(execution, paused=True, reason=HOSTILE)
        banner = execution.page.locator(".banner")
        banner.get_by_text(f"Engine paused by Local operator: {HOSTILE}").wait_for()
        if folder := os.environ.get("ORCHESTRATOR_TEST_SCREENSHOTS"):
            execution.page.screenshot(path=Path(folder) / "paused.png")
        deliver(url, 0, "two interfaces changed")
        switch_engine(execution, paused=False)
        banner.wait_for(state="detached")
        execution.sees_status("Needs a person")

        assert execution.loads == [execution.address + "/"]
        assert execution.complaints == []


def test_another_result_is_adopted_with_a_reason_after_the_first_was_judged_bad(tmp_path: Path) -> None:
    with visiting(tmp_path) as execution:
        url = execution.start()
        deliver(url, 2, "no such interface")
        execution.sees_status("Failed")
        late = httpx.post(url, json={"return_code": 0, "output": "it did work"}, trust_env=False, timeout=SECONDS)
        execution.page.reload()  # a delivery that is refused changes nothing, so nobody is told of it
        execution.page.locator("summary", has_text="Not accepted (1)").click()
        execution.page.get_by_role("button", name="Adopt…").click()
        dialog = execution.page.get_by_role("dialog")
        dialog.get_by_role("button", name="Take it for the result").click()
        assert dialog.is_visible(), "a reason is required"
        dialog.get_by_label("Reason").fill("the second run went well")
        if folder := os.environ.get("SCREENSHOTS"):
            execution.page.screenshot(path=Path(folder) / "adopt.png", full_page=True)
        dialog.get_by_role("button", name="Take it for the result").click()
        execution.sees_status("Needs a person")
        execution.page.get_by_text("adopted from a late or refused delivery").wait_for()
        execution.submit()
        execution.sees_status("Completed")

        assert late.status_code == 409
        assert execution.complaints == []
        assert execution.has_strayed() == []


def test_a_wait_is_prolonged_issued_again_and_completed_by_hand(tmp_path: Path) -> None:
    with visiting(tmp_path) as execution:
        execution.start()
        dialog = execution.page.get_by_role("dialog")
        execution.page.get_by_role("button", name="Wait longer…").click()
        dialog.get_by_label("Minutes, from now").fill("5000")
        dialog.get_by_role("button", name="Wait", exact=True).click()
        execution.page.locator(".callback-head", has_text="3 d").wait_for()
        execution.file.unlink()
        execution.page.get_by_role("button", name="Issue again…").click()
        dialog.get_by_role("button", name="Run the action again").click()
        execution.page.get_by_text("issued 2 times").wait_for()
        execution.page.get_by_role("button", name="Complete by hand…").click()
        dialog.get_by_label("Result, as JSON").fill('{"return_code": 0, "output": "seen on the device"')
        dialog.get_by_label("Reason").fill("seen on the device")
        dialog.get_by_role("button", name="Take it for the result").click()
        assert dialog.is_visible(), "what is no JSON is not sent"
        dialog.get_by_label("Result, as JSON").fill('{"return_code": 0, "output": "seen on the device"}')
        if folder := os.environ.get("SCREENSHOTS"):
            execution.page.screenshot(path=Path(folder) / "complete.png", full_page=True)
        dialog.get_by_role("button", name="Take it for the result").click()
        execution.sees_status("Needs a person")
        execution.page.get_by_text("typed in by hand").wait_for()

        assert execution.file.exists(), "the action was called again"
        assert execution.complaints == []
