"""A proxy that adds the token of a person signs the person in on the dashboard, as the page on single sign-on says."""

from pathlib import Path

from playwright.sync_api import expect
from signed_in import TOKENS, environment, with_workflows
from support.browser import launched
from support.command_line import SECONDS, serving
from support.sign_in import token_of


def test_a_person_whose_token_the_proxy_adds_is_signed_in_and_sees_what_is_live(tmp_path: Path) -> None:
    folder = with_workflows(tmp_path, "deciding")
    header = {"authorization": f"Bearer {token_of('ada')}"}
    with serving(folder, "--workflows", "deciding", **environment(TOKENS)) as server, launched() as browser:
        page = browser.new_context(
            extra_http_headers=header, reduced_motion="reduce"
        ).new_page()  # the browser plays the proxy
        page.set_default_timeout(SECONDS * 1000)
        page.goto(f"{server.address}/inbox")

        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        expect(page.get_by_text("ada", exact=True)).to_be_visible()
        expect(page.get_by_label("Token")).to_have_count(0)
