"""A callback that is in trouble, helped on by clicks: what came too late is adopted, what is lost is typed in."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator
from support.command_line import SECONDS, until
from test_dashboard import Visit, visiting

START = """mutation($name: String!, $file: String!) {
  startWorkflow(input: {workflowName: $name, pages: [{file: $file}]}) {
    ... on StartWorkflowSuccess { process { id } } } }"""


@pytest.fixture
def execution(tmp_path: Path) -> Iterator[Visit]:
    (tmp_path / "hurried.py").write_bytes((Path(__file__).parent / "hurried.py").read_bytes())
    with visiting(tmp_path, "hurried") as execution:
        yield execution


def begin(execution: Visit, name: str) -> list[str]:
    """Start the workflow past the browser, open the process, and give its callback URLs."""
    asked = {"query": START, "variables": {"name": name, "file": str(execution.file)}}
    said = httpx.post(f"{execution.address}/graphql", json=asked, trust_env=False, timeout=SECONDS).json()
    execution.page.goto(f"{execution.address}/#/processes/{said['data']['startWorkflow']['process']['id']}")
    return until(lambda: execution.file.read_text().splitlines() if execution.file.exists() else None)


def deliver(url: str, output: str) -> int:
    """Answer as the remote service does, and give the status that it is answered with."""
    body = {"return_code": 0, "output": output}
    return httpx.post(url, json=body, trust_env=False, timeout=SECONDS).status_code


def agree(execution: Visit, reason: str) -> None:
    """Give the reason that the open dialog demands."""
    dialog = execution.page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill(reason)
    dialog.locator("button.danger").click()


def button(place: Locator, label: str) -> Locator:
    return place.get_by_role("button", name=label)


def test_a_result_that_came_too_late_is_listed_and_adopted(execution: Visit) -> None:
    (url,) = begin(execution, "hurried")
    execution.sees_status("Failed")
    status = deliver(url, "two interfaces changed")
    execution.page.reload()  # a refused delivery is no event, so the page hears of it when it is opened
    refused = execution.page.locator(".callback details", has_text="Not accepted (1)")
    refused.locator("summary").click()
    refused.locator(".preview", has_text="two interfaces changed").wait_for()
    if folder := os.environ.get("ORCHESTRATOR_TEST_SCREENSHOTS"):
        execution.page.screenshot(path=Path(folder) / "late.png", full_page=True)
    button(refused, "Adopt").click()
    execution.page.get_by_role("dialog").locator("button.danger").click()
    still_open = execution.page.get_by_role("dialog").is_visible()
    agree(execution, "the playbook did finish")
    execution.sees_status("Needs a person")
    execution.page.locator(".callback", has_text="adopted from a late or refused delivery").wait_for()
    execution.page.locator(".asked form", has_text="two interfaces changed").wait_for()
    execution.submit()
    execution.sees_status("Completed")

    assert status == 410
    assert still_open, "it is adopted without a reason"
    assert execution.complaints == []


def test_a_wait_that_ran_out_goes_on_and_ends_with_a_result_that_is_typed_in(execution: Visit) -> None:
    begin(execution, "hurried")
    execution.sees_status("Failed")
    callback = execution.page.locator(".callback")
    button(callback, "Wait longer").click()
    agree(execution, "slow today")
    execution.sees_status("Waiting for remote")
    callback.get_by_text("deadline").wait_for()
    button(callback, "Complete by hand").click()
    dialog = execution.page.get_by_role("dialog")
    dialog.get_by_label("Result, as JSON").fill("{")
    agree(execution, "seen on the device")
    still_open = dialog.is_visible()
    dialog.get_by_label("Result, as JSON").fill('{"return_code": 0, "output": "typed in"}')
    dialog.locator("button.danger").click()
    execution.sees_status("Needs a person")
    callback.get_by_text("typed in by hand").wait_for()
    execution.page.locator(".asked form", has_text="typed in").wait_for()

    assert still_open, "what is no JSON is sent"
    assert execution.complaints == []


def test_a_callback_issued_again_gets_a_fresh_url_and_the_old_one_is_dead(execution: Visit) -> None:
    (old,) = begin(execution, "hurried")
    execution.sees_status("Failed")
    execution.file.unlink()
    button(execution.page.locator(".callback"), "Issue again").click()
    agree(execution, "lost")
    fresh = until(lambda: execution.file.read_text() if execution.file.exists() else None)
    execution.page.locator(".callback", has_text="issued 2 times").wait_for()

    assert fresh != old
    assert deliver(old, "late") == 410
    assert execution.complaints == []


def test_several_callbacks_have_a_line_and_buttons_each(execution: Visit) -> None:
    first, _ = begin(execution, "two_devices")
    ams, lyon = (execution.page.locator(".callback", has_text=name) for name in ("ams-1", "lyon-1"))
    ams.get_by_text("Waiting for ams-1").wait_for()
    deliver(first, "one interface changed")
    ams.get_by_text("Answered").wait_for()
    button(lyon, "Complete by hand").click()
    execution.page.get_by_role("dialog").get_by_label("Result, as JSON").fill('{"return_code": 0}')
    agree(execution, "seen on the device")
    execution.sees_status("Completed")
    lyon.get_by_text("typed in by hand").wait_for()

    assert execution.page.locator(".callback").count() == 2
    assert execution.complaints == []
