"""The examples in the README and the how-to pages work, and the links of all pages lead somewhere."""

import re
from functools import cache
from pathlib import Path

from graphql import GraphQLSchema, build_schema, parse, validate
from support.tree import ROOT

from orchestrator_gql.cli.serving.loading import load_workflows
from orchestrator_gql.graphql.schema import printed

README = ROOT / "README.md"
PAGES = [
    README,
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "examples" / "README.md",
    *sorted((ROOT / "examples").glob("*/README.md")),
]


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)


@cache
def schema() -> GraphQLSchema:
    """Our schema, as a client builds it."""
    return build_schema(printed())


def test_the_workflow_of_the_readme_can_be_loaded_unchanged(tmp_path: Path) -> None:
    module = tmp_path / "my_workflows.py"
    module.write_text(blocks(README, "python")[0])

    workflows = load_workflows([str(module)])

    assert [workflow.name for workflow in workflows] == ["configure_node"]
    assert [step.kind for step in workflows[0].steps] == ["ACTION", "AWAIT_CALLBACK", "VALIDATION", "INPUT"]


def test_the_workflows_of_the_page_on_callbacks_can_be_loaded_unchanged(tmp_path: Path) -> None:
    page = ROOT / "docs/howto/wait-for-a-remote-service.md"
    module = tmp_path / "remote_services.py"
    module.write_text("\n\n".join(blocks(page, "python")))

    workflows = {workflow.name: workflow for workflow in load_workflows([str(module)])}

    assert sorted(workflows) == ["change_vlan", "configure_one", "upgrade_routers"]
    assert [step.kind for step in workflows["change_vlan"].steps] == [
        "ACTION",
        "AWAIT_CALLBACK",
        "VALIDATION",
        "INPUT",
    ] * 2
    assert len(workflows["configure_one"].clean_up) == 1


def test_the_operations_of_each_page_are_valid_in_the_schema() -> None:
    problems = {
        name(page): [error.message for text in blocks(page, "graphql") for error in validate(schema(), parse(text))]
        for page in PAGES
    }

    assert {page: found for page, found in problems.items() if found} == {}


def test_every_file_that_a_page_links_to_exists() -> None:
    links = [(page, link) for page in PAGES for link in re.findall(r"\]\((?!http)([^)#]+)", page.read_text())]

    assert [(name(page), link) for page, link in links if not (page.parent / link).exists()] == []


def test_every_heading_that_a_page_links_to_exists() -> None:
    links = [
        (page, page.parent / link if link else page, anchor)
        for page in PAGES
        for link, anchor in re.findall(r"\]\((?!http)([^)#]*)#([^)]+)\)", page.read_text())
    ]

    assert [(name(page), to.name, anchor) for page, to, anchor in links if anchor not in anchors(to)] == []


@cache
def anchors(page: Path) -> set[str]:
    """The anchors that renderers of Markdown make of the headings of a page."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
