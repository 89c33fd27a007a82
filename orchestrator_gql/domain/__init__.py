"""The models of products, of product subscriptions, and of the product blocks in them.

lifecycle      which status may follow which    families       model classes that are stricter for later statuses
blocks         the nested parts                 subscriptions  make, load, dump and change a subscription
product_model  the facts of a product           registry       the registered products
registration   declares a product               schemas        a product as JSON Schema
changes        the difference of two versions   finding        the subscriptions in the result of a step
paths          names a place in a model          documents      subscriptions as they are to be stored
references     the blocks of other subscriptions  base        the classes from which authors derive theirs
origins        the subscriptions that own blocks  loading_rules  what a class keeps of the loaded JSON
reading        how authors' code reads          queries        what it may ask
values         what subscriptions are found by  where          finds the path of a value in the models
secret_places  hides the secrets in stored models  migrations  older documents become current ones
checking       what cannot be loaded             loading_errors  why, and what to do about it
classes        the class of a subscription
"""

from orchestrator_gql.domain.blocks import ProductBlockModel
from orchestrator_gql.domain.changes import diff
from orchestrator_gql.domain.classes import accepts
from orchestrator_gql.domain.documents import Lock, SubscriptionDocument, SyncChange, documents_of
from orchestrator_gql.domain.families import is_lifecycle
from orchestrator_gql.domain.finding import find_models
from orchestrator_gql.domain.lifecycle import SAFE_TRANSITIONS, check_transition, is_safe
from orchestrator_gql.domain.migrations import migration
from orchestrator_gql.domain.product_model import ProductModel, ProductStatus
from orchestrator_gql.domain.queries import depends_on, find_subscriptions, in_use_by, product
from orchestrator_gql.domain.references import expanded, own_blocks_in, uses_in
from orchestrator_gql.domain.registration import register_product
from orchestrator_gql.domain.registry import ProductRegistry, RegisteredProduct, products
from orchestrator_gql.domain.schemas import block_schema
from orchestrator_gql.domain.secret_places import without_secrets
from orchestrator_gql.domain.subscriptions import SubscriptionModel, subscriptions_in

__all__ = [
    "SAFE_TRANSITIONS",
    "Lock",
    "ProductBlockModel",
    "ProductModel",
    "ProductRegistry",
    "ProductStatus",
    "RegisteredProduct",
    "SubscriptionDocument",
    "SubscriptionModel",
    "SyncChange",
    "accepts",
    "block_schema",
    "check_transition",
    "depends_on",
    "diff",
    "documents_of",
    "expanded",
    "find_models",
    "find_subscriptions",
    "in_use_by",
    "is_lifecycle",
    "is_safe",
    "migration",
    "own_blocks_in",
    "product",
    "products",
    "register_product",
    "subscriptions_in",
    "uses_in",
    "without_secrets",
]
