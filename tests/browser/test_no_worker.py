"""The dashboard of API servers without a worker says why nothing goes on, until a worker runs."""

from pathlib import Path

from opened import open_browser
from playwright.sync_api import expect
from support.command_line import SECONDS, running, serving
from support.dashboard_page import take_picture
from support.database import PostgresServer

expect.set_options(timeout=SECONDS * 1000)


def test_a_missing_worker_is_a_banner_until_one_runs(tmp_path: Path, postgres: PostgresServer) -> None:
    with (
        postgres.database() as url,
        serving(tmp_path, "--role", "api", "--database", url) as api,
        open_browser(api.address, tmp_path / "url") as dashboard,
    ):
        page = dashboard.page
        dashboard.open("/")
        expect(page.get_by_role("region", name="Engine")).to_contain_text("Running")
        expect(page.locator(".banner")).to_have_count(0)
        dashboard.begin("greeting")
        banner = page.locator(".banner")
        expect(banner).to_contain_text(
            "No worker is running: 1 process waits, and no step starts until somebody starts"
        )
        page.reload()
        expect(page.get_by_role("region", name="Engine").locator(".badge")).to_have_text("No worker")
        take_picture(page, "no-worker")
        worker = ("worker", "--workflows", "flows", "--port", "0", "--database", url, "--public-url", api.address)
        with running(tmp_path, *worker):
            expect(banner).to_have_count(0)
            expect(page.get_by_role("region", name="Engine").locator(".badge")).to_have_text("Running")
