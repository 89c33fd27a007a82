"""The dashboard and GraphiQL in a real browser, below the path of the public URL and at the root."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright
from support.browser import SWITCHES, chromium
from support.command_line import SECONDS, serving
from support.ports import free_port


@contextmanager
def browser_page() -> Iterator[tuple[Page, list[str]]]:
    """A page, and everything that goes wrong in it."""
    complaints: list[str] = []
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium(), args=SWITCHES) as browser,
        browser.new_page() as page,
    ):
        page.set_default_timeout(SECONDS * 1000)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("response", lambda response: complaints.append(response.url) if response.status >= 400 else None)
        yield page, complaints


@contextmanager
def site(folder: Path, path: str) -> Iterator[str]:
    """The public URL of a server that is reached without a proxy."""
    port = free_port()
    with serving(folder, "--port", port, "--public-url", f"http://127.0.0.1:{port}/automation"):
        yield f"http://127.0.0.1:{port}{path}"


@pytest.mark.parametrize("path", ["/automation", "/automation/", "/"])
def test_the_dashboard_is_live(tmp_path: Path, path: str) -> None:
    with site(tmp_path, path) as place, browser_page() as (page, complaints):
        page.goto(place)
        page.get_by_text("Live", exact=True).wait_for()
        page.get_by_role("link", name="Start a workflow").click()
        page.locator("a.card", has_text="Greet").click()
        page.locator("form button[type=submit]").click()
        page.locator(".process-title .badge", has_text="Completed").wait_for()
        page.reload()
        page.locator(".process-title .badge", has_text="Completed").wait_for()

    assert complaints == []


def test_graphiql_loads_its_files_and_asks_below_the_path(tmp_path: Path) -> None:
    with site(tmp_path, "/automation/graphql") as place, browser_page() as (page, complaints):
        with page.expect_response(lambda response: "IntrospectionQuery" in (response.request.post_data or "")) as asked:
            page.goto(place)
        address, schema = asked.value.url, json.loads(asked.value.text())
        page.locator(".graphiql-container").wait_for()

    assert address == place
    assert schema["data"]["__schema"]["queryType"]["name"] == "Query"
    assert complaints == []
