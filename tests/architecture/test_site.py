"""The documentation site leads to every page, and its pages of the Python API name what there is."""

import importlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.tree import ROOT

import orchestrator_gql
from orchestrator_gql import testing, workflow

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
DECISIONS = sorted((DOCS / "decisions").glob("0*.md"))
PYTHON = {
    page: re.findall(r"^::: (\S+)$", page.read_text(), re.MULTILINE) for page in DOCS.glob("reference/python/*.md")
}
NOT_FOR_AUTHORS = {"ActionStep", "AwaitStep", "InputStep", "Step", "Workflow", "__version__"}
"""Exported names that an author reads in messages and annotations, and does not call."""


def name(page: Path) -> str:
    return str(page.relative_to(DOCS))


def in_navigation(entry: Any) -> Iterator[str]:
    """The pages of an entry of the navigation."""
    if isinstance(entry, str):
        yield entry
    else:
        for part in entry.values() if isinstance(entry, dict) else entry:
            yield from in_navigation(part)


def test_the_navigation_leads_to_every_page_once() -> None:
    navigation = list(in_navigation(tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"]))

    assert sorted(navigation) == sorted(name(page) for page in PAGES if page not in DECISIONS)


def titles(entry: Any) -> Iterator[tuple[str, str]]:
    """The titles in an entry of the navigation, each with its page."""
    for part in [entry] if isinstance(entry, dict) else entry:
        for title, below in part.items():
            if isinstance(below, str):
                yield title, below
            else:
                yield from titles(below)


def test_a_page_has_the_title_that_the_navigation_shows() -> None:
    shown = titles(tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"])
    pages = {page: title for title, page in shown if not page.endswith("README.md")}
    first = {page: (DOCS / page).read_text().splitlines()[0] for page in pages}

    assert {page: line for page, line in first.items() if not line.startswith(f"# {pages[page]}")} == {}


def test_each_page_has_one_title() -> None:
    texts = {page: re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE) for page in PAGES}
    titles = {name(page): re.findall(r"^# .*", text, re.MULTILINE) for page, text in texts.items()}

    assert {page: found for page, found in titles.items() if len(found) > 1} == {}


def test_every_decision_is_in_the_index_of_decisions_with_its_title() -> None:
    index = (DOCS / "decisions/README.md").read_text()
    titles = {page.name: re.sub(r"^# 0*(\d+)[.:] ", r"\1. ", page.read_text().splitlines()[0]) for page in DECISIONS}

    missing = [f"- [{title}]({file})" for file, title in titles.items() if f"[{title}]({file})" not in index]
    assert missing == [], "add these lines to a group of docs/decisions/README.md"


def test_no_link_leaves_the_site() -> None:
    links = [(page, link) for page in PAGES for link in re.findall(r"\]\((?!http)([^)#]+)", page.read_text())]

    assert [(name(page), to) for page, to in links if not (page.parent / to).resolve().is_relative_to(DOCS)] == []


def test_no_diagram_needs_a_script_of_another_server() -> None:
    assert [name(page) for page in PAGES if "```mermaid" in page.read_text()] == []


def test_the_workflow_of_the_start_page_is_that_of_the_readme() -> None:
    first = re.compile(r"```python\n(.*?)```", re.DOTALL)

    assert first.findall((DOCS / "README.md").read_text()) == first.findall((ROOT / "README.md").read_text())[:1]


@pytest.mark.parametrize("page", PYTHON, ids=name)
def test_every_name_on_a_page_of_the_python_api_exists(page: Path) -> None:
    for path in PYTHON[page]:
        module, _, attribute = path.rpartition(".")
        assert hasattr(importlib.import_module(module), attribute), path


def test_the_pages_of_the_python_api_have_every_name_for_authors() -> None:
    shown = {path.rpartition(".")[2] for paths in PYTHON.values() for path in paths}
    exported = {*orchestrator_gql.__all__, *workflow.__all__, *testing.__all__}

    assert exported - shown - NOT_FOR_AUTHORS == set()


SOUGHT = {
    "backup": "howto/back-up-and-restore.md",
    "disk is full": "howto/back-up-and-restore.md",
    "downgrade": "howto/upgrade.md",
    "restore": "howto/back-up-and-restore.md",
    "rolling": "howto/upgrade.md",
    "automatic retry": "language/steps.md",
    "branches": "language/parts.md",
    "child workflow": "language/workflows.md",
    "cleanup": "language/workflows.md",
    "cron": "howto/schedule-a-workflow.md",
    "dropdown": "language/forms.md",
    "failed process": "howto/find-a-process.md",
    "foreach": "language/parts.md",
    "four eyes": "howto/approvals.md",
    "grafana": "howto/monitor.md",
    "if and else": "language/parts.md",
    "in parallel": "language/callbacks.md",
    "n of m": "howto/approvals.md",
    "nginx": "howto/behind-a-proxy.md",
    "oidc": "howto/single-sign-on.md",
    "prometheus": "howto/monitor.md",
    "purge": "howto/retention.md",
    "quorum": "howto/approvals.md",
    "rollback": "language/workflows.md",
    "sse": "howto/connect-a-graphql-client.md",
    "sso": "howto/single-sign-on.md",
    "subprocess": "language/workflows.md",
    "urql": "howto/connect-a-graphql-client.md",
    "version": "language/workflows.md",
    "opentelemetry": "howto/monitor.md",
    "tracing": "howto/monitor.md",
    "webhook": "howto/notifications.md",
    "workflow from a workflow": "language/workflows.md",
}
"""The words that people type into the search, and the page that has the answer."""


@pytest.mark.parametrize(("word", "page"), SOUGHT.items(), ids=list(SOUGHT))
def test_the_page_with_the_answer_has_the_word_that_people_search(word: str, page: str) -> None:
    text = re.sub(r"```.*?```", "", (DOCS / page).read_text(), flags=re.DOTALL)  # code is no answer

    assert re.search(rf"\b{word}", re.sub(r"[`*\s]+", " ", text), re.IGNORECASE)
