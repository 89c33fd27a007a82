"""What remote services send, in a real browser: colours, large outputs, live logs, trees, and what stays in place."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, Request
from support.command_line import SECONDS, serving, until
from support.dashboard_page import Watch, serious_findings, take_picture, wait_until_live, watched

START = """mutation ($input: StartWorkflowInput!) { startWorkflow(input: $input) {
  ... on StartWorkflowSuccess { process { id } } } }"""
HOSTILE = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">"
JOB = "0c6f6c1e-2f0d-4c55-9b1c-6f8f5d1f3a77"
PLAYBOOK = [
    "PLAY [Configure] ****",
    "\x1b[0;32mok: [ams-1]\x1b[0m",
    "\x1b]8;;https://elsewhere.example/\x07a link\x1b]8;;\x07",
    "loading 10 %\rloading 100 %",
    HOSTILE,
    "paid\u202egpj.exe",
    "--- before",
    "+++ after: /etc/ports",
    "@@ -1,2 +1,2 @@",
    " mtu 1500",
    "-vlan 10",
    "+vlan 20",
    "- name: no diff any more",
    *(f"\x1b[0;36mskipping: [ams-{number}]\x1b[0m" for number in range(30)),
    "PLAY RECAP ****",
    "\x1b[0;33mams-1\x1b[0m : \x1b[0;32mok=3   \x1b[0m \x1b[0;33mchanged=1   \x1b[0m unreachable=0    failed=0",
    "paris-1 : ok=1    changed=0    unreachable=1    failed=0",
]


@dataclass(frozen=True)
class Stage:
    """A server, a page of a real browser, and a record of what the page does."""

    folder: Path
    address: str
    page: Page
    watch: Watch

    def begin(self) -> str:
        """Start a process that waits, and open its page; the URL of its callback."""
        file = self.folder / f"url-{len(list(self.folder.glob('url-*')))}"
        variables = {"input": {"workflowName": "watching", "pages": [{"file": str(file)}]}}
        body = {"query": START, "variables": variables}
        answer = httpx.post(f"{self.address}/graphql", json=body, trust_env=False, timeout=SECONDS).json()
        self.page.goto(f"/processes/{answer['data']['startWorkflow']['process']['id']}")
        wait_until_live(self.page)
        return str(until(lambda: file.read_text() if file.exists() else None))

    def unfold(self, name: str) -> None:
        """Open a part of the callback, if it is folded."""
        part = self.page.locator(f".callback details[data-name={name}]")
        part.wait_for()
        if part.get_attribute("open") is None:
            part.locator("> summary").click()

    def result(self, value: Any) -> None:
        """Deliver the value and open it on the page."""
        deliver(self.begin(), value)
        self.unfold("result")


def deliver(url: str, value: Any, kind: str = "") -> None:
    """Deliver a result, or with ``kind`` a progress report, as a remote service does."""
    response = httpx.post(url + kind, content=json.dumps(value), headers=JSON, trust_env=False, timeout=SECONDS)
    assert response.status_code == 200, response.text


JSON = {"content-type": "application/json"}


def report(url: str, *lines: str, **more: Any) -> None:
    """Report progress."""
    deliver(url, {"progress": list(lines), **more}, "/progress")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One server and one browser for all tests of this module: a start of both takes longer than a test."""
    folder = tmp_path_factory.mktemp("output")
    (folder / "outputs.py").write_bytes((Path(__file__).parent / "outputs.py").read_bytes())
    with ExitStack() as stack:
        server = stack.enter_context(serving(folder, "--workflows", "outputs"))
        size = {"width": 1280, "height": 900}
        context, watch = stack.enter_context(watched(server.address, viewport=size, accept_downloads=True))
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield Stage(folder, server.address, context.new_page(), watch)


@pytest.fixture
def stage(shared: Stage) -> Iterator[Stage]:
    """The stage; the page must neither complain nor ask another server."""
    yield shared
    assert shared.watch.complaints == []
    assert shared.watch.requests_elsewhere() == []


def downloaded(page: Page, button: Locator) -> bytes:
    """The bytes of the file that the button saves."""
    with page.expect_download() as waited:
        button.click()
    return Path(waited.value.path()).read_bytes()


def is_log(request: Request) -> bool:
    """True if the page asks for progress reports."""
    return "ProgressLogPage" in (request.post_data or "")


def row(page: Page, text: str) -> Locator:
    """The row of a log with this text."""
    return page.locator(".log-row", has_text=text)


def is_at_end(page: Page) -> None:
    """Wait until the end of the log is in view."""
    page.wait_for_function(
        "() => { const log = document.querySelector('.log-view');"
        " return log && log.scrollHeight - log.scrollTop - log.clientHeight < 24 }"
    )


def test_a_job_is_shown_as_fields_with_its_colours_and_its_hosts(stage: Stage) -> None:
    page = stage.page
    stage.result({"status": "failed", "job_id": JOB, "output": PLAYBOOK, "return_code": 2})
    page.locator(".job-facts", has_text="failed").wait_for()
    assert page.locator(".job-facts").get_by_text("1 of 2 hosts").is_visible()
    hosts = page.locator(".job-hosts tbody th").all_inner_texts()
    assert [host.strip() for host in hosts] == ["paris-1", "ams-1"], "the broken host comes first"
    is_at_end(page)
    page.locator(".log-view").evaluate("log => { log.scrollTop = 0 }")

    assert row(page, "ok: [ams-1]").locator(".ansi-green-fg").inner_text() == "ok: [ams-1]"
    assert row(page, "a link").locator(".log-text").inner_text() == "a link"
    assert row(page, "loading").locator(".log-text").inner_text() == "loading 100 %"
    assert row(page, "paid").locator(".log-text").inner_text() == "paid⟨U+202E⟩gpj.exe"
    assert row(page, "vlan 10").evaluate("row => row.className") == "log-row diff-removed"
    assert row(page, "vlan 20").evaluate("row => row.className") == "log-row diff-added"
    assert row(page, "- name").evaluate("row => row.className") == "log-row"
    assert row(page, HOSTILE).is_visible()
    assert page.locator("main script, main img, .log-view a").count() == 0
    assert "taken" not in page.title()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        take_picture(page, f"output-{scheme}")
        assert serious_findings(page) == []
    page.emulate_media(color_scheme="light")
    page.get_by_role("button", name="JSON", exact=True).click()
    page.get_by_role("treeitem", name="return_code").wait_for()


def test_a_large_output_says_what_is_missing_and_is_saved_whole(stage: Stage) -> None:
    page = stage.page
    lines = [f"\x1b[0;32mok: [ams-{number}]\x1b[0m => line {number} öl" for number in range(100_000)]
    value = {"status": "successful", "job_id": JOB, "output": lines, "return_code": 0}
    stage.result(value)
    note = page.locator(".cut-note", has_text="Shows the last")
    note.wait_for()
    assert f"of a result of {len(json.dumps(value)) / 1e6:.1f} MB" in (note.text_content() or "")
    row(page, "line 99999").wait_for()
    log = page.get_by_role("region", name="Log")
    whole = "\n".join(lines).encode()
    assert downloaded(page, page.locator(".output-tools").get_by_role("button", name="Download")) == whole
    note.get_by_role("button", name="Show all of it").click()
    note.wait_for(state="detached")

    page.get_by_role("searchbox", name="Search in Log").fill("line 4242 ")
    row(page, "line 4242 ").locator("mark.current").wait_for()
    page.get_by_role("searchbox", name="Search in Log").fill("LINE 777")
    page.locator(".search-count", has_text="1 of 111").wait_for()
    page.keyboard.press("Shift+Enter")
    page.locator(".search-count", has_text="111 of 111").wait_for()
    row(page, "line 77799").wait_for()
    page.keyboard.press("Enter")
    page.locator(".search-count", has_text="1 of 111").wait_for()
    assert page.locator(".log-row").count() < 200
    log.focus()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.type") == "search"
    log.focus()
    page.keyboard.press("Control+a")
    page.wait_for_function("() => String(getSelection()).includes('line 99999 ')")
    page.keyboard.press("Control+c")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "\n".join(f"ok: [ams-{number}] => line {number} öl" for number in range(100_000))


def test_a_live_log_follows_its_end_and_keeps_what_a_person_reads(stage: Stage) -> None:
    page = stage.page
    url = stage.begin()
    report(url, *(f"line {number}" for number in range(60)), percent=None)
    stage.unfold("log")
    row(page, "line 59").wait_for()
    is_at_end(page)
    assert page.locator(".callback progress").count() == 0, "no percentage is not 0 %"
    report(url, "line 60", percent=40)
    row(page, "line 60").wait_for()
    page.locator(".callback progress[value='40']").wait_for()
    is_at_end(page)

    text = row(page, "line 55").locator(".log-text")
    text.evaluate("text => getSelection().selectAllChildren(text)")
    page.evaluate("""() => { window.changed = 0;
        const watcher = new MutationObserver(list => { window.changed += list.length });
        for (const row of document.querySelectorAll('.log-row'))
            watcher.observe(row, { subtree: true, childList: true, characterData: true, attributes: true }) }""")
    for number in range(61, 71):
        report(url, f"line {number}")
    row(page, "line 70").wait_for()
    is_at_end(page)
    assert page.evaluate("String(getSelection())") == "line 55"
    assert page.evaluate("changed") == 0, "rows that were there are not drawn again"

    page.locator(".log-view").hover()
    page.mouse.wheel(0, -600)
    page.wait_for_function("() => document.querySelector('.log-view').scrollTop < 500")
    top = page.locator(".log-view").evaluate("log => log.scrollTop")
    report(url, "line 71", "line 72\nand more")
    page.get_by_role("button", name="3 new lines").wait_for()
    assert page.locator(".log-view").evaluate("log => log.scrollTop") == top
    assert page.evaluate("String(getSelection())") == "line 55"
    take_picture(page, "output-paused")
    page.get_by_role("button", name="3 new lines").click()
    row(page, "and more").wait_for()
    is_at_end(page)
    page.get_by_role("button", name="3 new lines").wait_for(state="detached")
    assert serious_findings(page) == []


def test_a_long_progress_log_keeps_its_last_thousand_lines_and_reads_only_what_is_new(stage: Stage) -> None:
    page = stage.page
    url = stage.begin()
    for number in range(150):
        report(url, *(f"report {number} line {line}" for line in range(20)))
    stage.unfold("log")
    row(page, "report 149 line 19").wait_for()
    page.get_by_text("50 of 150 reports are shown.").wait_for()
    asked: list[Any] = []
    page.on("request", lambda request: asked.append(request.post_data_json) if is_log(request) else None)
    report(url, "the newest line")
    row(page, "the newest line").wait_for()
    assert {question["variables"]["last"] for question in asked} == {None}, "only what is new is read"
    assert all(question["variables"]["after"] for question in asked)
    rows = "Math.round(document.querySelector('.log-rows').clientHeight / 20)"
    assert page.evaluate(rows) == 1_000

    page.locator(".log-view").evaluate("log => { log.scrollTop = 0 }")
    page.wait_for_function(f"() => {rows} > 2900")
    row(page, "report 100 line 1").first.wait_for()
    page.locator(".log-view").evaluate("log => { log.scrollTop = log.scrollHeight }")
    page.wait_for_function(f"() => {rows} === 1000")
    is_at_end(page)
    saved = downloaded(page, page.locator(".progress-log").get_by_role("button", name="Download")).decode()
    assert saved.count("report ") == 3_000
    assert saved.endswith("the newest line\n")


def test_a_tree_shows_every_digit_and_is_walked_with_keys(stage: Stage) -> None:
    page = stage.page
    value = {
        "number": 12345678901234567890,
        "whole": 1.0,
        "minus": -0.0,
        "exact": 0.1,
        "__proto__": {"polluted": HOSTILE},
        "constructor": None,
        "list": [{"name": f"port {number}"} for number in range(2_000)],
        "long": "word " * 100,
    }
    stage.result(value)
    page.get_by_role("treeitem", name="number: 12345678901234567890").wait_for()
    assert page.get_by_role("treeitem", name="whole: 1.0").count() == 1, "as it was sent"
    assert page.get_by_role("treeitem", name="minus: -0.0").count() == 1, "as it was sent"
    assert page.evaluate("({}).polluted") is None
    assert page.get_by_role("treeitem", name="<script>document.title").count() == 1
    page.get_by_role("searchbox", name="Search in Result").fill("port 1234")
    found = page.locator(".json-row.found")
    found.wait_for()
    assert "port 1234" in found.inner_text()
    page.wait_for_function("""() => { const [found, tree] = ['.json-row.found', '.json-tree']
        .map(name => document.querySelector(name).getBoundingClientRect());
        return found.top >= tree.top && found.bottom <= tree.bottom }""")
    assert page.locator(".json-row").count() < 300
    page.keyboard.press("Escape")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.get_by_text("$.number").wait_for()
    page.evaluate("Object.defineProperty(window, 'isSecureContext', { value: false, configurable: true })")
    page.get_by_role("button", name="Copy value").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "12345678901234567890"
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        take_picture(page, f"tree-{scheme}")
        assert serious_findings(page) == []
    page.emulate_media(color_scheme="light")
