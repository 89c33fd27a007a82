"""The files of the built dashboard: how much a first view loads, the compressed copies, and nothing from elsewhere."""

import gzip
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Route
from support.command_line import SECONDS, serving
from support.dashboard_page import FRONTEND, wait_until_read, watched

from orchestrator_gql.rest.dashboard import PAGES

DIST = FRONTEND / "dist"
FIRST_VIEW = {"/": 145_000, "/inbox": 126_000, "/processes": 126_000, "/start/greeting": 235_000}
"""The most bytes of scripts and styles, compressed with gzip, that a first view of the address may load."""

COMPRESSED = (".js", ".css", ".svg", ".txt")
LONG = 1_000

UNPACK = """const {readFileSync} = require("fs"), {brotliDecompressSync} = require("zlib");
for (const name of process.argv.slice(1))
  if (!brotliDecompressSync(readFileSync(name + ".br")).equals(readFileSync(name))) console.log(name);"""

ELSEWHERE = re.compile(r"""(?:fetch|import|WebSocket|EventSource|Worker|importScripts)\(\s*["'`](?:\w+:)?//""")
IN_STYLES = re.compile(r"""url\(\s*["']?(?:\w+:|//)|@import""")


def files(*endings: str, folder: str = "") -> list[Path]:
    found = [path for path in sorted((DIST / folder).rglob("*")) if path.suffix in endings]
    assert found, "the dashboard is not built: make dashboard"
    return found


def size(name: str) -> int:
    """The bytes of a file as they travel: its copy in gzip if there is one."""
    copy = DIST / f"{name}.gz"
    return (copy if copy.exists() else DIST / name).stat().st_size


def test_a_first_view_is_small(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        for address, most in FIRST_VIEW.items():
            with watched(server.address) as (context, watch):
                page = context.new_page()
                page.goto(address)
                wait_until_read(page)
                names = {unquote(urlsplit(url).path).lstrip("/") for url in watch.requests}
            sizes = {name: size(name) for name in names if name.endswith((".js", ".css"))}

            assert 50_000 < sum(sizes.values()) <= most, (address, sizes)
            assert watch.complaints == []
            assert watch.requests_elsewhere() == []


def test_a_page_is_not_empty_while_its_code_is_loaded(tmp_path: Path) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    with serving(tmp_path) as server, watched(server.address) as (context, watch):
        page = context.new_page()
        page.route("**/assets/index-*.js", hold)
        page.goto("/processes", wait_until="commit")
        page.get_by_text("Loading…", exact=True).wait_for()
        assert held
        for route in held:
            route.continue_()
        wait_until_read(page)
        assert page.locator(".first-words").count() == 0
        assert watch.complaints == []


def test_every_long_file_has_copies_that_are_equal_to_it() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.fail("Node.js is missing: it reads the copies in brotli. Install Node 20 or later.")
    long = [path for path in files(*COMPRESSED) if path.stat().st_size >= LONG]
    by_gzip = [path for path in long if gzip.decompress(Path(f"{path}.gz").read_bytes()) != path.read_bytes()]
    by_brotli = subprocess.run(
        [node, "-e", UNPACK, *map(str, long)], capture_output=True, text=True, timeout=SECONDS, check=True
    ).stdout
    orphans = [path for path in files(".br", ".gz") if not path.with_suffix("").exists()]

    assert {"graphiql", "assets"} <= {path.parent.name for path in long}
    assert (by_gzip, by_brotli, orphans) == ([], "", [])


def test_nothing_in_the_files_is_loaded_from_elsewhere_or_inline() -> None:
    document = (DIST / "index.html").read_text("utf-8")
    scripts = {path.name: ELSEWHERE.findall(path.read_text("utf-8")) for path in files(".js", folder="assets")}
    styles = {path.name: IN_STYLES.findall(path.read_text("utf-8")) for path in files(".css", folder="assets")}

    assert re.findall(r"""(?:src|href)=["'](?:\w+:|//)""", document) == []
    assert re.findall(r"<script[^>]*>([^<]+)</script>|<style|\sstyle=|\son\w+=", document) == []
    assert {name: found for name, found in (scripts | styles).items() if found} == {}


def test_the_server_and_the_dashboard_have_the_same_pages() -> None:
    source = (FRONTEND / "src" / "app" / "addresses.ts").read_text("utf-8")
    patterns = re.findall(r'^  \w+: "(/[^"]*)",$', source.partition("export const patterns")[2], re.MULTILINE)

    assert {re.sub(r":(\w+)", r"{\1}", pattern) for pattern in patterns} == {"/", *PAGES}
