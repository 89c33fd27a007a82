"""People decide by clicks: who they are, who was first, how many must say yes, and what a refusal leads to."""

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
from support.command_line import SECONDS, serving
from support.ports import free_port
from support.sign_in import api_token, token_of
from test_dashboard import SWITCHES, chromium

START = """mutation ($name: String!) { startWorkflow(input: {workflowName: $name}) {
  ... on StartWorkflowSuccess { process { id } } } }"""
TEAMS = [{"key": "NOC", "name": "Network operations"}, {"key": "FIELD", "name": "Field engineers"}]
TOKENS = [api_token(name, "NOC").model_dump() for name in ("ada", "bob", "cay")]
TOKENS.append(api_token("eve", "FIELD").model_dump())


@dataclass(slots=True)
class Desk:
    """A server that demands tokens, and a browser in which everybody has a window of their own."""

    address: str
    browser: Browser
    windows: ExitStack = field(default_factory=ExitStack)
    complaints: list[str] = field(default_factory=list)

    def page_args(self) -> Page:
        """A page of a browser that nobody has signed in with."""
        page = self.windows.enter_context(self.browser.new_context()).new_page()
        page.set_default_timeout(SECONDS * 1000)
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def at(self, name: str, place: str) -> Page:
        """A page of somebody who has signed in, once it is live."""
        page = self.page_args()
        page.add_init_script(f"sessionStorage.setItem('orchestrator-token', '{token_of(name)}')")
        page.goto(f"{self.address}/#/{place}")
        page.get_by_text("Live", exact=True).wait_for()
        return page

    def start(self, workflow: str, by: str = "ada") -> str:
        """Start a process past the browser and give its place on the page."""
        said = httpx.post(
            f"{self.address}/graphql",
            json={"query": START, "variables": {"name": workflow}},
            headers={"authorization": f"Bearer {token_of(by)}"},
            trust_env=False,
            timeout=SECONDS,
        ).json()
        return f"processes/{said['data']['startWorkflow']['process']['id']}"


def environment(tokens: list[dict[str, Any]]) -> dict[str, str]:
    """The settings that know these people, and let in nobody else."""
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
    """Keep how it looks, where somebody wants to see it."""
    if folder := os.environ.get("ORCHESTRATOR_TEST_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def button(place: Page | Locator, label: str) -> Locator:
    return place.get_by_role("button", name=label)


def sees_status(page: Page, words: str) -> None:
    page.locator(".process-title .badge", has_text=words).wait_for()


def test_whoever_signs_in_with_a_token_is_known_until_they_sign_out(desk: Desk) -> None:
    page = desk.page_args()
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
    assert [one for one in desk.complaints if "401" not in one] == [], "a refused request is all there is to hear of"


def test_a_token_that_is_taken_no_more_is_asked_for_anew_and_what_was_typed_is_still_there(
    tmp_path: Path, browser: Browser
) -> None:
    folder = with_workflows(tmp_path)
    serve = ("--workflows", "deciding", "--port", free_port())
    renewed = [{**one, "sha256": api_token(f"new-{one['name']}").sha256} for one in TOKENS]
    with ExitStack() as windows:
        with serving(folder, *serve, **environment(TOKENS)) as server:
            desk = Desk(server.address, browser, windows)
            page = desk.at("bob", desk.start("name_device"))
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
    assert [one for one in desk.complaints if not one.startswith(lost)] == []


def is_decision(request: Request) -> bool:
    return "submitForm" in (request.post_data or "")


def press_and_hold(page: Page, label: str) -> Route:
    """Press the button, and keep what the page sends until it is let go."""
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
    """All press before any of them can hear of it; gives who won, and who did not.

    The decision of ``first`` reaches the server before the others are sent; with None all are sent at once, and it is
    the server that says who was first.
    """
    held = {name: press_and_hold(page, label) for name, page in pages.items()}
    if first:
        held.pop(first).continue_()
        pages[first].get_by_text(f"Confirmed by {first}").wait_for()
    for route in held.values():
        route.continue_()
    said = pages["ada"].get_by_text(re.compile("Confirmed by (ada|bob)")).inner_text()
    return ("ada", "bob") if "by ada" in said else ("bob", "ada")


def at_a_race(desk: Desk, workflow: str) -> tuple[str, dict[str, Page]]:
    place = desk.start(workflow)
    return place, {name: desk.at(name, place) for name in ("ada", "bob")}


METER = "two interfaces changed"
TYPED = {"ada": "lyon-1", "bob": "oslo-7"}


@pytest.mark.parametrize("first", ["ada", "bob", None])
def test_of_two_who_race_for_a_form_the_second_sees_who_was_first_and_keeps_what_was_typed(
    desk: Desk, first: str | None
) -> None:
    place, pages = at_a_race(desk, "name_device")
    for name, page in pages.items():
        page.get_by_label("device").fill(TYPED[name])
    winner, loser = race(pages, "Submit", first)
    kept = pages[loser].get_by_role("region", name="What you had typed")
    kept.get_by_text(f"{winner} confirmed this first, at").wait_for()
    kept.get_by_text(TYPED[loser]).wait_for()
    for page in pages.values():
        page.get_by_text(f"Confirmed by {winner}").wait_for()
    picture(pages[loser], "race")
    button(kept, "Forget it").click()
    kept.wait_for(state="detached")
    shown = pages[loser].locator(".process .id").inner_text()

    assert winner == (first or winner)
    assert shown == place.removeprefix("processes/"), "the command line needs the whole id"
    assert pages[winner].get_by_role("region", name="What you had typed").count() == 0
    assert desk.complaints == []


@pytest.mark.parametrize("first", ["ada", "bob", None])
def test_whoever_loses_a_race_with_nothing_typed_is_told_who_was_first_and_no_more(
    desk: Desk, first: str | None
) -> None:
    _, pages = at_a_race(desk, "read_meter")
    winner, loser = race(pages, "Confirm", first)
    told = pages[loser].get_by_role("region", name="Who was first")
    told.get_by_text(f"{winner} confirmed this first, at").wait_for()
    picture(pages[loser], "race-untyped")
    words = told.inner_text()
    button(told, "Dismiss").click()
    told.wait_for(state="detached")

    assert winner == (first or winner)
    assert "typed" not in words
    assert "{}" not in words
    assert desk.complaints == []


def test_who_hears_of_a_decision_before_pressing_keeps_what_was_typed_and_else_sees_the_decision_alone(
    desk: Desk,
) -> None:
    _, naming = at_a_race(desk, "name_device")
    _, reading = at_a_race(desk, "read_meter")
    naming["bob"].get_by_label("device").fill(TYPED["bob"])
    button(naming["ada"], "Submit").click()
    button(reading["ada"], "Confirm").click()
    kept = naming["bob"].get_by_role("region", name="What you had typed")
    kept.get_by_text("ada confirmed this first, at").wait_for()
    kept.get_by_text(TYPED["bob"]).wait_for()
    reading["bob"].get_by_text("Confirmed by ada").wait_for()

    assert reading["bob"].get_by_role("region", name="Who was first").count() == 0
    assert desk.complaints == []


def test_two_of_three_approve_and_whoever_started_it_is_told_why_not(desk: Desk) -> None:
    place = desk.start("change_device", by="ada")
    ada, bob, cay = (desk.at(name, place) for name in ("ada", "bob", "cay"))
    ada.get_by_text("You started this process: somebody else must decide").wait_for()
    cay.get_by_label("minutes").fill("45")
    look = ada.get_by_role("region", name="What is asked, to look at")
    hers = look.get_by_label("minutes")
    look_at_first = (hers.input_value(), hers.is_disabled(), look.get_by_role("button").count())
    picture(ada, "looked-at")
    bob.get_by_text("0 of 2 approvals").wait_for()
    bob.get_by_label("minutes").fill("10")
    bob.get_by_label("Comment (optional)").fill("Short enough.")
    picture(bob, "approval")
    button(bob, "Submit").click()
    bob.get_by_text("You have approved it already; 1 more approval is needed.").wait_for()
    his = bob.get_by_label("minutes")
    his_look = (his.input_value(), his.is_disabled())
    cay.get_by_text("1 of 2 approvals").wait_for()
    cay.locator(".decided", has_text="Approved by bob").get_by_text("Short enough.").wait_for()
    kept = cay.get_by_role("region", name="What you had typed")
    kept.get_by_text("45", exact=True).wait_for()
    shown = cay.get_by_label("minutes").input_value()
    picture(cay, "second-approval")
    button(cay, "Submit").click()
    sees_status(ada, "Completed")
    ada.locator(".decided", has_text="Approved by cay").wait_for()

    assert shown == "10", "the first approval fixes the answers"
    assert look_at_first == ("30", True, 0), "whoever may not decide can see what is asked"
    assert his_look == ("10", True), "and what they approved"
    assert ada.locator(".asked form").count() == 0
    assert desk.complaints == []


def test_a_rejection_says_why_and_sends_back_and_whoever_is_asked_again_reads_it(desk: Desk) -> None:
    bob = desk.at("bob", desk.start("change_device", by="ada"))
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
    sees_status(bob, "Failed")
    bob.locator(".answered", has_text="Rejected by bob").get_by_text("Not today.").wait_for()

    assert silent, "a comment is demanded"
    assert bob.locator(".answered").count() == 2, "all that the step asked is there"
    assert desk.complaints == []


def test_a_claim_keeps_others_out_until_it_is_released_or_assigned(desk: Desk) -> None:
    place = desk.start("name_device")
    ada, bob, eve = desk.at("ada", place), desk.at("bob", place), desk.at("eve", place)
    ada.get_by_label("device").fill("lyon-1")
    button(bob, "Claim").click()
    bob.get_by_text("claimed by you at").wait_for()
    ada.get_by_text("bob has taken it: ask, or have it assigned anew.").wait_for()
    picture(ada, "claimed")
    shut = button(ada, "Submit").is_visible()
    bob.keyboard.press("Enter")  # the focus is where Claim was
    button(ada, "Submit").wait_for()
    typed = ada.get_by_label("device").input_value()
    button(ada, "Assign…").click()
    ada.get_by_role("dialog").get_by_label("Team").fill("FIELD")
    picture(ada, "assign")
    button(ada.get_by_role("dialog"), "Assign").click()
    ada.get_by_text("It is for the team Field engineers").wait_for()
    eve.get_by_label("device").fill("oslo-7")
    button(eve, "Submit").click()
    sees_status(eve, "Completed")

    assert not shut
    assert typed == "lyon-1", "a claim takes nothing from whoever was typing"
    assert desk.complaints == []


def test_the_inbox_counts_what_waits_and_decides_several_at_once(desk: Desk) -> None:
    eve = desk.at("eve", "tasks")
    eve.get_by_text("Nothing waits for you.").wait_for()
    bob = desk.at("bob", "tasks")
    before = int(bob.locator(".count", has_text=re.compile(r"\d")).inner_text())  # it is empty until the page knows
    places = [desk.start(workflow) for workflow in ("read_meter", "read_meter", "name_device")]
    bob.locator(".count", has_text=str(before + 3)).wait_for()
    readings = bob.locator(".task", has_text="read_meter")
    for row in (readings.nth(0), readings.nth(1)):
        row.get_by_text("overdue by").wait_for()
    to_name = bob.locator(".task", has_text="name_device").last
    # What a row shows once it is chosen moves the rows below it: a click on a row that moves may be lost.
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

    assert len(set(tails)) == 3
    assert all(one.startswith("started by ada, ") for one in (*named, *listed))
    assert [tail in in_dialog for tail in tails] == [True, True, False]
    assert desk.complaints == []
