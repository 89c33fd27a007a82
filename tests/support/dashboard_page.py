"""The dashboard in a real browser: a page that is watched, and the checks that hold for every page."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from support.browser import launched, record_complaints
from support.command_line import SECONDS, until

FRONTEND = Path(__file__).parents[2] / "frontend-example"

AXE = """async (options) => (await axe.run(document, {resultTypes: ["violations"], ...options})).violations
  .filter(({impact}) => impact === "serious" || impact === "critical")
  .map(({id, nodes}) => [id, ...nodes.map(({target, html}) => target.join(" ") + " " + html.slice(0, 200))].join(" | "))
"""

IS_READ = """!/(Loading|Reading|Connecting)[^\\n]*…/.test(document.querySelector(".app")?.innerText ?? "Loading")
  && !document.querySelector("main [aria-busy=true]")"""


@dataclass  # without slots: Playwright keeps its wrapper of a bound method on the object
class Watch:
    """What the pages of a browser did: messages of the console, requests, and loaded documents."""

    address: str
    complaints: list[str] = field(default_factory=list)
    """Messages of the console, with uncaught errors and violations of the security policy."""
    requests: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    """The loaded documents: a second document of a page is a reload."""

    def follow(self, page: Page) -> None:
        """Write down what the page does from now on."""
        page.set_default_timeout(SECONDS * 1000)
        record_complaints(page, self.complaints)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("domcontentloaded", lambda loaded: self.loads.append(loaded.url))

    def requests_elsewhere(self) -> list[str]:
        """The requests that did not go to the server."""
        origins = (self.address + "/", self.address.replace("http", "ws", 1) + "/")
        return [url for url in self.requests if not url.startswith(origins)]

    def forgive(self, *words: str) -> None:
        """Take back the complaints that a test provokes: those with one of the words."""
        self.complaints = [line for line in self.complaints if not any(word in line for word in words)]


@contextmanager
def watched(address: str, shared: Browser | None = None, **options: Any) -> Iterator[tuple[BrowserContext, Watch]]:
    """The pages of one person, all watched, in a browser that runs or in a new one; ``options`` are Playwright's.

    Without motion, unless the options want it: what moves is painted sixty times a second, and what changes its colour
    has another contrast until then.
    """
    options = {"reduced_motion": "reduce", **options}
    watch = Watch(address)
    with (
        nullcontext(shared) if shared else launched() as running,
        running.new_context(base_url=address, **options) as context,
    ):
        context.on("page", watch.follow)
        yield context, watch


def wait_until_live(page: Page) -> None:
    """Wait until the page follows the stream."""
    page.locator(".live", has_text="Live").wait_for()


def wait_until_read(page: Page) -> None:
    """Wait until the page shows what it asked for."""
    wait_until_live(page)
    wait_for(page, IS_READ)


def wait_for(page: Page, expression: str) -> None:
    """Wait until the expression is true in the page; the policy forbids `wait_for_function`, which evaluates text."""
    until(lambda: True if page.evaluate(expression) else None)


def wait_for_events(page: Page, happened: Callable[[], bool]) -> None:
    """Wait until the handlers of the page's events have seen something: they run only while Playwright is called."""

    def look() -> bool | None:
        page.wait_for_timeout(10)
        return True if happened() else None

    until(look)


@cache
def _axe() -> str:
    return (FRONTEND / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


def serious_findings(page: Page, *rules: str) -> list[str]:
    """What axe finds that keeps people out; all rules by default."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_axe())
    found: list[str] = page.evaluate(AXE, {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {})
    return found


def take_picture(page: Page, name: str) -> None:
    """Write a picture into the folder that ``ORCHESTRATOR_TEST_SCREENSHOTS`` names, if it does."""
    if folder := os.environ.get("ORCHESTRATOR_TEST_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png")
