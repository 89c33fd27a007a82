"""People decide on the dashboard: sign-in, races, several approvals, rejections and claims."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, Request, Route, sync_playwright
from support.browser import SWITCHES, chromium
from support.command_line import SECONDS, serving
from support.ports import free_port
from support.sign_in import api_token, token_of

START = """mutation ($name: String!) { startWorkflow(input: {workflowName: $name}) {
  ... on StartWorkflowSuccess { process { id } } } }"""
TEAMS = [{"key": "NOC", "name": "Network operations"}, {"key": "FIELD", "name": "Field engineers"}]
TOKENS = [api_token(name, "NOC").model_dump() for name in ("ada", "bob", "cay")]
TOKENS.append(api_token("eve", "FIELD").model_dump())


@dataclass(slots=True)
class Desk:
    """A server that demands tokens, and a browser with a separate session for each person."""

    address: str
    browser: Browser
    windows: ExitStack = field(default_factory=ExitStack)
    complaints: list[str] = field(default_factory=list)

    def signed_out_page(self) -> Page:
        """A page in a new browser session, without sign-in."""
        page = self.windows.enter_context(self.browser.new_context()).new_page()
        page.set_default_timeout(SECONDS * 1000)
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def signed_in_page(self, name: str, place: str) -> Page:
        """A page of a signed-in person, as soon as it receives events."""
        page = self.signed_out_page()
        page.add_init_script(f"sessionStorage.setItem('orchestrator-token', '{token_of(name)}')")
        page.goto(f"{self.address}/#/{place}")
        page.get_by_text("Live", exact=True).wait_for()
        return page

    def start(self, workflow: str, by: str = "ada") -> str:
        """Start a process, not through the browser, and return its place on the dashboard."""
        response = httpx.post(
            f"{self.address}/graphql",
            json={"query": START, "variables": {"name": workflow}},
            headers={"authorization": f"Bearer {token_of(by)}"},
            trust_env=False,
            timeout=SECONDS,
        ).json()
        return f"processes/{response['data']['startWorkflow']['process']['id']}"


def environment(tokens: list[dict[str, Any]]) -> dict[str, str]:
    """The settings of a server that accepts only these people."""
    return {"ORCHESTRATOR_TEAMS": json.dumps(TEAMS), "ORCHESTRATOR_API_TOKENS": json.dumps(tokens)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium(), args=SWITCHES) as browser,
    ):
        yield browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Desk]:
    folder = with_workflows(tmp_path_factory.mktemp("deciding"))
    with serving(folder, "--workflows", "deciding", **environment(TOKENS)) as server:
        yield Desk(server.address, browser)


def with_workflows(folder: Path) -> Path:
    (folder / "deciding.py").write_bytes((Path(__file__).parent / "deciding.py").read_bytes())
    return folder


@pytest.fixture
def desk(served: Desk) -> Iterator[Desk]:
    served.complaints.clear()
    with ExitStack() as served.windows:
        yield served


def picture(page: Page, name: str) -> None:
    """Save a screenshot of the page if a folder for screenshots is set."""
    if folder := os.environ.get("ORCHESTRATOR_TEST_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def button(place: Page | Locator, label: str) -> Locator:
    return place.get_by_role("button", name=label)


def wait_for_status(page: Page, words: str) -> None:
    page.locator(".process-title .badge", has_text=words).wait_for()


def test_a_person_who_signs_in_with_a_token_is_known_until_they_sign_out(desk: Desk) -> None:
    page = desk.signed_out_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.on("websocket", lambda socket: sent.append(socket.url))
    page.goto(desk.address + "/")
    token = page.get_by_label("Token")
    token.fill("not-a-token")
    token.press("Enter")
    page.get_by_text("The server does not know this token.").wait_for()
    picture(page, "sign-in")
    token.fill(token_of("ada"))
    button(page, "Sign in").click()
    page.get_by_text("Live", exact=True).wait_for()
    page.locator(".who", has_text="ada").wait_for()
    page.reload()
    page.get_by_text("Live", exact=True).wait_for()
    page.get_by_role("link", name="My tasks").click()
    button(page, "Sign out").click()
    token.wait_for()
    left_at = page.url

    assert left_at == desk.address + "/#/"
    assert page.evaluate("[sessionStorage.length, localStorage.length, document.cookie]") == [0, 0, ""]
    assert [url for url in sent if "secret" in url or "token" in url] == []
    assert [complaint for complaint in desk.complaints if "401" not in complaint] == [], (
        "only the refused request is reported"
    )


def test_a_token_that_is_no_longer_valid_is_asked_for_again_and_typed_values_stay(
    tmp_path: Path, browser: Browser
) -> None:
    folder = with_workflows(tmp_path)
    serve = ("--workflows", "deciding", "--port", free_port())
    renewed = [{**complaint, "sha256": api_token(f"new-{complaint['name']}").sha256} for complaint in TOKENS]
    with ExitStack() as windows:
        with serving(folder, *serve, **environment(TOKENS)) as server:
            desk = Desk(server.address, browser, windows)
            page = desk.signed_in_page("bob", desk.start("name_device"))
            page.get_by_label("device").fill("lyon-1")
        with serving(folder, *serve, **environment(renewed)):
            page.get_by_text("The server does not take the token of this tab any more.").wait_for()
            page.get_by_label("Token").fill(token_of("new-bob"))
            page.get_by_label("Token").press("Enter")
            page.get_by_text("Live", exact=True).wait_for()
            typed = page.get_by_label("device").input_value()
            button(page, "Submit").click()
            page.get_by_text("Confirmed by bob").wait_for()

    assert typed == "lyon-1"
    lost = (
        "error: WebSocket connection",
        "error: Failed to load resource",
    )  # the browser's words for a server that is away
    assert [complaint for complaint in desk.complaints if not complaint.startswith(lost)] == []


def is_decision(request: Request) -> bool:
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
    while not held:
        page.wait_for_timeout(10)
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


def at_a_race(desk: Desk, workflow: str) -> tuple[str, dict[str, Page]]:
    place = desk.start(workflow)
    return place, {name: desk.signed_in_page(name, place) for name in ("ada", "bob")}


METER = "two interfaces changed"
TYPED = {"ada": "lyon-1", "bob": "oslo-7"}


@pytest.mark.parametrize("first", ["ada", "bob", None])
def test_of_two_people_who_race_for_a_form_the_second_sees_who_was_first_and_keeps_the_typed_values(
    desk: Desk, first: str | None
) -> None:
    place, pages = at_a_race(desk, "name_device")
    for name, page in pages.items():
        page.get_by_label("device").fill(TYPED[name])
    winner, loser = race(pages, "Submit", first)
    typed_values = pages[loser].get_by_role("region", name="What you had typed")
    typed_values.get_by_text(f"{winner} confirmed this first, at").wait_for()
    typed_values.get_by_text(TYPED[loser]).wait_for()
    for page in pages.values():
        page.get_by_text(f"Confirmed by {winner}").wait_for()
    picture(pages[loser], "race")
    button(typed_values, "Forget it").click()
    typed_values.wait_for(state="detached")
    shown_id = pages[loser].locator(".process .id").inner_text()

    assert winner == (first or winner)
    assert shown_id == place.removeprefix("processes/"), "the command line needs the whole id"
    assert pages[winner].get_by_role("region", name="What you had typed").count() == 0
    assert desk.complaints == []


@pytest.mark.parametrize("first", ["ada", "bob", None])
def test_a_person_who_loses_a_race_with_nothing_typed_learns_only_who_was_first(desk: Desk, first: str | None) -> None:
    _, pages = at_a_race(desk, "read_meter")
    winner, loser = race(pages, "Confirm", first)
    notice = pages[loser].get_by_role("region", name="Who was first")
    notice.get_by_text(f"{winner} confirmed this first, at").wait_for()
    picture(pages[loser], "race-untyped")
    words = notice.inner_text()
    button(notice, "Dismiss").click()
    notice.wait_for(state="detached")

    assert winner == (first or winner)
    assert "typed" not in words
    assert "{}" not in words
    assert desk.complaints == []


def test_a_decision_that_arrives_before_the_click_keeps_the_typed_values(
    desk: Desk,
) -> None:
    _, naming = at_a_race(desk, "name_device")
    _, reading = at_a_race(desk, "read_meter")
    naming["bob"].get_by_label("device").fill(TYPED["bob"])
    button(naming["ada"], "Submit").click()
    button(reading["ada"], "Confirm").click()
    typed_values = naming["bob"].get_by_role("region", name="What you had typed")
    typed_values.get_by_text("ada confirmed this first, at").wait_for()
    typed_values.get_by_text(TYPED["bob"]).wait_for()
    reading["bob"].get_by_text("Confirmed by ada").wait_for()

    assert reading["bob"].get_by_role("region", name="Who was first").count() == 0
    assert desk.complaints == []


def test_two_of_three_approve_and_the_starter_learns_why_they_may_not(desk: Desk) -> None:
    place = desk.start("change_device", by="ada")
    ada, bob, cay = (desk.signed_in_page(name, place) for name in ("ada", "bob", "cay"))
    ada.get_by_text("You started this process: somebody else must decide").wait_for()
    cay.get_by_label("minutes").fill("45")
    read_only_form = ada.get_by_role("region", name="What is asked, to look at")
    starter_minutes = read_only_form.get_by_label("minutes")
    starter_view = (
        starter_minutes.input_value(),
        starter_minutes.is_disabled(),
        read_only_form.get_by_role("button").count(),
    )
    picture(ada, "looked-at")
    bob.get_by_text("0 of 2 approvals").wait_for()
    bob.get_by_label("minutes").fill("10")
    bob.get_by_label("Comment (optional)").fill("Short enough.")
    picture(bob, "approval")
    button(bob, "Submit").click()
    bob.get_by_text("You have approved it already; 1 more approval is needed.").wait_for()
    approver_minutes = bob.get_by_label("minutes")
    approver_view = (approver_minutes.input_value(), approver_minutes.is_disabled())
    cay.get_by_text("1 of 2 approvals").wait_for()
    cay.locator(".decided", has_text="Approved by bob").get_by_text("Short enough.").wait_for()
    typed_values = cay.get_by_role("region", name="What you had typed")
    typed_values.get_by_text("45", exact=True).wait_for()
    shown_minutes = cay.get_by_label("minutes").input_value()
    picture(cay, "second-approval")
    button(cay, "Submit").click()
    wait_for_status(ada, "Completed")
    ada.locator(".decided", has_text="Approved by cay").wait_for()

    assert shown_minutes == "10", "the first approval fixes the answers"
    assert starter_view == ("30", True, 0), "a person who may not decide can see the form"
    assert approver_view == ("10", True), "an approver sees the approved answers"
    assert ada.locator(".asked form").count() == 0
    assert desk.complaints == []


def test_a_rejection_says_why_and_sends_back_and_the_next_person_reads_it(desk: Desk) -> None:
    bob = desk.signed_in_page("bob", desk.start("change_device", by="ada"))
    dialog = bob.get_by_role("dialog")
    button(bob, "Reject…").click()
    button(dialog, "Reject").click()
    silent = dialog.is_visible()
    dialog.get_by_label("Why?").fill("Twice as long, please.")
    picture(bob, "reject")
    button(dialog, "Reject").click()
    bob.locator(".answered", has_text="Sent back to Draft by bob").get_by_text("Twice as long, please.").wait_for()
    bob.locator(".asked .callout", has_text="Sent back to Draft by bob").get_by_text("Twice as long").wait_for()
    picture(bob, "asked-again")
    button(bob, "Reject…").click()
    dialog.get_by_label("Stop the process here").check()
    dialog.get_by_label("Why?").fill("Not today.")
    dialog.get_by_label("Why?").press("Tab")
    bob.keyboard.press("Enter")
    wait_for_status(bob, "Failed")
    bob.locator(".answered", has_text="Rejected by bob").get_by_text("Not today.").wait_for()

    assert silent, "a comment is demanded"
    assert bob.locator(".answered").count() == 2, "both requests of the step are shown"
    assert desk.complaints == []


def test_a_claim_blocks_others_until_it_is_released_or_assigned(desk: Desk) -> None:
    place = desk.start("name_device")
    ada, bob, eve = (
        desk.signed_in_page("ada", place),
        desk.signed_in_page("bob", place),
        desk.signed_in_page("eve", place),
    )
    ada.get_by_label("device").fill("lyon-1")
    button(bob, "Claim").click()
    bob.get_by_text("claimed by you at").wait_for()
    ada.get_by_text("bob has claimed this form: ask this person, or assign the form to somebody else.").wait_for()
    picture(ada, "claimed")
    shut = button(ada, "Submit").is_visible()
    bob.keyboard.press("Enter")  # the focus is on the button that replaced Claim
    button(ada, "Submit").wait_for()
    typed = ada.get_by_label("device").input_value()
    button(ada, "Assign…").click()
    ada.get_by_role("dialog").get_by_label("Team").fill("FIELD")
    picture(ada, "assign")
    button(ada.get_by_role("dialog"), "Assign").click()
    ada.get_by_text("This form is for the team Field engineers").wait_for()
    eve.get_by_label("device").fill("oslo-7")
    button(eve, "Submit").click()
    wait_for_status(eve, "Completed")

    assert not shut
    assert typed == "lyon-1", "a claim keeps the values that others have typed"
    assert desk.complaints == []


def test_the_inbox_counts_the_tasks_and_decides_several_at_once(desk: Desk) -> None:
    eve = desk.signed_in_page("eve", "tasks")
    eve.get_by_text("Nothing waits for you.").wait_for()
    bob = desk.signed_in_page("bob", "tasks")
    before = int(
        bob.locator(".count", has_text=re.compile(r"\d")).inner_text()
    )  # the count is empty until the page knows it
    places = [desk.start(workflow) for workflow in ("read_meter", "read_meter", "name_device")]
    bob.locator(".count", has_text=str(before + 3)).wait_for()
    readings = bob.locator(".task", has_text="read_meter")
    for row in (readings.nth(0), readings.nth(1)):
        row.get_by_text("overdue by").wait_for()
    to_name = bob.locator(".task", has_text="name_device").last
    # A chosen row shows more text and moves the rows below it: a click on a moving row may be lost.
    for row, shows in ((readings.nth(0), METER), (readings.nth(1), METER), (to_name, "Something is to be filled in")):
        row.get_by_role("checkbox").check()
        row.get_by_text(shows).wait_for()
    bob.get_by_text("3 tasks chosen; 1 needs more than a yes: open it").wait_for()
    picture(bob, "inbox")
    tails = [f"…{place[-6:]}" for place in places]
    named = [bob.locator(".task", has_text=tail).locator(".origin").inner_text() for tail in tails]
    listed = [bob.locator(".rows .origin", has_text=tail).inner_text() for tail in tails]
    button(bob, "Approve 2…").click()
    in_dialog = bob.get_by_role("dialog").locator(".words").inner_text()
    bob.get_by_role("dialog").get_by_label("Comment").fill("Seen.")
    picture(bob, "inbox-approve")
    button(bob.get_by_role("dialog"), "Approve").click()
    bob.locator(".outcomes .tone-good", has_text="Approved.").nth(1).wait_for()
    bob.locator(".count", has_text=str(before + 1)).wait_for()
    picture(bob, "inbox-outcomes")
    button(bob, "Reject 1…").click()
    bob.get_by_role("dialog").get_by_label("Why?").fill("Not ours.")
    button(bob.get_by_role("dialog"), "Reject").click()
    bob.locator(".outcomes .tone-good", has_text="Rejected.").wait_for()
    bob.locator(".count", has_text=str(before)).wait_for()
    bob.locator(".outcomes a").click()
    bob.locator(".answered", has_text="Rejected by bob").get_by_text("Not ours.").wait_for()

    assert len(set(tails)) == len(named) == len(listed) == 3
    assert all(origin.startswith("started by ada, ") for origin in (*named, *listed))
    assert [tail in in_dialog for tail in tails] == [True, True, False]
    assert desk.complaints == []
