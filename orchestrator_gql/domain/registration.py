"""The declaration of a product, beside its models."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from orchestrator_gql.domain.product import ProductModel, ProductStatus
from orchestrator_gql.domain.registry import RegisteredProduct, products, stable_id
from orchestrator_gql.domain.subscriptions import SubscriptionModel
from orchestrator_gql.utils.errors import WorkflowDefinitionError


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
    """Offer a product whose subscriptions are of ``model``'s family; any class of the family will do.

    ``description`` and ``product_type`` default to the name, ``tag`` to its capitals. Give a ``product_id`` to a
    product that may be renamed one day: without one its id follows from its name. Raises ``WorkflowDefinitionError``
    where the name or the id is another product's.
    """
    if model._family is None:
        raise WorkflowDefinitionError(
            f"The product {name!r} needs a model of its own, derived from `SubscriptionModel`."
        )
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
