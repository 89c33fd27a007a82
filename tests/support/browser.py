"""The real browser of tests: its path, its switches, and its start."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first has no window: the same engine with a quarter less CPU."""

OFF_IN_PLAYWRIGHT = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
)
"""What Playwright turns off itself. Chromium obeys only the last list, so ours has these, too."""

ADDRESS_BAR = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup")
"""The suggestions below the address bar: nobody sees them, but each window renders them, which is half of its work."""

SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join((*OFF_IN_PLAYWRIGHT, *ADDRESS_BAR))}",
)


SEVERAL_PASSWORDS = "[DOM] Multiple forms should be contained in their own form elements"
"""A hint that Chromium prints, or not, for a form with several passwords, with other fields between them."""


def record_complaints(page: Page, complaints: list[str]) -> None:
    """Append each message of the page's console, with uncaught errors and violations of the security policy.

    Without `SEVERAL_PASSWORDS`: the author of a workflow decides how many passwords a form has.
    """

    def record(message: ConsoleMessage) -> None:
        if not message.text.startswith(SEVERAL_PASSWORDS):
            complaints.append(f"{message.type}: {message.text}")

    page.on("console", record)
    page.on("pageerror", lambda error: complaints.append(str(error)))


def chromium() -> str:
    """The path of the browser."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.fail("There is no Chromium: install one, or name its path in CHROMIUM.")
    return path


class _Shared:
    """The browser of this process: starting one takes a second, and each test has contexts of its own in it."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._browser: Browser | None = None

    def start(self) -> Browser:
        """The running browser."""
        if self._browser is None or not self._browser.is_connected():
            self.close()
            playwright = self._stack.enter_context(sync_playwright())
            launch = playwright.chromium.launch(executable_path=chromium(), args=SWITCHES)
            self._browser = self._stack.enter_context(launch)
        return self._browser

    def close(self) -> None:
        """End the browser, if it runs: while Playwright runs, no test of this process can run an event loop."""
        self._browser = None
        self._stack.close()


_shared = _Shared()
close_browser = _shared.close


@contextmanager
def launched() -> Iterator[Browser]:
    """A real browser; the contexts and pages of the block are closed at its end."""
    browser = _shared.start()
    others = list(browser.contexts)
    try:
        yield browser
    finally:
        for context in browser.contexts:
            if context not in others:
                context.close()
