"""My tasks in a real browser: filters, claims, and many tasks decided at once with their content before the button."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from signed_in import TOKENS, Desk, button, environment, with_workflows
from support.browser import launched
from support.command_line import SECONDS, serving
from support.dashboard_page import take_picture
from support.sign_in import token_of

REQUEST = "query ($id: ID!) { process(id: $id) { openInputRequest { id } } }"
REJECT = 'mutation ($id: ID!) { rejectInputRequest(input: {inputRequestId: $id, comment: "No."}) { __typename } }'


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = with_workflows(tmp_path_factory.mktemp("inbox"), "deciding")
    with serving(folder, "--workflows", "deciding", **environment(TOKENS)) as server, launched() as browser:
        yield Desk(server.address, browser)


@pytest.fixture
def desk(served: Desk) -> Iterator[Desk]:
    served.complaints.clear()
    with ExitStack() as served.windows:
        yield served
        assert served.complaints == []
        assert served.requests_elsewhere() == []


def ask(desk: Desk, query: str, id: str) -> Any:
    """The data of an operation of ada, sent without the browser."""
    response = httpx.post(
        f"{desk.address}/graphql",
        json={"query": query, "variables": {"id": id}},
        headers={"authorization": f"Bearer {token_of('ada')}"},
        trust_env=False,
        timeout=SECONDS,
    ).json()
    assert "errors" not in response, response
    return response["data"]


def reject(desk: Desk, place: str) -> None:
    """Reject the open form of the process at this place as ada, not through the browser."""
    process = ask(desk, REQUEST, place.removeprefix("processes/"))["process"]
    ask(desk, REJECT, process["openInputRequest"]["id"])


def named(id: str) -> str:
    """The end of the id of a process, as pages show it."""
    return f"…{id[-6:]}"


def row(page: Page, id: str) -> Locator:
    """The task of the process."""
    return page.locator(".task", has_text=named(id))


def gone(page: Page) -> Locator:
    return page.locator(".task.gone")


def test_tasks_of_other_teams_are_not_shown_and_the_others_are_counted(desk: Desk) -> None:
    eve = desk.signed_in_page("eve", "inbox")
    expect(eve.get_by_text("Nothing waits for you.")).to_be_visible()
    bob = desk.signed_in_page("bob", "inbox")
    ids = [desk.start(workflow) for workflow in ("read_meter", "name_device")]
    for id in ids:
        expect(row(bob, id)).to_be_visible()
    waiting = bob.locator(".task").count()
    expect(bob.locator("header .count")).to_have_text(str(waiting))
    expect(row(bob, ids[0])).to_contain_text("Read a meter, started")
    expect(row(bob, ids[0]).get_by_text("overdue by")).to_be_visible()
    desk.open(bob, "inbox")
    expect(row(bob, ids[1])).to_be_visible()
    order = bob.locator(".task").all_inner_texts()
    overdue = ["overdue by" in text for text in order]

    assert overdue == sorted(overdue, reverse=True), "the overdue tasks come first"
    assert "for Network operations" in order[0]


def test_many_tasks_are_decided_at_once_and_each_has_a_result(desk: Desk) -> None:
    bob = desk.signed_in_page("bob", "inbox")
    ready = [desk.start("read_meter"), desk.start("read_meter")]
    lost, to_fill = desk.start("read_meter"), desk.start("name_device")
    for id in (*ready, lost, to_fill):
        row(bob, id).get_by_role("checkbox").check()
    button(bob, "Decide 4…").click()
    dialog = bob.get_by_role("dialog")
    expect(dialog.locator(".bulk-tasks > li")).to_have_count(4)
    expect(dialog.locator(".bulk-tasks > li", has_text=named(to_fill))).to_contain_text("Needs more than a yes")
    take_picture(bob, "inbox-bulk")
    reject(desk, lost)
    dialog.get_by_label("Comment").fill("Seen.")
    button(dialog, "Approve 3").click()
    expect(dialog.get_by_role("heading", name="2 of 3 tasks decided")).to_be_focused()
    expect(dialog.locator(".outcomes .tone-good", has_text="Approved.")).to_have_count(2)
    expect(dialog.locator(".outcomes .tone-bad", has_text=named(lost))).to_contain_text("ada")
    take_picture(bob, "inbox-outcomes")
    button(dialog, "Close").last.click()
    expect(dialog).to_have_count(0)
    for id in (*ready, lost):
        expect(row(bob, id)).to_have_count(0)
    expect(gone(bob).get_by_text("Confirmed by bob")).to_have_count(2)
    expect(gone(bob).get_by_text("Rejected by ada")).to_have_count(1)
    take_picture(bob, "inbox-gone")
    button(bob, "Refresh").click()
    expect(gone(bob)).to_have_count(0)
    button(bob, "Decide 1…").click()
    button(dialog, "Reject 1").click()
    expect(dialog.get_by_label("Comment")).to_be_focused()
    expect(dialog.get_by_text("Give a reason.")).to_be_visible()
    dialog.get_by_label("Comment").fill("Not ours.")
    button(dialog, "Reject 1").click()
    expect(dialog.locator(".outcomes .tone-good", has_text="Rejected.")).to_have_count(1)


def test_all_tasks_that_are_shown_are_chosen_with_one_click(desk: Desk) -> None:
    ids = [desk.start("name_device"), desk.start("name_device")]
    bob = desk.signed_in_page("bob", "inbox?workflow=name_device")
    for id in ids:
        expect(row(bob, id)).to_be_visible()
    shown = bob.locator(".task").count()
    bob.get_by_label(f"Choose all {shown}").check()
    expect(button(bob, f"Decide {shown}…")).to_be_visible()
    row(bob, ids[0]).get_by_role("checkbox").uncheck()
    expect(button(bob, f"Decide {shown - 1}…")).to_be_visible()
    bob.keyboard.press("Escape")


def test_a_claim_is_seen_by_others_at_once_and_filters_are_in_the_address(desk: Desk) -> None:
    id, other = desk.start("name_device"), desk.start("name_device")
    ada, bob = desk.signed_in_page("ada", "inbox"), desk.signed_in_page("bob", "inbox")
    button(row(bob, id), "Claim").click()
    expect(row(bob, id).get_by_text("claimed by you")).to_be_visible()
    expect(button(row(bob, id), "Release")).to_be_focused()
    expect(gone(ada).get_by_text("Claimed by bob")).to_be_visible()
    button(bob, "Claimed by me").click()
    expect(bob.locator(".task")).to_have_count(1)
    expect(bob).to_have_url(re.compile(r"/inbox\?show=claimed$"))
    button(bob, "Not claimed").click()
    expect(row(bob, other)).to_be_visible()
    expect(row(bob, id)).to_have_count(0)
    workflows = bob.get_by_label("Workflow", exact=True)
    expect(workflows.locator("option[value=read_meter]")).to_have_text("Read a meter (read_meter)")
    workflows.select_option("read_meter")
    expect(bob).to_have_url(re.compile("show=unclaimed&workflow=read_meter"))
    expect(row(bob, other)).to_have_count(0)
    bob.go_back()
    expect(row(bob, other)).to_be_visible()
    bob.go_back()
    button(row(bob, id), "Release").click()
    expect(gone(bob)).to_have_count(1)
    expect(gone(ada)).to_have_count(0)
    expect(button(row(ada, id), "Claim")).to_be_visible()
