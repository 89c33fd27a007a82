"""The first page in a real browser: what needs a person, the chart, and the engine's switch seen by two people."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from signed_in import Desk, environment, with_workflows
from support.browser import launched
from support.command_line import SECONDS, serving, until
from support.dashboard_page import take_picture
from support.database import alter_sqlite
from support.rows import BEGIN, failed_row, process_row, store
from support.sign_in import api_token

from orchestrator_gql.types import Failure

TOKENS = [
    api_token("ada", "NOC", role="admin").model_dump(),
    api_token("bob", "NOC").model_dump(),
]
"""Ada may manage the engine."""

DRAWN = """() => {
  const canvas = document.querySelector('.chart canvas');
  if (!canvas || !canvas.width) return null;
  const empty = document.createElement('canvas');
  [empty.width, empty.height] = [canvas.width, canvas.height];
  const drawn = canvas.toDataURL();
  return drawn === empty.toDataURL() ? null : drawn;
}"""
"""The picture of the chart; null while nothing is drawn."""


def recent_rows(count: int) -> list[dict[str, Any]]:
    """Processes of the last hours: most of them completed, every tenth failed."""
    now = datetime.now(UTC)
    rows = []
    for number in range(count):
        started = now - timedelta(minutes=5 * number + 2)
        facts = {"started_at": started, "updated_at": started + timedelta(seconds=30)}
        if number % 10:
            rows.append(process_row(number, failure=None, ended_at=facts["updated_at"], **facts))
        else:
            failure = Failure("remote-unreachable", f"Router {number} did not answer.", BEGIN)
            rows.append(failed_row(number, "remote-unreachable", failure=failure, **facts))
    return rows


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("home")
    alter_sqlite(folder, lambda conn: store(conn, recent_rows(200)))
    modules = ("deciding", "waiting", "hurried")
    with_workflows(folder, *modules)
    with serving(folder, "--workflows", *modules, **environment(TOKENS)) as server, launched() as browser:
        yield Desk(server.address, browser, folder=folder)


@pytest.fixture
def desk(served: Desk) -> Iterator[Desk]:
    served.complaints.clear()
    with ExitStack() as served.windows:
        yield served
        assert served.complaints == []
        assert served.requests_elsewhere() == []


def test_one_person_pauses_the_engine_and_another_sees_who_and_why(desk: Desk) -> None:
    ada, bob = desk.signed_in_page("ada", ""), desk.signed_in_page("bob", "")
    expect(bob.get_by_text("You may not pause or resume the engine")).to_be_visible()
    assert bob.get_by_role("button", name="Pause…").count() == 0
    ada.get_by_role("button", name="Pause…").click()
    dialog = ada.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("router upgrade")
    take_picture(ada, "home-pause")
    dialog.get_by_role("button", name="Pause the engine").click()
    engine = bob.locator(".home-card", has=bob.get_by_role("heading", name="Engine"))
    expect(engine.locator(".badge")).to_have_text("Paused")
    expect(engine).to_contain_text(re.compile("Paused by ada .*: router upgrade"))
    take_picture(bob, "home-paused")
    switch = ada.locator(".home-card", has=ada.get_by_role("heading", name="Engine"))
    switch.get_by_role("button", name="Resume…").click()
    dialog.get_by_role("button", name="Resume the engine").click()
    expect(engine.locator(".badge")).to_have_text("Running")
    expect(dialog).to_have_count(0)


def test_tasks_failures_and_an_overdue_task_are_shown_and_lead_to_the_lists(desk: Desk) -> None:
    bob = desk.signed_in_page("bob", "")
    expect(bob.get_by_text("Nothing waits for you.")).to_be_visible()
    desk.start("read_meter")
    desk.start("name_device")
    tasks = bob.locator(".home-card", has=bob.get_by_role("heading", name="My tasks"))
    expect(tasks.locator("li")).to_have_count(2)
    expect(tasks.locator("li").first).to_contain_text("overdue by")
    expect(bob.locator(".tile", has_text="tasks for me")).to_contain_text("2")
    waits = bob.locator(".home-card", has=bob.get_by_role("heading", name="Longest waits"))
    expect(waits.locator("li")).to_have_count(2)
    waits.get_by_role("link", name="All that wait").click()
    expect(bob).to_have_url(re.compile("status=SUSPENDED&status=AWAITING_CALLBACK&status=WAITING&order=unchanged"))
    expect(bob.locator(".subject")).to_have_count(2)
    bob.go_back()
    failed = bob.locator(".home-card", has=bob.get_by_role("heading", name="Failed last"))
    expect(failed.locator("li").first).to_contain_text("Router 0 did not answer.")
    take_picture(bob, "home")
    bob.locator(".home-card", has_text="Failures by workflow").get_by_role(
        "link", name="remote-unreachable"
    ).first.click()
    expect(bob).to_have_url(re.compile("workflow=workflow.0&code=remote-unreachable"))
    expect(bob.locator(".subject").first).to_have_text("Router 0")


def test_a_callback_after_its_deadline_is_shown_and_leads_to_its_process(desk: Desk, tmp_path: Path) -> None:
    url = tmp_path / "url"
    place = desk.start("waiting", {"file": str(url)})
    until(lambda: True if url.exists() else None)
    bob = desk.signed_in_page("bob", "")
    overdue = bob.locator(".home-card", has=bob.get_by_role("heading", name="Overdue callbacks"))
    expect(overdue).to_contain_text("Every remote service is in time.")
    make_overdue(desk.folder)
    bob.reload()
    expect(overdue.locator("li")).to_have_count(1)
    expect(overdue.locator("li")).to_contain_text("overdue by")
    expect(bob.locator(".tile", has_text="callback overdue")).to_contain_text("1")
    overdue.get_by_role("link").click()
    expect(bob).to_have_url(re.compile(f"/{place}$"))
    expect(bob.locator(".process-title .badge")).to_have_text("Waiting for remote")


def test_a_wait_for_a_time_is_among_the_longest_waits_and_says_when_it_goes_on(desk: Desk) -> None:
    desk.start("at_night", {"file": "unused"})
    bob = desk.signed_in_page("bob", "")
    waits = bob.locator(".home-card", has=bob.get_by_role("heading", name="Longest waits"))
    wait = waits.locator("li", has_text="'Wait for the night' waits for its time. It goes on at")

    expect(wait.locator("time").last).to_have_attribute("datetime", "2100-01-01T22:00:00Z")


def make_overdue(folder: Path) -> None:
    """Let the deadline of the callback pass while the engine, whose timer is not due yet, does not notice it."""
    with sqlite3.connect(folder / "orchestrator.db", timeout=SECONDS) as conn:
        assert conn.execute("UPDATE callbacks SET expires_at = issued_at").rowcount == 1
    conn.close()


def test_the_chart_has_the_data_in_a_table_behind_it_and_follows_the_theme(desk: Desk) -> None:
    bob = desk.signed_in_page("bob", "")
    expect(
        bob.get_by_role("img", name=re.compile(r"\d+ processes completed and \d+ failed in the last 24 hours"))
    ).to_be_visible()
    light = bob.wait_for_function(DRAWN).json_value()
    bob.emulate_media(color_scheme="dark")
    bob.wait_for_function(f"(before) => {{ const now = ({DRAWN})(); return now && now !== before; }}", arg=light)
    take_picture(bob, "home-dark")
    bob.get_by_text("Show as a table").click()
    rows = bob.get_by_role("group", name="Throughput as a table").locator("tbody tr")
    expect(rows).to_have_count(24)
    total = sum(int(row.locator("td").nth(1).inner_text()) for row in rows.all())
    bob.get_by_role("button", name="1 hour").click()
    expect(bob).to_have_url(re.compile("period=hour"))
    expect(rows).to_have_count(30)
    bob.go_back()
    expect(rows).to_have_count(24)

    assert 170 < total <= 180, "the processes of the table are those that were stored"


LEFTS = """() => [...document.querySelectorAll('.card-list > li > a')].map((link) => {
  const words = document.createRange();
  words.selectNodeContents(link);
  return words.getBoundingClientRect().left - link.parentElement.getBoundingClientRect().left;
})"""
"""How far from the beginning of its row the words of each link begin, in pixels."""


def test_on_a_narrow_screen_the_words_of_a_link_begin_where_its_row_begins(desk: Desk) -> None:
    bob = desk.signed_in_page("bob", "")
    bob.set_viewport_size({"width": 390, "height": 844})
    expect(bob.locator(".home-card", has_text="Failed last").locator("li").first).to_be_visible()
    lefts = bob.evaluate(LEFTS)

    assert len(lefts) >= 5
    assert max(lefts) < 1
