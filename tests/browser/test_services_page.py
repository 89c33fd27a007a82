"""The page of the remote services shows real traffic: who answers, who is silent, and what fails."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from opened import START, Dashboard, open_browser
from playwright.sync_api import expect
from support.command_line import SECONDS, Running, orchestrator, serving, until
from support.dashboard_page import take_picture
from support.workflow_files import copy_workflows

expect.set_options(timeout=SECONDS * 1000)  # a limit, not an expectation: a slow machine is no failure

SERVICES = {"ansible": {}, "dns": {"signature_keys": ["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]}, "idle": {}}
RESULT = {
    "status": "successful",
    "job_id": "01934c1e-7a2b-7c3d-8e4f-5a6b7c8d9e0f",
    "return_code": 0,
    "output": ["ok=2"],
}


@contextmanager
def opened(folder: Path, services: dict[str, object] | None = None) -> Iterator[tuple[Dashboard, Running]]:
    """A server with remote services, and its dashboard in a browser."""
    copy_workflows(folder, "serviced")
    environment = {"ORCHESTRATOR_SERVICES": json.dumps(SERVICES if services is None else services)}
    modules = ("--workflows", "serviced") if services is None else ()
    with serving(folder, *modules, **environment) as server, open_browser(server.address, folder / "url") as dashboard:
        yield dashboard, server
        assert dashboard.complaints == []
        assert dashboard.requests_elsewhere() == []


def order(dashboard: Dashboard, workflow: str) -> str:
    """Start a process that orders a job; its callback URL."""
    file = dashboard.file
    file.unlink(missing_ok=True)
    dashboard.ask(START, input={"workflowName": workflow, "pages": []})
    return until(lambda: file.read_text() if file.exists() else None)


def post(url: str, body: object, behind: str = "") -> int:
    """Deliver the body, and return the status."""
    return httpx.post(url + behind, json=body, trust_env=False, timeout=SECONDS).status_code


def make_traffic(dashboard: Dashboard) -> None:
    """A result of `ansible`, twice, a failure report, a body that is no result, and an open job; `dns` says nothing."""
    url = order(dashboard, "configure")
    assert [post(url, RESULT), post(url, RESULT)] == [200, 200]
    assert post(order(dashboard, "configure"), {"message": "no route"}, "/fail") == 200
    broken = order(dashboard, "configure")
    assert post(broken, {"return_code": "zero"}) == 422
    assert post(order(dashboard, "configure"), RESULT) == 200
    order(dashboard, "name")


def test_the_page_shows_who_answers_and_who_is_silent(tmp_path: Path) -> None:
    with opened(tmp_path) as (dashboard, server):
        page = dashboard.page
        make_traffic(dashboard)
        dashboard.open("/processes")
        page.get_by_role("button", name="More").click()
        page.get_by_role("menuitem", name="Services").click()
        rows = page.get_by_role("table", name="Services in the last 24 hours").get_by_role("row")
        expect(rows).to_have_count(4)
        ansible, dns, idle = (page.get_by_role("row").filter(has_text=name) for name in ("ansible", "dns", "idle"))
        expect(ansible).to_contain_text("Answering")
        expect(ansible).to_contain_text("1 reported")
        expect(ansible).to_contain_text("refused: 1 invalid")
        expect(ansible).to_contain_text("of 2 results")
        expect(dns).to_contain_text("Silent")  # the page is read again while the deadline passes
        expect(dns).to_contain_text("1 not answered")
        expect(dns).to_contain_text("signs with a key")
        expect(idle).to_contain_text("Not seen yet")
        ansible.get_by_text("contract in use").click()
        expect(ansible).to_contain_text("LsoPlaybookResult")
        ansible.get_by_text("1 open", exact=True).click()
        expect(ansible).to_contain_text("due in")
        take_picture(page, "services")
        page.set_viewport_size({"width": 320, "height": 800})
        take_picture(page, "services-narrow")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.set_viewport_size({"width": 1280, "height": 800})
        ansible.get_by_role("link").click()
        expect(page).to_have_url(re.compile(r"/processes/[0-9a-f-]{36}$"))
        printed = orchestrator(tmp_path, "services", "--url", server.address).stdout.splitlines()
        rows_of_json = orchestrator(
            tmp_path, "services", "--json", "--window", "1h", "--url", server.address
        ).stdout.splitlines()

    silent, *others = (json.loads(row) for row in rows_of_json)
    assert (silent["name"], silent["state"], silent["signatureKeys"]) == ("dns", "SILENT", 1)
    assert [other["name"] for other in others] == ["idle", "ansible"]
    assert printed[0] == "dns  SILENT, never seen. 0 open, 0 results, 1 not answered."
    assert printed[1] == "idle  UNSEEN, never seen. 0 open, 0 results, no failure."
    assert re.fullmatch(
        r"ansible  ANSWERING, seen \d+ (s|min) ago\. 1 open, 2 results, (< )?[\d.]+ s \(95 %: (< )?[\d.]+ s\), "
        r"1 reported, 1 invalid\.",
        printed[2],
    )


def test_without_a_service_the_page_says_how_to_name_one(tmp_path: Path) -> None:
    with opened(tmp_path, {}) as (dashboard, server):
        dashboard.open("/services")
        expect(dashboard.page.get_by_text("No remote service is configured.")).to_be_visible()
        expect(dashboard.page.get_by_text("ORCHESTRATOR_SERVICES")).to_be_visible()
        printed = orchestrator(tmp_path, "services", "--url", server.address).stdout

    assert printed == "No remote service is configured, and no step named one.\n"
