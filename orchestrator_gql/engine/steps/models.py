"""Loads product subscriptions for the parameters of steps that are annotated with a model."""

import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

from orchestrator_gql.domain import SubscriptionModel
from orchestrator_gql.runtime import Runtime
from orchestrator_gql.storage import product_subscriptions
from orchestrator_gql.types import Json
from orchestrator_gql.utils.arguments import Parameter
from orchestrator_gql.utils.errors import StepError

Models: TypeAlias = dict[str, SubscriptionModel | list[SubscriptionModel]]
"""Product subscriptions by the name of the parameter that asks for them."""


async def load_models(
    runtime: Runtime, parameters: Sequence[Parameter], state: Mapping[str, Json]
) -> Callable[[], Models]:
    """A function that builds the models that the parameters ask for, as they are stored now.

    A model is an author's code, so the function must be called where that may block. The state names a product
    subscription by its id or by an object with ``subscription_id``. Both raise `StepError`: if the state names none, if
    the product subscription does not exist, or if its lifecycle is not the annotated one.
    """
    classes_of = {
        parameter.name: classes
        for parameter in parameters
        if parameter.name in state and (classes := _classes(parameter.annotation))
    }
    if not classes_of:
        return dict
    ids_of = {name: _ids(name, state[name]) for name in classes_of if state[name] is not None}
    every_id = [id for ids in ids_of.values() for id in ids]
    stored = await runtime.database.read(lambda conn: product_subscriptions.models(conn, every_id))

    def build() -> Models:
        models: Models = {}
        for name, ids in ids_of.items():
            loaded = [_load(name, id, stored, classes_of[name]) for id in ids]
            models[name] = loaded if isinstance(state[name], list) else loaded[0]
        return models

    return build


def _classes(annotation: Any) -> tuple[type[SubscriptionModel], ...]:
    """The models that an annotation names: ``Model``, ``Model | None``, ``A | B`` or ``list[Model]``."""
    if isinstance(annotation, type) and issubclass(annotation, SubscriptionModel):
        return (annotation,)
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, list, typing.Annotated):
        return tuple(model for argument in typing.get_args(annotation) for model in _classes(argument))
    return ()


def _ids(name: str, value: Json) -> list[UUID]:
    values = value if isinstance(value, list) else [value]
    try:
        return [UUID(str(item["subscription_id"] if isinstance(item, dict) else item)) for item in values]
    except (KeyError, ValueError) as error:
        raise StepError(
            f"The state's {name!r} names no product subscription: expected its id, or an object with "
            f"'subscription_id', found {str(value)[:80]!r}.",
            "bad-argument",
        ) from error


def _load(
    name: str, id: UUID, stored: Mapping[UUID, Json], classes: Sequence[type[SubscriptionModel]]
) -> SubscriptionModel:
    if id not in stored:
        raise StepError(f"There is no product subscription {id} for parameter {name!r}.", "bad-argument")
    for model in classes[:-1]:
        try:
            return model.load(stored[id])
        except StepError as error:
            if error.failure_code != "lifecycle-mismatch":
                raise
    return classes[-1].load(stored[id])
