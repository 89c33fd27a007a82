"""The dashboard and GraphiQL in a real browser, below the path of the public URL and at the root."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect
from support.command_line import SECONDS, serving
from support.dashboard_page import Watch, wait_until_live, watched
from support.ports import free_port
from support.sizes import exhaustive

expect.set_options(timeout=SECONDS * 1000)


@contextmanager
def site(folder: Path, path: str) -> Iterator[tuple[str, BrowserContext, Watch]]:
    """The public URL of a server that is reached without a proxy, and a browser."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with (
        serving(folder, "--port", port, "--public-url", f"{address}/automation"),
        watched(address, reduced_motion="no-preference") as (context, watch),  # with motion, as most people have it
    ):
        yield address + path, context, watch
        assert watch.complaints == []
        assert watch.requests_elsewhere() == []


@pytest.mark.parametrize("path", ["/automation", "/", *exhaustive("/automation/")])
def test_the_dashboard_is_live(tmp_path: Path, path: str) -> None:
    with site(tmp_path, path) as (place, context, watch):
        page = context.new_page()
        page.goto(place)
        wait_until_live(page)
        page.get_by_role("link", name="Processes", exact=True).click()
        page.get_by_role("link", name="Start a workflow").first.click()
        expect(page).to_have_url(f"{watch.address}/automation/start")
        page.get_by_role("link", name="Greet").click()
        page.locator("main form button[type=submit], main form button:not([type])").last.click()
        page.wait_for_url("**/automation/processes/*")
        page.locator("main .badge", has_text="Completed").first.wait_for()
        page.reload()
        page.locator("main .badge", has_text="Completed").first.wait_for()
        page.get_by_role("link", name="My tasks").click()
        expect(page).to_have_url(f"{watch.address}/automation/inbox")
        page.reload()
        wait_until_live(page)


@pytest.mark.parametrize("place", ["/automation/tasks/x", "/tasks/x"])
def test_an_unknown_path_is_a_page_that_says_so_and_leads_on(tmp_path: Path, place: str) -> None:
    with site(tmp_path, place) as (address, context, watch):
        page = context.new_page()
        answer = page.goto(address)
        expect(page.get_by_role("heading", name="No such page")).to_be_visible()
        expect(page.get_by_text("There is no page at")).to_contain_text("/tasks/x")
        page.get_by_role("link", name="Go to the first page").click()
        expect(page).to_have_url(f"{watch.address}/automation/")
        wait_until_live(page)
        watch.forgive("status of 404")

        assert answer is not None and answer.status == 404


def test_graphiql_loads_its_files_and_asks_below_the_path(tmp_path: Path) -> None:
    with site(tmp_path, "/automation/graphql") as (place, context, _):
        page = context.new_page()
        with page.expect_response(lambda response: "IntrospectionQuery" in (response.request.post_data or "")) as asked:
            page.goto(place)
        address, schema = asked.value.url, json.loads(asked.value.text())
        page.locator(".graphiql-container").wait_for()

        assert address == place
        assert schema["data"]["__schema"]["queryType"]["name"] == "Query"
