"""The subscriptions in what a step returned."""

from collections.abc import Iterator
from typing import Any

from orchestrator_gql.domain.subscriptions import SubscriptionModel


def find_models(value: Any) -> list[SubscriptionModel]:
    """Every subscription in ``value``, in the order of their places: itself, or in its dicts, lists and tuples.

    One that stands in several places is found once. Subscriptions in other objects are not looked for.
    """
    found = {id(model): model for model in _models_in(value, ())}
    return list(found.values())


def _models_in(value: Any, around: tuple[int, ...]) -> Iterator[SubscriptionModel]:
    if isinstance(value, SubscriptionModel):
        yield value
    # A container that holds itself has no end; that it is not JSON either is for the boundary to say.
    elif isinstance(value, dict | list | tuple) and id(value) not in around:
        for item in value.values() if isinstance(value, dict) else value:
            yield from _models_in(item, (*around, id(value)))
