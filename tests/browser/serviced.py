"""Workflows that wait for remote services with names."""

from pathlib import Path

from orchestrator_gql import StepList, begin, callback_step, step
from orchestrator_gql.callbacks.lso import LsoPlaybookResult
from orchestrator_gql.types import State
from orchestrator_gql.workflow import workflow


@step("Order")
def order(callback_url: str) -> None:
    """Write the URL to a file of the folder, in one atomic step."""
    part = Path("url.part")
    part.write_text(callback_url)
    part.rename("url")


@step("Judge")
def judge(callback_result: LsoPlaybookResult) -> State:
    """Keep the return code."""
    return {"return_code": callback_result.return_code}


@workflow("Configure a router")
def configure() -> StepList:
    """Order a job of the service `ansible`."""
    return begin >> callback_step(
        "Configure", order, judge, service="ansible", contract=LsoPlaybookResult, timeout=3600
    )


@workflow("Name a router")
def name() -> StepList:
    """Order a job of the service `dns`, which soon is late."""
    return begin >> callback_step("Name", order, judge, service="dns", timeout=1)
