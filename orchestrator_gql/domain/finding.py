"""Finds the subscriptions in the result of a step."""

from collections.abc import Iterator
from typing import Any

from orchestrator_gql.domain.blocks import ProductBlockModel
from orchestrator_gql.domain.documents import is_block_changed
from orchestrator_gql.domain.families import clear_dump, loaded_document
from orchestrator_gql.domain.subscriptions import SubscriptionModel
from orchestrator_gql.utils.errors import StepError
from orchestrator_gql.utils.json.flaws import RETURNED_DEPTH


def find_models(value: Any) -> list[SubscriptionModel]:
    """Every subscription in ``value`` or in its dicts, lists and tuples, in order; for a block of ``from_db``, its own.

    A subscription that occurs several times is returned once. Other objects are not searched. Raises ``StepError``
    ``block-alone`` for a changed block of a subscription that is not there: the change would be lost.
    """
    found = {id(model): model for model in _models_in(value, ())}
    models = [model for model in found.values() if isinstance(model, SubscriptionModel)]
    ids = {model.subscription_id for model in models}
    for block in found.values():
        if isinstance(block, ProductBlockModel) and block.owner_subscription_id not in ids:
            _demand_unchanged(block)
    return models


def _models_in(value: Any, around: tuple[int, ...]) -> Iterator[SubscriptionModel | ProductBlockModel]:
    if isinstance(value, SubscriptionModel):
        yield value
    elif isinstance(value, ProductBlockModel):
        yield value.subscription if loaded_document(value).is_read_alone else value
    # The JSON boundary refuses later what contains itself, or is deeper than Python itself could go.
    elif isinstance(value, dict | list | tuple) and id(value) not in around and len(around) <= RETURNED_DEPTH:
        for item in value.values() if isinstance(value, dict) else value:
            yield from _models_in(item, (*around, id(value)))


def _demand_unchanged(block: ProductBlockModel) -> None:
    if is_block_changed(block, clear_dump(block)):
        raise StepError(
            f"Block {block.subscription_instance_id}, a `{type(block).__qualname__}`, was changed, but it is "
            f"saved only with its subscription {block.owner_subscription_id}: return the subscription too.",
            code="block-alone",
        )
