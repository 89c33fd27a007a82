"""Which workflows there are, and which of them the caller can start."""

from orchestrator_gql.engine.authors import execution
from orchestrator_gql.engine.authors.failures import in_request
from orchestrator_gql.engine.people import rights
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.utils.errors import AuthorCodeFailed, Forbidden
from orchestrator_gql.workflow.model import Workflow


def workflows(runtime: Runtime, principal: Principal) -> list[Workflow]:
    """All workflows, by name."""
    principal.demand(Permission.READ)
    return list(runtime.registry)


def workflow(runtime: Runtime, principal: Principal, name: str) -> Workflow | None:
    """The workflow of that name, where it is deployed."""
    principal.demand(Permission.READ)
    return runtime.registry.find(name)


async def blocked_reason(runtime: Runtime, principal: Principal, workflow: Workflow) -> str | None:
    """Why the caller cannot start the workflow now; None where it can."""
    try:
        await rights.demand_start(principal, workflow)
    except Forbidden as forbidden:
        return forbidden.message
    try:
        with in_request(f"The run_predicate of workflow {workflow.name!r}"):
            return await execution.blocked_reason(runtime, workflow)
    except AuthorCodeFailed as failed:  # of a list of workflows, the others can be started all the same
        return failed.message
