"""Takes the pictures of the README and the docs: the demo in a real browser, with an animated one of a whole lifecycle.

``python -m scripts.take_pictures`` writes ``docs/images/``. Look at each picture before it is committed.
"""

import os
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from playwright.sync_api import Error as PlaywrightError

IMAGES = Path(__file__).parent.parent / "docs" / "images"
PORTS = ("8271", "8272")
ADDRESS = f"http://127.0.0.1:{PORTS[0]}"
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
WIDE: ViewportSize = {"width": 1120, "height": 700}
SWITCHES = ("--no-sandbox", "--disable-gpu")
SIGNATURE = b"\x89PNG\r\n\x1a\n"
SECONDS = 120.0

PAGES = {
    "home": "/",
    "products": "/subscriptions",
    "audit": "/audit",
}


@contextmanager
def demo() -> Iterator[None]:
    """The demo of ``make run`` in an empty folder."""
    command = [
        str(Path(sys.executable).with_name("orchestrator-gql")),
        "demo",
        "--port",
        PORTS[0],
        "--proxy-port",
        PORTS[1],
    ]
    with (
        TemporaryDirectory() as folder,
        subprocess.Popen(  # noqa: S603
            command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as server,
    ):
        try:
            yield
        finally:
            server.terminate()


class Film:
    """Pictures of one page, each with the seconds for which it is shown."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.frames: list[tuple[bytes, float]] = []

    def take(self, seconds: float) -> None:
        """Add a picture, unless it shows what the last one shows: then that one is shown longer."""
        self.page.wait_for_timeout(400)
        picture = self.page.screenshot(animations="disabled", caret="hide")
        if self.frames and self.frames[-1][0] == picture:
            self.frames[-1] = (picture, self.frames[-1][1] + seconds)
        else:
            self.frames.append((picture, seconds))

    def animated(self) -> bytes:
        """The pictures as one PNG that moves (APNG: PNG Third Edition, W3C, section 11.3.6)."""
        sequence = iter(range(10_000))
        parts = [SIGNATURE, _chunk(b"IHDR", _first(self.frames[0][0], b"IHDR"))]
        parts.append(_chunk(b"acTL", struct.pack(">II", len(self.frames), 0)))
        width, height = struct.unpack(">II", _first(self.frames[0][0], b"IHDR")[:8])
        for number, (picture, seconds) in enumerate(self.frames):
            control = (next(sequence), width, height, 0, 0, round(seconds * 1000), 1000, 0, 0)
            parts.append(_chunk(b"fcTL", struct.pack(">IIIIIHHBB", *control)))
            for kind, data in _chunks(picture):
                if kind == b"IDAT":
                    is_first = number == 0
                    parts.append(
                        _chunk(b"IDAT", data) if is_first else _chunk(b"fdAT", struct.pack(">I", next(sequence)) + data)
                    )
        return b"".join([*parts, _chunk(b"IEND", b"")])


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(picture):
        (length,) = struct.unpack(">I", picture[at : at + 4])
        yield picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        at += length + 12


def _first(picture: bytes, wanted: bytes) -> bytes:
    return next(data for kind, data in _chunks(picture) if kind == wanted)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def lifecycle(page: Page) -> bytes:
    """Order a circuit, watch the dry run, confirm, watch the run, confirm."""
    film = Film(page)
    page.goto(ADDRESS + "/start/create_l2vpn")
    page.locator("form select").nth(0).select_option(index=5)
    page.locator("form select").nth(1).select_option(index=6)
    film.take(1.6)
    page.get_by_role("button", name="Next").click()
    page.get_by_label("VLAN").fill("210")
    film.take(1.6)
    page.locator("form button[type=submit]").last.click()
    for _ in range(2):
        _watch(page, film)
        film.take(2.2)
        page.locator("form button[type=submit]").last.click()
    page.locator(".badge", has_text="Completed").first.wait_for()
    page.evaluate("scrollTo(0, 0)")
    film.take(3.0)
    return film.animated()


def _watch(page: Page, film: Film) -> None:
    """Take pictures until a form waits for the person."""
    page.get_by_text("Waiting for remote").first.wait_for()
    while not page.locator("form button[type=submit]").count():
        film.take(0.9)
        page.wait_for_timeout(2_000)


def still(browser: Browser, name: str, path: str, scheme: str = "light") -> None:
    """One page as a picture."""
    with browser.new_page(viewport=WIDE, color_scheme=scheme) as page:  # type: ignore[arg-type]
        page.goto(ADDRESS + path)
        page.get_by_text("Live", exact=True).wait_for()
        page.wait_for_timeout(1500)
        page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")


def main() -> None:
    """Take all pictures."""
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)))
    with (
        demo(),
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=program, args=SWITCHES) as browser,
    ):
        with browser.new_page(viewport=WIDE) as page:
            page.set_default_timeout(SECONDS * 1000)
            _wait_for_server(page)
            (IMAGES / "lifecycle.png").write_bytes(lifecycle(page))
        for name, path in PAGES.items():
            still(browser, name, path)
        still(browser, "processes-dark", "/processes", "dark")


def _wait_for_server(page: Page) -> None:
    """Wait until the examples of the demo are there."""
    while True:
        try:
            page.goto(ADDRESS + "/processes")
            break
        except PlaywrightError:  # it starts
            page.wait_for_timeout(500)
    page.locator(".chip", has_text="Completed 8").wait_for()


if __name__ == "__main__":
    main()
