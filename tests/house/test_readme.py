"""What the README shows is what the product does."""

import re
from pathlib import Path

from graphql import build_schema, parse, validate
from tree import ROOT

from orchestrator_gql.cli.serving.loading import load_workflows
from orchestrator_gql.graphql.schema import printed

README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_workflow_of_the_readme_is_offered_as_it_stands(tmp_path: Path) -> None:
    module = tmp_path / "my_workflows.py"
    module.write_text(blocks("python")[0])

    offered = load_workflows([str(module)])

    assert [one.name for one in offered] == ["configure_node"]
    assert [step.kind for step in offered[0].steps] == ["ACTION", "AWAIT_CALLBACK", "VALIDATION", "INPUT"]


def test_the_operations_of_the_readme_fit_the_schema() -> None:
    schema = build_schema(printed())

    problems = [error.message for text in blocks("graphql") for error in validate(schema, parse(text))]

    assert problems == []


def test_every_file_that_the_readme_links_to_is_there() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", README)

    assert [link for link in links if not (ROOT / link).exists()] == []
