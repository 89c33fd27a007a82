"""The dashboard's own checks: its types, its unit tests, that its generated types fit the schema, and `npm run dev`."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect
from support.command_line import SECONDS, serving
from support.dashboard_page import FRONTEND, wait_until_live, watched
from support.ports import free_port

CHECKS = {
    "types": ("tsc", "--noEmit"),
    "unit tests": ("vitest", "run", "--reporter=dot"),
    "types generated from the schema": ("graphql-codegen", "--check"),
}


@pytest.mark.parametrize("name", CHECKS)
def test_the_dashboards_own_check_passes(name: str) -> None:
    program, *arguments = CHECKS[name]
    if shutil.which("npm") is None:
        pytest.fail("Node.js with npm is missing: the dashboard is checked with it. Install Node 20 or later.")
    environment = {**os.environ, "NO_COLOR": "1", "CI": "1"}
    command = [str(FRONTEND / "node_modules" / ".bin" / program), *arguments]
    checked = subprocess.run(
        command, cwd=FRONTEND, env=environment, capture_output=True, text=True, timeout=5 * SECONDS, check=False
    )

    assert checked.returncode == 0, f"{checked.stdout}\n{checked.stderr}"


@contextmanager
def development(server: str) -> Iterator[str]:
    """The address of the development server, as `npm run dev` begins it, in front of a running API."""
    port = free_port()
    vite = str(FRONTEND / "node_modules" / ".bin" / "vite")
    command = [vite, "--host", "127.0.0.1", "--port", str(port), "--strictPort"]
    environment = {**os.environ, "NO_COLOR": "1", "ORCHESTRATOR_SERVER": server}
    with subprocess.Popen(command, cwd=FRONTEND, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert any("ready in" in line for line in process.stdout), "it does not begin"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def test_the_development_server_shows_the_dashboard_of_a_running_api(tmp_path: Path) -> None:
    with (
        serving(tmp_path) as server,
        development(server.address) as address,
        watched(address) as (context, watch),
    ):
        page = context.new_page()
        page.goto("/start")
        wait_until_live(page)
        page.get_by_role("link", name="Greet").click()
        expect(page.locator("form button[type=submit]")).to_be_visible()
        page.locator("form button[type=submit]").click()
        page.wait_for_url("**/processes/*")
        expect(page.locator(".process-title .badge")).to_have_text("Completed", timeout=SECONDS * 1000)
        watch.forgive("[vite]", "React DevTools")

    assert watch.complaints == []
    assert watch.requests_elsewhere() == []
