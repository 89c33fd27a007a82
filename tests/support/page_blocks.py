"""The code blocks of the README and of the documentation pages, and the test that runs each of them."""

import re
from dataclasses import dataclass
from pathlib import Path

from support.tree import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
CODE = ("python", "sh", "graphql", "console", "ts", "sql", "dockerfile")
"""The languages of blocks that do something."""

CONFIGURATION = ("json", "yaml", "toml", "nginx", "ini", "text")
"""The languages of blocks that are only read."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a page: its language, its place among the blocks of that language on the page, and its text."""

    page: str
    language: str
    number: int
    text: str

    @property
    def name(self) -> str:
        """The block in the report of a test."""
        return f"{self.page.removeprefix('docs/')}-{self.language}-{self.number}"


def blocks(*languages: str) -> list[Block]:
    """The blocks of all pages in these languages, in the order of the pages."""
    return [block for page in PAGES for block in _of(page) if block.language in languages]


def _of(page: Path) -> list[Block]:
    found: list[Block] = []
    for language, text in re.findall(r"^ *```(\w*)\n(.*?)^ *```", page.read_text(), re.MULTILINE | re.DOTALL):
        number = sum(block.language == language for block in found)
        found.append(Block(str(page.relative_to(ROOT)), language, number, text))
    return found


RUN_BY_THE_TEST_OF_ITS_PAGE = {
    ("README.md", "python", "import json"): "cli/test_readme_page.py",
    ("README.md", "sh", "orchestrator-gql serve --workflows my_workflows.py"): "cli/test_readme_page.py",
    ("README.md", "sh", "PROCESS=$(orchestrator-gql start configure_node --set node=a"): "cli/test_readme_page.py",
    ("docs/README.md", "python", "import json"): "architecture/test_site.py",
    ("docs/howto/back-up-and-restore.md", "sh", "pg_dump"): "cli/test_back_up_page.py",
    (
        "docs/howto/back-up-and-restore.md",
        "sh",
        "orchestrator-gql migrate --after-restore",
    ): "cli/test_back_up_page.py",
    ("docs/howto/approvals.md", "python", None): "testing/test_approvals_page.py",
    ("docs/howto/connect-a-graphql-client.md", "python", None): "cli/test_client_page.py",
    ("docs/howto/connect-a-graphql-client.md", "sh", None): "cli/test_client_page.py",
    ("docs/howto/one-change-per-device.md", "python", None): "testing/test_one_change_page.py",
    ("docs/howto/declare-a-product.md", "python", None): "testing/test_declare_a_product_page.py",
    ("docs/howto/bring-your-workflows-over.md", "sh", None): "cli/test_ported_products.py",
    ("docs/howto/embed-the-application.md", "python", None): "cli/test_embed_page.py",
    ("docs/howto/keep-secrets.md", "python", None): "secrets/test_keep_secrets_page.py",
    ("docs/howto/notifications.md", "python", None): "rest/test_notifications_page.py",
    ("docs/howto/recover-a-stuck-process.md", "console", None): "demo/test_rehearsal.py",
    (
        "docs/howto/schedule-a-workflow.md",
        "sh",
        "orchestrator-gql start upgrade_node --set node=ams-1 --yes -",
    ): "cli/test_schedule_page.py",
    ("docs/howto/sign-callbacks.md", "python", "import base64"): "rest/test_sign_callbacks_page.py",
    ("docs/howto/sign-callbacks.md", "python", "from typing import Any"): "rest/test_sign_callbacks_page.py",
    ("docs/howto/sign-callbacks.md", "sh", "id=msg_$(date +%s) at=$(date +%s)"): "rest/test_sign_callbacks_page.py",
    ("docs/howto/test-a-workflow.md", "python", None): "testing/test_kit_page.py",
    ("docs/howto/wait-for-a-remote-service.md", "python", None): "architecture/test_pages.py",
    ("docs/howto/use-the-terminal.md", "sh", "orchestrator-gql "): "cli/test_terminal_page.py",
    ("docs/language/callbacks.md", "python", None): "testing/test_language_pages.py",
    ("docs/language/forms.md", "python", None): "testing/test_language_pages.py",
    ("docs/language/input-steps.md", "python", None): "testing/test_language_pages.py",
    ("docs/language/product-workflows.md", "python", None): "testing/test_language_pages.py",
    ("docs/language/parts.md", "python", None): "testing/test_language_pages.py",
    ("docs/language/steps.md", "python", None): "testing/test_language_pages.py",
    ("docs/language/workflows.md", "python", None): "testing/test_language_pages.py",
    ("docs/tutorial/first-callback.md", "python", None): "cli/test_tutorial_page.py",
    ("docs/tutorial/confirmation.md", "python", None): "cli/test_tutorial_page.py",
    ("docs/tutorial/confirmation.md", "sh", None): "cli/test_tutorial_page.py",
    ("docs/tutorial/deadline.md", "python", None): "cli/test_tutorial_page.py",
    ("docs/tutorial/deadline.md", "sh", None): "cli/test_tutorial_page.py",
    ("docs/tutorial/failure.md", "sh", None): "cli/test_tutorial_page.py",
    ("docs/tutorial/test.md", "python", None): "cli/test_tutorial_page.py",
    ("docs/tutorial/test.md", "sh", "python -m pytest -q"): "cli/test_tutorial_page.py",
    ("docs/tutorial/first-callback.md", "sh", None): "cli/test_tutorial_page.py",
}
"""The test that runs the block of the page which begins so; None stands for all blocks of the language."""

EXCERPTS = {"docs/howto/live-with-a-product.md"}
"""Pages whose Python is copied from the demo, which tests run."""

NOT_RUN = {
    ("README.md", "sh", "make run"): "starts the demo and this test",
    ("docs/README.md", "sh", "make run"): "starts the demo and this test",
    ("docs/explanation/performance.md", "sh", "make bench-quick"): "takes minutes",
    ("docs/howto/approvals.md", "sh", "orchestrator-gql serve --workflows change.py"): "asks the reader",
    ("docs/howto/approvals.md", "sh", "orchestrator-gql waits --mine"): "has a choice of decisions",
    (
        "docs/howto/connect-a-graphql-client.md",
        "ts",
        "import { cacheExchange, Client, fetchExchange, gql, subscrip",
    ): "needs a package; its documents are validated",
    (
        "docs/howto/connect-a-graphql-client.md",
        "ts",
        "import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCa",
    ): "needs a package; its documents are validated",
    (
        "docs/howto/connect-a-remote-service.md",
        "sh",
        "pip install openapi-python-client",
    ): "installs; rest/test_openapi_client.py generates the client",
    ("docs/howto/declare-a-product.md", "sh", "orchestrator-gql serve --workflows tunnels.py"): "asks the reader",
    ("docs/howto/deploy-on-postgresql.md", "dockerfile", "FROM orchestrator-gql"): "needs Docker",
    (
        "docs/howto/deploy-on-postgresql.md",
        "sh",
        "cp deploy/orchestrator.example.toml orchestrator.toml",
    ): "needs Docker",
    ("docs/howto/deploy-on-postgresql.md", "sh", "pip install './orchestrator_gql-"): "needs many machines",
    (
        "docs/howto/deploy-on-postgresql.md",
        "sql",
        "SELECT pid, usename, application_name, xact_start",
    ): "reads the activity of PostgreSQL",
    (
        "docs/howto/live-with-a-product.md",
        "sh",
        "sed -i 's/encapsulation vlan .*/encapsulation vlan 666/' .de",
    ): "needs the demo",
    (
        "docs/howto/notifications.md",
        "sh",
        "orchestrator-gql notifications --dead",
    ): "needs a notification that was given up",
    ("docs/howto/test-a-workflow.md", "sh", "pip install pytest pytest-asyncio"): "installs",
    (
        "docs/howto/verify-the-audit-log.md",
        "sh",
        "orchestrator-gql audit verify --anchor 1234:9f86d081…",
    ): "has the anchor of another log",
    (
        "docs/howto/verify-the-audit-log.md",
        "sh",
        "orchestrator-gql audit export --output audit.ndjson",
    ): "has the anchor of another log",
    ("docs/howto/install.md", "sh", "make dashboard"): "installs; release/test_hatch_build.py builds the same",
    ("docs/howto/install.md", "sh", "python3 -m venv orchestrator"): "installs; `make release` does the same",
    (
        "docs/howto/install.md",
        "sh",
        "useradd --system --home-dir",
    ): "needs systemd; the commands of the units are started",
    ("docs/howto/install.md", "sh", "docker build --tag"): "needs Docker",
    ("docs/tutorial/install.md", "sh", "make run"): "starts the demo",
    ("docs/tutorial/install.md", "sh", "python3 -m venv .venv"): "installs",
    ("docs/tutorial/test.md", "sh", "pip install pytest pytest-asyncio"): "installs",
}
"""The blocks that no test runs, each with the reason. The number of them may only fall."""


def test_of_page(block: Block) -> str | None:
    """The test of the page that runs the block."""
    tests = RUN_BY_THE_TEST_OF_ITS_PAGE.items()
    return next((test for place, test in tests if is_meant(block, *place)), None)


def is_meant(block: Block, page: str, language: str, beginning: str | None) -> bool:
    """Whether a row of the tables here is about the block."""
    return (block.page, block.language) == (page, language) and block.text.lstrip().startswith(beginning or "")


def is_run_here(block: Block) -> bool:
    """Whether a general test of blocks runs the block: no test of its page does, and it can be run."""
    is_excerpt = block.language == "python" and block.page in EXCERPTS
    return not (test_of_page(block) or is_excerpt or any(is_meant(block, *place) for place in NOT_RUN))
