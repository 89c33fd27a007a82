"""The template of a title is checked at import."""

import pytest

from orchestrator_gql import begin
from orchestrator_gql.utils.errors import WorkflowDefinitionError
from orchestrator_gql.workflow import workflow
from orchestrator_gql.workflows.utils import (
    create_workflow,
    modify_workflow,
    task,
    terminate_workflow,
    validate_workflow,
)


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        (7, "give it a text"),
        ("", "blank"),
        ("x" * 501, "shorten"),
        ("half \ud800", "half of a character"),
        ("Deploy {version", "expected '}'"),
        ("Deploy version}", "Single '}'"),
        ("Deploy {}", "names no value"),
        ("Deploy {0}", "names no value"),
        ("Deploy {a b}", "names no value"),
        ("Deploy {version!r}", "names no value"),
        ("Deploy {version:>9}", "names no value"),
        ("Deploy {site[0]}", "names no value"),
        ("Deploy {site..name}", "names no value"),
    ],
)
def test_a_title_that_is_no_template_is_refused_at_import(title: object, reason: str) -> None:
    with pytest.raises(WorkflowDefinitionError, match=reason):

        @workflow(title=title)  # type: ignore[arg-type]
        def deploy() -> object:
            return begin


@pytest.mark.parametrize(
    "kind", [workflow, create_workflow, modify_workflow, terminate_workflow, validate_workflow, task]
)
def test_every_kind_of_workflow_takes_a_title(kind: object) -> None:
    @kind("Deploy", title="Deploy {version}")  # type: ignore[operator, untyped-decorator]
    def deploy() -> object:
        return begin

    assert deploy.title == "Deploy {version}"
