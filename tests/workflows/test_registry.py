"""The registry refuses a workflow with a function that could never be called."""

from collections.abc import Callable
from typing import Any

import pytest
from conftest import Offer
from support.engine import Engine

from orchestrator_gql.commands.workflow_starts import start_workflow
from orchestrator_gql.security import LOCAL_OPERATOR
from orchestrator_gql.utils.errors import WorkflowBlocked, WorkflowDefinitionError
from orchestrator_gql.workflow import Workflow, begin, workflow
from orchestrator_gql.workflows.registry import Registry


def closed_by(predicate: Callable[..., Any]) -> Workflow:
    """A workflow whose start the predicate may forbid."""

    @workflow("Closed", run_predicate=predicate)
    def closed() -> Any:
        return begin

    return closed


@pytest.mark.parametrize("predicate", [lambda state: "no", lambda context: "no", lambda *, subscription: "no"])
def test_a_run_predicate_that_needs_a_state_is_refused(predicate: Callable[..., Any]) -> None:
    with pytest.raises(WorkflowDefinitionError, match="before the start there is no state"):
        Registry([closed_by(predicate)])


PREDICATES = [
    lambda: "closed for local",
    lambda reporter: f"closed for {reporter}",
    lambda reporter, limit=3: f"closed for {reporter}",
    lambda *, workflow_name, reporter: f"{workflow_name} for {reporter}",
]


@pytest.mark.one_dispatcher
@pytest.mark.parametrize("predicate", PREDICATES)
async def test_a_run_predicate_gets_who_starts_which_workflow(offer: Offer, predicate: Callable[..., Any]) -> None:
    flow = closed_by(predicate)
    engine: Engine = await offer(flow)

    with pytest.raises(WorkflowBlocked, match="closed for local"):
        await start_workflow(engine.runtime, LOCAL_OPERATOR, workflow_name=flow.name, pages=[])
