"""An operator repairs a callback on the dashboard: adopts a late result, or types in a lost result."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from opened import Dashboard, Site, open_page, open_site
from playwright.sync_api import Locator, expect
from support.command_line import SECONDS, until
from support.dashboard_page import take_picture


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(tmp_path_factory.mktemp("site"), "hurried") as site:
        yield site


@pytest.fixture
def dashboard(site: Site, tmp_path: Path) -> Iterator[Dashboard]:
    with open_page(site.browser, site.address, tmp_path / "url") as dashboard:
        yield dashboard


def begin(dashboard: Dashboard, name: str) -> list[str]:
    """Start the workflow, not through the browser, open the process, and return its callback URLs."""
    dashboard.open(f"/processes/{dashboard.begin(name, {'file': str(dashboard.file)})}")
    return until(lambda: dashboard.file.read_text().splitlines() if dashboard.file.exists() else None)


def deliver(url: str, output: str) -> int:
    """Deliver the result as the remote service does, and return the status of the response."""
    body = {"return_code": 0, "output": output}
    return httpx.post(url, json=body, trust_env=False, timeout=SECONDS).status_code


def give_reason(dashboard: Dashboard, reason: str) -> None:
    """Enter the reason that the open dialog demands, and confirm the dialog."""
    dialog = dashboard.page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill(reason)
    confirm(dashboard)


def confirm(dashboard: Dashboard) -> None:
    """Press the button of the open dialog that does what its title asks."""
    dashboard.page.get_by_role("dialog").locator("form button:not([type=button])").click()


def button(place: Locator, label: str) -> Locator:
    return place.get_by_role("button", name=label)


def test_a_result_that_came_too_late_is_listed_and_adopted(dashboard: Dashboard) -> None:
    (url,) = begin(dashboard, "hurried")
    dashboard.wait_for_status("Failed")
    status = deliver(url, "two interfaces changed")
    # A refused delivery is no event: the page looks for it while it could save the process.
    refused = dashboard.page.locator(".callback details", has_text="Not accepted (1)")
    refused.locator("summary").click()
    refused.locator(".preview", has_text="two interfaces changed").wait_for()
    take_picture(dashboard.page, "late")
    button(dashboard.page.get_by_role("list", name="Late answers"), "Adopt").click()
    confirm(dashboard)
    still_open = dashboard.page.get_by_role("dialog").is_visible()
    give_reason(dashboard, "the playbook did finish")
    dashboard.wait_for_status("Needs a person")
    dashboard.page.locator(".callback", has_text="adopted from a late or refused delivery").wait_for()
    dashboard.page.locator(".asked form", has_text="two interfaces changed").wait_for()
    dashboard.submit()
    dashboard.wait_for_status("Completed")

    assert status == 410
    assert still_open, "it is adopted without a reason"
    assert dashboard.complaints == []


def test_a_wait_that_ran_out_goes_on_and_ends_with_a_result_that_is_typed_in(dashboard: Dashboard) -> None:
    begin(dashboard, "hurried")
    dashboard.wait_for_status("Failed")
    callback = dashboard.page.locator(".callback")
    button(callback, "Wait longer").click()
    give_reason(dashboard, "slow today")
    dashboard.wait_for_status("Waiting for remote")
    callback.get_by_text("deadline").wait_for()
    button(callback, "Complete by hand").click()
    dialog = dashboard.page.get_by_role("dialog")
    dialog.get_by_label("Result, as JSON").fill("{")
    give_reason(dashboard, "seen on the device")
    still_open = dialog.is_visible()
    dialog.get_by_label("Result, as JSON").fill('{"return_code": 0, "output": "typed in"}')
    confirm(dashboard)
    dashboard.wait_for_status("Needs a person")
    callback.get_by_text("typed in by hand").wait_for()
    dashboard.page.locator(".asked form", has_text="typed in").wait_for()

    assert still_open, "invalid JSON is sent"
    assert dashboard.complaints == []


def test_a_callback_issued_again_gets_a_fresh_url_and_the_old_url_ends(dashboard: Dashboard) -> None:
    (old,) = begin(dashboard, "hurried")
    dashboard.wait_for_status("Failed")
    dashboard.file.unlink()
    button(dashboard.page.locator(".callback"), "Issue again").click()
    give_reason(dashboard, "lost")
    fresh = until(lambda: dashboard.file.read_text() if dashboard.file.exists() else None)
    dashboard.page.locator(".callback", has_text="issued 2 times").wait_for()

    assert fresh != old
    assert deliver(old, "late") == 410
    assert dashboard.complaints == []


def test_each_of_several_callbacks_has_a_line_and_buttons(dashboard: Dashboard) -> None:
    first, _ = begin(dashboard, "two_devices")
    ams, lyon = (dashboard.page.locator(".callback-row", has_text=name) for name in ("ams-1", "lyon-1"))
    ams.get_by_text("Waiting", exact=True).wait_for()
    deliver(first, "one interface changed")
    ams.get_by_text("Answered").wait_for()
    dashboard.page.get_by_text("1 of 2 answered").wait_for()
    button(ams, "ams-1").click()
    button(lyon, "lyon-1").click()
    details = dashboard.page.locator(".callback-detail .callback")
    button(details.first, "Complete by hand").click()  # lyon-1 waits, so it stands above
    dashboard.page.get_by_role("dialog").get_by_label("Result, as JSON").fill('{"return_code": 0}')
    give_reason(dashboard, "seen on the device")
    dashboard.wait_for_status("Completed")
    details.get_by_text("typed in by hand").wait_for()

    assert details.count() == 2
    assert button(details, "Complete by hand").count() == 0
    assert dashboard.complaints == []


def test_the_form_of_several_missing_results_takes_them_and_asks_again_for_those_left_empty(
    dashboard: Dashboard,
) -> None:
    begin(dashboard, "two_silent")
    dashboard.wait_for_status("Needs a person")
    page = dashboard.page
    for typed, left in (({"ams-1": '{"return_code": 0}', "lyon-1": "none"}, "lyon-1"), ({}, "lyon-1")):
        page.locator(".asked").get_by_label("What now?").select_option(label="Type the result in")
        dashboard.submit()
        page.get_by_label("Why it is typed in").fill("seen on the device")
        for name, text in typed.items():
            page.get_by_label(name).fill(text)
        if typed:
            dashboard.submit()
            page.get_by_role("alert").get_by_text("lyon-1").wait_for()  # it is no JSON
            page.get_by_label("lyon-1").fill("")  # cleared, and not absent
        else:
            page.get_by_label(left).fill('{"return_code": 0}')
        take_picture(page, f"several-{len(typed)}")
        dashboard.submit()
        if typed:
            page.locator(".asked", has_text="1 of 2 callbacks were answered").wait_for()
    dashboard.wait_for_status("Completed")

    assert dashboard.complaints == []


def test_the_reason_of_a_failed_callback_stands_in_the_head_and_once_in_its_place(dashboard: Dashboard) -> None:
    (url,) = begin(dashboard, "hurried")
    body = {"code": "no-space", "message": "The flash is full."}
    httpx.post(f"{url}/fail", json=body, trust_env=False, timeout=SECONDS)
    dashboard.wait_for_status("Failed")
    reason = dashboard.page.get_by_text(re.compile("The flash is full|did not answer in time"))
    dashboard.page.locator(".callback").get_by_text("Wait longer").wait_for()

    expect(dashboard.page.locator(".now").locator(reason)).to_have_count(1)
    expect(dashboard.page.locator(".failure").locator(reason)).to_have_count(1)
    expect(dashboard.page.locator("main").locator(reason)).to_have_count(2)
    assert dashboard.complaints == []


def test_a_button_has_the_keyboard_again_after_its_action(dashboard: Dashboard) -> None:
    dashboard.open(f"/processes/{dashboard.begin('breaks')}")
    dashboard.wait_for_status("Failed")
    again = button(dashboard.page.locator(".failure"), "Retry")
    again.focus()
    dashboard.page.keyboard.press("Enter")
    dashboard.page.get_by_text("Executed 2 times").wait_for()

    expect(dashboard.page.locator("main :focus")).to_have_count(1)
    assert dashboard.complaints == []


def test_a_process_that_waits_for_its_window_says_until_when_and_goes_on_with_a_reason(dashboard: Dashboard) -> None:
    dashboard.open(f"/processes/{dashboard.begin('at_night', {'file': str(dashboard.file)})}")
    dashboard.wait_for_status("Waiting")
    now = dashboard.page.locator(".now", has_text="'Wait for the night' waits for its time.")
    now.get_by_text("It goes on at").wait_for()
    shown = now.locator("time").get_attribute("datetime")
    take_picture(dashboard.page, "waits-for-a-time")
    button(dashboard.page.locator(".process-title"), "Continue now").click()
    confirm(dashboard)
    still_open = dashboard.page.get_by_role("dialog").is_visible()
    give_reason(dashboard, "the customer agreed")
    dashboard.wait_for_status("Completed")

    assert shown == "2100-01-01T22:00:00Z"
    assert still_open, "it goes on without a reason"
    assert button(dashboard.page.locator(".process-title"), "Continue now").count() == 0
    assert dashboard.complaints == []


def test_a_result_is_compared_with_that_of_its_dry_run(dashboard: Dashboard) -> None:
    (first,) = begin(dashboard, "try_and_change")
    deliver(first, "interface 1 would change\ninterface 2 stays")
    second = until(lambda: url if (url := dashboard.file.read_text()) != first else None)
    deliver(second, "interface 1 changed\ninterface 2 stays")
    dashboard.wait_for_status("Needs a person")
    comparisons = dashboard.page.locator("[data-name=comparison]")
    comparisons.last.locator("summary").first.click()
    changes = comparisons.last.locator(".changes")
    changes.get_by_text("interface 1 changed").wait_for()
    take_picture(dashboard.page, "comparison")
    comparisons.first.locator("summary").first.click()
    comparisons.first.get_by_text("There is no earlier result of this step.").wait_for()

    assert comparisons.count() == 2
    assert changes.get_by_text("interface 1 would change").count() == 1
    assert comparisons.last.locator("option").count() == 1
    assert dashboard.complaints == []
