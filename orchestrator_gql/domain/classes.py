"""Finds the class of a subscription: the product decides the family, and the status the class in it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from orchestrator_gql.domain.families import DomainModel, M, variant
from orchestrator_gql.domain.loading_errors import CORRECT, title_of
from orchestrator_gql.domain.registry import products
from orchestrator_gql.types import SubscriptionLifecycle
from orchestrator_gql.utils.errors import NotFound, StepError


def accepts(model: type[M], data: Mapping[str, Any]) -> type[M]:
    """The class with which to load ``data``, a dumped subscription: ``model``, or a stricter class of its family.

    The product and the status of ``data`` decide the class. Raises ``StepError`` ``lifecycle-mismatch``, with both
    classes and the subscription, if the class is not a ``model``; ``product-unknown`` if the product is not registered
    and ``model`` has no family.
    """
    try:
        status, product_id = SubscriptionLifecycle(data["status"]), data["product"]["product_id"]
        title = title_of(data)
    except (KeyError, TypeError, ValueError) as problem:
        id = data.get("subscription_id", "")
        message = (
            f"The value is not a dumped subscription: its id {id!s:.80}, its product or its status is missing or "
            f"unknown. {CORRECT}"
        )
        raise StepError(message, code="model-invalid", fix=CORRECT) from problem
    member = stored_member(model, product_id, title)
    return narrowed(model, member, status, title=title)


def other_product(model: type[DomainModel], member: type[DomainModel], data: Mapping[str, Any]) -> StepError:
    """The error for a stored subscription whose product has another model, ``member``."""
    actual = variant(member, SubscriptionLifecycle(data["status"])).__qualname__
    return StepError(
        f"{title_of(data)} is no `{model.__qualname__}`: the model of its product is `{actual}`. Ask for a "
        f"`{actual}`, or give the id of another subscription.",
        code="product-mismatch",
    )


def is_of_family(model: type[DomainModel], data: Mapping[str, Any]) -> bool:
    """True if the product of ``data`` has a class in the family of ``model``."""
    product = data.get("product")
    if model._family is None or not isinstance(product, Mapping):
        return False
    return family_member(model, product.get("product_id", ""))._family is model._family


def family_member(model: type[DomainModel], product_id: UUID | str) -> type[DomainModel]:
    """The model of the product; if it is not registered, ``model``, or `NotFound` if that has no family."""
    try:
        return products.by_id(product_id).model
    except NotFound:
        if model._family is None:
            raise
        return model


def stored_member(model: type[DomainModel], product_id: UUID | str, title: str) -> type[DomainModel]:
    """As `family_member`, for a stored subscription; raises ``StepError`` ``product-unknown``."""
    try:
        return family_member(model, product_id)
    except NotFound as unknown:
        fix = (
            "Declare it again with register_product, with this id, or terminate its subscriptions before you remove it."
        )
        message = f"{title} cannot be loaded: its product ({product_id}) is not declared any more. {fix}"
        raise StepError(message, code="product-unknown", fix=fix) from unknown


def narrowed(model: type[M], member: type[DomainModel], status: SubscriptionLifecycle, *, title: str) -> type[M]:
    """The class for ``status`` in the family of ``member``; raises ``StepError`` if it is not a ``model``."""
    status_class = variant(member, status)
    if issubclass(status_class, model):
        return status_class
    wanted, actual = model.__qualname__, status_class.__qualname__
    problem = f"{title} is no `{wanted}`: in the status {status} it is a `{actual}`"
    raise StepError(f"{problem}. Change its status first, or ask for a `{actual}`.", code="lifecycle-mismatch")
