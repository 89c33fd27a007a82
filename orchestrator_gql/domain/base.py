"""The classes from which authors derive their models."""

from typing import TypeVar

from orchestrator_gql.domain.blocks import ProductBlockModel
from orchestrator_gql.domain.product_model import ProductModel
from orchestrator_gql.domain.subscriptions import SubscriptionModel

__all__ = ["SI", "ProductBlockModel", "ProductModel", "SubscriptionModel"]

SI = TypeVar("SI")
"""The block in a constrained list: ``ListOfPorts = Annotated[list[SI], Len(min_length=2, max_length=8)]``, and then
``ports: ListOfPorts[PortBlock]``."""
