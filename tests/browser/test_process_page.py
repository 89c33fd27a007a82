"""The page of one process: its timeline, several callbacks at once, its note, and what it reads."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from opened import HOSTILE, SWITCH, Dashboard, Site, open_page, open_site
from playwright.sync_api import Locator, Response, Route, WebSocket, expect
from support.command_line import SECONDS, until
from support.dashboard_page import wait_for, wait_for_events

NOTE = "mutation ($input: UpdateProcessNoteInput!) { updateProcessNote(input: $input) { __typename } }"
ABORT = "mutation ($input: AbortProcessInput!) { abortProcess(input: $input) { __typename } }"
PRUNE = "mutation ($input: PruneProcessesInput!) { pruneProcesses(input: $input) { __typename } }"
CALLBACKS = "query ($id: ID!) { process(id: $id) { callbacks { id name } } }"
READ_LATER = ("Deliveries", "LateAnswers", "StepFailure", "ProcessFailure")
"""The operations of the page for what is read after the page is drawn."""

REAWAIT = "mutation ($input: ReawaitCallbackInput!) { reawaitCallback(input: $input) { __typename } }"
LARGE = {"output": ["x" * 90] * 9_500}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(tmp_path_factory.mktemp("site"), "courses") as site:
        yield site


@pytest.fixture
def dashboard(site: Site, tmp_path: Path) -> Iterator[Dashboard]:
    with open_page(site.browser, site.address, tmp_path / "url") as dashboard:
        expect.set_options(timeout=SECONDS * 1000)
        yield dashboard
        assert dashboard.complaints == []
        assert dashboard.requests_elsewhere() == []


def begin(dashboard: Dashboard, workflow: str) -> dict[str, str]:
    """Start the workflow, open its process, and return the callback URLs by name; a single one has the name `url`."""
    process_id = dashboard.begin(workflow, {"file": str(dashboard.file)})
    dashboard.open(f"/processes/{process_id}")
    lines = until(lambda: dashboard.file.read_text().splitlines() if dashboard.file.exists() else None)
    dashboard.wait_for_status("Waiting for remote")
    named = [line if " " in line else f"url {line}" for line in lines]
    return dict(line.split(" ", 1) for line in named)


def post(url: str, body: Any, path: str = "") -> int:
    """Deliver as the remote service does, and return the status of the response."""
    return httpx.post(url + path, json=body, trust_env=False, timeout=SECONDS).status_code


def shorten(dashboard: Dashboard, name: str) -> None:
    """End the time of the callback with this name."""
    process_id = dashboard.page.url.rsplit("/", 1)[-1]
    callbacks = dashboard.ask(CALLBACKS, id=process_id)["process"]["callbacks"]
    (callback_id,) = [callback["id"] for callback in callbacks if callback["name"] == name]
    dashboard.ask(REAWAIT, input={"callbackId": callback_id, "timeoutSeconds": 0.1})


def stage(dashboard: Dashboard, name: str) -> Locator:
    """The step with this name on the timeline."""
    return dashboard.page.locator(".stage", has=dashboard.page.get_by_role("heading", name=name))


def test_of_twelve_callbacks_those_that_need_attention_come_first_and_a_late_answer_is_offered(
    dashboard: Dashboard,
) -> None:
    page = dashboard.page
    urls = begin(dashboard, "twelve_routers")
    post(urls["router-12"], {"percent": 40, "message": HOSTILE}, "/progress")
    post(urls["router-1"], {"message": "connecting"}, "/progress")
    expect(page.get_by_role("progressbar", name="Progress of router-12")).to_have_attribute("value", "40")
    expect(page.locator(".callback-row", has_text="connecting")).to_have_count(1)
    expect(page.get_by_role("progressbar", name="Progress of router-1", exact=True)).to_have_count(0)
    post(urls["router-7"], {"code": "unreachable", "message": "no route to host", "retryable": False}, "/fail")
    for name in sorted(urls.keys() - {"router-7", "router-12"}):
        post(urls[name], {"ok": True})
    shorten(dashboard, "router-12")
    dashboard.wait_for_status("Failed")
    rows = page.locator(".callback-row")
    expect(rows.nth(0)).to_contain_text("router-7")
    expect(rows.nth(0)).to_contain_text("no route to host")
    expect(rows.nth(1)).to_contain_text("No answer in time")
    expect(page.get_by_text("10 of 12 answered, 2 failed")).to_be_visible()

    late = post(urls["router-12"], {"ok": True})
    offer = page.get_by_role("list", name="Late answers")
    expect(offer).to_contain_text("An answer from router-12 is kept")
    expect(rows.nth(0)).to_contain_text("router-12")
    rows.nth(0).get_by_role("button", name="router-12").click()
    detail = page.locator(".callback-detail")
    again = detail.get_by_role("button", name="Issue again…")
    again.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("although an answer came")
    dialog.get_by_role("button", name="Adopt…").click()
    adopting = page.get_by_role("dialog", name="Adopt this delivery?")
    adopting.get_by_label("Reason").fill("it did answer")
    adopting.get_by_role("button", name="Take it for the result").click()
    expect(page.get_by_text("11 of 12 answered, 1 failed")).to_be_visible()
    expect(dialog).to_have_count(0)

    assert late == 410
    assert page.locator("main script, main img").count() == 0
    assert "taken" not in page.title()


def test_what_is_read_later_moves_no_button(dashboard: Dashboard) -> None:
    page, held, is_over = dashboard.page, list[Route](), False

    def hold(route: Route) -> None:
        is_later = any(f"query {name}" in (route.request.post_data or "") for name in READ_LATER)
        held.append(route) if is_later and not is_over else route.continue_()

    page.route("**/graphql", hold)
    urls = begin(dashboard, "twelve_routers")
    for name in sorted(urls.keys() - {"router-12"}):
        post(urls[name], {"ok": True})
    post(urls["router-12"], {"code": "unreachable", "message": "no route to host", "retryable": False}, "/fail")
    dashboard.wait_for_status("Failed")
    page.locator(".callback-row", has_text="router-12").get_by_role("button", name="router-12").click()
    detail = page.locator(".callback-detail")
    again, after = detail.get_by_role("button", name="Issue again…"), page.locator(".callback-row").last
    expect(detail.locator(".fold-place")).to_have_text("Deliveries")
    before = [place.bounding_box() for place in (again, after)]
    is_over = True
    for route in held:
        route.continue_()
    expect(detail.locator("[data-name=refused] > summary, .fold-place")).not_to_have_text("Deliveries")

    assert [place.bounding_box() for place in (again, after)] == before


@pytest.mark.parametrize("height", [400, 720])  # without and with room below the page
def test_what_a_person_opens_above_moves_no_button_under_the_pointer(dashboard: Dashboard, height: int) -> None:
    page, held, is_over = dashboard.page, list[Route](), False

    def hold(route: Route) -> None:
        is_later = "query StepState(" in (route.request.post_data or "")
        held.append(route) if is_later and not is_over else route.continue_()

    page.route("**/graphql", hold)
    page.set_viewport_size({"width": 1280, "height": height})
    begin(dashboard, "changing")
    repaired = stage(dashboard, "Repair the interfaces")
    repaired.locator("[data-name=state] > summary").click()
    expect(repaired).to_contain_text("Reading…")
    again = page.get_by_role("button", name="Issue again…")
    again.hover()
    page.wait_for_function("scroll => window.scrollY === scroll", arg=page.evaluate("window.scrollY"))
    before = again.bounding_box()
    is_over = True
    for route in held:
        route.continue_()
    expect(repaired.locator("[data-name=state]")).to_contain_text("repaired")

    after = again.bounding_box()
    assert held and before is not None and after is not None
    assert abs(after["y"] - before["y"]) < 1 and after["x"] == before["x"]


def test_a_banner_moves_nothing_under_the_pointer(dashboard: Dashboard) -> None:
    page = dashboard.page
    page.set_viewport_size({"width": 1280, "height": 400})
    begin(dashboard, "changing")
    opener = stage(dashboard, "Repair the interfaces").locator("[data-name=state] > summary")
    opener.hover()
    before = opener.bounding_box()
    dashboard.ask(SWITCH, input={"paused": True})
    try:
        expect(page.get_by_text("Engine paused")).to_be_visible()
        after = opener.bounding_box()
    finally:
        dashboard.ask(SWITCH, input={"paused": False})

    assert before is not None and after is not None and abs(after["y"] - before["y"]) < 1


def test_waiting_is_drawn_apart_from_working_and_a_link_leads_to_a_step(dashboard: Dashboard) -> None:
    page = dashboard.page
    urls = begin(dashboard, "changing")
    expect(page).to_have_title(f"file {dashboard.file} · orchestrator")
    expect(stage(dashboard, "Repair the interfaces").locator("rect.time-work")).to_have_count(1)
    waiting = stage(dashboard, "Playbook - Await callback")
    expect(waiting.locator("rect.time-remote")).to_have_count(1)
    expect(page.locator(".time-summary")).to_contain_text("waiting for a remote")
    expect(stage(dashboard, "Confirm the result").locator(".badge")).to_have_text("To come")
    width = float(waiting.locator("rect").get_attribute("width") or 0)
    until(lambda: True if float(waiting.locator("rect").get_attribute("width") or 0) > width else None)

    changed = stage(dashboard, "Repair the interfaces")
    changed.get_by_role("link", name="link to this step").click()
    expect(changed.get_by_role("heading")).to_be_focused()
    assert page.url.endswith("#step-2")
    changed.locator("details[data-name=state] > summary").click()
    expect(changed.locator("details[data-name=state]")).to_contain_text("repaired")

    post(urls["url"], {"return_code": 0, "output": "fine"})
    dashboard.wait_for_status("Needs a person")
    expect(stage(dashboard, "Confirm the result").locator("rect.time-person")).to_have_count(1)
    assert len(dashboard.loads) == 1


def test_a_step_that_waits_for_its_next_try_says_when_and_why(dashboard: Dashboard) -> None:
    dashboard.open(f"/processes/{dashboard.begin('in_vain')}")
    asked = stage(dashboard, "Ask a service that is down")
    expect(asked).to_contain_text("try 1, next in")
    expect(asked.locator(".failure")).to_contain_text("The service does not answer.")
    expect(asked.locator(".failure")).to_contain_text("ipam")


def test_two_people_who_write_a_note_do_not_lose_each_others_words(dashboard: Dashboard) -> None:
    page = dashboard.page
    begin(dashboard, "changing")
    page.get_by_role("button", name="Add a note").click()
    page.get_by_label("Note").fill("my words")
    process_id = page.url.rsplit("/", 1)[-1]
    dashboard.ask(NOTE, input={"processId": process_id, "note": HOSTILE})
    page.get_by_role("button", name="Save the note").click()
    expect(page.get_by_role("alert")).to_contain_text(HOSTILE)
    expect(page.get_by_label("Note")).to_have_value("my words")
    page.get_by_role("button", name="Save the note").click()
    expect(page.locator(".note > .words")).to_have_text("my words")


def test_a_form_that_opens_does_not_take_the_page_from_a_person_who_writes(dashboard: Dashboard) -> None:
    page = dashboard.page
    page.set_viewport_size({"width": 800, "height": 400})
    urls = begin(dashboard, "changing")
    page.get_by_role("button", name="Add a note").click()
    page.get_by_label("Note").press_sequentially("I look at it")
    stood = page.evaluate("window.scrollY")
    post(urls["url"], {"return_code": 0, "output": "two interfaces changed"})
    expect(page.locator(".asked form")).to_contain_text("two interfaces changed")
    page.wait_for_timeout(500)  # so long a form that grows would be kept in view

    assert page.evaluate("window.scrollY") == stood
    expect(page.get_by_label("Note")).to_be_focused()
    expect(page.get_by_label("Note")).to_have_value("I look at it")


@pytest.mark.parametrize(
    ("path", "words"),
    [("zzz", "is no id of a process"), ("00000000-0000-0000-0000-000000000000", "There is no process with the id")],
)
def test_a_wrong_address_says_so(dashboard: Dashboard, path: str, words: str) -> None:
    dashboard.open(f"/processes/{path}")
    expect(dashboard.page.locator("main")).to_contain_text(words)


WATCH = """() => { window.shown = [];
  const note = () => window.shown.push(document.querySelector('.process-title .badge').textContent);
  new MutationObserver(note).observe(document.querySelector('.process-title'), {subtree: true, childList: true}) }"""


def test_an_answer_that_is_older_than_what_is_known_changes_nothing(dashboard: Dashboard) -> None:
    page = dashboard.page
    first: list[str] = []
    later: list[str] = []

    def replay(route: Route) -> None:
        """Answer the reading after the failure with what was true at first, and all others as the server does."""
        answer = route.fetch()
        if '"FAILED"' in answer.text():
            later.append(answer.text())
        elif not first:
            first.append(answer.text())
        route.fulfill(response=answer, body=first[0] if len(later) == 2 else answer.text())

    def is_changes(body: str | None) -> bool:
        return "query ProcessChanges" in (body or "")

    page.route("**/graphql", lambda route: replay(route) if is_changes(route.request.post_data) else route.continue_())
    urls = begin(dashboard, "changing")
    post(urls["url"], {"message": "half way"}, "/progress")
    expect(page.get_by_text("half way")).to_be_visible()
    page.evaluate(WATCH)
    post(urls["url"], {"return_code": 2, "output": "no such interface"})
    dashboard.wait_for_status("Failed")
    wait_for_events(page, lambda: len(later) >= 3)  # the old answer was refused, and asked for again
    expect(page.locator(".failure")).to_contain_text("return code 2")

    assert "AWAITING_CALLBACK" in first[0]
    assert set(page.evaluate("window.shown")) <= {"Failed", "Running"}


def test_a_viewer_of_twenty_results_of_900_kb_reads_little(dashboard: Dashboard) -> None:
    read: list[int] = []

    def count(response: Response) -> None:
        if response.url.endswith("/graphql"):
            read.append(len(response.body()))

    def follow(socket: WebSocket) -> None:
        socket.on("framereceived", lambda data: read.append(len(data)))

    dashboard.page.on("websocket", follow)
    dashboard.page.on("response", count)
    urls = begin(dashboard, "fleet")
    for name, url in urls.items():
        for line in range(3):
            post(url, {"message": f"line {line} of {name}"}, "/progress")
        post(url, LARGE)
        answered = list(urls).index(name) + 1
        if answered < len(urls):
            expect(dashboard.page.get_by_text(f"{answered} of 20 answered")).to_be_visible()
    dashboard.wait_for_status("Completed")

    assert sum(read) < 1_000_000, sum(read)


UNDER_THE_HEAD = """(() => {
  const [step, head] = ["#step-400-title", ".top"].map(name => document.querySelector(name).getBoundingClientRect());
  return step.top >= head.bottom && step.top < 200; })()"""


def test_a_process_of_500_steps_opens_at_the_step_of_the_address(dashboard: Dashboard) -> None:
    page = dashboard.page
    begin(dashboard, "long_course")
    expect(page.locator(".stage")).to_have_count(500)
    expect(page.locator(".process-facts")).to_contain_text("249 of 500 steps")
    path = page.url.removeprefix(dashboard.address)
    page.goto("about:blank")
    dashboard.open(f"{path}#step-400")
    expect(page.locator("#step-400-title")).to_be_focused()
    wait_for(page, "document.querySelector('#step-400').getBoundingClientRect().top < 200")
    # At a zoom of 200 % the head of the page has two lines, and the step must not lie below it.
    page.set_viewport_size({"width": 640, "height": 400})
    page.goto("about:blank")
    dashboard.open(f"{path}#step-400")
    expect(page.locator("#step-400-title")).to_be_focused()
    wait_for(page, UNDER_THE_HEAD)
    # Paper has all steps, also those that nobody has seen, and nothing to press.
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.querySelector('.stage')).contentVisibility") == "visible"
    assert page.locator("main button:visible").count() == 0


def test_a_link_to_a_removed_process_says_when_it_was_removed_and_offers_no_new_try(dashboard: Dashboard) -> None:
    begin(dashboard, "changing")
    process_id = dashboard.page.url.rsplit("/", 1)[-1]
    dashboard.ask(ABORT, input={"processId": process_id, "reason": "an exercise"})
    dashboard.wait_for_status("Aborted")
    dashboard.ask(PRUNE, input={"olderThanDays": 0, "workflows": ["changing"], "dryRun": False})

    dashboard.open(f"/processes/{process_id}")

    expect(dashboard.page.get_by_role("heading", name="The process was removed")).to_be_visible()
    expect(dashboard.page.get_by_text(f"Process {process_id} was removed by retention on")).to_be_visible()
    expect(dashboard.page.get_by_role("button", name="Try again")).to_have_count(0)
