"""People decide on the dashboard: sign-in, races, several approvals, rejections and claims."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from signed_in import (
    TOKENS,
    Desk,
    button,
    environment,
    field,
    race,
    sign_out,
    wait_for_status,
    with_workflows,
)
from support.browser import launched
from support.command_line import serving
from support.dashboard_page import take_picture
from support.ports import free_port
from support.sign_in import api_token, token_of
from support.sizes import exhaustive


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Desk]:
    folder = with_workflows(tmp_path_factory.mktemp("deciding"), "deciding")
    with serving(folder, "--workflows", "deciding", **environment(TOKENS)) as server:
        yield Desk(server.address, browser)


@pytest.fixture
def desk(served: Desk) -> Iterator[Desk]:
    served.complaints.clear()
    served.requests.clear()
    with ExitStack() as served.windows:
        yield served


def test_a_person_who_signs_in_with_a_token_is_known_until_they_sign_out(desk: Desk) -> None:
    page = desk.signed_out_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.on("websocket", lambda socket: sent.append(socket.url))
    page.goto(desk.address + "/")
    token = page.get_by_label("Token")
    token.fill("not-a-token")
    token.press("Enter")
    page.get_by_text("The server does not accept this token.").wait_for()
    take_picture(page, "sign-in")
    token.fill(token_of("ada"))
    button(page, "Sign in").click()
    page.get_by_text("Live", exact=True).wait_for()
    button(page, "More").click()
    page.get_by_role("menuitem", name="Sign out").get_by_text("ada").wait_for()
    page.keyboard.press("Escape")
    page.reload()
    page.get_by_text("Live", exact=True).wait_for()
    page.get_by_role("link", name="My tasks").click()
    sign_out(page)
    token.wait_for()

    assert page.evaluate("[Object.keys(sessionStorage), localStorage.length, document.cookie]") == [[], 0, ""]
    assert [url for url in sent if "secret" in url or "token" in url] == []
    assert [
        complaint for complaint in desk.complaints if not ("401" in complaint or complaint.startswith("verbose: [DOM]"))
    ] == [], "only the refused request is reported"


def test_a_token_that_is_no_longer_valid_is_asked_for_again_and_typed_values_stay(
    tmp_path: Path, browser: Browser
) -> None:
    folder = with_workflows(tmp_path, "deciding")
    serve = ("--workflows", "deciding", "--port", free_port())
    renewed = [{**complaint, "sha256": api_token(f"new-{complaint['name']}").sha256} for complaint in TOKENS]
    with ExitStack() as windows:
        with serving(folder, *serve, **environment(TOKENS)) as server:
            desk = Desk(server.address, browser, windows)
            page = desk.signed_in_page("bob", desk.start("name_device"))
            field(page, "Device").fill("lyon-1")
        with serving(folder, *serve, **environment(renewed)):
            page.get_by_text("The server does not accept the token of this tab any more.").wait_for()
            page.get_by_label("Token").fill(token_of("new-bob"))
            page.get_by_label("Token").press("Enter")
            page.get_by_text("Live", exact=True).wait_for()
            typed = field(page, "Device").input_value()
            button(page, "Submit").click()
            page.get_by_text("Confirmed by bob").wait_for()

    assert typed == "lyon-1"
    # The browser's words for a server that is away, and its advice on the field for the token.
    lost = ("error: WebSocket connection", "error: Failed to load resource", "verbose: [DOM]")
    assert [complaint for complaint in desk.complaints if not complaint.startswith(lost)] == []


def at_a_race(desk: Desk, workflow: str) -> tuple[str, dict[str, Page]]:
    place = desk.start(workflow)
    return place, {name: desk.signed_in_page(name, place) for name in ("ada", "bob")}


TYPED = {"ada": "lyon-1", "bob": "oslo-7"}


@pytest.mark.parametrize("first", ["ada", "bob", None])
def test_of_two_people_who_race_for_a_form_the_second_sees_who_was_first_and_keeps_the_typed_values(
    desk: Desk, first: str | None
) -> None:
    place, pages = at_a_race(desk, "name_device")
    for name, page in pages.items():
        field(page, "Device").fill(TYPED[name])
    winner, loser = race(pages, "Submit", first)
    typed_values = pages[loser].get_by_role("region", name="What you had typed")
    typed_values.get_by_text(f"{winner} confirmed this first").wait_for()
    typed_values.get_by_text(TYPED[loser]).wait_for()
    for page in pages.values():
        page.get_by_text(f"Confirmed by {winner}").wait_for()
    take_picture(pages[loser], "race")
    button(typed_values, "Forget it").click()
    typed_values.wait_for(state="detached")
    shown_id = pages[loser].locator(".process-id").inner_text()

    assert winner == (first or winner)
    assert shown_id == place.removeprefix("processes/"), "the command line needs the whole id"
    assert pages[winner].get_by_role("region", name="What you had typed").count() == 0
    assert desk.complaints == []
    assert desk.requests_elsewhere() == []


@pytest.mark.parametrize("first", [None, *exhaustive("ada", "bob")])
def test_a_person_who_loses_a_race_with_nothing_typed_learns_only_who_was_first(desk: Desk, first: str | None) -> None:
    _, pages = at_a_race(desk, "read_meter")
    winner, loser = race(pages, "Confirm", first)
    notice = pages[loser].get_by_role("region", name="Who was first")
    notice.get_by_text(f"{winner} confirmed this first").wait_for()
    take_picture(pages[loser], "race-untyped")
    words = notice.inner_text()
    button(notice, "Dismiss").click()
    notice.wait_for(state="detached")

    assert winner == (first or winner)
    assert "typed" not in words
    assert "{}" not in words
    assert desk.complaints == []
    assert desk.requests_elsewhere() == []


def test_a_decision_that_arrives_before_the_click_keeps_the_typed_values(
    desk: Desk,
) -> None:
    _, naming = at_a_race(desk, "name_device")
    _, reading = at_a_race(desk, "read_meter")
    field(naming["bob"], "Device").fill(TYPED["bob"])
    button(naming["ada"], "Submit").click()
    button(reading["ada"], "Confirm").click()
    typed_values = naming["bob"].get_by_role("region", name="What you had typed")
    typed_values.get_by_text("ada confirmed this first").wait_for()
    typed_values.get_by_text(TYPED["bob"]).wait_for()
    reading["bob"].get_by_text("Confirmed by ada").wait_for()

    assert reading["bob"].get_by_role("region", name="Who was first").count() == 0
    assert desk.complaints == []
    assert desk.requests_elsewhere() == []


def test_two_of_three_approve_and_the_starter_learns_why_they_may_not(desk: Desk) -> None:
    place = desk.start("change_device", by="ada")
    ada, bob, cay = (desk.signed_in_page(name, place) for name in ("ada", "bob", "cay"))
    ada.get_by_text("You started this process: somebody else must decide").wait_for()
    field(cay, "Minutes").fill("45")
    read_only_form = ada.get_by_role("region", name="What is asked, to look at")
    read_only_form.get_by_text("Minutes").wait_for()
    starter_view = (
        read_only_form.inner_text().split("Minutes")[1].split()[0],
        read_only_form.locator("form :is(input, button)").count(),
    )
    take_picture(ada, "looked-at")
    bob.get_by_text("0 of 2 approvals").wait_for()
    field(bob, "Minutes").fill("10")
    bob.get_by_label("Pin", exact=True).fill("4711")
    bob.get_by_label("Comment (optional)").fill("Short enough.")
    take_picture(bob, "approval")
    button(bob, "Submit").click()
    bob.get_by_text("You have approved it already; 1 more approval is needed.").wait_for()
    approver_view = bob.get_by_role("region", name="What is asked, to look at")
    expect(approver_view).to_contain_text("10")
    cay.get_by_text("1 of 2 approvals").wait_for()
    cay.locator(".decided", has_text="Approved by bob").get_by_text("Short enough.").wait_for()
    typed_values = cay.get_by_role("region", name="What you had typed")
    typed_values.get_by_text("45", exact=True).wait_for()
    shown_minutes = field(cay, "Minutes").input_value()
    cay.get_by_text("A value is set. It is not shown.").wait_for()
    take_picture(cay, "second-approval")
    button(cay, "Submit").click()
    wait_for_status(ada, "Completed")
    ada.locator(".decided", has_text="Approved by cay").wait_for()

    assert shown_minutes == "10", "the first approval fixes the answers"
    assert starter_view == ("30", 0), "a person who may not decide can see the form"
    assert ada.locator(".asked form").count() == 0
    assert desk.complaints == []
    assert desk.requests_elsewhere() == []


def test_a_rejection_says_why_and_sends_back_and_the_next_person_reads_it(desk: Desk) -> None:
    bob = desk.signed_in_page("bob", desk.start("change_device", by="ada"))
    dialog = bob.get_by_role("dialog")
    button(bob, "Reject…").click()
    button(dialog, "Reject").click()
    silent = dialog.is_visible()
    dialog.get_by_label("Why?").fill("Twice as long, please.")
    take_picture(bob, "reject")
    button(dialog, "Reject").click()
    bob.locator(".answered", has_text="Sent back to Draft by bob").get_by_text("Twice as long, please.").wait_for()
    bob.locator(".asked .callout", has_text="Sent back to Draft by bob").get_by_text("Twice as long").wait_for()
    take_picture(bob, "asked-again")
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
    assert desk.requests_elsewhere() == []


def test_a_claim_blocks_others_until_it_is_released_or_assigned(desk: Desk) -> None:
    place = desk.start("name_device")
    ada, bob, eve = (
        desk.signed_in_page("ada", place),
        desk.signed_in_page("bob", place),
        desk.signed_in_page("eve", place),
    )
    field(ada, "Device").fill("lyon-1")
    button(bob, "Claim").click()
    bob.get_by_text("claimed by you at").wait_for()
    ada.get_by_text("bob has claimed this form: ask this person to answer or to release it.").wait_for()
    take_picture(ada, "claimed")
    shut = button(ada, "Submit").is_visible()
    bob.keyboard.press("Enter")  # the focus is on the button that replaced Claim
    button(ada, "Submit").wait_for()
    typed = field(ada, "Device").input_value()
    button(ada, "Assign…").click()
    team = ada.get_by_role("dialog").get_by_label("Team")
    team.select_option("FIELD")
    offered = team.locator("option").evaluate_all("options => options.map(({ value }) => value)")
    take_picture(ada, "assign")
    button(ada.get_by_role("dialog"), "Assign").click()
    ada.get_by_text("This form is for the team Field engineers").wait_for()
    field(eve, "Device").fill("oslo-7")
    button(eve, "Submit").click()
    wait_for_status(eve, "Completed")

    assert not shut
    assert offered == ["", "FIELD"], "a team is offered that the server refuses"
    assert typed == "lyon-1", "a claim keeps the values that others have typed"
    assert desk.complaints == []
    assert desk.requests_elsewhere() == []
