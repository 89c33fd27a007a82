"""The dashboard in bad times: a token expires; a server freezes, dies or comes back older; files are gone."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGCONT, SIGSTOP

import httpx
from playwright.sync_api import BrowserContext, Page, Route, expect
from support.browser import launched
from support.command_line import SECONDS, Running, serving
from support.dashboard_page import Watch, wait_for_events, wait_until_live, watched
from support.ports import free_port
from support.sign_in import api_token, token_of

expect.set_options(timeout=SECONDS * 1000)

START = (
    'mutation { startWorkflow(input: {workflowName: "greeting"}) { ... on StartWorkflowSuccess { process { id } } } }'
)
NOTICED_WITHIN = 5.0
"""Seconds until a page has noticed that its server is frozen."""


def start(address: str, **headers: str) -> str:
    """Start a workflow; the id of its process."""
    answer = httpx.post(address + "/graphql", json={"query": START}, headers=headers, trust_env=False, timeout=SECONDS)
    id: str = answer.json()["data"]["startWorkflow"]["process"]["id"]
    return id


def rows(page: Page) -> "list[str]":
    """The processes of the list, by their links, all at the same moment: a row that goes would be waited for."""
    links = page.locator("main tbody a[href*='/processes/']")
    found: list[str] = links.evaluate_all("links => links.map(link => link.getAttribute('href'))")
    return [link.rpartition("/")[2] for link in found]


def wait_for_rows(page: Page, ids: set[str]) -> None:
    """Wait until the list has exactly these processes."""
    wait_for_events(page, lambda: set(rows(page)) == ids)


@contextmanager
def open_list(folder: Path, *arguments: str) -> Iterator[tuple[Running, BrowserContext, Page, Watch]]:
    """A server with two processes, and a page that shows them."""
    with serving(folder, *arguments) as server, watched(server.address) as (context, watch):
        ids = {start(server.address), start(server.address)}
        page = context.new_page()
        page.goto("/processes")
        wait_until_live(page)
        wait_for_rows(page, ids)
        yield server, context, page, watch
        watch.forgive("ERR_", "WebSocket connection")
        assert watch.complaints == []
        assert watch.requests_elsewhere() == []


def people(*names: str) -> dict[str, str]:
    """The settings of a server that accepts only these people."""
    return {"ORCHESTRATOR_API_TOKENS": json.dumps([api_token(name).model_dump() for name in names])}


def sign_in(page: Page, name: str) -> None:
    page.get_by_label("Token").fill(token_of(name))
    page.get_by_role("button", name="Sign in").click()


def test_all_tabs_are_signed_in_and_out_together_and_the_token_is_nowhere_else(tmp_path: Path) -> None:
    with serving(tmp_path, **people("ada")) as server, watched(server.address) as (context, watch):
        first = context.new_page()
        first.goto("/processes")
        first.get_by_label("Token").fill("not-a-token")
        first.get_by_role("button", name="Sign in").click()
        expect(first.get_by_role("alert")).to_have_text("The server does not accept this token.")
        second = context.new_page()
        second.goto("/inbox")
        second.get_by_label("Token").wait_for()
        sign_in(first, "ada")
        for page in (first, second):
            wait_until_live(page)
        third = context.new_page()
        third.goto("/audit")
        wait_until_live(third)
        assert third.get_by_label("Token").count() == 0
        third.reload()
        wait_until_live(third)
        kept = third.evaluate("JSON.stringify({...localStorage}) + document.cookie + location.href + history.state")
        third.get_by_role("button", name="More").click()
        third.get_by_role("menuitem", name="Sign out").click()
        for page in (first, second, third):
            page.get_by_label("Token").wait_for()
            expect(page).to_have_url(server.address + "/")
        left = [page.evaluate("sessionStorage.length") for page in (first, second, third)]

    assert "secret" not in kept
    assert left == [0, 0, 0]
    assert [url for url in watch.requests if "secret" in url or "not-a-token" in url] == []
    watch.forgive("401", "WebSocket connection", "ERR_")
    assert watch.complaints == []


def test_a_token_that_expires_is_asked_for_over_the_page_and_another_person_finds_nothing(tmp_path: Path) -> None:
    port = str(free_port())
    with launched() as browser, browser.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        page.set_default_timeout(SECONDS * 1000)
        with serving(tmp_path, "--port", port, **people("ada")) as server:
            page.goto(server.address + "/processes")
            sign_in(page, "ada")
            wait_until_live(page)
            page.evaluate("document.querySelector('main').append(document.createElement('textarea'))")
            typed = page.locator("main textarea").last
            typed.fill("typed before")
        with serving(tmp_path, "--port", port, **people("bob")):
            page.get_by_text("does not accept the token of this tab any more").wait_for()
            assert typed.evaluate("field => field.value") == "typed before"
            page.keyboard.type("not into the page behind")
            assert typed.evaluate("field => field.value") == "typed before"
        with serving(tmp_path, "--port", port, **people("ada", "bob")):
            sign_in(page, "ada")
            wait_until_live(page)
            expect(typed).to_be_focused()
            expect(typed).to_have_value("typed before")
        with serving(tmp_path, "--port", port, **people("bob")):
            page.get_by_text("does not accept the token of this tab any more").wait_for()
            sign_in(page, "bob")
            wait_until_live(page)
            expect(page.locator(".who-name")).to_have_text("bob")
            expect(typed).to_have_count(0)


def test_a_frozen_server_is_noticed_in_five_seconds_with_the_age_of_the_data(tmp_path: Path) -> None:
    with open_list(tmp_path) as (server, _, page, _):
        server.process.send_signal(SIGSTOP)
        try:
            page.evaluate("window.frozenAt = performance.now()")
            page.locator(".live", has_text="Reconnecting").wait_for()
            noticed = page.evaluate("(performance.now() - frozenAt) / 1000")
            age = page.locator(".live .age")
            expect(age).to_have_text(re.compile(r"data is \d+ s old"))
            expect(age).to_have_text(re.compile(r"data is ([6-9]|\d\d) s old"))
        finally:
            server.process.send_signal(SIGCONT)
        wait_until_live(page)
        expect(age).to_have_count(0)
        id = start(server.address)
        page.locator(f"a[href$='{id}'], .new-rows").first.wait_for()

    assert noticed <= NOTICED_WITHIN, noticed


def test_a_server_that_comes_back_is_caught_up_with_and_an_older_one_is_believed(tmp_path: Path) -> None:
    port, copy = str(free_port()), tmp_path / "copy"
    with open_list(tmp_path, "--port", port) as (server, _, page, watch):
        known = set(rows(page))
        server.end()
        page.locator(".live", has_text="Reconnecting").wait_for()
        copy.mkdir()
        for file in tmp_path.glob("orchestrator.db*"):
            shutil.copy(file, copy)
        with serving(tmp_path, "--port", port) as again:
            wait_until_live(page)
            newer = start(again.address)
            page.locator(f"a[href$='{newer}'], .new-rows").first.wait_for()
            page.reload()
            wait_until_live(page)
            wait_for_rows(page, {*known, newer})
        for file in tmp_path.glob("orchestrator.db*"):
            file.unlink()
        for file in copy.iterdir():
            shutil.copy(file, tmp_path)
        with serving(tmp_path, "--port", port):
            wait_until_live(page)
            wait_for_rows(page, known)
        assert watch.loads == [f"http://127.0.0.1:{port}/processes"] * 2


def test_a_page_whose_files_are_gone_is_loaded_again_once_and_then_says_so(tmp_path: Path) -> None:
    with open_list(tmp_path) as (server, context, page, watch):
        context.route(re.compile(r"/assets/Audit-"), lambda route: route.fulfill(status=404, body=""))
        page.get_by_role("button", name="More").click()
        page.get_by_role("menuitem", name="Audit log").click()
        expect(page.get_by_role("alert")).to_contain_text("Load the page again")
        assert watch.loads == [server.address + "/processes", server.address + "/audit"]
        page.get_by_role("link", name="My tasks").click()
        expect(page.get_by_role("alert")).to_have_count(0)
        context.unroute_all()
        page.get_by_role("button", name="More").click()
        page.get_by_role("menuitem", name="Audit log").click()
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("alert")).to_have_count(0)
        wait_until_live(page)
        watch.forgive("404", "Failed to fetch dynamically imported module", "the server may have a new version")


def test_a_page_that_breaks_leaves_the_rest_alive(tmp_path: Path) -> None:
    def broken(route: Route) -> None:
        if '"operationName":"HomeStats"' not in (route.request.post_data or ""):
            return route.continue_()
        return route.fulfill(json={"data": {"stats": {"workflows": None}}})

    with open_list(tmp_path) as (_, context, page, watch):
        context.route("**/graphql", broken)
        page.get_by_role("link", name="Home").click()
        problem = page.get_by_role("alert")
        expect(problem).to_contain_text("This page could not be shown.")
        wait_until_live(page)
        page.get_by_role("link", name="Processes").click()
        expect(problem).to_have_count(0)
        page.get_by_role("link", name="Home").click()
        expect(problem).to_contain_text("This page could not be shown.")
        context.unroute_all()
        problem.get_by_role("button", name="Try again").click()
        expect(problem).to_have_count(0)
        expect(page.locator("main h1").first).to_be_visible()
        watch.forgive("TypeError", "An error occurred in")
