"""What a person typed and did not send: it stays after F5, Back and in another tab, and never holds a secret."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from signed_in import TOKENS, Desk, button, environment, field, sign_out, wait_for_status, with_workflows
from support.browser import launched
from support.command_line import serving, until
from support.ports import free_port
from support.sign_in import token_of

SECRETS = ("s3cret-1", "s3cret-2")
RESTORED = "What you typed before is here again."

SURVEY = """
from orchestrator_gql import begin, inputstep
from orchestrator_gql.config.assignee import Assignee
from orchestrator_gql.forms import SubmitFormPage
from orchestrator_gql.workflow import workflow


def asks():
    class SurveyPage(SubmitFormPage):
        device: str = "ams-1"
        {line}

    page = yield SurveyPage
    return page.model_dump()


@workflow("A survey", initial_input_form=asks)
def survey_at_start():
    return begin


@workflow("A survey on the way")
def survey_later():
    return begin >> inputstep("Fill in the survey", assignee=Assignee("NOC"))(asks)
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Desk]:
    folder = with_workflows(tmp_path_factory.mktemp("drafts"), "deciding", "filling")
    with serving(folder, "--workflows", "deciding", "filling", **environment(TOKENS)) as server:
        yield Desk(server.address, browser)


@pytest.fixture
def desk(served: Desk) -> Iterator[Desk]:
    served.complaints.clear()
    served.requests.clear()
    with ExitStack() as served.windows:
        yield served
    assert served.requests_elsewhere() == []


def another_tab(desk: Desk, page: Page, place: str) -> Page:
    """A second tab of the same browser session: it has its own sessionStorage."""
    tab = page.context.new_page()
    desk.record_events(tab)
    desk.open(tab, place)
    return tab


def stored(page: Page) -> str:
    """Everything that the browser keeps for the origin."""
    text: str = page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}, document.cookie])")
    return text


def test_a_draft_stays_after_f5_back_and_in_another_tab_and_ends_with_the_submit(desk: Desk) -> None:
    place = desk.start("name_device")
    page = desk.signed_in_page("bob", place)
    field(page, "Device").fill("lyon-1")
    field(page, "Comment (optional)").fill("after the move")
    page.reload()
    page.get_by_text(RESTORED).wait_for()
    after_reload = field(page, "Device").input_value()
    page.get_by_role("link", name="My tasks").click()
    page.wait_for_url("**/inbox")
    page.go_back()
    page.get_by_text(RESTORED).wait_for()
    after_back = field(page, "Device").input_value()
    tab = another_tab(desk, page, place)
    tab.get_by_text(RESTORED).wait_for()
    in_tab = (field(tab, "Device").input_value(), field(tab, "Comment (optional)").input_value())
    other = desk.signed_in_page("ada", place)
    expect(field(other, "Device")).to_have_value("ams-1")
    button(tab, "Submit").click()
    for one in (tab, page):
        one.get_by_text("Confirmed by bob").wait_for()
        expect(one.get_by_role("region", name="What you had typed")).to_have_count(0)

    assert (after_reload, after_back) == ("lyon-1", "lyon-1")
    assert in_tab == ("lyon-1", "after the move")
    assert "lyon-1" not in stored(page) + stored(tab)
    assert desk.complaints == []


def test_two_tabs_of_one_start_form_are_two_drafts(desk: Desk) -> None:
    page = desk.signed_in_page("bob", "start/install_device")
    field(page, "Site").fill("ams")
    tab = another_tab(desk, page, "start/install_device")
    tab.get_by_text("Another tab has a draft of this form.").wait_for()
    expect(field(tab, "Site")).to_have_value("")
    field(tab, "Site").fill("utr")
    expect(tab.get_by_text("Another tab has a draft")).to_have_count(0)
    for one, site in ((page, "ams"), (tab, "utr")):
        one.reload()
        one.get_by_text(RESTORED).wait_for()
        expect(field(one, "Site")).to_have_value(site)
    third = another_tab(desk, page, "start/install_device")
    button(third, "Go on with that draft here").click()
    expect(field(third, "Site")).to_have_value(re.compile("ams|utr"))

    assert desk.complaints == []


def test_a_draft_never_holds_a_secret_and_asks_for_it_again(desk: Desk) -> None:
    page = desk.signed_in_page("bob", "start/install_device")
    passwords = page.locator("input[type=password]")
    field(page, "Site").fill("ams")
    button(page, "Next").click()
    passwords.first.fill(SECRETS[0])
    field(page, "Login Name").fill("root")
    page.get_by_role("button", name="Add").click()
    passwords.nth(1).fill(SECRETS[1])
    field(page, "User").fill("nested")
    while_typing = stored(page)
    button(page, "Next").click()
    field(page, "Remark").fill("half a remark")
    on_next_page = stored(page)
    page.reload()
    page.get_by_text("Secrets are not kept: type them again.").wait_for()
    restored = [field(page, "Login Name").input_value(), passwords.first.input_value()]
    passwords.first.fill(SECRETS[0])
    button(page, "Next").click()
    remark = field(page, "Remark").input_value()
    button(page, "Start").click()
    wait_for_status(page, "Completed")

    for text in (while_typing, on_next_page, stored(page)):
        assert not any(secret in text for secret in SECRETS)
    assert "root" in while_typing
    assert restored == ["root", ""]
    assert remark == "half a remark"
    assert "half a remark" not in stored(page)
    assert desk.complaints == []


def test_signing_out_leaves_nothing_of_a_draft(desk: Desk) -> None:
    place = desk.start("name_device")
    page = desk.signed_in_page("bob", place)
    tab = another_tab(desk, page, place)
    for one in (page, tab):
        field(one, "Device").fill("lyon-1")
    assert "lyon-1" in stored(page)
    sign_out(page)
    for one in (page, tab):
        one.get_by_label("Token").wait_for()

    assert "lyon-1" not in stored(page) + stored(tab)


def test_a_form_that_a_deployment_changes_keeps_what_fits(tmp_path: Path, browser: Browser) -> None:
    port = free_port()
    serve = ("--workflows", "survey", "--port", port)
    module = tmp_path / "survey.py"
    with ExitStack() as windows:
        module.write_text(SURVEY.format(line="minutes: int = 30"))
        with serving(tmp_path, *serve, **environment(TOKENS)) as server:
            desk = Desk(server.address, browser, windows)
            starting = desk.signed_in_page("bob", "start/survey_at_start")
            waiting = desk.signed_in_page("bob", desk.start("survey_later"))
            for page in (starting, waiting):
                field(page, "Device").fill("lyon-1")
                field(page, "Minutes").fill("45")
        module.write_text(SURVEY.format(line='window: str = "night"'))
        with serving(tmp_path, *serve, **environment(TOKENS)):
            for page, label in ((starting, "Start"), (waiting, "Submit")):
                page.get_by_text("This form has changed since it was shown.").wait_for()
                expect(field(page, "Device")).to_have_value("lyon-1")
                expect(field(page, "Window")).to_have_value("night")
                expect(page.locator(".typed-values")).to_contain_text("45")
                button(page, label).click()
                wait_for_status(page, "Completed")

    lost = ("error: WebSocket connection", "error: Failed to load resource")
    assert [complaint for complaint in desk.complaints if not complaint.startswith(lost)] == []


def test_a_draft_is_never_shown_to_the_next_person(desk: Desk) -> None:
    place = desk.start("name_device")
    page = desk.signed_in_page("bob", place)
    field(page, "Device").fill("lyon-1")
    page.evaluate(f"sessionStorage.setItem('orchestrator-token', '{token_of('ada')}')")
    desk.open(page, "inbox")
    until(lambda: True if "lyon-1" not in stored(page) else None)  # on any page, not only where the form is
    desk.open(page, place)
    expect(field(page, "Device")).to_have_value("ams-1")

    assert desk.complaints == []
