"""The dashboard in a real browser with a real server: an operator's clicks while a remote service answers."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from opened import HOSTILE, Dashboard, Site, deliver, open_page, open_site, switch_engine
from playwright.sync_api import expect
from support.command_line import SECONDS, until
from support.dashboard_page import take_picture

IS_BESIDE = """() => {
  const box = name => document.querySelector(`.asked ${name}`).getBoundingClientRect();
  const [output, button] = [box(".log-view"), box("button[type=submit]")];
  return button.left >= output.right && button.top < output.bottom; }"""
TOP_OF_THE_FORM = "document.querySelector('.asked').getBoundingClientRect().top"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def dashboard(site: Site, tmp_path: Path) -> Iterator[Dashboard]:
    with open_page(site.browser, site.address, tmp_path / "url") as dashboard:
        yield dashboard


def test_a_result_appears_without_a_reload_and_a_click_confirms_it(dashboard: Dashboard) -> None:
    deliver(dashboard.start(), 0, "two interfaces changed\n" * 60)
    dashboard.wait_for_status("Needs a person")
    dashboard.page.locator(".asked form", has_text="two interfaces changed").wait_for()
    until(lambda: True if dashboard.page.evaluate(TOP_OF_THE_FORM) < 200 else None)
    take_picture(dashboard.page, "in-view")
    assert dashboard.page.evaluate(IS_BESIDE), "the button stands beside what it confirms"
    dashboard.unfold_result()
    dashboard.page.locator(".callback .result", has_text="two interfaces changed").wait_for()
    dashboard.submit()
    dashboard.wait_for_status("Completed")
    dashboard.page.get_by_text("Confirmed by").wait_for()
    dashboard.page.locator("main :is(h1, h2, h3):focus").wait_for()  # the button that had the focus is gone

    assert len(dashboard.loads) == 1
    assert dashboard.complaints == []
    assert dashboard.requests_elsewhere() == []


def test_a_hostile_result_stays_text_wherever_it_is_shown(dashboard: Dashboard) -> None:
    deliver(dashboard.start(), 0, HOSTILE)
    dashboard.page.locator(".asked form", has_text=HOSTILE).wait_for()
    dashboard.unfold_result()
    dashboard.page.locator(".callback .result", has_text=HOSTILE).wait_for()

    assert dashboard.page.locator("main script, main img").count() == 0
    assert "taken" not in dashboard.page.title()
    assert dashboard.complaints == []
    assert dashboard.requests_elsewhere() == []


def test_a_rejected_result_is_shown_with_the_reason_and_nobody_is_asked(dashboard: Dashboard) -> None:
    deliver(dashboard.start(), 2, "no such interface")
    dashboard.wait_for_status("Failed")
    dashboard.page.locator(".failure", has_text="It ended with return code 2.").wait_for()
    title = re.compile(r"^(\(\d+\) )?Failed: file .* · It ended with return code 2\. · orchestrator$")
    expect(dashboard.page).to_have_title(title, timeout=SECONDS * 1000)
    dashboard.page.locator(".callback .result", has_text="no such interface").wait_for()

    assert dashboard.page.locator(".asked").count() == 0
    assert dashboard.complaints == []
    assert dashboard.requests_elsewhere() == []


def test_a_pause_is_shown_with_its_person_and_reason_until_the_engine_goes_on(dashboard: Dashboard) -> None:
    url = dashboard.start()
    banner = dashboard.page.locator(".banner")
    switch_engine(dashboard, paused=True, reason=HOSTILE)
    try:
        banner.get_by_text(f"Engine paused by Local operator: {HOSTILE}").wait_for()
        take_picture(dashboard.page, "paused")
        deliver(url, 0, "two interfaces changed")
    finally:
        switch_engine(dashboard, paused=False)  # the other tests have the same server
    banner.wait_for(state="detached")
    dashboard.wait_for_status("Needs a person")

    assert len(dashboard.loads) == 1
    assert dashboard.complaints == []


def test_the_list_of_workflows_follows_a_pause(dashboard: Dashboard) -> None:
    dashboard.open("/start")
    link = dashboard.page.locator("a.card", has_text="Wait for an answer, and confirm it")
    link.wait_for()
    blocked = dashboard.page.locator(".card.blocked", has_text="Wait for an answer, and confirm it")
    switch_engine(dashboard, paused=True, reason="router upgrade")
    try:
        # It is the same for all, so it stands above them once.
        reason = dashboard.page.locator(".start-page > .callout", has_text="(router upgrade): nothing is started")
        reason.wait_for()
        blocked.wait_for()
        link.wait_for(state="detached")
        assert dashboard.page.get_by_text("nothing is started").count() == reason.count() == 1
    finally:
        switch_engine(dashboard, paused=False)  # the other tests have the same server
    link.wait_for()

    assert dashboard.complaints == []


def test_another_result_is_adopted_with_a_reason_after_the_first_was_rejected(dashboard: Dashboard) -> None:
    url = dashboard.start()
    deliver(url, 2, "no such interface")
    dashboard.wait_for_status("Failed")
    late = httpx.post(url, json={"return_code": 0, "output": "it did work"}, trust_env=False, timeout=SECONDS)
    # A refused delivery is no event: the page looks for it while it could save the process.
    offer = dashboard.page.get_by_role("list", name="Late answers")
    offer.get_by_role("button", name="Adopt…").click()
    dialog = dashboard.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Take it for the result").click()
    assert dialog.is_visible(), "a reason is required"
    dialog.get_by_label("Reason").fill("the second run went well")
    take_picture(dashboard.page, "adopt")
    dialog.get_by_role("button", name="Take it for the result").click()
    dashboard.wait_for_status("Needs a person")
    dashboard.page.get_by_text("adopted from a late or refused delivery").wait_for()
    dashboard.submit()
    dashboard.wait_for_status("Completed")

    assert late.status_code == 409
    assert dashboard.complaints == []
    assert dashboard.requests_elsewhere() == []


def test_a_wait_is_prolonged_issued_again_and_completed_by_hand(dashboard: Dashboard) -> None:
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
    take_picture(dashboard.page, "complete")
    dialog.get_by_role("button", name="Take it for the result").click()
    dashboard.wait_for_status("Needs a person")
    dashboard.page.get_by_text("typed in by hand").wait_for()

    assert dashboard.file.exists(), "the action was called again"
    assert dashboard.complaints == []
