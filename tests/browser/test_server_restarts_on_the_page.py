"""The server is killed and started again while an operator looks at a process: nothing is missed or shown twice."""

from pathlib import Path
from signal import SIGKILL

import httpx
from opened import Dashboard, copy_module, open_browser
from playwright.sync_api import expect
from support.command_line import SECONDS, serving, until
from support.ports import free_port

EXECUTIONS = "query ($id: ID!) { process(id: $id) { steps { name status executionCount } } }"


def report(url: str, message: str) -> None:
    """Report progress as the remote service does."""
    httpx.post(f"{url}/progress", json={"message": message}, trust_env=False, timeout=SECONDS).raise_for_status()


def shown(dashboard: Dashboard) -> list[tuple[str, str]]:
    """The names and statuses of the steps on the timeline."""
    stages = dashboard.page.locator(".stage-head").all()
    return [
        (stage.locator("h2").inner_text().split(" ", 1)[-1].strip(), stage.locator(".badge").inner_text())
        for stage in stages
    ]


def test_a_server_that_is_killed_in_mid_process_loses_nothing_on_the_page(tmp_path: Path) -> None:
    for name in ("waiting", "courses"):
        copy_module(tmp_path, name)
    arguments = ("--workflows", "courses", "--port", free_port())
    expect.set_options(timeout=SECONDS * 1000)
    with serving(tmp_path, *arguments) as first, open_browser(first.address, tmp_path / "url") as dashboard:
        page = dashboard.page
        process_id = dashboard.begin("changing", {"file": str(dashboard.file)})
        dashboard.open(f"/processes/{process_id}")
        dashboard.wait_for_status("Waiting for remote")
        url = until(lambda: dashboard.file.read_text() if dashboard.file.exists() else None)
        report(url, "one of two")
        log = page.locator("details[data-name=log]")
        expect(log.get_by_text("one of two")).to_have_count(1)
        first.end(SIGKILL)
        page.locator(".live", has_text="Reconnecting").wait_for()
        expect(page.locator(".stage")).to_have_count(6)

        with serving(tmp_path, *arguments):
            report(url, "two of two")
            page.locator(".live", has_text="Live").wait_for()
            expect(log.get_by_text("two of two")).to_have_count(1)
            expect(log.get_by_text("one of two")).to_have_count(1)
            httpx.post(url, json={"return_code": 0, "output": "fine"}, trust_env=False, timeout=SECONDS)
            dashboard.wait_for_status("Needs a person")
            stored = dashboard.ask(EXECUTIONS, id=process_id)["process"]["steps"]
            steps = shown(dashboard)

    assert [status for _, status in steps] == ["Done"] * 5 + ["Needs a person"]
    assert [step["executionCount"] for step in stored] == [1] * 6
    assert len(dashboard.loads) == 1
    # The browser itself says that the server was away.
    assert [line for line in dashboard.complaints if "ERR_" not in line] == []
