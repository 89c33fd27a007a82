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
    ("README.md", "python", 0): "cli/test_readme_page.py",
    ("README.md", "sh", 1): "cli/test_readme_page.py",
    ("README.md", "sh", 2): "cli/test_readme_page.py",
    ("docs/README.md", "python", 0): "architecture/test_site.py",
    ("docs/howto/approvals.md", "python", None): "testing/test_approvals_page.py",
    ("docs/howto/connect-a-graphql-client.md", "python", None): "cli/test_client_page.py",
    ("docs/howto/connect-a-graphql-client.md", "sh", None): "cli/test_client_page.py",
    ("docs/howto/declare-a-product.md", "python", None): "testing/test_declare_a_product_page.py",
    ("docs/howto/embed-the-application.md", "python", None): "cli/test_embed_page.py",
    ("docs/howto/keep-secrets.md", "python", None): "secrets/test_keep_secrets_page.py",
    ("docs/howto/notifications.md", "python", None): "rest/test_notifications_page.py",
    ("docs/howto/recover-a-stuck-process.md", "console", None): "demo/test_rehearsal.py",
    ("docs/howto/schedule-a-workflow.md", "sh", 0): "cli/test_schedule_page.py",
    ("docs/howto/sign-callbacks.md", "python", 1): "rest/test_sign_callbacks_page.py",
    ("docs/howto/sign-callbacks.md", "python", 2): "rest/test_sign_callbacks_page.py",
    ("docs/howto/sign-callbacks.md", "sh", 1): "rest/test_sign_callbacks_page.py",
    ("docs/howto/test-a-workflow.md", "python", None): "testing/test_kit_page.py",
    ("docs/howto/wait-for-a-remote-service.md", "python", None): "architecture/test_pages.py",
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
    ("docs/tutorial/test.md", "sh", 1): "cli/test_tutorial_page.py",
    ("docs/tutorial/first-callback.md", "sh", None): "cli/test_tutorial_page.py",
}
"""The test of each page that runs these blocks; without a number it runs all blocks of the language."""

EXCERPTS = {"docs/howto/live-with-a-product.md"}
"""Pages whose Python is copied from the demo, which tests run."""

NOT_RUN = {
    ("README.md", "python", 1): "the arguments of a decorator only",
    ("README.md", "sh", 0): "starts the demo and this test",
    ("README.md", "sh", 3): "asks the reader",
    ("README.md", "sh", 4): "needs many machines",
    ("docs/README.md", "sh", 0): "starts the demo and this test",
    ("docs/explanation/performance.md", "sh", 0): "takes minutes",
    ("docs/howto/approvals.md", "sh", 0): "asks the reader",
    ("docs/howto/approvals.md", "sh", 1): "has a choice of decisions",
    ("docs/howto/connect-a-graphql-client.md", "ts", 0): "needs a package; its documents are validated",
    ("docs/howto/connect-a-graphql-client.md", "ts", 1): "needs a package; its documents are validated",
    ("docs/howto/connect-a-remote-service.md", "sh", 0): "installs; rest/test_openapi_client.py generates the client",
    ("docs/howto/declare-a-product.md", "sh", 0): "asks the reader",
    ("docs/howto/deploy-on-postgresql.md", "dockerfile", 0): "needs Docker",
    ("docs/howto/deploy-on-postgresql.md", "sh", 1): "needs Docker",
    ("docs/howto/deploy-on-postgresql.md", "sh", 2): "needs many machines",
    ("docs/howto/deploy-on-postgresql.md", "sh", 3): "needs two databases",
    ("docs/howto/deploy-on-postgresql.md", "sh", 4): "needs a restored database",
    ("docs/howto/deploy-on-postgresql.md", "sql", 0): "reads the activity of PostgreSQL",
    ("docs/howto/live-with-a-product.md", "sh", 0): "needs the demo",
    ("docs/howto/notifications.md", "sh", 2): "needs a notification that was given up",
    ("docs/howto/test-a-workflow.md", "sh", 0): "installs",
    ("docs/howto/verify-the-audit-log.md", "sh", 1): "has the anchor of another log",
    ("docs/howto/verify-the-audit-log.md", "sh", 2): "has the anchor of another log",
    ("docs/tutorial/install.md", "sh", 0): "starts the demo",
    ("docs/tutorial/install.md", "sh", 1): "installs",
    ("docs/tutorial/test.md", "sh", 0): "installs",
}
"""The blocks that no test runs, each with the reason. The number of them may only fall."""


def test_of_page(block: Block) -> str | None:
    """The test of the page that runs the block."""
    tests = RUN_BY_THE_TEST_OF_ITS_PAGE
    return tests.get((block.page, block.language, block.number)) or tests.get((block.page, block.language, None))


def is_run_here(block: Block) -> bool:
    """Whether a general test of blocks runs the block: no test of its page does, and it can be run."""
    is_excerpt = block.language == "python" and block.page in EXCERPTS
    return not (test_of_page(block) or is_excerpt or (block.page, block.language, block.number) in NOT_RUN)
