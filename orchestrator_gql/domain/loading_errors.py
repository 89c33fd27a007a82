"""What is wrong with a stored subscription that cannot be loaded, and what to do about it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from orchestrator_gql.domain.families import DomainModel
from orchestrator_gql.domain.paths import faults_of
from orchestrator_gql.domain.references import Documents, owner_at
from orchestrator_gql.domain.registry import products
from orchestrator_gql.utils.errors import NotFound, StepError

CORRECT = "Correct the stored document."

MEND = (
    "declare a migration, or give new fields a default and keep the names and types of old ones, or correct the stored "
    "document"
)


def remedy(model: type[DomainModel], data: Mapping[str, Any]) -> str:
    """What to do about a stored subscription that does not fit ``model``."""
    try:
        products.by_id(data["product"]["product_id"])
    except NotFound:
        return "Its product is not declared any more: declare it again with register_product, with the same id."
    return f"It was stored by another release of `{model.__qualname__}`: {MEND}."


def of_used_block(
    data: Mapping[str, Any], whole: Mapping[str, Any], others: Documents, error: StepError
) -> StepError | None:
    """The error that names the subscription whose block does not fit; None if the block is none of another one."""
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return None
    owners = {owner_at(whole, fault["loc"]) for fault in cause.errors(include_url=False, include_context=False)}
    if len(owners) != 1 or (owner := owners.pop()) is None or (used := others.get(owner)) is None:
        return None
    fix = f"{title_of(used)} was stored by another release of its class: {MEND} of that subscription."
    return StepError(
        f"{title_of(used)} does not fit its class, and {title_of(data)} uses a block of it: {faults_of(cause)}. {fix}",
        code="model-invalid",
        fix=fix,
    )


def title_of(data: Mapping[str, Any]) -> str:
    """The name of a stored subscription in messages."""
    return title_for(data["product"]["name"], data["subscription_id"])


def title_for(product: str, subscription_id: UUID | str) -> str:
    """The name in messages of the subscription with this id."""
    return f"{product} subscription {subscription_id}"
