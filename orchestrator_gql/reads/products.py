"""The declared products."""

from orchestrator_gql.domain import RegisteredProduct
from orchestrator_gql.domain import products as registry
from orchestrator_gql.engine.start_check import refusal, works_on_subscription
from orchestrator_gql.reads.processes import blocked_reason
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.security import Permission, Principal
from orchestrator_gql.storage.engine_state import EngineStatus
from orchestrator_gql.storage.product_subscriptions import StartFacts
from orchestrator_gql.targets import Target
from orchestrator_gql.utils.start_errors import ProductMismatch
from orchestrator_gql.workflow.model import Workflow
from orchestrator_gql.workflows.offers import products_of


def products(principal: Principal) -> list[RegisteredProduct]:
    """All products, by name."""
    principal.demand(Permission.READ)
    return sorted(registry.all(), key=lambda product: product.facts.name)


def product(principal: Principal, name: str) -> RegisteredProduct | None:
    """The product with that name, or None."""
    return next((product for product in products(principal) if product.facts.name == name), None)


def workflows_of(runtime: Runtime, principal: Principal, name: str) -> list[Workflow]:
    """The workflows that create or work on subscriptions to the product, by name."""
    principal.demand(Permission.READ)
    return [
        workflow
        for workflow in runtime.registry
        if workflow.target is not Target.SYSTEM and name in {offered.name for offered in products_of(workflow)}
    ]


async def workflow_starts(
    runtime: Runtime, principal: Principal, facts: StartFacts, status: EngineStatus
) -> list[tuple[Workflow, str | None]]:
    """The workflows for subscriptions to the product, each with the reason why it cannot start now, or None."""
    principal.demand(Permission.READ)
    starts: list[tuple[Workflow, str | None]] = []
    for workflow in runtime.registry:
        if not works_on_subscription(workflow):
            continue
        refused = refusal(workflow, facts)
        if isinstance(refused, ProductMismatch):
            continue
        reason = None if refused is None else refused.message
        starts.append((workflow, reason or await blocked_reason(runtime, principal, workflow, status)))
    return starts
