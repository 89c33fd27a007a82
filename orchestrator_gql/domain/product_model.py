"""The facts of a product; every subscription to the product carries them."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

FIRST_VERSION = 1
"""The version of a product that declares none, and of a document that names none."""


class ProductStatus(StrEnum):
    """The stage of a product in its own life."""

    ACTIVE = "ACTIVE"
    PRE_PRODUCTION = "PRE_PRODUCTION"  # offered to some customers
    PHASE_OUT = "PHASE_OUT"  # no new subscriptions
    END_OF_LIFE = "END_OF_LIFE"


class ProductModel(BaseModel):
    """The facts of one product.

    ``fixed_inputs`` are values that all its subscriptions share, such as a speed. Each fills the field with its name.
    ``version`` is the version of its model; that of a stored subscription says which version wrote the document.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    product_id: UUID
    name: str = Field(min_length=1)
    description: str
    product_type: str
    tag: str
    status: ProductStatus = ProductStatus.ACTIVE
    fixed_inputs: dict[str, Any] | None = None
    # Left out if it is the first: documents of products without migrations stay as they are.
    version: int = Field(default=FIRST_VERSION, ge=FIRST_VERSION, exclude_if=lambda version: version == FIRST_VERSION)
