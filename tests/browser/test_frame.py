"""What holds on every page of the dashboard: keys, menu, focus, addresses, themes, tasks, the pause, and a failure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from support.browser import launched
from support.command_line import SECONDS, serving
from support.dashboard_page import Watch, wait_for, wait_until_live, watched
from support.sizes import exhaustive

expect.set_options(timeout=SECONDS * 1000)

NOTICES = """window.notices = []; window.asked = 0;
window.Notification = class { static permission = "default";
  static async requestPermission() { asked++; return (this.permission = "granted"); }
  constructor(title, options) { notices.push(options.body); } close() {} };"""


BLOCKED = """(() => {
  const refuse = () => { throw new DOMException("The operation is insecure.", "SecurityError"); };
  for (const name of ["sessionStorage", "localStorage"]) Object.defineProperty(window, name, {get: refuse});
  window.BroadcastChannel = class { constructor() { refuse(); } };
})();"""
"""As a browser does whose settings block the storage of pages."""


@dataclass(frozen=True, slots=True)
class Site:
    """A server, and the browser of one person."""

    address: str
    context: BrowserContext
    watch: Watch

    def open(self, path: str = "/processes") -> Page:
        """A new tab that is live."""
        page = self.context.new_page()
        page.goto(path)
        wait_until_live(page)
        return page

    def ask(self, query: str, **variables: Any) -> Any:
        """The first field of an answer of the API, which is asked without the browser."""
        body = {"query": query, "variables": variables}
        answer = httpx.post(self.address + "/graphql", json=body, trust_env=False, timeout=SECONDS).json()
        assert "errors" not in answer, answer
        return next(iter(answer["data"].values()))

    def start(self, workflow: str) -> str:
        """Start a workflow without a form; the id of its process."""
        query = """mutation($name: String!) { startWorkflow(input: {workflowName: $name}) {
          ... on StartWorkflowSuccess { process { id } } } }"""
        id: str = self.ask(query, name=workflow)["process"]["id"]
        return id

    def switch_engine(self, *, paused: bool, reason: str | None = None) -> None:
        """Pause or resume the engine."""
        query = "mutation($input: SetEngineStateInput!) { setEngineState(input: $input) { __typename } }"
        assert self.ask(query, input={"paused": paused, "reason": reason})["__typename"] == "SetEngineStateSuccess"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("frame")
    (folder / "deciding.py").write_bytes((Path(__file__).parent / "deciding.py").read_bytes())
    with serving(folder, "--workflows", "flows", "deciding") as server:
        yield server.address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as running:
        yield running


@pytest.fixture
def site(address: str, browser: Browser) -> Iterator[Site]:
    with watched(address, browser, viewport={"width": 1000, "height": 700}) as (context, watch):
        yield Site(address, context, watch)
        assert watch.complaints == []
        assert watch.requests_elsewhere() == []


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.locator("body").press(key)


def test_keys_go_to_pages_and_do_nothing_while_a_person_types_or_after_they_are_turned_off(site: Site) -> None:
    page = site.open("/audit")
    for keys, path in (
        (("g", "p"), "/processes"),
        (("g", "i"), "/inbox"),
        (("g", "s"), "/subscriptions"),
        (("g", "h"), "/"),
        ("n", "/start"),
    ):
        press(page, *keys)
        expect(page).to_have_url(site.address + path)
    page.get_by_role("searchbox").wait_for()
    page.get_by_role("link", name="Home").click()  # the field of this page takes the focus, and then the keys
    expect(page).to_have_url(site.address + "/")
    press(page, "g", "p")
    field = page.get_by_role("searchbox")
    field.wait_for()
    press(page, "/")
    expect(field).to_be_focused()
    page.keyboard.type("n?gp")
    expect(field).to_have_value("n?gp")
    field.blur()
    press(page, "Control+n", "?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog.get_by_label("Use these keys")).to_be_focused()
    press(page, "n")
    dialog.get_by_label("Use these keys").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    press(page, "g", "i", "?", "n")
    page.get_by_role("link", name="Products").click()
    expect(page).to_have_url(site.address + "/subscriptions")

    assert page.get_by_role("dialog").count() == 0
    assert site.open("/inbox").evaluate("localStorage.getItem('orchestrator-shortcuts')") == "off"


def test_the_menu_has_the_other_pages_and_gives_the_focus_back(site: Site) -> None:
    page = site.open()
    more = page.get_by_role("button", name="More")
    more.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="API explorer")).to_have_attribute("href", "graphql")
    page.keyboard.press("Escape")
    expect(more).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Notifications").click()
    expect(page).to_have_url(site.address + "/notifications")
    more.click()
    page.get_by_role("menuitem", name="Keyboard shortcuts").click()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    more.click()
    page.get_by_role("menuitem", name="Audit log").click()
    expect(page).to_have_url(site.address + "/audit")

    assert site.watch.loads == [site.address + "/processes"]


def test_the_focus_goes_to_the_heading_of_the_next_page_and_skips_the_header(site: Site) -> None:
    page = site.open("/inbox")
    page.get_by_role("link", name="Processes").click()
    expect(page.locator("main h1").first).to_be_focused()
    page.locator(".brand").focus()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    expect(page).to_have_url(site.address + "/processes")


def test_the_focus_goes_to_the_page_that_is_drawn_first_if_the_person_has_gone_on(site: Site) -> None:
    page = site.context.new_page()
    page.route(re.compile(r"/assets/Inbox-.*\.js$"), lambda route: None)  # it never arrives
    page.goto(site.address + "/inbox")
    page.get_by_role("link", name="Processes").click()

    expect(page.get_by_role("heading", name="Processes")).to_be_focused()
    page.close()


def scroll_to(page: Page, place: int) -> None:
    """Scroll, and wait until the page has noticed."""
    noticed = "new Promise((done) => { addEventListener('scroll', () => done(), {once: true}); scrollTo(0, %d); })"
    page.evaluate(noticed % place)


def test_back_and_a_reload_return_to_where_the_page_was(site: Site) -> None:
    page = site.open()
    tall = "document.querySelector('main').style.minHeight = '4000px'"
    page.evaluate(tall)
    scroll_to(page, 900)
    page.get_by_role("link", name="My tasks").click()
    wait_for(page, "scrollY === 0")
    page.evaluate(tall)
    scroll_to(page, 300)
    page.go_back()
    wait_for(page, "scrollY === 900")
    page.go_forward()
    wait_for(page, "scrollY === 300")
    page.reload()
    wait_until_live(page)
    page.evaluate(tall)
    wait_for(page, "scrollY === 300")


def test_links_of_earlier_versions_work_and_an_unknown_address_says_so(site: Site) -> None:
    id = site.start("greeting")
    page = site.open(f"/#/processes/{id}")
    expect(page).to_have_url(f"{site.address}/processes/{id}")
    page.goto("/#/tasks")
    expect(page).to_have_url(site.address + "/inbox")
    page.goto("/#/process/%E0%A4%A")
    expect(page.locator("main")).to_contain_text("There is no page at /process/%E0%A4%A")
    page.goto("/")
    page.evaluate("location.hash = '#/workflows'")
    page.get_by_role("link", name="/start").click()
    expect(page).to_have_url(site.address + "/start")


def test_a_theme_is_drawn_from_the_first_moment_and_followed_by_other_tabs(site: Site) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    page, other = site.open(), site.open("/inbox")
    light = page.evaluate(paper)
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitemradio", name="Dark").click()
    wait_for(page, f"{paper} !== '{light}'")
    dark = page.evaluate(paper)
    wait_for(other, f"{paper} === '{dark}'")
    # The page's own script is held back: the first paint must be dark without it.
    other.route(re.compile(r"/assets/index-.*\.js$"), lambda route: None)
    other.goto("/audit", wait_until="commit")
    other.wait_for_selector("noscript", state="attached")

    assert other.evaluate(paper) == dark
    other.close()


def test_a_page_is_printed_with_dark_ink_and_without_its_controls(site: Site) -> None:
    page = site.open(f"/processes/{site.start('read_meter')}")
    page.get_by_role("button", name="Copy the id of the process").wait_for()
    for theme in ("", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        page.emulate_media(media="print", color_scheme="dark")
        ink = [int(part) for part in re.findall(r"\d+", page.evaluate("getComputedStyle(document.body).color"))]
        controls = [page.locator(".top").is_visible(), page.get_by_role("button", name="Abort…").is_visible()]
        page.emulate_media(media="screen", color_scheme="dark")

        assert max(ink) < 80, (theme, ink)
        assert controls == [False, False]


def test_a_browser_that_blocks_storage_shows_the_pages_and_takes_what_is_chosen(site: Site) -> None:
    site.context.add_init_script(BLOCKED)
    page = site.open(f"/processes/{site.start('greeting')}")
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitemradio", name="Dark").click()

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.locator("header").get_by_role("link").first.click()
    expect(page.locator("main h1")).to_be_visible()


@pytest.mark.parametrize("hours", [-30, 1, *exhaustive(-1, 30)])
def test_times_follow_the_clock_of_the_server(site: Site, hours: int) -> None:
    site.start("greeting")
    site.context.add_init_script(f"{{ const now = Date.now; Date.now = () => now() + {hours} * 3_600_000; }}")
    page = site.open()

    expect(page.locator("main time").first).to_have_text(re.compile(r"^(just now|\d+ (s|min) ago)$"))


def test_times_are_local_or_utc_by_choice(site: Site) -> None:
    page = site.open()
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitemradio", name="UTC").click()

    assert page.evaluate("localStorage.getItem('orchestrator-zone')") == "UTC"


def test_new_tasks_stand_in_the_title_and_are_noticed_only_if_a_person_asked(site: Site) -> None:
    site.context.add_init_script(NOTICES)
    page = site.open()
    before = site.ask("{ viewer { openInputRequests(first: 1) { totalCount } } }")["openInputRequests"]["totalCount"]
    site.start("read_meter")
    wait_for(page, f"document.title.startsWith('({before + 1}) ')")
    assert page.evaluate("asked") == 0, "a page asks for nothing by itself"
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitemcheckbox", name="Notify me of new tasks").click()
    wait_for(page, "asked === 1")
    site.start("read_meter")
    wait_for(page, f"document.title.startsWith('({before + 2}) ')")
    assert page.evaluate("notices") == [], "the person sees the page"
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true})")
    site.start("read_meter")
    wait_for(page, "notices.length === 1")

    assert page.evaluate("notices") == ["A new task waits for you."]


def test_a_pause_says_who_and_why_and_is_ended_on_the_spot(site: Site) -> None:
    page = site.open("/inbox")
    site.switch_engine(paused=True, reason="<b>router</b> upgrade")
    banner = page.locator(".banner")
    expect(banner).to_contain_text("Engine paused by Local operator: <b>router</b> upgrade.")
    page.get_by_role("button", name="Resume…").click()
    dialog = page.get_by_role("dialog", name="Resume the engine?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Resume…")).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Resume").click()
    expect(banner).to_have_count(0)


def test_a_failure_shows_its_error_id_which_is_copied_without_https(site: Site) -> None:
    """Over plain HTTP from another host, browsers have no ``navigator.clipboard``."""
    site.context.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page = site.open("/inbox")
    site.switch_engine(paused=True)
    page.get_by_role("button", name="Resume…").click()
    page.route("**/graphql", lambda route: route.fulfill(json=BROKEN))
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Resume").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Internal errorINTERNALError id 3f1c")
    copy = dialog.get_by_role("button", name="Copy the error id")
    copy.click()
    expect(copy).to_have_text("Copied")
    expect(copy).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.evaluate("document.querySelector('main').append(document.createElement('input'))")
    page.locator("main input").last.focus()
    page.keyboard.press("Control+v")
    expect(page.locator("main input").last).to_have_value("3f1c")
    page.unroute_all()
    site.switch_engine(paused=False)


BROKEN = {"errors": [{"message": "Internal error", "extensions": {"code": "INTERNAL", "errorId": "3f1c"}}]}
