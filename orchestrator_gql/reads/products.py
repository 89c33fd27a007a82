"""The declared products."""

from orchestrator_gql.domain import RegisteredProduct
from orchestrator_gql.domain import products as registry
from orchestrator_gql.security import Permission, Principal


def products(principal: Principal) -> list[RegisteredProduct]:
    """All products, by name."""
    principal.demand(Permission.READ)
    return sorted(registry.all(), key=lambda product: product.facts.name)


def product(principal: Principal, name: str) -> RegisteredProduct | None:
    """The product with that name, or None."""
    return next((product for product in products(principal) if product.facts.name == name), None)
