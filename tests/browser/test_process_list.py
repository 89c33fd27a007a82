"""The list of 10,000 processes in a real browser: search, filters in the address, rows that stay where they are."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opened import Dashboard, copy_module, open_browser
from playwright.sync_api import expect
from support.command_line import SECONDS, serving
from support.dashboard_page import take_picture
from support.database import alter_sqlite
from support.rows import BEGIN, failed_row, process_row, store

from orchestrator_gql.types import Failure

expect.set_options(timeout=SECONDS * 1000)

STORED = 10_000
DEEP = 15_000
"""Pixels to scroll down, some 340 rows."""
FAILED = (7, 5_000, 9_990)
REASON = "The router did not answer: connection refused after three tries, the last of them over the management network"
LOCAL_TIME = """(moment) => {
  const at = new Date(moment);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}"""
TYPE_AND_LEAVE = """() => {
  const field = document.querySelector('input[type=search]');
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, 'never sent');
  field.dispatchEvent(new Event('input', {bubbles: true}));
  document.querySelector('header nav a').click();
  window.left_at = performance.now();
}"""
CUT_CELLS = """(word) => {
  for (const badge of document.querySelectorAll('td .badge')) badge.lastChild.textContent = word;
  const isCut = (cell) => cell.clientWidth > 0 && [cell, ...cell.querySelectorAll('.two-lines')].some(
    (part) => part.scrollWidth > part.clientWidth || (part !== cell && part.scrollHeight > part.clientHeight + 2));
  return [...document.querySelectorAll('.process-table td')].filter(isCut).map((cell) => cell.className);
}"""
"""The cells that do not show their whole text, after each badge was given this word."""
HAS_NO_GAP = """() => {
  const [head, row] = [document.querySelector('.process-table thead'), document.querySelector('tr[data-index="0"]')];
  if (!head || !row || window.scrollY > 0) return false;
  return Math.abs(row.getBoundingClientRect().top - head.getBoundingClientRect().bottom) < 4;
}"""


def stored_rows() -> list[dict[str, Any]]:
    """Completed processes, and a few that failed, far apart."""
    failed = {number: failed_row(number, failure=Failure("step-raised", REASON, BEGIN)) for number in FAILED}
    return [failed.get(number) or process_row(number, failure=None) for number in range(STORED)]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with many stored processes."""
    folder = tmp_path_factory.mktemp("processes")
    alter_sqlite(folder, lambda conn: store(conn, stored_rows()))
    copy_module(folder, "deciding")
    with serving(folder, "--workflows", "deciding") as server:
        yield server.address


@pytest.fixture(scope="module")
def window(address: str) -> Iterator[Dashboard]:
    with open_browser(address, Path("unused")) as window:
        window.page.set_viewport_size({"width": 1280, "height": 800})
        yield window


@pytest.fixture
def dashboard(window: Dashboard) -> Iterator[Dashboard]:
    window.page.goto("about:blank")
    window.complaints.clear()
    yield window
    assert window.complaints == []
    assert window.requests_elsewhere() == []


def subjects(dashboard: Dashboard) -> list[str]:
    """The subjects of the rows that exist in the page."""
    return dashboard.page.locator(".process-table .subject").all_inner_texts()


def test_the_order_is_chosen_and_in_the_address_and_back_takes_it_back(dashboard: Dashboard) -> None:
    page = dashboard.page
    dashboard.open("/processes")
    expect(page.locator(".subject").first).to_have_text(f"Router {STORED - 1}")
    page.get_by_label("Order").select_option(label="Oldest first")
    expect(page.locator(".subject").first).to_have_text("Router 0")
    expect(page).to_have_url(re.compile(r"/processes\?order=oldest$"))
    page.get_by_role("button", name="Failed").click()
    expect(page.locator(".subject")).to_have_text([f"Router {number}" for number in FAILED])
    page.go_back()
    page.go_back()
    expect(page.locator(".subject").first).to_have_text(f"Router {STORED - 1}")


def test_search_and_filters_are_in_the_address_and_back_takes_a_filter_back(dashboard: Dashboard) -> None:
    page = dashboard.page
    dashboard.open("/processes")
    page.get_by_role("searchbox").press_sequentially("Router 50", delay=5)
    expect(page.locator(".subject").first).to_have_text("Router 5099")
    expect(page).to_have_url(re.compile(r"/processes\?q=Router\+50$"))
    chips = page.get_by_role("group", name="Filter by status").get_by_role("button")
    expect(chips).to_have_text(["Failed 1", "Completed 110"])
    page.get_by_role("button", name="Failed").click()
    expect(page.locator(".subject")).to_have_text(["Router 5000"])
    expect(chips).to_have_text(["Failed 1", "Completed 110"])
    expect(page).to_have_url(re.compile(r"\?q=Router\+50&status=FAILED$"))
    link = page.url
    page.go_back()
    expect(page.get_by_role("button", name="Failed")).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".subject").first).to_have_text("Router 5099")
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value("")
    expect(page.locator(".subject").first).to_have_text(f"Router {STORED - 1}")
    page.go_forward()
    page.go_forward()
    expect(page.locator(".subject")).to_have_text(["Router 5000"])
    page.get_by_role("button", name="Clear all").click()
    expect(page).to_have_url(re.compile(r"/processes$"))
    page.goto(link)
    expect(page.locator(".subject")).to_have_text(["Router 5000"])
    page.evaluate(TYPE_AND_LEAVE)
    page.wait_for_function("() => performance.now() > window.left_at + 600")

    assert page.url == dashboard.address + "/", "a text that was not sent yet does not lead back"


def test_the_panel_filters_by_workflow_failure_code_and_time(dashboard: Dashboard) -> None:
    page = dashboard.page
    dashboard.open("/processes?from=2026-03-01T01:00Z&status=NOPE")
    expect(page.get_by_text("There is no status “NOPE”.")).to_be_visible()
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Workflow", exact=True).wait_for()
    page.get_by_label("Started before").fill(page.evaluate(LOCAL_TIME, "2026-03-01T01:01Z"))
    page.get_by_label("Started before").press("Enter")
    expect(page.locator(".subject").first).to_have_text("Router 3659")
    expect(page).to_have_url(re.compile(r"to=2026-03-01T01%3A01Z"))
    take_picture(page, "processes-panel")
    workflows = page.get_by_label("Workflow", exact=True)
    expect(workflows.locator("option[value=name_device]")).to_have_text("Name a device (name_device)")
    workflows.select_option("name_device")
    expect(page.get_by_text("No process matches these filters.")).to_be_visible()
    page.get_by_role("button", name="Workflow: name_device").click()
    expect(page.locator(".subject").first).to_be_visible()
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator(".subject").first).to_have_text(f"Router {STORED - 1}")


def test_a_failed_process_says_why_in_one_line_and_in_full_when_it_is_pressed(dashboard: Dashboard) -> None:
    page = dashboard.page
    dashboard.open("/processes?status=FAILED")
    expect(page.locator(".subject")).to_have_text([f"Router {number}" for number in sorted(FAILED, reverse=True)])
    reason = page.locator(".reason").first
    height = reason.evaluate("element => element.getBoundingClientRect().height")
    assert reason.get_attribute("title") == REASON
    reason.click()
    expect(reason).to_have_attribute("aria-expanded", "true")
    take_picture(page, "processes-failed")

    assert reason.evaluate("element => element.getBoundingClientRect().height") > height


def test_no_gap_is_left_when_a_filter_changes_far_down_in_the_list(dashboard: Dashboard) -> None:
    page = dashboard.page
    dashboard.open("/processes")
    expect(page.locator(".subject").first).to_be_visible()
    while page.evaluate("window.scrollY") < DEEP:
        page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
        page.wait_for_function("() => document.querySelector('.list-line').textContent.includes('more below')")
    assert page.locator(".process-table tbody tr").count() < 80, "only the rows in view exist"
    page.get_by_role("button", name="Completed").evaluate("button => button.click()")
    expect(page.locator(".subject").first).to_have_text(re.compile("Router"))
    expect(page).to_have_url(re.compile("status=COMPLETED"))
    page.wait_for_function(HAS_NO_GAP)
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    page.get_by_role("button", name="Failed").evaluate("button => button.click()")
    page.get_by_role("button", name="Completed").evaluate("button => button.click()")
    expect(page.locator(".subject")).to_have_count(len(FAILED))
    page.wait_for_function(HAS_NO_GAP)


def test_new_processes_wait_and_a_row_changes_where_it_is(dashboard: Dashboard) -> None:
    page = dashboard.page
    process_id = dashboard.begin("name_device")
    dashboard.open("/processes?status=SUSPENDED&workflow=name_device")
    row = page.locator(f'tr[data-process="{process_id}"]')
    expect(row.locator(".col-status", has_text="Needs a person")).to_be_visible()
    before = row.bounding_box()
    dashboard.begin("name_device")
    dashboard.begin("name_device")
    new = page.get_by_role("button", name="2 new")
    expect(new).to_be_visible()
    take_picture(page, "processes-new")
    assert row.bounding_box() == before, "the row does not move"
    assert len(subjects(dashboard)) == 1
    dashboard.ask(
        "mutation ($id: ID!) { abortProcess(input: {processId: $id}) { __typename } }",
        id=process_id,
    )
    expect(row.locator(".col-status", has_text="Aborted")).to_be_visible()
    expect(row.get_by_text("No longer matches the filter")).to_be_visible()
    take_picture(page, "processes-stray")
    new.click()
    expect(page.locator(".subject")).to_have_count(3)
    expect(page.locator("tr[data-process]").last).to_have_attribute("data-process", process_id)
    page.get_by_role("button", name="Refresh (1 no longer matches)").click()
    expect(row).to_have_count(0)
    expect(page.locator(".subject")).to_have_count(2)


@pytest.mark.parametrize("width", [1440, 1280, 1024, 920])
def test_no_cell_is_cut(dashboard: Dashboard, width: int) -> None:
    page = dashboard.page
    page.set_viewport_size({"width": width, "height": 800})
    dashboard.begin("name_device")
    dashboard.open("/processes?q=&status=SUSPENDED")
    expect(page.locator(".col-workflow").nth(1)).to_have_text("Name a device")
    cut = page.evaluate(CUT_CELLS, "Waiting for remote")
    page.set_viewport_size({"width": 1280, "height": 800})

    assert cut == []


def test_the_keyboard_goes_from_row_to_row(dashboard: Dashboard) -> None:
    page = dashboard.page
    dashboard.open(
        "/processes?q="
    )  # an address of its own: a page that was scrolled returns to its place, under the keys
    expect(page.locator(".subject").nth(12)).to_be_visible()
    page.locator(".subject").first.focus()
    for _ in range(40):
        page.keyboard.press("ArrowDown")
        page.wait_for_timeout(30)  # as a key repeats that is held
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/processes/.+"))
    page.go_back()
    expect(page.locator(".subject").first).to_be_visible()
