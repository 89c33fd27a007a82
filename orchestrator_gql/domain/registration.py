"""Declares a product next to its models."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from orchestrator_gql.domain.product_model import ProductModel, ProductStatus
from orchestrator_gql.domain.registry import RegisteredProduct, products, stable_id
from orchestrator_gql.domain.subscriptions import SubscriptionModel
from orchestrator_gql.utils.errors import WorkflowDefinitionError
from orchestrator_gql.utils.names import demand_name, demand_text


def register_product(
    *,
    name: str,
    model: type[SubscriptionModel],
    description: str = "",
    product_type: str = "",
    tag: str = "",
    status: ProductStatus = ProductStatus.ACTIVE,
    fixed_inputs: Mapping[str, Any] | None = None,
    product_id: UUID | None = None,
) -> ProductModel:
    """Register a product whose subscriptions are of the family of ``model`` (any class of the family).

    ``description`` and ``product_type`` default to the name, ``tag`` to the name in capitals. Pass a ``product_id`` if
    the product may be renamed later: the default id is derived from the name. Raises ``WorkflowDefinitionError`` if
    another product has the name or the id.
    """
    if model._family is None:
        raise WorkflowDefinitionError(
            f"The product {name!r} needs a model of its own, derived from `SubscriptionModel`."
        )
    demand_name(name, "name of a product")
    for value, field in ((description, "description"), (product_type, "product_type"), (tag, "tag")):
        demand_text(value, f"{field} of product {name!r}")
    facts = ProductModel(
        product_id=product_id or stable_id(name),
        name=name,
        description=description or name,
        product_type=product_type or name,
        tag=tag or name.upper(),
        status=status,
        fixed_inputs=dict(fixed_inputs) if fixed_inputs else None,
    )
    products.register(RegisteredProduct(facts, model._family.base))
    return facts
