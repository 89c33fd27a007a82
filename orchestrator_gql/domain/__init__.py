"""The models of what customers have: products, subscriptions to them, the blocks that these are made of.

lifecycle      which status may follow which              families       classes that grow stricter with the status
blocks         the parts, nested                          subscriptions  the whole: made, loaded, dumped, moved on
product        what is offered · registry which there are · registration how one is declared
schemas        a product as JSON Schema · changes what a version altered · finding models in what a step returned
paths          where in a model something is
"""

from orchestrator_gql.domain.blocks import ProductBlockModel
from orchestrator_gql.domain.changes import diff
from orchestrator_gql.domain.families import is_lifecycle
from orchestrator_gql.domain.finding import find_models
from orchestrator_gql.domain.lifecycle import SAFE_TRANSITIONS, check_transition, is_safe
from orchestrator_gql.domain.product import ProductModel, ProductStatus
from orchestrator_gql.domain.registration import register_product
from orchestrator_gql.domain.registry import ProductRegistry, RegisteredProduct, products
from orchestrator_gql.domain.schemas import block_schema
from orchestrator_gql.domain.subscriptions import SubscriptionModel, accepts

__all__ = [
    "SAFE_TRANSITIONS",
    "ProductBlockModel",
    "ProductModel",
    "ProductRegistry",
    "ProductStatus",
    "RegisteredProduct",
    "SubscriptionModel",
    "accepts",
    "block_schema",
    "check_transition",
    "diff",
    "find_models",
    "is_lifecycle",
    "is_safe",
    "products",
    "register_product",
]
