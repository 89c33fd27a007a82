"""Finds the subscriptions in the result of a step."""

from collections.abc import Iterator
from typing import Any

from orchestrator_gql.domain.blocks import ProductBlockModel
from orchestrator_gql.domain.families import loaded_document
from orchestrator_gql.domain.subscriptions import SubscriptionModel
from orchestrator_gql.utils.json.flaws import RETURNED_DEPTH


def find_models(value: Any) -> list[SubscriptionModel]:
    """Every subscription in ``value`` or in its dicts, lists and tuples, in order; for a block of ``from_db``, its own.

    A subscription that occurs several times is returned once. Other objects are not searched.
    """
    models = {id(model): model for model in _models_in(value, ())}
    return list(models.values())


def _models_in(value: Any, around: tuple[int, ...]) -> Iterator[SubscriptionModel]:
    if isinstance(value, SubscriptionModel):
        yield value
    elif isinstance(value, ProductBlockModel):
        if loaded_document(value).is_read_alone:
            yield value.subscription
    # The JSON boundary refuses later what contains itself, or is deeper than Python itself could go.
    elif isinstance(value, dict | list | tuple) and id(value) not in around and len(around) <= RETURNED_DEPTH:
        for item in value.values() if isinstance(value, dict) else value:
            yield from _models_in(item, (*around, id(value)))
