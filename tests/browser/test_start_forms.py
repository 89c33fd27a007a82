"""Forms that start a workflow, in a real browser: the keyboard, lost answers, and what stands in the way."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from opened import Dashboard, open_browser, switch_engine
from playwright.sync_api import Route, expect
from signed_in import field, with_workflows
from support.command_line import serving

COUNT = "{ processes(first: 100) { nodes { id workflowName } } }"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = with_workflows(tmp_path_factory.mktemp("filling"), "filling")
    with serving(folder, "--workflows", "filling", ORCHESTRATOR_FORM_TIMEOUT="6") as server:
        yield server.address


@pytest.fixture
def dashboard(address: str, tmp_path: Path) -> Iterator[Dashboard]:
    with open_browser(address, tmp_path / "none") as dashboard:
        yield dashboard
        assert dashboard.requests_elsewhere() == []


def started(dashboard: Dashboard) -> int:
    """The number of processes so far."""
    return len(dashboard.ask(COUNT)["processes"]["nodes"])


def in_focus(dashboard: Dashboard, label: str) -> None:
    """Wait until the field with this label has the focus."""
    expect(dashboard.page.get_by_label(re.compile(f"^{label}( \\*)?$"))).to_be_focused()


def fill(dashboard: Dashboard, label: str, text: str) -> None:
    dashboard.page.get_by_label(re.compile(f"^{label}( \\*)?$")).fill(text)


def to_last_page(dashboard: Dashboard) -> None:
    """Fill in the first two pages of `install_device`."""
    dashboard.open("/start/install_device")
    fill(dashboard, "Site", "ams")
    dashboard.submit()
    fill(dashboard, "Password", "s3cret-1")
    dashboard.submit()
    field(dashboard.page, "Remark").wait_for()


def test_a_keyboard_is_enough_from_the_search_to_the_process(dashboard: Dashboard) -> None:
    page = dashboard.page
    dashboard.open("/start")
    expect(page.get_by_role("searchbox", name="Search workflows")).to_be_focused()
    page.keyboard.type("install dev")
    expect(page.get_by_text("1 workflow", exact=True)).to_be_visible()
    page.keyboard.press("Enter")
    in_focus(dashboard, "Site")
    page.keyboard.press("Enter")
    alarm = page.get_by_role("alert")
    expect(alarm).to_be_focused()
    expect(alarm).to_contain_text("Site: ")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    in_focus(dashboard, "Site")
    expect(field(page, "Site")).to_have_attribute("aria-invalid", "true")
    page.keyboard.type("ams")
    page.keyboard.press("Enter")
    in_focus(dashboard, "Login Name")
    page.keyboard.press("Tab")
    in_focus(dashboard, "Password")
    page.keyboard.type("s3cret-1")
    page.keyboard.press("Enter")
    in_focus(dashboard, "Remark")
    expect(page.get_by_text("Page 3", exact=True)).to_be_visible()
    page.keyboard.type("by hand")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Back")).to_be_focused()
    page.keyboard.press("Enter")
    in_focus(dashboard, "Login Name")
    page.keyboard.press("Enter")
    in_focus(dashboard, "Remark")
    expect(field(page, "Remark")).to_have_value("by hand")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    dashboard.wait_for_status("Completed")

    assert dashboard.complaints == []


def test_a_double_click_and_a_lost_answer_start_one_process(dashboard: Dashboard) -> None:
    before = started(dashboard)
    to_last_page(dashboard)
    lost: list[str] = []

    def lose_first(route: Route) -> None:
        if "StartWorkflow(" not in (route.request.post_data or "") or len(lost) > 0:
            return route.continue_()
        lost.append(str(route.fetch().json()["data"]["startWorkflow"]["__typename"]))
        return route.abort()

    dashboard.page.route("**/graphql", lose_first)
    submit = dashboard.page.locator("form button[type=submit]")
    submit.dblclick()
    dashboard.page.get_by_text("The server does not answer. What you typed is still here: try again.").wait_for()
    submit.click()
    dashboard.wait_for_status("Completed")

    assert lost == ["StartWorkflowSuccess"]
    assert started(dashboard) == before + 1
    assert [one for one in dashboard.complaints if "Failed to load resource" not in one] == []


def test_a_paused_engine_refuses_and_what_was_typed_stays(dashboard: Dashboard) -> None:
    to_last_page(dashboard)
    fill(dashboard, "Remark", "before the pause")
    switch_engine(dashboard, paused=True, reason="a test")
    page = dashboard.page
    try:
        page.locator(".start-page .callout").wait_for()
        dashboard.submit()
        expect(page.get_by_role("alert")).to_contain_text("What you typed is kept")
    finally:
        switch_engine(dashboard, paused=False)
    page.locator(".start-page .callout").wait_for(state="detached")
    expect(field(page, "Remark")).to_have_value("before the pause")
    dashboard.submit()
    dashboard.wait_for_status("Completed")

    assert dashboard.complaints == []


def test_a_form_that_fails_says_under_which_id_the_log_has_the_details(dashboard: Dashboard) -> None:
    dashboard.open("/start/failing_form")
    alert = dashboard.page.get_by_role("alert")
    expect(alert).to_contain_text("The start form of workflow 'failing_form' failed")
    expect(alert).to_contain_text(re.compile("[0-9a-f]{16}"))

    assert "inventory" not in alert.inner_text()
    assert dashboard.complaints == []


def test_a_form_that_hangs_says_so_and_the_page_goes_on(dashboard: Dashboard) -> None:
    page = dashboard.page
    dashboard.open("/start/hanging_form")
    expect(page.get_by_text("Reading the form…")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("The start form of 'hanging_form' ")
    expect(page.get_by_role("button", name="Try again")).to_be_enabled()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    page.get_by_role("link", name="All workflows").click()
    page.get_by_role("link", name="Install a device").click()
    expect(field(page, "Site")).to_be_visible()

    assert dashboard.complaints == []


def test_a_cut_text_says_how_long_it_is_and_is_shown_whole(dashboard: Dashboard) -> None:
    process = dashboard.begin("read_output")
    dashboard.open(f"/processes/{process}")
    note = dashboard.page.locator(".cut-note")
    expect(note).to_contain_text("of 94,890 characters are shown (94.8 kB).")
    assert "line 3999" not in dashboard.page.locator("main").inner_text()
    note.get_by_role("button", name="Show the whole text").click()
    whole = dashboard.page.get_by_role("region", name="Output, the whole text")
    whole.get_by_role("searchbox").fill("line 3999")
    expect(whole).to_contain_text("line 3999 of")

    assert dashboard.complaints == []


def test_a_page_with_the_title_of_its_workflow_or_step_does_not_show_it_twice(dashboard: Dashboard) -> None:
    page = dashboard.page
    shown = page.locator("[data-page-title]:not(.unseen)")
    dashboard.open("/start/rename_site")
    expect(field(page, "Site")).to_be_visible()
    expect(page.get_by_role("heading", name="Rename a site", level=1)).to_be_visible()
    expect(shown).to_have_count(0)
    dashboard.submit()
    expect(shown).to_have_text(["The reason"])
    dashboard.submit()
    expect(page.get_by_role("heading", name="Check the name", level=2)).to_be_visible()
    expect(page.locator("[data-page-title].unseen")).to_have_text(["Check the name"])
    expect(shown).to_have_count(0)

    assert dashboard.complaints == []
