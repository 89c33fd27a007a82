"""A workflow whose definition is tested, and never run."""

from typing import Any

from orchestrator_gql import begin, step
from orchestrator_gql.workflow import workflow


@step("Call")
def call(callback_url: str) -> None:
    """Never called."""


@step("Judge")
def judge(callback_result: Any) -> None:
    """Never called."""


def deploy() -> Any:
    """The steps of the workflow."""
    return begin >> call


def flow(**options: Any) -> Any:
    """The workflow with these options."""
    return workflow("Deploy", **options)(deploy)
