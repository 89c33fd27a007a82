"""The audit log and the notifications on the dashboard, with a real webhook that refuses and comes back."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from opened import Dashboard, copy_module, deliver, open_browser
from playwright.sync_api import Page, expect
from support.command_line import SECONDS, serving, until
from support.outbox import hook
from support.sign_in import api_token, token_of
from support.webhook import hooked

expect.set_options(timeout=SECONDS * 1000)  # a limit, not an expectation: a slow machine is no failure

TOKENS = [api_token("ada", role="admin").model_dump(), api_token("eve", role="viewer").model_dump()]
START = "mutation ($input: StartWorkflowInput!) { startWorkflow(input: $input) { __typename } }"


@contextmanager
def site(folder: Path, url: str) -> Iterator[str]:
    """A server with sign-in that reports failed processes to the webhook, and its address."""
    copy_module(folder, "waiting")
    webhooks = {"chat": hook(url, kinds=["process.failed"])}
    environment = {"ORCHESTRATOR_API_TOKENS": json.dumps(TOKENS), "ORCHESTRATOR_WEBHOOKS": json.dumps(webhooks)}
    with serving(folder, "--workflows", "waiting", **environment) as server:
        yield server.address


@contextmanager
def signed_in(address: str, name: str, folder: Path) -> Iterator[Dashboard]:
    """A browser of that person."""
    with open_browser(address, folder / "url") as dashboard:
        dashboard.page.add_init_script(f"sessionStorage.setItem('orchestrator-token', '{token_of(name)}')")
        yield dashboard
        assert dashboard.complaints == []
        assert dashboard.requests_elsewhere() == []


def fail_a_process(address: str, folder: Path) -> None:
    """Start a process as Ada, and let its remote service report a failure."""
    file = folder / "url"
    body = {"query": START, "variables": {"input": {"workflowName": "waiting", "pages": [{"file": str(file)}]}}}
    head = {"authorization": f"Bearer {token_of('ada')}"}
    assert httpx.post(f"{address}/graphql", json=body, headers=head, trust_env=False, timeout=SECONDS).is_success
    deliver(until(lambda: file.read_text() if file.exists() else None), 2, "no such interface")
    file.unlink()


def test_a_refused_webhook_is_given_up_and_sent_again_by_hand(tmp_path: Path) -> None:
    with hooked() as receiver, site(tmp_path, receiver.url) as address:
        with signed_in(address, "ada", tmp_path) as dashboard:
            page = dashboard.page
            dashboard.open("/notifications")
            expect(page.get_by_text("Nothing was sent.")).to_be_visible()
            fail_a_process(address, tmp_path)
            row = page.get_by_role("row", name="process failed")
            expect(row).to_contain_text("Given up")
            expect(row).to_contain_text("webhook:chat")
            row.get_by_text("Tries and content").click()
            expect(row.locator(".tries")).to_contain_text("410")
            page.get_by_role("button", name="Given up").click()
            assert page.url.endswith("?status=DEAD")

            receiver.status = 200
            row.get_by_role("button", name="Send again").click()
            expect(row).to_contain_text("Sent")
            assert [body["type"] for body in receiver.bodies] == ["process.failed"] * 2

        with signed_in(address, "eve", tmp_path) as dashboard:
            for path, permission in (("/notifications", "MANAGE_ENGINE"), ("/audit", "READ_AUDIT")):
                dashboard.open(path)
                expect(dashboard.page.locator(".no-access")).to_contain_text(f"It needs the permission {permission}")
                expect(dashboard.page.locator(".no-access")).to_contain_text("eve may: READ")
                expect(dashboard.page.get_by_role("table")).to_have_count(0)


OVERLAPS = """() => {
  const fields = [...document.querySelectorAll(".filter-panel :is(input, select)")];
  const boxes = fields.map(field => field.getBoundingClientRect());
  const lies = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  return boxes.some((box, at) => boxes.slice(at + 1).some(other => lies(box, other))); }"""


def page_overlaps(page: Page, width: int) -> bool:
    """Whether a filter lies over another filter, if the page is so wide."""
    page.set_viewport_size({"width": width, "height": 800})
    overlaps: bool = page.evaluate(OVERLAPS)
    return overlaps


def test_the_audit_log_is_filtered_verified_and_downloaded_until_somebody_changes_it(tmp_path: Path) -> None:
    with hooked() as receiver, site(tmp_path, receiver.url) as address:
        fail_a_process(address, tmp_path)
        with signed_in(address, "ada", tmp_path) as dashboard:
            page = dashboard.page
            dashboard.open("/audit")
            rows = page.get_by_role("table", name="Audit log").get_by_role("row")
            expect(rows).to_have_count(3)
            assert [width for width in range(360, 1600, 80) if page_overlaps(page, width)] == []
            expect(page.get_by_role("row", name="startWorkflow")).to_contain_text("ada")
            expect(page.get_by_role("row", name="startWorkflow")).to_contain_text("127.0.0.1 · graphql/api-token")
            page.get_by_label("Action").select_option("receiveCallback")
            expect(rows).to_have_count(2)
            fail_a_process(address, tmp_path)
            page.get_by_role("button", name="1 new").click()
            expect(rows).to_have_count(3)
            page.get_by_label("Who").fill("nobody")
            page.keyboard.press("Enter")
            expect(page.get_by_text("No entry matches these filters.")).to_be_visible()
            page.reload()
            expect(page.get_by_label("Who")).to_have_value("nobody")
            page.get_by_role("button", name="Clear all").click()
            expect(rows).to_have_count(5)  # the people to choose from are those of the rows
            page.get_by_label("Who").fill("remote service")
            expect(rows).to_have_count(3)
            process = page.get_by_label("Process", exact=True)
            process.fill("url")
            choice = page.locator(f"datalist#{process.get_attribute('list')} option").first
            choice.wait_for(state="attached")
            words = choice.get_attribute("value") or ""
            process.fill(words)
            expect(rows).to_have_count(2)
            expect(page.get_by_role("button", name=f"Process: {words.split(' · …')[0]}")).to_be_visible()
            assert "process=" in page.url and "actor=" in page.url
            page.reload()
            expect(rows).to_have_count(2)
            page.get_by_role("button", name="Clear all").click()

            page.get_by_role("button", name="Verify the log").click()
            expect(page.locator(".verdict")).to_contain_text("The log is whole: 4 entries and their seals are correct.")
            anchor = page.locator(".verdict code").inner_text()
            page.get_by_text("Compare with an anchor that you kept").click()
            page.get_by_label("The number and the digest of a seal").fill("12:short")
            page.get_by_role("button", name="Verify the log").click()
            expect(page.get_by_role("alert")).to_contain_text("This is not an anchor")
            with page.expect_download() as download:
                page.get_by_role("button", name="Download the log").click()
            assert json.loads(Path(download.value.path()).read_text().splitlines()[-1])["kind"] == "end"

            change_an_entry(tmp_path)
            page.get_by_label("The number and the digest of a seal").fill(anchor)
            page.get_by_role("button", name="Verify the log").click()
            expect(page.locator(".verdict")).to_contain_text("The log was changed")
            expect(page.locator(".verdict")).to_contain_text("startWorkflow")


def change_an_entry(folder: Path) -> None:
    """Do what the audit log must show: write to the database behind the server's back."""
    with sqlite3.connect(folder / "orchestrator.db", timeout=SECONDS) as conn:
        conn.execute("UPDATE audit SET actor = 'mallory' WHERE action = 'startWorkflow'")
    conn.close()
